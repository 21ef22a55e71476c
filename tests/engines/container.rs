//! vLLM: planned from safetensors, bundled as a unit of Quadlet's. No test here runs it: that needs a card and its image.

use super::checkpoint::{self, Dims, Kind, LLAMA_13B, LLAMA_65B, MISTRAL_7B};
use super::{done, read, run};
use serde_json::{Value, json};
use std::path::Path;
use std::process::Output;

const IMAGE: &str = "docker.io/vllm/vllm-openai:v0.23.0@sha256:1111111111111111111111111111111111111111111111111111111111111111";
const UNIT: &str = "b/rootfs/etc/containers/systemd/agi-provision-llama.container";

/// Rows of the mission's resume table that GPTQ or 16 bits are for.
const RESUME: &[(&str, &str, Dims, Kind, usize, usize)] = &[
    ("8 GB card: Mistral 7B, 4 bits", "gpu-8gb", MISTRAL_7B, Kind::Gptq, 1, 1),
    ("8 GB card: Mistral 7B, 4 bits, AWQ", "gpu-8gb", MISTRAL_7B, Kind::Awq, 1, 1),
    ("24 GB card: Saiga 13B, 4 bits", "gpu-24gb", LLAMA_13B, Kind::Gptq, 2, 1),
    ("24 GB card: Mistral 7B in FP16", "gpu-24gb", MISTRAL_7B, Kind::F16, 3, 1),
    ("2×A100: LLaMA 65B in FP16", "2xa100-nvlink", LLAMA_65B, Kind::F16, 14, 2),
    ("2×A100: LLaMA 65B, 4 bits", "2xa100-nvlink", LLAMA_65B, Kind::Gptq, 4, 2),
];

fn flags<'a>(model: &'a str, profile: &'a str) -> Vec<&'a str> {
    vec!["--model", model, "--profile", profile, "--engine", "vllm", "--runtime-image", IMAGE]
}

fn planned(folder: &Path, flags: &[&str]) -> Value {
    serde_json::from_str(&done(&run(folder, &[&["plan", "--format", "json"], flags].concat()))).unwrap()
}

/// The value after an argument.
fn value<'a>(plan: &'a Value, flag: &str) -> &'a str {
    let args = plan["llama_server"]["args"].as_array().unwrap();
    let at = args.iter().position(|arg| arg == flag).unwrap_or_else(|| panic!("no {flag}"));
    args[at + 1].as_str().unwrap()
}

#[test]
fn the_resume_tables_rows_for_cards_are_planned_and_bundled_from_safetensors() {
    for (row, profile, dims, kind, parts, cards) in RESUME {
        let folder = tempfile::tempdir().unwrap();
        let bytes = checkpoint::write(&folder.path().join("model"), *dims, *kind, *parts);
        let flags = flags("model", profile);
        let plan = planned(folder.path(), &flags);
        assert_ne!(plan["verdict"], "impossible", "{row}: {}", plan["reasons"]);
        assert_eq!(value(&plan, "--tensor-parallel-size"), cards.to_string(), "{row}");
        assert_eq!(value(&plan, "--max-model-len"), "4096", "{row}");
        let memory = plan["memory"].as_array().unwrap();
        assert_eq!(memory.len(), cards + 1, "{row}");
        let on_cards: u64 = memory[1..].iter().map(|card| card["weights_bytes"].as_u64().unwrap()).sum();
        // Only norms and orders of columns are on every card.
        assert!(on_cards >= bytes && on_cards < bytes + bytes / 50, "{row}: {on_cards} of {bytes}");
        let share: f64 = value(&plan, "--gpu-memory-utilization").parse().unwrap();
        for card in &memory[1..] {
            let number = |key: &str| card[key].as_f64().unwrap();
            let taken = share * number("capacity_bytes") + number("runtime_bytes");
            assert!(taken <= number("total_bytes"), "{row}: {card}");
            assert!(number("total_bytes") <= number("capacity_bytes"), "{row}: {card}");
        }
        let files = plan["model"]["files"].as_array().unwrap();
        let has = |name: &str| files.iter().any(|file| file["name"] == name);
        assert!(has("config.json") && has("tokenizer.json"), "{row}");
        assert_eq!(has("model.safetensors.index.json"), *parts > 1, "{row}");
        let needs = plan["requirements"].as_array().unwrap();
        let need = |id: &str| needs.iter().find(|one| one["id"] == id).map(|one| one["need"].clone());
        assert_eq!((need("podman"), need("cdi")), (Some(json!("4.4")), Some(json!(true))), "{row}");
        assert_eq!(need("gpu-compute"), Some(json!("7.5")), "{row}");

        done(&run(folder.path(), &[&["bundle", "--out", "b"], &flags[..]].concat()));
        let unit = read(folder.path(), UNIT);
        assert!(unit.contains(&format!("\nImage={IMAGE}\n")), "{row}:\n{unit}");
        assert_eq!(unit.matches("AddDevice=nvidia.com/gpu=").count(), *cards, "{row}:\n{unit}");
        assert!(!folder.path().join("b/cloud-init").exists(), "{row}");
        let bundled: Value = serde_json::from_str(&read(folder.path(), "b/plan.json")).unwrap();
        // What was warned of is part of what is printed, and not of the plan that is kept.
        let mut printed = plan.clone();
        assert_eq!(printed.as_object_mut().unwrap().remove("warnings"), Some(json!([])), "{row}");
        assert_eq!(bundled, printed, "{row}");
    }
}

