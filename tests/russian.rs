//! Texts in Russian: no English sentence is left in one, and no word of the English messages.

use serde_json::Value;
use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

/// Runs the program with the prices of this checkout, and returns what it prints on both streams.
fn run(line: &str, lang: &str) -> String {
    let home = tempfile::tempdir().expect("a folder");
    let mut command = Command::new(env!("CARGO_BIN_EXE_agi-provision"));
    command.env_clear().env("HOME", home.path()).current_dir(home.path());
    let output = command.args(line.split_whitespace()).args(["--lang", lang]).output().expect("the program");
    [output.stdout, output.stderr].map(|text| String::from_utf8(text).expect("text")).concat()
}

/// Returns the text that a page shows and reads out: what stands between its tags, and their labels.
fn shown(page: &str) -> String {
    let Some((_, body)) = page.split_once("<body>") else { return page.to_string() };
    let mut text = String::new();
    for part in body.split('<') {
        let (tag, after) = part.split_once('>').unwrap_or(("", part));
        let label = tag.split_once("aria-label=\"").and_then(|(_, label)| label.split_once('"'));
        text.extend(label.map(|(label, _)| format!("{label}\n")));
        text += after;
        text.push('\n');
    }
    text
}

/// Whether a text is a word of running text: no name, number or key.
fn is_word(text: &str) -> bool {
    text.len() > 1 && text.bytes().all(|byte| byte.is_ascii_lowercase())
}

/// Returns the words of a text, commands left out, with the one that each follows after one blank; what is written together with a sign of
/// a key, a path or a flag is no word.
fn words(text: &str) -> Vec<(Option<String>, String)> {
    let mut found = Vec::new();
    let command = |line: &&str| ["llama-server ", "agi-provision "].iter().any(|name| line.starts_with(name));
    for line in text.lines().filter(|line| !command(line)) {
        let (mut before, mut flag) = (None, false);
        for part in line.split(' ') {
            // What follows a flag is its value.
            if std::mem::replace(&mut flag, part.starts_with("--")) {
                before = None;
                continue;
            }
            let bare = part.trim_matches(['(', ')', ',', ';', ':', '«', '»', '"', '!', '?']);
            let bare = bare.strip_suffix('.').unwrap_or(bare);
            let word = is_word(bare).then(|| bare.to_string());
            found.extend(word.clone().map(|word| (before.take(), word)));
            // A sentence goes on where nothing stands between.
            before = word.filter(|word| part.ends_with(word.as_str()));
        }
    }
    found
}

/// Returns the lower-case words of the messages of a language.
fn of_messages(lang: &str) -> BTreeSet<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("locales").join(lang);
    let files = std::fs::read_dir(folder).expect("the messages").map(|entry| entry.unwrap().path());
    let text = files.map(|path| std::fs::read_to_string(path).unwrap()).collect::<String>();
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    let values = lines.map(|line| match line.split_once(" = ") {
        Some((id, value)) if !id.contains(' ') => value,
        _ => line,
    });
    values.flat_map(|value| words(value).into_iter().map(|(_, word)| word)).collect()
}

