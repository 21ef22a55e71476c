//! Hosts that lie: their agent is another program, which knows what an agent says and says something
//! else. Nothing of it steers the terminal, ends up anywhere else, or goes on for ever.

use super::lab::journey::{Client, PROFILE, text};
use super::lab::{self, Host, Ran};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

/// Characters that clear a screen, set a title, colour, in seven bits and in eight, and turn text around.
const STEERS: &str =
    "\u{1b}[2J\u{1b}]0;title\u{7}\u{9b}31m\u{8}\u{7f}\rover\u{202e}\u{2066}left\nerror: forged";

struct Liar {
    host: Host,
    client: Client,
}

impl Liar {
    /// The agent that is on the host from now on greets as it should, says `what` it is told to, and
    /// goes on with a command.
    fn new() -> Liar {
        let (host, client) = (Host::boot("debian12"), Client::new());
        client.serve(&host, "root");
        let script = "#!/bin/sh\nread -r line\nnonce=${line#*\\\"nonce\\\":\\\"}\n\
            printf 'agi-provision-agent %s\\n' \"${nonce%%\\\"*}\"\ncat /root/says\n. /root/then\nexit 0\n";
        std::fs::write(client.path("liar"), script).unwrap();
        host.put(&client.path("liar"), "/root/liar");
        // It has the size of the one that it stands in for, which is all that can be known of it cheaply.
        host.exec(
            "cd /usr/local/lib/agi-provision && for agent in agent-*; do size=$(stat -c %s $agent); \
             rm $agent; cp /root/liar $agent; truncate -s $size $agent; chmod 755 $agent; done",
        )
        .ok();
        Liar { host, client }
    }

    fn says(&self, what: &[u8], then: &str) {
        for (name, content) in [("says", what), ("then", then.as_bytes())] {
            std::fs::write(self.client.path(name), content).unwrap();
            self.host.put(&self.client.path(name), &format!("/root/{name}"));
        }
    }

    fn events(&self, events: &[Value]) {
        let lines: String = events.iter().map(|event| format!("{event}\n")).collect();
        self.says(lines.as_bytes(), ":");
    }

    #[track_caller]
    fn run(&self, args: &[&str]) -> Ran {
        let began = Instant::now();
        let ran = self.client.on(&self.host, "root", args);
        assert!(began.elapsed() < Duration::from_secs(100), "{args:?}: {:?}", began.elapsed());
        for (what, said) in [("stdout", &ran.stdout), ("stderr", &ran.stderr)] {
            let odd =
                |c: char| c.is_control() && c != '\n' && c != '\t' || ('\u{202a}'..='\u{202e}').contains(&c);
            assert!(!said.contains(odd), "{args:?} {what}: {said:?}");
            assert!(!said.lines().any(|line| line.starts_with("error: forged")), "{args:?} {what}: {said}");
            assert!(said.len() < 1 << 20, "{args:?} {what}: {} bytes", said.len());
        }
        ran
    }
}

fn end(exit: &str) -> Value {
    json!({"event": "end", "exit": exit, "changed": false, "message": STEERS, "hint": STEERS, "log": [STEERS]})
}