#[test]
fn a_units_walls_and_its_key_are_as_promised() {
    let folder = tempfile::tempdir().unwrap();
    checkpoint::write(&folder.path().join("model"), MISTRAL_7B, Kind::Gptq, 1);
    done(&run(folder.path(), &[&["bundle", "--out", "b"], &flags("model", "gpu-8gb")[..]].concat()));
    let unit = read(folder.path(), UNIT);
    for line in [
        "NoNewPrivileges=true",
        "ReadOnly=true",
        "DropCapability=all",
        "User=2000",
        "PublishPort=127.0.0.1:8080:8080",
        "EnvironmentFile=/run/agi-provision-llama/key.env",
        "Environment=HF_HUB_OFFLINE=1",
        "Volume=/etc/agi-provision/generation/model:/model:ro",
        "ExecCondition=/usr/local/lib/agi-provision/agi-provision verify --plan /etc/agi-provision/generation/plan.json --allow disk --local",
    ] {
        assert!(unit.lines().any(|found| found == line), "{line}\n{unit}");
    }
    let exec = unit.lines().find(|line| line.starts_with("Exec=")).unwrap();
    assert!(
        !exec.contains("api-key") && !unit.contains("Network=host") && !unit.contains("--privileged"),
        "{unit}"
    );
    // A second bundle is the same, byte by byte.
    let again = run(folder.path(), &[&["bundle", "--out", "b"], &flags("model", "gpu-8gb")[..]].concat());
    assert!(String::from_utf8_lossy(&again.stderr).contains("nothing changed"), "{again:?}");
    done(&again);
}

#[track_caller]
fn refused(output: &Output, message: &str, hint: &str) {
    let told = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{told}");
    assert!(told.contains(message) && told.contains("hint: ") && told.contains(hint), "{told}");
}

