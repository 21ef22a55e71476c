//! Opens the HTML pages in Chromium, as wide as a phone and as a screen, light and dark: nothing goes to the console,
//! nothing is loaded from elsewhere, nothing sticks out to the side, and axe-core finds nothing to mend.

use agi_provision::process;
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

/// Runs the program and returns the page that it prints.
fn page(args: &[&str]) -> String {
    let out = Command::new(env!("CARGO_BIN_EXE_agi-provision"))
        .args(args)
        .args(["--format", "html"])
        .env("XDG_DATA_HOME", "/nonexistent")
        .output()
        .expect("the program runs");
    let text = String::from_utf8(out.stdout).expect("the page is text");
    assert!(text.ends_with("</html>\n"), "{args:?}: {}", String::from_utf8_lossy(&out.stderr));
    text
}

/// Builds the checker once and returns its source.
fn axe() -> String {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/lab/build-axe");
    let out = Command::new(script).output().expect("the lab's script runs");
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    let folder = PathBuf::from(String::from_utf8(out.stdout).unwrap().trim());
    fs::read_to_string(folder.join("axe.min.js")).expect("axe-core")
}

/// Runs before anything of the page: keeps what goes to the console and what the page asks for.
const BEFORE: &str = "<script>
window.said = [];
for (const kind of ['error', 'warn']) console[kind] = (...words) => window.said.push(kind + ': ' + words.join(' '));
window.addEventListener('error', event => window.said.push('error: ' + event.message), true);
</script>";

/// Runs after the page: opens what is folded, asks axe-core, and sends the answer to the page around it.
const AFTER: &str = "<script>
const loaded = performance.getEntriesByType('resource').map(entry => entry.name);
const colour = getComputedStyle(document.body).backgroundColor;
document.querySelectorAll('details').forEach(folded => folded.open = true);
const sideways = document.documentElement.scrollWidth - document.documentElement.clientWidth;
axe.run().then(found => {
  const answer = { said: window.said, passes: found.passes.length, loaded, sideways, colour, width: innerWidth, violations: found.violations.map(
    one => one.id + ': ' + one.help + ': ' + one.nodes.slice(0, 3).map(node => node.html).join(' ')) };
  parent.postMessage(JSON.stringify(answer), '*');
});
</script>";

/// The page around it, in which it is as wide as it is asked to be: a window has at least 500 pixels.
const AROUND: &str = "<!doctype html><title>around</title><script>
window.addEventListener('message', event => {
  const place = document.createElement('pre');
  place.id = 'answer';
  place.textContent = btoa(unescape(encodeURIComponent(event.data)));
  document.body.replaceChildren(place);
});
</script><body>";

/// Opens `page` in a frame of that width and returns what was seen.
fn look(page: &str, axe: &str, width: u32, dark: bool) -> Value {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("page.html");
    let text = page.replacen("<head>", &format!("<head>{BEFORE}"), 1).replacen(
        "</body>",
        &format!("<script>{axe}</script>{AFTER}</body>"),
        1,
    );
    fs::write(&file, text).unwrap();
    let around = folder.path().join("around.html");
    let frame = format!(
        "{AROUND}<iframe src=\"page.html\" width=\"{width}\" height=\"1200\" style=\"border: 0\"></iframe>"
    );
    fs::write(&around, frame).unwrap();
    let data = format!("--user-data-dir={}", folder.path().join("profile").display());
    let scheme = format!("--blink-settings=preferredColorScheme={}", if dark { 0 } else { 1 });
    let address = format!("file://{}", around.display());
    let args = [
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-dev-shm-usage",
        "--virtual-time-budget=600000",
        "--dump-dom",
        &data,
        "--window-size=1400,1300",
        &scheme,
        &address,
    ];
    let out = match process::run("chromium", &args, Duration::from_secs(300)) {
        Ok(out) => out,
        Err(error) if error.is_missing() => {
            panic!("chromium is missing: install the package chromium (apt-get install chromium)")
        }
        Err(error) => panic!("{error}"),
    };
    let dom = out.stdout;
    let answer = dom.split_once("<pre id=\"answer\">").and_then(|(_, rest)| rest.split_once("</pre>"));
    let (answer, _) = answer.unwrap_or_else(|| panic!("no answer from the page:\n{dom}\n{}", out.stderr));
    let answer = base64::Engine::decode(&base64::engine::general_purpose::STANDARD, answer).expect("base64");
    serde_json::from_slice(&answer).expect("JSON")
}

fn check(page: &str, what: &str) {
    let axe = axe();
    let mut grounds = Vec::new();
    for (width, dark) in [(390, false), (390, true), (1280, false), (1280, true)] {
        let seen = look(page, &axe, width, dark);
        let place = format!("{what}, {width} px, {}", if dark { "dark" } else { "light" });
        assert_eq!(seen["width"], width, "{place}");
        assert_eq!(seen["said"], serde_json::json!([]), "{place}: the console");
        assert_eq!(seen["loaded"], serde_json::json!([]), "{place}: loaded from elsewhere");
        assert_eq!(seen["sideways"], 0, "{place}: pixels that stick out to the side");
        assert!(seen["passes"].as_u64() > Some(10), "{place}: axe-core looked at nothing: {seen}");
        assert_eq!(seen["violations"], serde_json::json!([]), "{place}: axe-core");
        grounds.push(seen["colour"].clone());
    }
    assert_ne!(grounds[0], grounds[1], "{what}: light and dark look the same");
}

#[test]
fn page_of_a_plan_for_a_card_is_shown_whole() {
    check(&page(&["plan", "--model", "saiga-13b"]), "a plan in comfort");
}

#[test]
fn page_of_a_plan_with_its_explanation_is_shown_whole() {
    check(
        &page(&["plan", "--model", "saiga-13b", "--profile", "cpu-vps-32gb", "--rag", "--explain"]),
        "explained",
    );
}

#[test]
fn page_of_a_plan_that_does_not_fit_is_shown_whole() {
    check(&page(&["plan", "--model", "llama-65b", "--profile", "laptop-cpu-16gb"]), "impossible");
}

#[test]
fn page_of_the_levels_is_shown_whole() {
    check(&page(&["levels"]), "levels");
}

#[test]
fn russian_pages_are_shown_whole() {
    let plan =
        ["plan", "--model", "saiga-13b", "--profile", "cpu-vps-32gb", "--rag", "--explain", "--lang", "ru"];
    check(&page(&plan), "a plan in Russian, explained");
    check(&page(&["plan", "--model", "saiga-13b", "--lang", "ru"]), "a plan in Russian");
    check(&page(&["levels", "--lang", "ru"]), "levels in Russian");
}