#[test]
fn nothing_that_a_host_says_steers_the_terminal() {
    let liar = Liar::new();
    let model = liar.client.path("tiny.gguf");
    let plan = liar.client.plan("plan.json", &model, &[], |_| ());
    let apply = liar.client.applying(&[]);
    let line = json!({"id": STEERS, "needed": STEERS, "found": STEERS, "outcome": "refused", "why": STEERS});
    let warned =
        json!({"id": STEERS, "needed": STEERS, "found": STEERS, "outcome": "warning", "why": STEERS});
    let events = [
        json!({"event": "verified", "report": {"lines": [line, warned]}}),
        json!({"event": "attached", "since": STEERS, "by": STEERS}),
        json!({"event": "resumed", "since": STEERS}),
        json!({"event": "step", "name": STEERS, "what": STEERS}),
        json!({"event": "step-done", "name": STEERS, "seconds": 5.0}),
        json!({"event": "warning", "text": STEERS}),
        json!({"event": "differs", "step": STEERS, "changes": [STEERS]}),
        json!({"event": "output", "text": STEERS}),
        json!({"event": "document", "value": {
            "model": STEERS, "quant": STEERS, "health": STEERS, "llama_build": STEERS, "generation": STEERS,
            "applied": STEERS, "unit": {"active": STEERS, "enabled": STEERS}, "refused": STEERS,
            "last_lines": [STEERS], "listen": {"host": STEERS, "port": STEERS}, "drift": [{"step": STEERS, "changes": [STEERS]}],
        }}),
    ];
    for exit in ["done", "failed", "rolled-back", "changes-found"] {
        liar.events(&[&events[..], &[end(exit)]].concat());
        let mut commands: Vec<Vec<&str>> = vec![
            apply.clone(),
            vec!["status"],
            vec!["logs"],
            vec!["key", "show"],
            vec!["verify", "--plan", text(&plan)],
            vec!["rollback", "--yes"],
            vec!["remove", "--yes"],
        ];
        if exit == "failed" {
            commands.push(vec!["tunnel"]);
            commands.push(vec!["logs", "--follow"]);
        }
        for command in commands {
            let ran = liar.run(&command);
            let expected = match exit {
                "done" => 0,
                "failed" => 1,
                "rolled-back" => 8,
                _ => 5,
            };
            assert_eq!(ran.status, expected, "{command:?}: {ran:?}");
            if !matches!(command[0], "logs" | "tunnel") {
                let as_json: Vec<&str> = command.iter().copied().chain(["--format", "json"]).collect();
                let ran = liar.run(&as_json);
                let value: Value = serde_json::from_str(&ran.stdout).expect("still JSON");
                assert_eq!(value["message"], STEERS, "as it was said: {value}");
            }
        }
    }
}

#[test]
fn what_is_no_answer_is_an_error_in_time() {
    let liar = Liar::new();
    let failed = |command: &[&str], expected: &str| {
        let ran = liar.run(command);
        assert_eq!(ran.status, 1, "{ran:?}");
        assert!(ran.stderr.contains(expected), "{expected}: {ran:?}");
    };
    // A line without end.
    liar.says(b"", "exec tr '\\0' x < /dev/zero");
    failed(&["status"], "sent a line of more than 1048576 bytes");
    // No text, no JSON, an event that does not exist.
    for what in [&b"\xff\xfe{\x9b2J}\n"[..], b"\x1b[2J{}\n", b"{\"event\":\"surprise\"}\n", b"{}\n"] {
        liar.says(what, ":");
        failed(&["status"], "reading the agent's answer");
    }
    // Half a word, and no last one.
    liar.says(b"{\"event\":\"al", ":");
    failed(&["status"], "reading the agent's answer");
    liar.says(b"", "printf '\\033[2Jno\\233such thing\\n' >&2; exit 3");
    failed(&["status"], "without its last word");
    // More than anyone would read.
    liar.says(b"", "exec yes '{\"event\":\"warning\",\"text\":\"and another thing\"}'");
    failed(&["status"], "says more than");

    // Files that it was not offered, and more than there is of one that it was.
    let model = liar.client.path("tiny.gguf");
    let secret = liar.client.path("secret");
    std::fs::write(&secret, "what nobody offered").unwrap();
    let apply = ["apply", "--yes", "--model", text(&model), "--profile", PROFILE];
    let need = |sha256: &str, missing: &[(u64, u64)]| {
        liar.events(&[
            json!({"event": "need", "blobs": [{"sha256": sha256, "missing": missing}]}),
            end("failed"),
        ]);
    };
    for asked in ["ab", "../secret", "/etc/passwd", text(&secret)] {
        need(asked, &[(0, 1)]);
        failed(&apply, "is not a SHA-256");
    }
    need(&"ab".repeat(32), &[(0, 1)]);
    failed(&apply, "which was not offered");
    let sha256 = lab::run(std::process::Command::new("sha256sum").arg(&model)).ok();
    let sha256 = sha256.split(' ').next().unwrap();
    for missing in [&[(0, u64::MAX)][..], &[(u64::MAX, 0)], &[(0, 1), (0, u64::MAX), (0, u64::MAX)]] {
        need(sha256, missing);
        failed(&apply, "asks for bytes that tiny.gguf has not");
    }
}