#[test]
fn a_file_for_another_engine_is_refused_with_the_flag_that_serves_it() {
    let folder = tempfile::tempdir().unwrap();
    checkpoint::write(&folder.path().join("model"), MISTRAL_7B, Kind::Gptq, 1);
    let gguf = folder.path().join("tiny.gguf");
    agi_provision::model::tiny::write_tiny(&mut std::fs::File::create(gguf).unwrap(), 1, None).unwrap();
    let plan = |args: &[&str]| run(folder.path(), &[&["plan"], args].concat());
    for name in ["model", "./model", "model/model.safetensors"] {
        refused(&plan(&["--model", name]), "safetensors", "--engine vllm serves it");
        let webui = plan(&["--model", name, "--engine", "text-generation-webui"]);
        refused(&webui, "safetensors", "--engine vllm serves it");
    }
    let vllm = |args: &[&str]| plan(&[&["--engine", "vllm"], args].concat());
    refused(
        &vllm(&["--model", "tiny.gguf"]),
        "tiny.gguf is GGUF, which vllm does not serve",
        "--engine llama.cpp",
    );
    refused(&vllm(&["--model", "qwen2.5-7b"]), "is known by its GGUF files", "--engine llama.cpp");
    refused(
        &vllm(&["--model", "no-such-folder"]),
        "neither a folder with config.json",
        "hf:owner/repository",
    );
    std::fs::create_dir(folder.path().join("ggufs")).unwrap();
    std::fs::write(folder.path().join("ggufs/a.gguf"), "GGUF").unwrap();
    refused(&vllm(&["--model", "ggufs"]), "ggufs has no config.json", "--engine llama.cpp");
}

#[test]
fn a_machine_without_a_fitting_card_is_refused_with_the_gguf_that_would_do() {
    let folder = tempfile::tempdir().unwrap();
    checkpoint::write(&folder.path().join("model"), MISTRAL_7B, Kind::Gptq, 1);
    let on = |profile: &str| run(folder.path(), &[&["plan"], &flags("model", profile)[..]].concat());
    refused(
        &on("laptop-cpu-16gb"),
        "no graphics card",
        "--model mistral-7b --quant Q4_K_M --engine llama.cpp",
    );
    // Too small is another matter: the ledger is shown.
    checkpoint::write(&folder.path().join("large"), LLAMA_65B, Kind::F16, 14);
    let small = run(folder.path(), &[&["plan"], &flags("large", "gpu-24gb")[..]].concat());
    assert_eq!(small.status.code(), Some(3), "{small:?}");
    assert!(String::from_utf8_lossy(&small.stdout).contains("is short of"), "{small:?}");
}

#[test]
fn flags_and_images_that_do_not_go_with_it_are_refused_by_name() {
    let folder = tempfile::tempdir().unwrap();
    checkpoint::write(&folder.path().join("model"), MISTRAL_7B, Kind::Gptq, 1);
    let base = ["--model", "model", "--profile", "gpu-24gb", "--engine", "vllm"];
    let with = |more: &[&str]| run(folder.path(), &[&["plan"], &base[..], more].concat());
    for (more, message, hint) in [
        (
            &["--runtime-image", "docker.io/vllm/vllm-openai:v0.23.0"][..],
            "a tag alone may be another image",
            "",
        ),
        (&["--runtime-image", "docker.io/vllm/vllm-openai@sha256:12"], "its digest is not 64", ""),
        (&["--runtime-image", &IMAGE[10..]], "it names no registry", ""),
        (
            &["--expose", "203.0.113.0/24"],
            "answers requests outside of /v1 without a key",
            "leave --expose out",
        ),
        (&["--rag"], "serves no embedding model", "leave --rag out"),
        (&["--kv-type", "q8_0"], "caches in the model's own type", "leave --kv-type out"),
        (&["--webui"], "has no page for chats", "leave --webui out"),
    ] {
        let output = with(more);
        let told = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{more:?}: {told}");
        assert!(told.contains(message) && told.contains(hint), "{more:?}: {told}");
    }
    let other = ["plan", "--model", "phi-2", "--engine", "text-generation-webui", "--runtime-image", IMAGE];
    let other = run(folder.path(), &other);
    refused(&other, "--runtime-image: text-generation-webui comes as an archive", "--runtime-archive");
    // A plan may leave the image open; a bundle and an apply may not.
    done(&with(&[]));
    let open = run(folder.path(), &[&["bundle", "--out", "b"], &base[..]].concat());
    refused(&open, "the plan pins no image of vllm", "--runtime-image");
    let host = ["--yes", "--host", "root@192.0.2.1"];
    let apply = run(folder.path(), &[&["apply"], &host[..], &base[..]].concat());
    refused(&apply, "the plan pins no image of vllm", "--runtime-image");
    let flags = flags("model", "gpu-24gb");
    // Its file is looked at before anything is connected.
    let file = folder.path().join("image.tar");
    std::fs::write(&file, [0; 1024]).unwrap();
    let archive = ["--runtime-archive", "image.tar"];
    let apply = run(folder.path(), &[&["apply"], &host[..], &archive, &flags[..]].concat());
    let told = String::from_utf8_lossy(&apply.stderr);
    assert_eq!(apply.status.code(), Some(1), "{told}");
    assert!(
        told.contains("no OCI archive of an image: it has no index.json") && told.contains("skopeo copy"),
        "{told}"
    );
    let bundle = run(folder.path(), &[&["bundle", "--out", "b"], &archive[..], &flags[..]].concat());
    assert_eq!(bundle.status.code(), Some(1), "{bundle:?}");
    let cloud = run(folder.path(), &[&["bundle", "--out", "b", "--cloud", "hetzner"], &flags[..]].concat());
    refused(&cloud, "its bundle has no other form", "README.md");
    assert!(!folder.path().join("b").exists());
}

