//! examples/rag: an index of a folder, answers with sources, and a text summed up over slots, by two real
//! llama-servers with a real small model.
//!
//! Gemma 3 270M answers, and the mean of its states stands for an embedding model's vector: no registry of Python
//! packages has an embedding model as GGUF. It was not taught to chat, so its template passes the text on as it is.

#[path = "lab/mod.rs"]
mod lab;

use lab::llama::{KEY, Llama};
use lab::{run, tool};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

const PLAIN: &str = "{% for message in messages %}{{ message.content }}{% endfor %}";

struct Example {
    folder: tempfile::TempDir,
    site: PathBuf,
    chat: Llama,
    embed: Llama,
}

impl Example {
    fn start() -> Example {
        let made = PathBuf::from(run(&mut tool("build-rag")).ok());
        let (folder, model) = (tempfile::tempdir().unwrap(), made.join("gemma-3-270m-q4_k_m.gguf"));
        std::fs::write(folder.path().join("key"), KEY).unwrap();
        let chat = ["-np", "2", "-c", "4096", "--jinja", "--chat-template", PLAIN];
        let chat = Llama::start(folder.path(), "chat.log", &model, &chat);
        let embed = ["--embedding", "--pooling", "mean", "-c", "2048"];
        let embed = Llama::start(folder.path(), "embed.log", &model, &embed);
        chat.wait();
        embed.wait();
        Example { folder, site: made.join("site"), chat, embed }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn rag(&self, args: &[&str]) -> Output {
        let address = |server: &Llama| format!("http://127.0.0.1:{}", server.port);
        let mut command = Command::new("/usr/bin/python3");
        command.arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/rag/rag.py"));
        command.args(["--chat", &address(&self.chat), "--embed", &address(&self.embed)]);
        command.arg("--index").arg(self.path("rag.db"));
        command.env("PYTHONPATH", &self.site).env("PYTHONDONTWRITEBYTECODE", "1");
        command.args(args).output().expect("python3")
    }

    #[track_caller]
    fn done(&self, args: &[&str]) -> (String, String) {
        let key = self.path("key");
        let output = self.rag(&[&["--key-file", key.to_str().unwrap()], args].concat());
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        assert!(output.status.success(), "{args:?}: {output:?}");
        (text(&output.stdout), text(&output.stderr))
    }
}

#[test]
fn a_folder_is_indexed_and_asked_and_a_long_text_is_summed_up_over_slots() {
    let example = Example::start();
    let texts = example.path("texts");
    let shown = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/rag/texts");
    run(Command::new("cp").arg("-r").args([&shown, &texts])).ok();
    let folder = texts.to_str().unwrap();

    let (indexed, _) = example.done(&["index", folder]);
    assert!(indexed.starts_with("3 files (3 new or changed), 3 passages"), "{indexed}");
    let (again, read) = example.done(&["index", folder]);
    assert!(again.starts_with("3 files (0 new or changed), 3 passages") && read.is_empty(), "{again}{read}");

    let ask = |question: &str| example.done(&["ask", question, "--tokens", "24"]).0;
    for (question, file, word) in [
        ("Who built the harbour crane?", "harbour.md:1", "Aalto"),
        ("When is the railway closed?", "railway.txt:1", "November to March"),
    ] {
        let said = ask(question);
        let (answer, sources) = said.split_once("\n[1] ").unwrap_or_else(|| panic!("no source: {said}"));
        assert!(answer.contains(word), "{said}");
        assert!(sources.starts_with(&format!("{folder}/{file} (distance 0.")), "{said}");
    }

    // A file that has gone is no source any more, and a changed one is read anew.
    std::fs::remove_file(texts.join("harbour.md")).unwrap();
    std::fs::write(texts.join("bakery.txt"), "The bakery of Tarvo is closed on Sundays.").unwrap();
    let (changed, _) = example.done(&["index", folder]);
    assert!(changed.starts_with("2 files (1 new or changed), 2 passages"), "{changed}");
    let said = ask("Who built the harbour crane?");
    assert!(!said.contains("harbour.md") && !said.contains("birch"), "{said}");

    // Five passages, then two sums of sums, then one.
    let long = example.path("long.txt");
    let text = std::fs::read_to_string(shown.join("harbour.md")).unwrap();
    std::fs::write(&long, text.repeat(20)).unwrap();
    let (sum, rounds) = example.done(&["fold", long.to_str().unwrap(), "--tokens", "8"]);
    assert!(!sum.trim().is_empty());
    let rounds: Vec<&str> = rounds.lines().collect();
    let texts = |round: &&str| round.split(' ').nth(2).and_then(|count| count.parse::<usize>().ok());
    let counts: Vec<Option<usize>> = rounds.iter().map(texts).collect();
    assert_eq!(counts, [Some(5), Some(2), Some(1)], "{rounds:?}");
    assert!(
        rounds.iter().all(|round| round.contains("over 2 slots") && round.ends_with(" tokens/s")),
        "{rounds:?}"
    );

    // Faults are told with the next step, and without a traceback.
    let told = |output: Output| String::from_utf8_lossy(&output.stderr).into_owned();
    let key = example.path("key");
    let with_key = |args: &[&str]| example.rag(&[&["--key-file", key.to_str().unwrap()], args].concat());
    for (output, words) in [
        (example.rag(&["ask", "Who?"]), "answers 401"),
        (with_key(&["index", "/nowhere"]), "/nowhere is no folder"),
        (with_key(&["--index", "/tmp/none/rag.db", "ask", "Who?"]), "unable to open database"),
        (with_key(&["--embed", "http://127.0.0.1:1", "ask", "Who?"]), "agi-provision tunnel"),
    ] {
        assert_eq!(output.status.code(), Some(1), "{output:?}");
        let told = told(output);
        assert!(told.starts_with("error: ") && told.contains(words) && !told.contains("Traceback"), "{told}");
    }
}
