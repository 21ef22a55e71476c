use super::*;
use crate::engine::grammar::{CARDS, TEXT};
use crate::engine::server::ServerName;
use crate::plan::Plan;
use proptest::prelude::*;

const PLANS: [&str; 4] = [
    include_str!("../../../tests/golden/plans/cpu.json"),
    include_str!("../../../tests/golden/plans/gpu.json"),
    include_str!("../../../tests/golden/plans/multi-gpu.json"),
    include_str!("../../../tests/golden/plans/rag.json"),
];

/// The lists of recorded plans: of the model's servers, then of the embedding server.
fn recorded() -> Vec<Vec<String>> {
    let plans = PLANS.map(|text| serde_json::from_str::<serde_json::Value>(text).unwrap());
    let lists = plans.iter().map(|plan| &plan["llama_server"]["args"]).chain([&plans[3]["rag"]["args"]]);
    lists.map(|list| serde_json::from_value(list.clone()).unwrap()).collect()
}

fn read(texts: &[String]) -> std::result::Result<ServerArgs, String> {
    ServerArgs::parse(&flags::GRAMMAR, texts)
}

/// The first recorded list with `value` after `name`, which is put at the end where it is not there.
fn with(name: &str, value: Option<&str>) -> Vec<String> {
    let mut texts = recorded().remove(0);
    match (texts.iter().position(|text| text == name), value) {
        (Some(at), Some(value)) => texts[at + 1] = value.to_string(),
        (Some(_), None) => panic!("{name} is there"),
        (None, value) => texts.extend([name].into_iter().chain(value).map(String::from)),
    }
    texts
}

#[test]
fn the_plans_cards_are_found_on_the_bus_and_among_the_servers_devices() {
    let two = |shares: &str| read(&with("--tensor-split", Some(shares))).unwrap();
    let alone = read(&with("--main-gpu", Some("2"))).unwrap();
    let none = read(&recorded()[0]).unwrap();
    for (args, places, cards) in [
        (&none, [0, 1], [Some(0), Some(1), Some(2)]),
        (&alone, [2, 2], [Some(0), Some(1), Some(2)]),
        (&two("24,24"), [0, 1], [Some(0), Some(1), None]),
        (&two("24,0,24"), [0, 2], [Some(0), None, Some(1)]),
        (&two("0,24,24"), [1, 2], [None, Some(0), Some(1)]),
    ] {
        assert_eq!([0, 1].map(|card| LlamaCpp.place_of_card(args, card)), places, "{args:?}");
        assert_eq!([0, 1, 2].map(|device| LlamaCpp.card_of_device(args, device)), cards, "{args:?}");
    }
}

fn without(name: &str, texts: usize) -> Vec<String> {
    let mut all = recorded().remove(0);
    let at = all.iter().position(|text| text == name).unwrap();
    all.drain(at..at + texts);
    all
}

#[test]
fn the_lists_of_recorded_plans_read_and_render_to_themselves() {
    for texts in recorded() {
        let args = read(&texts).unwrap();
        assert_eq!(args.to_argv(), texts);
        assert_eq!(build::find(build::DEFAULT).unwrap().check(&args), Ok(()));
        let untried = build::ledger("b12032").unwrap();
        assert!(untried.check(&args).unwrap_err().contains("--model is no argument of llama.cpp b12032"));
    }
    let [cards, embedding] = [2, 4].map(|at| read(&recorded()[at]).unwrap());
    assert_eq!((cards.server(), LlamaCpp.layers_on_cards(&cards)), (ServerName::CHAT, 81));
    assert_eq!(LlamaCpp.split_mode(&cards), Some(SplitMode::Layer));
    assert_eq!(
        (embedding.server(), embedding.model().unwrap().as_str()),
        (ServerName::EMBEDDING, "bge-m3-q8_0.gguf")
    );
    assert_eq!(LlamaCpp.split_mode(&embedding), None);
}