#[test]
fn llama_cpps_own_image_is_planned_by_its_tag_and_refused_where_it_is_not_right() {
    let folder = tempfile::tempdir().unwrap();
    let image = |tag: &str| format!("ghcr.io/ggml-org/llama.cpp{tag}@sha256:{}", "2".repeat(64));
    let own = image(":server-cuda12-b11434");
    let base = ["--model", "phi-2", "--profile", "gpu-24gb"];
    let pinned = planned(folder.path(), &[&base[..], &["--runtime-image", &own]].concat());
    let plain = planned(folder.path(), &base);
    assert_eq!(pinned["llama_server"]["args"], plain["llama_server"]["args"], "the archive's arguments");
    assert_eq!(pinned["memory"], plain["memory"]);
    assert_eq!(pinned["llama_server"]["runtime_choice"]["kind"], "container-image");
    let need = |plan: &Value, id: &str| {
        let all = plan["requirements"].as_array().unwrap();
        all.iter().find(|line| line["id"] == id).map_or(Value::Null, |line| line["need"].clone())
    };
    assert_eq!((need(&pinned, "podman"), need(&pinned, "cdi")), (json!("4.4"), json!(true)));
    assert_eq!((need(&plain, "podman"), need(&plain, "cdi")), (Value::Null, Value::Null));
    // The PTX in it goes back further than that of the archives.
    assert_eq!(need(&pinned, "gpu-compute"), "5.0");
    let cpu = ["--model", "phi-2", "--profile", "laptop-cpu-16gb", "--runtime-image", &image("")];
    assert_eq!(need(&planned(folder.path(), &cpu), "cdi"), Value::Null);
    for (tag, more, message, hint) in [
        (":light-cuda12-b11434", &[][..], "does not start llama-server", "has the tag server-cuda12-b11434"),
        (":server-b12000", &[], "is of build b12000, and the plan for b11434", "--llama-build b12000"),
    ] {
        let image = image(tag);
        let output = run(folder.path(), &[&["plan"], &base[..], &["--runtime-image", &image], more].concat());
        refused(&output, message, hint);
    }
    let with =
        |command: &[&str]| run(folder.path(), &[command, &base[..], &["--runtime-image", &own]].concat());
    let path = ["apply", "--yes", "--host", "root@192.0.2.1", "--runtime-path", "/usr/bin/llama-server"];
    refused(&with(&path), "--runtime-path /usr/bin/llama-server: the plan pins", "leave it out");
    let source = ["apply", "--yes", "--host", "root@192.0.2.1", "--runtime-source", "any.tar.gz"];
    refused(&with(&source), "--runtime-source any.tar.gz: the plan pins", "without --runtime-image");
    refused(
        &with(&["bundle", "--out", "b", "--target", "skypilot"]),
        "its bundle has no other form",
        "README.md",
    );
    let several = ["plan", "--hosts", "gpu-24gb,gpu-24gb", "--link", "1,1000", "--model", "phi-2"];
    let several = run(folder.path(), &[&several[..], &["--runtime-image", &own]].concat());
    refused(&several, "--runtime-image is not planned over several hosts", "leave it out");
}

