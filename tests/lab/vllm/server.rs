//! A stand-in for vLLM in tests: takes the arguments of `vllm serve` that a plan may give, reads the model's folder, says
//! what vLLM says in its log, and answers the requests of its API that this program sends. It computes nothing. Only what
//! vLLM's documentation and its public logs show is played (docs/engines.md). Compiled by the test as a static program, with
//! the standard library alone: it is all that its image has.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::time::Duration;

const FLAGS: [&str; 12] = [
    "--model", "--served-model-name", "--host", "--port", "--load-format", "--tensor-parallel-size", "--max-model-len",
    "--max-num-seqs", "--max-num-batched-tokens", "--gpu-memory-utilization", "--block-size", "--kv-cache-dtype",
];

fn give_up(why: &str) -> ! {
    eprintln!("ERROR {why}");
    std::process::exit(1)
}

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let value = |flag: &str| {
        let at = args.iter().position(|arg| arg == flag).unwrap_or_else(|| give_up(&format!("no {flag}")));
        args[at + 1].clone()
    };
    if let Some(odd) = args.iter().step_by(2).find(|arg| !FLAGS.contains(&arg.as_str())) {
        give_up(&format!("unrecognized arguments: {odd}"));
    }
    let key = std::env::var("VLLM_API_KEY").unwrap_or_else(|_| give_up("the test wants a key"));
    if std::env::var("STAND_IN_CARD").is_err() {
        give_up("RuntimeError: Failed to infer device type: no card came in by CDI");
    }
    let weights = weights(&value("--model"));
    if std::fs::write("/not-writable", "").is_ok() || std::fs::write("/cache/kernels", "").is_err() {
        give_up("the root is to be read-only, and the cache is not");
    }
    let gib = weights as f64 / f64::from(1 << 30);
    println!("INFO 06-02 00:51:40 [gpu_model_runner.py:4879] Model loading took {gib:.2} GiB memory and 0.10 seconds");
    println!("INFO 06-02 00:51:41 [gpu_worker.py:359] Available KV cache memory: 0.50 GiB");
    println!("INFO 06-02 00:51:41 [kv_cache_utils.py:1286] GPU KV cache size: 65,536 tokens");
    let listener = TcpListener::bind(format!("{}:{}", value("--host"), value("--port")));
    let listener = listener.unwrap_or_else(|error| give_up(&error.to_string()));
    for stream in listener.incoming().flatten() {
        let key = key.clone();
        std::thread::spawn(move || answer(stream, &key));
    }
}

/// Bytes of the tensors in a folder, whose files are links.
fn weights(folder: &str) -> u64 {
    let read = |name: &str| std::fs::File::open(format!("{folder}/{name}"));
    let mut config = String::new();
    let found = read("config.json").and_then(|mut file| file.read_to_string(&mut config));
    if found.is_err() || !config.contains("architectures") {
        give_up(&format!("OSError: {folder} does not appear to have a file named config.json"));
    }
    let mut file = read("model.safetensors").unwrap_or_else(|_| give_up("no model.safetensors"));
    let mut length = [0; 8];
    file.read_exact(&mut length).unwrap_or_else(|_| give_up("a file without a header"));
    file.metadata().map_or(0, |metadata| metadata.len()) - 8 - u64::from_le_bytes(length)
}

fn answer(mut stream: TcpStream, key: &str) {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    let mut line = String::new();
    let _ = reader.read_line(&mut line);
    let path = line.split(' ').nth(1).unwrap_or_default().to_string();
    let (mut length, mut given) = (0, String::new());
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).unwrap_or(0) == 0 || line.trim().is_empty() {
            break;
        }
        let (name, value) = line.split_once(':').unwrap_or_default();
        match name.to_ascii_lowercase().as_str() {
            "content-length" => length = value.trim().parse().unwrap_or(0),
            "authorization" => given = value.trim().to_string(),
            _ => {}
        }
    }
    let mut body = vec![0; length];
    let _ = reader.read_exact(&mut body);
    let body = String::from_utf8_lossy(&body).into_owned();
    // By its docs/usage/security.md, what is below /v1 asks for the key, and nothing else does.
    let opened = !path.starts_with("/v1/") || given == format!("Bearer {key}");
    let streams = body.contains("\"stream\":true");
    match path.as_str() {
        _ if !opened => whole(&mut stream, "401 Unauthorized", r#"{"error":"Unauthorized"}"#),
        "/health" => whole(&mut stream, "200 OK", ""),
        "/v1/models" => whole(&mut stream, "200 OK", r#"{"object":"list","data":[]}"#),
        "/tokenize" => {
            let tokens: Vec<String> = (0..body.split(' ').count()).map(|number| number.to_string()).collect();
            let text = format!(r#"{{"count":{},"max_model_len":4096,"tokens":[{}]}}"#, tokens.len(), tokens.join(","));
            whole(&mut stream, "200 OK", &text);
        }
        "/v1/completions" if !streams => whole(&mut stream, "200 OK", r#"{"choices":[{"text":"b"}]}"#),
        "/v1/chat/completions" if !streams => whole(
            &mut stream,
            "200 OK",
            r#"{"choices":[{"message":{"content":"I can"}}],"usage":{"prompt_tokens":9,"completion_tokens":2}}"#,
        ),
        "/v1/chat/completions" => events(&mut stream, r#""delta":{"content":"word "}"#),
        "/v1/completions" => events(&mut stream, r#""text":"word ""#),
        _ => whole(&mut stream, "404 Not Found", "{}"),
    }
}

fn whole(stream: &mut TcpStream, status: &str, body: &str) {
    let length = body.len();
    let _ = write!(stream, "HTTP/1.1 {status}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}");
}

/// Sixteen pieces of an answer, and how many tokens there were.
fn events(stream: &mut TcpStream, piece: &str) {
    let _ = write!(stream, "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n");
    for _ in 0..16 {
        std::thread::sleep(Duration::from_millis(5));
        let _ = write!(stream, "data: {{\"choices\":[{{\"index\":0,{piece},\"finish_reason\":null}}]}}\n\n");
    }
    let usage = r#"{"choices":[],"usage":{"prompt_tokens":18,"total_tokens":34,"completion_tokens":16}}"#;
    let _ = write!(stream, "data: {usage}\n\ndata: [DONE]\n\n");
}