#[test]
fn an_argument_that_is_not_on_the_list_is_refused_by_its_name() {
    for (name, value) in [
        ("--props", None),
        ("--slots", None),
        ("--tools", Some("all")),
        ("--agent", None),
        ("--ui-mcp-proxy", None),
        ("--mcp-servers-json", Some("{}")),
        ("--reuse-port", None),
        ("--path", Some("/")),
        ("--api-prefix", Some("/x")),
        ("--cors-origins", Some("*")),
        ("--api-key", Some("secret")),
        ("--ssl-key-file", Some("/etc/agi-provision/tls/key.pem")),
        ("--ssl-cert-file", Some("/etc/shadow")),
        ("--sleep-idle-seconds", Some("1")),
        ("--slot-save-path", Some("/var/lib/agi-provision")),
        ("--media-path", Some("/")),
        ("--models-dir", Some("/")),
        ("--lora", Some("/etc/shadow")),
        ("--mmproj", Some("/etc/shadow")),
        ("--mmproj-url", Some("http://10.0.0.1/x")),
        ("--model-url", Some("http://10.0.0.1/x")),
        ("--hf-repo", Some("someone/model")),
        ("--log-file", Some("/etc/agi-provision/api-key")),
        ("--log-prompts-dir", Some("/tmp")),
        ("--verbosity", Some("9")),
        ("--grammar-file", Some("/etc/shadow")),
        ("--override-kv", Some("a=int:1")),
        // Other spellings of what is on the list.
        ("-m", Some("/etc/shadow")),
        ("-c", Some("4096")),
        ("-ngl", Some("99")),
        ("--gpu-layers", Some("99")),
        ("--embeddings", None),
        ("--host=0.0.0.0", None),
        ("--HOST", Some("0.0.0.0")),
        (" --host", Some("0.0.0.0")),
        ("", None),
        ("--", None),
        ("tiny.gguf", None),
        ("--no-such-flag\n\u{1b}[2J", None),
    ] {
        let refused = read(&with(name, value)).unwrap_err();
        assert!(refused.contains(&format!("{name:?} is not one that a plan may give")), "{refused}");
    }
    // Workers are reached by forwards on this host alone.
    for workers in ["10.0.0.1:50052", "127.0.0.1:22", "localhost:50052", "", "127.0.0.1"] {
        let refused = read(&with("--rpc", Some(workers))).unwrap_err();
        assert!(refused.contains(&format!("--rpc {workers:?} is none that a plan may give")), "{refused}");
    }
    let long = read(&with(&"x".repeat(1 << 20), None)).unwrap_err();
    assert!(long.len() < 200, "{} bytes", long.len());
}

#[test]
fn address_key_file_model_and_template_are_not_for_a_plan_to_choose() {
    for (name, value) in [
        ("--host", "0.0.0.0"),
        ("--host", "::1"),
        ("--host", "127.0.0.1 "),
        ("--host", "/run/llama.sock"),
        ("--port", "8081"),
        ("--port", "22"),
        ("--port", "08080"),
        ("--api-key-file", "/dev/null"),
        ("--api-key-file", "/etc/agi-provision/api-key"),
        ("--api-key-file", "/run/credentials/ssh.service/api-key"),
        ("--model", "/etc/shadow"),
        ("--model", "/etc/agi-provision/generation/model/../plan.json"),
        ("--model", "/etc/agi-provision/generation/model/a/b.gguf"),
        ("--model", "/etc/agi-provision/generation/model/"),
        ("--model", "/etc/agi-provision/generation/model/a\nb"),
        ("--chat-template-file", "/etc/shadow"),
    ] {
        let refused = read(&with(name, Some(value))).unwrap_err();
        assert!(refused.contains(name) && refused.contains("not for a plan to choose"), "{refused}");
    }
    for (name, texts) in [
        ("--host", 2),
        ("--port", 2),
        ("--api-key-file", 2),
        ("--model", 2),
        ("--ctx-size", 2),
        ("--no-slots", 1),
        ("--no-webui", 1),
        ("--offline", 1),
    ] {
        assert!(read(&without(name, texts)).unwrap_err().contains(&format!("{name} is missing")));
    }
    // Its opposite does as well, and both do not.
    let mut page = without("--no-webui", 1);
    assert!(!LlamaCpp.has_page(&read(&recorded()[0]).unwrap()));
    page.push("--webui".to_string());
    assert!(LlamaCpp.has_page(&read(&page).unwrap()));
    page.push("--no-webui".to_string());
    assert_eq!(
        read(&page).unwrap_err(),
        "llama-server's arguments: --webui and --no-webui contradict each other"
    );
    // The key file of another server: then the port is that one's.
    let other = with("--api-key-file", Some(&ServerName::EMBEDDING.key_file()));
    assert!(read(&other).unwrap_err().contains("--port \"8080\" is not for a plan to choose: it is 8081"));
}

