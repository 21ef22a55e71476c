//! The ready bundles in examples/bundles are what the commands in their names' table render today, and
//! hardware_agi_levels.md is what `levels` prints.
//! `AGI_PROVISION_GOLDEN=update` writes them anew.

use std::fs;
use std::path::Path;
use std::process::Command;

/// Folder in examples/bundles → flags of `bundle`.
const BUNDLES: &[(&str, &[&str])] = &[
    ("saiga-13b-gpu-24gb", &["--model", "saiga-13b", "--profile", "gpu-24gb"]),
    ("mistral-7b-cpu-vps-32gb", &["--model", "mistral-7b", "--profile", "cpu-vps-32gb", "--quant", "Q4_K_M"]),
    ("llama-65b-2xa100-nvlink", &["--model", "llama-65b", "--profile", "2xa100-nvlink"]),
];

#[test]
fn the_ready_bundles_are_current() {
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/bundles");
    for (name, flags) in BUNDLES {
        let ready = examples.join(name);
        let folder = tempfile::tempdir().unwrap();
        let fresh = folder.path().join("bundle");
        let out =
            if std::env::var("AGI_PROVISION_GOLDEN").is_ok_and(|v| v == "update") { &ready } else { &fresh };
        let output = Command::new(env!("CARGO_BIN_EXE_agi-provision"))
            // Without prices that someone refreshed.
            .env("XDG_DATA_HOME", folder.path())
            .arg("bundle")
            .args(*flags)
            .arg("--out")
            .arg(out)
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        if out == &ready {
            continue;
        }
        for file in ["plan.json", "manifest.json", "README.md", "cloud-init/user-data"] {
            assert_eq!(
                fs::read_to_string(ready.join(file)).unwrap(),
                fs::read_to_string(fresh.join(file)).unwrap(),
                "examples/bundles/{name}/{file} is out of date: AGI_PROVISION_GOLDEN=update cargo test --test examples"
            );
        }
    }
}

#[test]
fn the_hardware_levels_are_current_in_each_language() {
    for (lang, name) in [("en", "hardware_agi_levels.md"), ("ru", "hardware_agi_levels.ru.md")] {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(name);
        let output = Command::new(env!("CARGO_BIN_EXE_agi-provision"))
            .args(["levels", "--format", "markdown", "--lang", lang])
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let printed = String::from_utf8(output.stdout).unwrap();
        if std::env::var("AGI_PROVISION_GOLDEN").is_ok_and(|v| v == "update") {
            fs::write(file, printed).unwrap();
            continue;
        }
        assert!(
            fs::read_to_string(file).unwrap_or_default() == printed,
            "{name} is out of date: AGI_PROVISION_GOLDEN=update cargo test --test examples"
        );
    }
}
