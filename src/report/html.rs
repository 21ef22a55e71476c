//! A plan as one self-contained HTML page.

use crate::error::{Context, Result};
use crate::plan::Plan;
use crate::plan::explain::Explanation;
use crate::units::gib;
use tera::{Kwargs, State, Tera};

const NAME: &str = "plan.html";

/// The page; text from the plan is escaped.
pub fn plan(plan: &Plan, explanation: Option<&Explanation>) -> Result<String> {
    let mut tera = Tera::new();
    tera.autoescape_on(vec![".html"]);
    tera.register_filter("size", |bytes: i64, _: Kwargs, _: &State| gib(bytes.max(0) as u64));
    tera.add_raw_template(NAME, include_str!("../../templates/report/plan.html"))?;
    let mut context = tera::Context::new();
    context.insert("plan", plan);
    context.insert("explanation", &explanation);
    tera.render(NAME, &context).context("filling the page")
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_page_is_escaped_and_whole() {
        let text = include_str!("../../tests/golden/plans/gpu.json");
        let mut plan = crate::plan::Plan::from_json(text).unwrap();
        plan.reasons.push("<script>".to_string());
        let page = super::plan(&plan, None).unwrap();
        assert!(page.contains("&lt;script&gt;") && !page.contains("<script>"));
        assert!(page.contains(&plan.profile.id) && page.ends_with("</html>\n"));
    }
}