#[test]
fn the_distributions_packages_have_a_plan_for_their_build_and_nothing_beside_them() {
    let folder = tempfile::tempdir().unwrap();
    let with = |command: &[&str], more: &[&str]| {
        let base = ["--model", "phi-2", "--profile", "gpu-24gb", "--runtime-packages"];
        run(folder.path(), &[command, &base[..], more].concat())
    };
    let plan: Value = serde_json::from_str(&done(&with(&["plan", "--format", "json"], &[]))).unwrap();
    let server = &plan["llama_server"];
    assert_eq!(server["build"], "b11669");
    assert_eq!(server["packages"], json!(["llama.cpp-tools", "libggml0-backend-vulkan"]));
    assert_eq!(server["runtime_choice"]["kind"], "distribution-packages");
    let text = done(&with(&["plan"], &[]));
    assert!(
        text.contains("the packages llama.cpp-tools, libggml0-backend-vulkan of the host's system"),
        "{text}"
    );
    // Without cards theirs are left alone: the backend of another plan may be there.
    let without = ["plan", "--model", "phi-2", "--profile", "laptop-cpu-16gb", "--runtime-packages"];
    let without = done(&run(folder.path(), &[&without[..], &["--format", "json"]].concat()));
    let without: Value = serde_json::from_str(&without).unwrap();
    let args: Vec<&str> =
        without["llama_server"]["args"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
    assert!(args.windows(2).any(|pair| pair == ["--device", "none"]), "{args:?}");
    done(&with(&["bundle", "--out", "b"], &[]));
    let readme = read(folder.path(), "b/README.md");
    assert!(
        readme.contains("apt install --no-install-recommends llama.cpp-tools libggml0-backend-vulkan"),
        "{readme}"
    );
    let manifest: Value = serde_json::from_str(&read(folder.path(), "b/manifest.json")).unwrap();
    assert!(
        manifest["downloads"].as_array().unwrap().iter().all(|file| file["what"] == "model"),
        "{manifest}"
    );
    std::fs::write(folder.path().join("any.tar.gz"), "x").unwrap();
    let to = ["apply", "--yes", "--host", "root@192.0.2.1"];
    for (flag, value) in [
        ("--runtime-path", "/usr/bin/llama-server"),
        ("--runtime-source", "any.tar.gz"),
        ("--runtime-archive", "any.tar.gz"),
    ] {
        let message = format!("{flag} {value}: the plan takes llama.cpp from the distribution's packages");
        refused(&with(&to, &[flag, value]), &message, "without --runtime-packages");
    }
    let carried = with(&["bundle", "--out", "c"], &["--runtime-archive", "any.tar.gz"]);
    refused(
        &carried,
        "--runtime-archive any.tar.gz: the plan takes llama.cpp from",
        "without --runtime-packages",
    );
    let image = format!("ghcr.io/ggml-org/llama.cpp@sha256:{}", "a".repeat(64));
    let image = with(&["plan"], &["--runtime-image", &image]);
    assert_eq!(image.status.code(), Some(2), "{image:?}");
    let other = ["--engine", "text-generation-webui"];
    refused(&with(&["plan"], &other), "no distribution packages text-generation-webui", "--engine llama.cpp");
    for build in ["b12000", "b11434"] {
        let message = format!("--llama-build {build}: the distribution's packages have b11669");
        refused(&with(&["plan"], &["--llama-build", build]), &message, "leave");
    }
    let alone = ["plan", "--model", "phi-2", "--profile", "gpu-24gb", "--llama-build", "b11669"];
    refused(&run(folder.path(), &alone), "\"b11669\" is not supported", "supported: b11434");
    let several = ["plan", "--hosts", "gpu-24gb,gpu-24gb", "--link", "1,1000", "--model", "phi-2"];
    let several = run(folder.path(), &[&several[..], &["--runtime-packages"]].concat());
    refused(&several, "--runtime-packages is not planned over several hosts", "leave it out");
}
