use super::*;
use crate::checked::ModelId;
use crate::engine::launch::Cards;
use crate::engine::server::ServerName;
use std::sync::LazyLock;

fn launch(cards: Cards<'_>) -> Launch<'_> {
    static ID: LazyLock<ModelId> = LazyLock::new(|| ModelId::new("qwen2.5-7b-instruct-gptq-int4").unwrap());
    Launch {
        server: ServerName::CHAT,
        model: "model.safetensors",
        alias: &ID,
        n_ctx: 8192,
        slots: 2,
        kv_unified: false,
        kv_types: Some(("f16", "f16")),
        flash_attn: true,
        batch: (2048, 512),
        layers: 29,
        host_experts: 0,
        cards,
        card_share: Some(84),
        workers: 0,
        prompt_cache_mib: 64,
        chat_template: false,
        page: false,
        node_threads: None,
        pooling: None,
    }
}

const ONE: &str = "--model /model --served-model-name qwen2.5-7b-instruct-gptq-int4 --host 0.0.0.0 --port 8080 \
                   --load-format safetensors --tensor-parallel-size 1 --max-model-len 4096 --max-num-seqs 2 \
                   --max-num-batched-tokens 2048 --gpu-memory-utilization 0.84 --block-size 16 --kv-cache-dtype auto";

#[test]
fn a_plans_settings_become_its_own_arguments() {
    let args = Vllm.arguments(&launch(Cards::All)).unwrap();
    assert_eq!(args.to_argv().join(" "), ONE);
    assert_eq!((args.server(), args.model(), Vllm.split_mode(&args)), (ServerName::CHAT, None, None));
    let shared = Vllm.arguments(&launch(Cards::Shared(SplitMode::Tensor, &[1, 1]))).unwrap();
    assert!(shared.to_argv().join(" ").contains("--tensor-parallel-size 2"));
    assert_eq!(Vllm.split_mode(&shared), Some(SplitMode::Tensor));
    let refused = |launch: &Launch| Vllm.arguments(launch).unwrap_err().to_string();
    assert!(refused(&launch(Cards::Idle)).contains("computes on graphics cards alone"));
    assert!(refused(&Launch { page: true, ..launch(Cards::All) }).contains("no page for chats"));
}

#[test]
fn an_argument_that_opens_another_door_is_refused_by_its_name() {
    let fine: Vec<String> = ONE.split_whitespace().map(str::to_string).collect();
    assert_eq!(ServerArgs::parse(&flags::GRAMMAR, &fine).unwrap().to_argv(), fine);
    let replaced = |from: &str, to: &[&str]| -> Vec<String> {
        let texts = fine.iter().flat_map(|text| if text == from { to.to_vec() } else { vec![text.as_str()] });
        texts.map(str::to_string).collect()
    };
    for (texts, why) in [
        (replaced("--block-size", &["--trust-remote-code"]), "\"--trust-remote-code\" is not one"),
        (replaced("--block-size", &["--api-key"]), "\"--api-key\" is not one that a plan may give"),
        (replaced("--model", &["--enforce-eager", "--model"]), "25 texts, and no plan has more than 24"),
        (replaced("/model", &["/etc"]), "--model \"/etc\" is not for a plan to choose: it is /model"),
        (replaced("8080", &["80"]), "--port \"80\" is not for a plan to choose: it is 8080"),
        (replaced("safetensors", &["pt"]), "--load-format \"pt\" is none of safetensors"),
        (replaced("0.84", &["1.01"]), "is not a share between 0.01 and 1.00"),
        (replaced("0.84", &["0.840"]), "is not a share"),
        (replaced("0.84", &["0.00"]), "is not a share"),
        (replaced("0.84", &["NaN"]), "is not a share"),
        (replaced("--gpu-memory-utilization", &[]), "\"0.84\" is not one that a plan may give"),
    ] {
        let said = ServerArgs::parse(&flags::GRAMMAR, &texts).unwrap_err();
        assert!(said.starts_with("vllm serve's arguments: ") && said.contains(why), "{said}");
    }
}

#[test]
fn a_log_tells_weights_and_cache_of_each_card() {
    let lines = |text: &str| -> Vec<String> { text.lines().map(str::to_string).collect() };
    let two = Vllm.reported(&lines(
        "(Worker_TP0 pid=7) INFO 05-06 20:59:59 [gpu_model_runner.py:4879] Model loading took 12.66 GiB memory and 31.65 seconds\n\
         (Worker_TP1 pid=8) INFO 05-06 20:59:59 [gpu_model_runner.py:4879] Model loading took 12.50 GiB memory and 31.65 seconds\n\
         (Worker_TP0 pid=7) INFO 12-11 00:06:53 [gpu_worker.py:359] Available KV cache memory: 52.36 GiB\n\
         (EngineCore_DP0 pid=6) INFO 12-11 00:06:53 [kv_cache_utils.py:1286] GPU KV cache size: 686,320 tokens",
    ));
    let gib = |number: f64| (number * f64::from(1 << 30)) as u64;
    assert_eq!(two.devices, ["CUDA0", "CUDA1"]);
    assert_eq!(two.model, [("CUDA0".to_string(), gib(12.66)), ("CUDA1".to_string(), gib(12.5))].into());
    assert_eq!(two.kv, [("CUDA0".to_string(), gib(52.36))].into());
    let one = Vllm.reported(&lines(
        "(EngineCore pid=1) INFO 06-02 00:51:40 [model_runner.py:295] Model loading took 7.64 GiB and 32.969258 seconds\n\
         INFO Available KV cache memory: -0.41 GiB\nModel loading took many GiB",
    ));
    assert_eq!((one.model.len(), one.kv.len()), (1, 0));
    // The second card's cache is still to come.
    assert!(!Vllm.has_told(&two) && !Vllm.has_told(&one) && !Vllm.has_told(&Reported::default()));
    let both = lines(
        "(Worker_TP0 pid=7) INFO Model loading took 1.00 GiB memory\n(Worker_TP0 pid=7) INFO Available KV cache memory: 2.00 GiB",
    );
    assert!(Vllm.has_told(&Vllm.reported(&both)));
}

#[test]
fn an_answer_is_read_with_its_usage_and_a_failure_says_why() {
    let mut streamed = Streamed::default();
    for line in [
        r#"data: {"id":"c","choices":[{"index":0,"delta":{"role":"assistant","content":""},"finish_reason":null}]}"#,
        r#"data: {"choices":[{"index":0,"delta":{"content":"I can"},"finish_reason":null}]}"#,
        r#"data: {"choices":[],"usage":{"prompt_tokens":18,"total_tokens":20,"completion_tokens":2}}"#,
        "data: [DONE]",
    ] {
        Vllm.hear(line, &mut streamed).unwrap();
    }
    assert_eq!((streamed.text.as_str(), streamed.pieces, streamed.ended), ("I can", 1, true));
    assert_eq!(streamed.usage.map(|usage| (usage.prompt, usage.answer)), Some((18, 2)));
    let failed = Vllm.hear(r#"data: {"error":{"message":"engine died"}}"#, &mut streamed).unwrap_err();
    assert_eq!(failed.to_string(), "the server gave up answering: engine died");
    // The question that shows that the key opens asks for a key.
    assert!(Vllm.guarded().iter().any(|guarded| guarded.path == Vllm.asks_key().path));
    let tokens = serde_json::json!({"count": 4, "max_model_len": 4096, "tokens": [5, 6, 7, 8]});
    assert_eq!(Vllm.timed("text", &tokens, 2, 9).body["prompt"], serde_json::json!([5, 6]));
    assert_eq!(Vllm.timed("text", &serde_json::json!({}), 2, 9).body["prompt"], "text");
}
