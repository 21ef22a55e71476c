//! The bundle of an engine that comes as a container, file by file.

use super::{golden, plan, tree};
use agi_provision::error::hint;
use agi_provision::plan::Plan;
use agi_provision::render::{Bundle, render};
use std::fs;

#[test]
fn every_file_of_a_container_is_as_recorded() {
    let update = std::env::var("AGI_PROVISION_GOLDEN").is_ok_and(|value| value == "update");
    let bundle = render(&plan("vllm")).unwrap();
    let dir = golden().join("vllm");
    let written = tempfile::tempdir().unwrap();
    bundle.write(written.path()).unwrap();
    let mut files = tree(written.path());
    let manifest = files.get_mut("manifest.json").unwrap();
    let version = format!("\"tool_version\": \"{}\"", env!("CARGO_PKG_VERSION"));
    *manifest = String::from_utf8(manifest.clone())
        .unwrap()
        .replace(&version, "\"tool_version\": \"VERSION\"")
        .into();
    if update {
        let _ = fs::remove_dir_all(&dir);
        for (path, content) in &files {
            fs::create_dir_all(dir.join(path).parent().unwrap()).unwrap();
            fs::write(dir.join(path), content).unwrap();
        }
    }
    let recorded = tree(&dir);
    assert_eq!(recorded.keys().collect::<Vec<_>>(), files.keys().collect::<Vec<_>>());
    for (path, content) in &files {
        assert!(recorded[path] == *content, "{path} changed:\n{}", String::from_utf8_lossy(content));
    }
    // What is rendered is a bundle that can be read again.
    assert_eq!(Bundle::read(written.path()).unwrap(), bundle);
    assert!(files.keys().all(|path| !path.starts_with("cloud-init") && !path.contains("systemd/system")));
}

#[test]
fn a_containers_plan_without_an_image_or_with_a_worse_one_is_refused() {
    let mut value: serde_json::Value = serde_json::from_str(&plan("vllm").to_json()).unwrap();
    value["llama_server"].as_object_mut().unwrap().remove("image");
    let error = render(&Plan::from_json(&value.to_string()).unwrap()).unwrap_err();
    assert!(
        error.to_string().contains("pins no image")
            && hint(&error).is_some_and(|hint| hint.contains("--runtime-image"))
    );
    for image in [
        "docker.io/vllm/vllm-openai:latest",
        "docker.io/vllm/vllm-openai@sha256:12",
        "a\nExecStart=/bin/sh@sha256:1",
    ] {
        value["llama_server"]["image"] = image.into();
        assert!(Plan::from_json(&value.to_string()).is_err(), "{image}");
    }
}
