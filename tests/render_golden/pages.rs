//! Text pages of the golden plans, in each language.

use super::{golden, plan};
use agi_provision::lang::Lang;
use agi_provision::plan::{Plan, Request, plan as planned};
use agi_provision::report;
use std::fs;

/// Plans whose pages are kept: without and with cards, with embedding servers.
const PAGES: [&str; 4] = ["cpu", "gpu", "multi-gpu", "three-servers"];

/// A day on which the golden plans' prices are old.
const DAY: jiff::civil::Date = jiff::civil::date(2026, 11, 28);

#[test]
fn pages_of_plans_are_as_they_were_in_each_language() {
    for name in PAGES {
        for lang in Lang::ALL {
            let page = report::plan::on(&plan(name), lang, DAY).to_string();
            let path = golden().join(format!("pages/{name}.{}.txt", lang.code()));
            if std::env::var("AGI_PROVISION_GOLDEN").is_ok_and(|v| v == "update") {
                fs::create_dir_all(path.parent().unwrap()).unwrap();
                fs::write(&path, &page).unwrap();
            }
            let kept = fs::read_to_string(&path).unwrap_or_default();
            assert_eq!(
                page,
                kept,
                "{}: AGI_PROVISION_GOLDEN=update cargo test --test render_golden",
                path.display()
            );
        }
    }
}

#[test]
fn a_plan_from_its_file_reads_as_the_one_that_was_made_in_each_language() {
    let made = |model: &str, quant, profile: Option<&str>, slots| {
        let mut request = Request::of_registry(model, quant).unwrap();
        request.profile = profile.map(str::to_string);
        request.fixed.slots = slots;
        planned(&request).unwrap()
    };
    for plan in [
        made("tinyllama-1.1b", Some("Q4_K_M"), None, None),
        made("llama-30b", None, Some("laptop-cpu-16gb"), None),
        made("llama-65b", None, Some("laptop-cpu-16gb"), None),
        made("llama-65b", None, Some("gpu-16gb"), None),
        made("saiga-13b", Some("Q4_K_M"), Some("gpu-24gb"), Some(4)),
        made("saiga-13b", Some("Q2_K"), Some("gpu-8gb"), Some(1)),
    ] {
        let read = Plan::from_json(&serde_json::to_string(&plan).unwrap()).unwrap();
        for lang in Lang::ALL {
            assert_eq!(report::plan::on(&read, lang, DAY), report::plan::on(&plan, lang, DAY));
        }
        let english: Vec<&str> = plan.reasons.iter().map(|reason| &**reason).collect();
        for (reason, text) in plan.reasons.iter().zip(english) {
            assert_ne!(reason.told(Lang::Russian), text, "a reason of {} stays English", plan.model.id);
        }
    }
}
