use super::*;
use crate::engine::launch::Cards;
use crate::engine::server::ServerName;

fn launch(cards: Cards<'_>) -> Launch<'_> {
    static ID: std::sync::LazyLock<crate::checked::ModelId> =
        std::sync::LazyLock::new(|| crate::checked::ModelId::new("tiny").unwrap());
    Launch {
        server: ServerName::CHAT,
        model: "m.gguf",
        alias: &ID,
        n_ctx: 8192,
        slots: 2,
        kv_unified: false,
        kv_types: Some(("q8_0", "f16")),
        flash_attn: true,
        batch: (2048, 512),
        layers: 25,
        host_experts: 0,
        cards,
        card_share: None,
        workers: 0,
        prompt_cache_mib: 0,
        chat_template: true,
        page: false,
        node_threads: None,
        pooling: None,
    }
}

fn argv(launch: &Launch) -> Vec<String> {
    TextGenerationWebui.arguments(launch).unwrap().to_argv()
}

#[test]
fn the_arguments_are_its_own_and_the_rest_are_those_of_the_server_that_it_starts() {
    let args = TextGenerationWebui.arguments(&launch(Cards::All)).unwrap();
    assert_eq!(
        args.to_argv().join(" "),
        "--portable --user-data-dir /run/agi-provision-llama --model-dir /etc/agi-provision/generation/model \
         --model /etc/agi-provision/generation/model/m.gguf --loader llama.cpp --api --api-port 8080 --listen \
         --listen-host 127.0.0.1 --nowebui --ctx-size 8192 --parallel 2 --batch-size 2048 --ubatch-size 512 \
         --gpu-layers 25 --chat-template-file /etc/agi-provision/generation/chat-template.jinja --extra-flags \
         --cache-type-k q8_0 --cache-type-v f16 --cache-ram 0 --ctx-checkpoints 0 --load-mode mmap --no-kv-unified \
         --no-slots --offline"
    );
    assert_eq!(args.to_argv().last().unwrap().split(' ').next(), Some("--cache-type-k"), "one text");
    assert_eq!(ServerArgs::parse(&flags::GRAMMAR, &args.to_argv()).unwrap(), args);
    TextGenerationWebui.check(build::DEFAULT, &args).unwrap();
    assert_eq!(TextGenerationWebui.layers_on_cards(&args), 25);
    let page = Launch { page: true, ..launch(Cards::All) };
    assert!(TextGenerationWebui.arguments(&page).unwrap_err().to_string().contains("asks for no key"));
}

#[test]
fn the_plans_cards_are_found_in_its_arguments() {
    let of = |cards| TextGenerationWebui.arguments(&launch(cards)).unwrap();
    let (alone, idle) = (of(Cards::One(2)), of(Cards::Idle));
    assert_eq!(TextGenerationWebui.lone_card(&alone), Some(2));
    assert_eq!(TextGenerationWebui.split_mode(&alone), None);
    assert!(argv(&launch(Cards::Idle)).last().unwrap().starts_with("--device none "));
    assert_eq!(TextGenerationWebui.lone_card(&idle), None);
    let shares = [24, 0, 24];
    let two = of(Cards::Shared(SplitMode::Layer, &shares));
    assert_eq!(TextGenerationWebui.shares(&two), Some(&shares[..]));
    assert_eq!(TextGenerationWebui.place_of_card(&two, 1), 2);
}

#[test]
fn an_argument_that_opens_another_door_is_refused_outside_and_inside() {
    let texts = argv(&launch(Cards::All));
    let (before, extra) = texts.split_at(texts.len() - 1);
    let extra = &extra[0];
    let own = |change: fn(&str) -> String| [before.to_vec(), vec![change(extra)]].concat();
    let replaced = |old: &str, new: &[&str]| {
        let new = |text: &String| match text == old {
            true => new.iter().map(|text| text.to_string()).collect(),
            false => vec![text.clone()],
        };
        texts.iter().flat_map(new).collect::<Vec<String>>()
    };
    for (texts, why) in [
        (replaced("--portable", &["--share", "--portable"]), "\"--share\" is not one that a plan may give"),
        (replaced("--portable", &["--api-key", "k", "--portable"]), "\"--api-key\" is not one"),
        (
            replaced("127.0.0.1", &["0.0.0.0"]),
            "--listen-host \"0.0.0.0\" is not for a plan to choose: it is 127.0.0.1",
        ),
        (replaced("--nowebui", &[]), "--nowebui is missing"),
        (replaced("llama.cpp", &["Transformers"]), "--loader \"Transformers\" is none of llama.cpp"),
        (own(|extra| format!("{extra} --host 0.0.0.0")), "--extra-flags: \"--host\" is not one that a plan"),
        (own(|extra| format!("{extra} --no-slots")), "--extra-flags: --no-slots is there twice"),
        (own(|extra| extra.replace(" --offline", "")), "--extra-flags: --offline is missing"),
        (own(|extra| format!("{extra}  ")), "--extra-flags: \"\" is not one that a plan may give"),
        (own(|extra| format!("{extra}{}", " x".repeat(99))), "and no plan has more than"),
    ] {
        let said = ServerArgs::parse(&flags::GRAMMAR, &texts).unwrap_err();
        assert!(said.starts_with("server.py's arguments: ") && said.contains(why), "{said}");
    }
}

#[test]
fn an_archive_is_known_for_the_processor_and_for_vulkan_alone() {
    let own = |name: &str| Release::Own {
        tag: "v4.9",
        archive: format!("textgen-portable-4.9-linux-{name}.tar.gz"),
    };
    for (kind, release) in [
        (Some("cpu-archive"), own("cpu")),
        (Some("vulkan-archive"), own("vulkan")),
        (Some("cuda-12.8-archives"), Release::Unknown),
        (None, Release::Unknown),
    ] {
        assert_eq!(TextGenerationWebui.release(kind), release, "{kind:?}");
    }
}