#[test]
fn a_value_that_is_none_is_refused_by_its_arguments_name() {
    for (name, value) in [
        ("--ctx-size", "0"),
        ("--ctx-size", "-1"),
        ("--ctx-size", "4096.0"),
        ("--ctx-size", "+4096"),
        ("--ctx-size", "99999999999999999999"),
        ("--parallel", "100000"),
        ("--cache-type-k", "q9"),
        ("--cache-type-v", ""),
        ("--flash-attn", "auto"),
        ("--n-gpu-layers", "all"),
        ("--split-mode", "row"),
        ("--tensor-split", ""),
        ("--tensor-split", "1,,1"),
        ("--tensor-split", "0.5,0.5"),
        ("--main-gpu", "-1"),
        ("--device", "RPC0"),
        ("--fit", "on"),
        ("--load-mode", "auto"),
        ("--threads", "0x10"),
        ("--threads-http", "-1"),
        ("--timeout", "0"),
        ("--pooling", "rank"),
        ("--alias", ""),
        ("--alias", "two\nlines"),
    ] {
        let refused = read(&with(name, Some(value))).unwrap_err();
        assert!(refused.contains(name), "{name} {value:?}: {refused}");
    }
    assert!(read(&with("--timeout", None)).unwrap_err().contains("--timeout has no value"));
    assert!(read(&with("--alias", Some(&"x".repeat(TEXT + 1)))).is_err());
    let many = vec!["1"; CARDS + 1].join(",");
    assert!(read(&with("--tensor-split", Some(&many))).is_err());
}

#[test]
fn an_argument_counts_once() {
    for more in [&["--offline"][..], &["--ctx-size", "8192"], &["--host", "127.0.0.1"]] {
        let texts = [recorded().remove(0), more.iter().map(|text| text.to_string()).collect()].concat();
        assert_eq!(
            read(&texts).unwrap_err(),
            format!("llama-server's arguments: {} is there twice", more[0])
        );
    }
    assert!(read(&with("--kv-unified", None)).unwrap_err().contains("contradict each other"));
    let many = vec!["--offline".to_string(); 2 * flags::GRAMMAR.rows.len() + 1];
    assert!(read(&many).unwrap_err().contains("no plan has more than"));
}

#[test]
fn a_plan_with_the_arguments_of_another_server_or_model_is_refused() {
    let refused = |change: &dyn Fn(&mut serde_json::Value)| {
        let mut plan: serde_json::Value = serde_json::from_str(PLANS[3]).unwrap();
        change(&mut plan);
        Plan::from_json(&plan.to_string()).unwrap_err().to_string()
    };
    let swapped = refused(&|plan| {
        let chat = plan["llama_server"]["args"].clone();
        plan["llama_server"]["args"] = std::mem::replace(&mut plan["rag"]["args"], chat);
    });
    assert!(
        swapped.contains("they are those of agi-provision-embed.service, not of agi-provision-llama.service"),
        "{swapped}"
    );
    let model = refused(&|plan| plan["model"]["files"][0]["name"] = "other.gguf".into());
    assert!(model.contains("llama_server: args: --model is"), "{model}");
    let build = refused(&|plan| plan["llama_server"]["build"] = "b1".into());
    assert!(build.contains("llama.cpp build \"b1\" is not supported"), "{build}");
    // So is one that arrives inside another document, as a host gets it.
    let mut plan: serde_json::Value = serde_json::from_str(PLANS[0]).unwrap();
    plan["llama_server"]["args"].as_array_mut().unwrap().push("--props".into());
    let carried = serde_json::json!({"plan": plan});
    assert!(serde_json::from_value::<std::collections::BTreeMap<String, Plan>>(carried).is_err());
}

fn texts() -> impl Strategy<Value = Vec<String>> {
    let names = flags::GRAMMAR.rows.iter().map(|row| row.flag.name().to_string()).collect::<Vec<_>>();
    let known = recorded().concat();
    let one = prop_oneof![
        3 => prop::sample::select(names),
        3 => prop::sample::select(known),
        1 => "-{0,2}[a-z0-9,./-]{0,12}",
        1 => any::<String>(),
        1 => any::<i32>().prop_map(|number| number.to_string()),
    ];
    prop::collection::vec(one, 0..2 * flags::GRAMMAR.rows.len() + 4)
}

/// A recorded list, edited.
fn edited() -> impl Strategy<Value = Vec<String>> {
    let edits = prop::collection::vec((any::<prop::sample::Index>(), texts(), 0usize..3), 0..3);
    (0..recorded().len(), edits).prop_map(|(which, edits)| {
        let mut list = recorded().remove(which);
        for (at, texts, drop) in edits {
            let at = at.index(list.len() + 1);
            let end = (at + drop).min(list.len());
            list.splice(at..end, texts.into_iter().take(3 - drop.min(2)));
        }
        list
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(2000) })]

    #[test]
    fn a_list_of_texts_is_refused_or_renders_to_itself(list in prop_oneof![texts(), edited()]) {
        if let Ok(args) = read(&list) {
            prop_assert_eq!(&args.to_argv(), &list);
            prop_assert!(list.windows(2).any(|pair| pair[0] == "--host" && pair[1] == "127.0.0.1"));
            let key = [flags::API_KEY_FILE.name().to_string(), args.server().key_file()];
            prop_assert!(list.windows(2).any(|pair| pair == key));
        }
    }
}