/// Returns the names that formulas and keys of an explained plan have, which are the same in every language.
fn names(line: &str) -> BTreeSet<String> {
    let Ok(plan) = serde_json::from_str::<Value>(&run(&format!("{line} --format json"), "en")) else {
        return BTreeSet::new();
    };
    let mut names = BTreeSet::new();
    for number in plan["explanation"]["numbers"].as_array().into_iter().flatten() {
        names.extend(number["number"].as_str().unwrap().split('/').map(str::to_string));
        let inputs = number["inputs"].as_array().unwrap().iter();
        names.extend(inputs.map(|input| input["name"].as_str().unwrap().to_string()));
        let formula = number["formula"].as_str().unwrap();
        names.extend(formula.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').map(str::to_string));
    }
    names
}

/// Returns what is English in a Russian text: words that only English messages have, and neighbours that stand side by
/// side in the English text too.
fn left(russian: &str, english: &str, names: &BTreeSet<String>) -> Vec<String> {
    let [of_english, of_russian] = ["en", "ru"].map(of_messages);
    let pairs: BTreeSet<(Option<String>, String)> = words(english).into_iter().collect();
    let is_left = |(before, word): &(Option<String>, String)| {
        let alone = of_english.contains(word) && !of_russian.contains(word) && !names.contains(word);
        let pair = before.is_some() && pairs.contains(&(before.clone(), word.clone()));
        let known = before.as_ref().is_some_and(|before| {
            [before, word].iter().all(|word| of_russian.contains(*word) || names.contains(*word))
        });
        alone || pair && !known
    };
    let found = words(russian).into_iter().filter(is_left);
    found.map(|(before, word)| format!("{} {word}", before.unwrap_or_default())).collect()
}

/// Compares what the commands print in both languages. `seen` is how many words of the English text are known for such
/// at least.
fn check(lines: &[&str], seen: usize, text: impl Fn(&str, &str) -> String) {
    let mut english_left = Vec::new();
    for line in lines {
        let (russian, english) = (text(line, "ru"), text(line, "en"));
        let names = names(line.trim_end_matches(" --format html"));
        english_left
            .extend(left(&russian, &english, &names).into_iter().map(|words| format!("{line}: {words}")));
        let found = left(&english, &english, &names).len();
        assert!(found > seen, "{line}: only {found} words of English are seen in the English text");
    }
    assert!(english_left.is_empty(), "{english_left:#?}");
}

const PLANS: [&str; 9] = [
    "plan --model saiga-13b",
    "plan --model saiga-13b --explain",
    "plan --model tinyllama-1.1b --profile cpu-vps-32gb --rag --explain",
    "plan --model llama-65b --profile gpu-24gb --quant 4-bit --explain",
    "plan --model llama-65b --profile 2xa100-nvlink --explain",
    "plan --model llama-65b --profile gpu-8gb --quant F16 --explain",
    "plan --model phi-2 --profile cpu-vps-64gb --budget 250EUR/month --explain",
    "plan --model saiga-13b --budget 0.001/hour --explain",
    "plan --model saiga-13b --llama-build b11434 --webui --slots 1 --ctx 2048 --kv-type q8_0",
];

#[test]
fn plans_and_their_explanations_are_russian() {
    check(&PLANS, 20, run);
}

#[test]
fn lists_of_suggestions_are_russian() {
    let lists = [
        "plan --budget 50/month",
        "plan --profile gpu-24gb --for code",
        "plan --profile laptop-cpu-16gb --for russian",
        "plan --budget 1,5EUR/hour --for embedding",
        "plan --budget 0.001/month",
    ];
    check(&lists, 5, run);
}

#[test]
fn pages_are_russian_and_say_so() {
    let of_plans = PLANS.map(|line| format!("{line} --format html"));
    let lines: Vec<&str> = of_plans.iter().map(String::as_str).chain(["levels --format html"]).collect();
    check(&lines, 20, |line, lang| {
        let page = run(line, lang);
        assert!(page.contains(&format!("<html lang=\"{lang}\">")), "{line}");
        shown(&page)
    });
    check(&["levels", "levels --format markdown"], 20, run);
}

/// Command lines that end in an error, most with a hint.
const WRONG: [&str; 23] = [
    "plan --model nosuch",
    "plan --model ./nosuch.gguf",
    "plan --model hf:nosuch",
    "plan --model tinyllama-1.1b --profile nosuch",
    "plan --model tinyllama-1.1b --kv-type q9_0",
    "plan --model tinyllama-1.1b --quant Q9_K",
    "plan --model tinyllama-1.1b --budget 300",
    "plan --model tinyllama-1.1b --bugdet 300/month",
    "plan --model tinyllama-1.1b --flash-attn maybe",
    "plan --model tinyllama-1.1b --facts nosuch.json",
    "plan --hosts gpu-24gb,nosuch/facts.json --link 0.4,940 --model tinyllama-1.1b",
    "plan --hosts gpu-24gb --link 0.4,940 --model tinyllama-1.1b",
    "plan --rag --rag-chunks 0 --model tinyllama-1.1b",
    "apply --model tinyllama-1.1b",
    "apply --model tinyllama-1.1b --host root@",
    "apply --model tinyllama-1.1b --host root@192.0.2.1",
    "apply --plan nosuch.json --host root@192.0.2.1 --yes",
    "verify --plan nosuch.json --local",
    "status",
    "bundle --model tinyllama-1.1b --target kubernetes --out out",
    "bundle --model saiga-13b --budget 0.001/hour --out out",
    "init",
    "init --model nosuch",
];

#[test]
fn errors_and_their_hints_are_russian() {
    check(&WRONG, 2, run);
    let is_russian = |text: &str| text.contains(|c: char| ('а'..='я').contains(&c));
    let mut hints = 0;
    for line in WRONG {
        let text = run(line, "ru");
        let (_, error) = text.split_once("ошибка: ").unwrap_or_else(|| panic!("{line}: {text}"));
        let (error, hint) = error.split_once("подсказка: ").unwrap_or((error, "нет"));
        assert!(is_russian(error) && is_russian(hint), "{line}: {text}");
        hints += usize::from(hint != "нет");
    }
    assert!(hints >= 18, "only {hints} hints");
}

#[test]
fn plans_over_several_hosts_are_russian() {
    let lines = [
        "plan --hosts gpu-24gb,gpu-24gb --link 0.4,940 --model llama-65b --quant 4-bit",
        "plan --hosts 3x(cpu-vps-32gb) --link 12,100 --model tinyllama-1.1b",
        "plan --hosts gpu-8gb,gpu-8gb --link 1,1000 --model llama-65b --quant F16",
    ];
    check(&lines, 20, run);
}
