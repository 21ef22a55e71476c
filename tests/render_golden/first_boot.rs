//! User-data for each cloud, with a program that the machine fetches.

use super::{bundle, golden, lasting, plan, text};
use agi_provision::checked::{DownloadUrl, ImageRef};
use agi_provision::error::{exit_code, hint};
use agi_provision::hash::sha256;
use agi_provision::plan::Plan;
use agi_provision::process;
use agi_provision::render::choices::{Kubernetes, Origin, Replicas, SkyPilot, Targets};
use agi_provision::render::clouds::CLOUDS;
use agi_provision::render::targets::cloud_init;
use agi_provision::render::{Bundle, Choices, Cloud, FirstBoot, Manifest, PinnedProgram, render_for};
use base64::Engine;
use proptest::prelude::*;
use std::fs;
use std::io::Read;
use std::time::Duration;
use yaml_rust2::{Yaml, YamlLoader};

const USER_DATA: &str = "cloud-init/user-data";
const PACKED: &str = "cloud-init/user-data.gz";

fn pinned(urls: &[&str]) -> PinnedProgram {
    let urls = urls.iter().map(|url| DownloadUrl::new(*url).unwrap()).collect();
    PinnedProgram { urls, sha256: sha256(b"the program"), size_bytes: 11 }
}

fn choices(cloud: &str) -> Choices {
    let program =
        pinned(&["https://example.org/agi-provision", "https://example.net/a/agi-provision?x=1&y='2'"]);
    let first_boot = FirstBoot { program: Some(program), cloud: Some(Cloud::by_name(cloud).unwrap()) };
    Choices { first_boot, ..Choices::default() }
}

/// A plan with a chat template of random text, which no compression makes smaller than three quarters.
fn with_template(size: usize) -> Plan {
    let mut state = 7u64;
    let mut next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 56) as u8
    };
    let random: Vec<u8> = (0..size).map(|_| next()).collect();
    let mut plan = plan("cpu");
    plan.model.chat_template =
        Some(base64::engine::general_purpose::STANDARD.encode(random)[..size].to_string());
    plan
}

fn unpack(base64: &str) -> Vec<u8> {
    unzip(&base64::engine::general_purpose::STANDARD.decode(base64).unwrap())
}

fn unzip(gz: &[u8]) -> Vec<u8> {
    let mut content = Vec::new();
    flate2::read::GzDecoder::new(gz).read_to_end(&mut content).unwrap();
    content
}

fn document(user_data: &str) -> Yaml {
    YamlLoader::load_from_str(user_data).unwrap().remove(0)
}

#[test]
fn user_data_for_each_cloud_is_as_recorded() {
    let update = std::env::var("AGI_PROVISION_GOLDEN").is_ok_and(|value| value == "update");
    let dir = golden().join("first-boot");
    if update {
        let _ = fs::remove_dir_all(&dir);
        fs::create_dir_all(&dir).unwrap();
    }
    for cloud in CLOUDS {
        let bundle = render_for(&plan("cpu"), &choices(cloud.name)).unwrap();
        let (now, path) = (lasting(USER_DATA, &bundle), dir.join(cloud.name));
        if update {
            fs::write(&path, &now).unwrap();
        }
        assert!(fs::read_to_string(&path).unwrap_or_default() == now, "{} changed:\n{now}", cloud.name);
        // Whole and small enough for each of them, without compression.
        let whole = text(&bundle, USER_DATA);
        assert!(cloud.limit.accepts(whole.len()) && bundle.file(PACKED).is_none(), "{}", cloud.name);
    }
    assert_eq!(fs::read_dir(&dir).unwrap().count(), CLOUDS.len());
}

#[test]
fn the_script_for_a_client_that_expands_variables_has_no_dollar_and_is_the_same() {
    let choices = choices("yandex");
    let bundle = render_for(&plan("cpu"), &choices).unwrap();
    let user_data = text(&bundle, USER_DATA);
    assert!(!user_data.contains('$'), "{user_data}");
    let yaml = document(user_data);
    let file = &yaml["write_files"][1];
    let script = String::from_utf8(unpack(file["content"].as_str().unwrap())).unwrap();
    assert_eq!(script, cloud_init::script(choices.first_boot.program.as_ref()).unwrap());
    let command: Vec<_> =
        yaml["runcmd"][0].as_vec().unwrap().iter().map(|word| word.as_str().unwrap()).collect();
    assert_eq!(command, ["sh", file["path"].as_str().unwrap()]);
}

#[test]
fn what_is_too_large_is_compressed_where_the_cloud_takes_that_and_is_refused_elsewhere() {
    let large = with_template(9_000);
    let bundle = render_for(&large, &choices("aws")).unwrap();
    let packed = bundle.file(PACKED).unwrap();
    let whole = text(&bundle, USER_DATA);
    println!("{} bytes, {} compressed", whole.len(), packed.len());
    assert!(whole.len() > 16_384 && packed.len() <= 16_384, "{} {}", whole.len(), packed.len());
    assert_eq!(unzip(packed), whole.as_bytes());
    // A form that is not needed any more goes from the directory.
    let dir = tempfile::tempdir().unwrap();
    bundle.write(dir.path()).unwrap();
    render_for(&large, &choices("gcp")).unwrap().write(dir.path()).unwrap();
    assert!(!dir.path().join(PACKED).exists() && dir.path().join(USER_DATA).exists());

    for (cloud, size, words) in [("aws", 40_000, "compressed"), ("hetzner", 40_000, "text only")] {
        let error = render_for(&with_template(size), &choices(cloud)).unwrap_err();
        assert_eq!(exit_code(&error).code(), 1);
        let said = format!("{error:#}");
        assert!(
            said.contains(words)
                && said.contains(&format!("{:?}", 16_384 * if cloud == "aws" { 1 } else { 2 })),
            "{said}"
        );
        assert!(hint(&error).unwrap().contains("apply --host"));
    }
}

#[test]
fn a_bundle_for_a_cloud_is_made_again_from_its_manifest_and_an_edit_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let made = render_for(&plan("gpu"), &choices("aws")).unwrap();
    made.write(dir.path()).unwrap();
    let read = Bundle::read(dir.path()).unwrap();
    assert_eq!(read.manifest().choices(), choices("aws"));
    assert!(read.edits_in(dir.path()).unwrap().is_empty());
    // The host's state does not depend on the way to it.
    let plain = bundle("gpu");
    assert_eq!((read.id(), read.to_tar().unwrap()), (plain.id(), plain.to_tar().unwrap()));

    let path = dir.path().join(USER_DATA);
    let edited = fs::read_to_string(&path).unwrap().replace("example.org", "example.com");
    let json = fs::read_to_string(dir.path().join("manifest.json")).unwrap();
    let listed = |content: &str| sha256(content.as_bytes()).to_string();
    let old = listed(text(&made, USER_DATA));
    fs::write(dir.path().join("manifest.json"), json.replace(&old, &listed(&edited))).unwrap();
    fs::write(&path, edited).unwrap();
    let edits = Bundle::read(dir.path()).unwrap().edits_in(dir.path()).unwrap();
    assert_eq!(edits.paths(), [USER_DATA]);
}

#[test]
fn a_manifest_with_no_or_too_many_addresses_or_an_unknown_cloud_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    render_for(&plan("cpu"), &choices("aws")).unwrap().write(dir.path()).unwrap();
    let path = dir.path().join("manifest.json");
    let whole: serde_json::Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    let url = |n: usize| format!("https://example.org/{n}");
    for (pointer, value, why) in [
        ("/first_boot/program/urls", serde_json::json!([]), "addresses"),
        ("/first_boot/program/urls", (0..9).map(url).collect(), "addresses"),
        ("/first_boot/program/urls", serde_json::json!([url(1), url(1)]), "addresses"),
        ("/first_boot/program/urls", serde_json::json!(["https://example.org/a\nb"]), "address"),
        ("/first_boot/program/sha256", serde_json::json!("$(id)"), "SHA-256"),
        ("/first_boot/program/size_bytes", serde_json::json!(0), "size"),
        ("/first_boot/cloud", serde_json::json!("moon"), "no cloud"),
    ] {
        let mut manifest = whole.clone();
        *manifest.pointer_mut(pointer).unwrap() = value;
        fs::write(&path, manifest.to_string()).unwrap();
        let error = format!("{:#}", Bundle::read(dir.path()).unwrap_err());
        assert!(error.contains(why), "{pointer}: {error}");
    }
}

/// Addresses with every character that one may have.
fn hostile_url() -> impl Strategy<Value = DownloadUrl> {
    let free = || proptest::string::string_regex("[!-~äя漢]{0,40}").unwrap();
    (free(), free()).prop_filter_map("no address", |(path, query)| {
        DownloadUrl::new(format!("https://example.org/{path}?{query}")).ok()
    })
}

#[test]
fn a_bundles_driver_reaches_the_host_and_no_cluster() {
    let plan = plan("gpu");
    let driver = Some(Origin::Distribution);
    let of_driver = |choices: Choices| render_for(&plan, &Choices { driver, ..choices });
    let made = of_driver(choices("hetzner")).unwrap();
    let plain = render_for(&plan, &choices("hetzner")).unwrap();
    assert_eq!(made.id(), plain.id(), "the host becomes the same");
    for (bundle, driver) in [(&made, driver), (&plain, None)] {
        let tar = Bundle::from_tar(&bundle.to_tar().unwrap()).unwrap();
        assert_eq!((bundle.manifest().driver, tar.manifest().driver), (driver, driver));
        assert!(bundle.edits().unwrap().is_empty() && tar.edits().unwrap().is_empty());
        let says = text(&tar, "README.md").contains("made with `--driver distribution`");
        assert_eq!(says, driver.is_some());
    }
    assert_ne!(text(&made, USER_DATA), text(&plain, USER_DATA));
    // A manifest that was edited to ask for one is not what its plan makes.
    let manifest =
        made.manifest().to_json().replace("\"driver\": \"distribution\"", "\"driver\": \"everything\"");
    assert!(Manifest::from_json(manifest.as_bytes()).is_err());

    let image = ImageRef::new(format!("example.org/llama@sha256:{}", "0".repeat(64))).unwrap();
    let replicas: Replicas = "2".parse().unwrap();
    let pods = Targets { kubernetes: Some(Kubernetes { image, replicas }), ..Targets::default() };
    let services = Targets { skypilot: Some(SkyPilot { replicas }), ..Targets::default() };
    for targets in [pods, services] {
        let refused = of_driver(Choices { targets, ..Choices::default() }).unwrap_err();
        assert_eq!(exit_code(&refused).code(), 2);
        assert!(refused.to_string().contains("no pod or replica gets a driver"), "{refused}");
        assert!(hint(&refused).unwrap().contains("--driver none"), "{refused}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    /// Through YAML and the shell, an address is the word that it was, and nothing of it is run.
    #[test]
    fn an_address_reaches_the_fetching_tool_as_it_is(urls in prop::collection::btree_set(hostile_url(), 1..=8)) {
        let urls: Vec<DownloadUrl> = urls.into_iter().collect();
        let program = PinnedProgram { urls: urls.clone(), ..pinned(&["https://example.org"]) };
        let first_boot = FirstBoot { program: Some(program), cloud: None };
        let choices = Choices { first_boot: first_boot.clone(), ..Choices::default() };
        let bundle = render_for(&plan("cpu"), &choices).unwrap();
        let yaml = document(text(&bundle, USER_DATA));
        let script = yaml["runcmd"][0].as_str().unwrap();
        let whole = cloud_init::script(first_boot.program.as_ref()).unwrap();
        prop_assert_eq!(script.trim_end(), whole.trim_end());
        let list = script.lines().find_map(|line| line.trim().strip_prefix("for url in ")).unwrap();
        let ask = format!("for url in {list} printf '%s\\n' \"$url\"; done");
        let said = process::run("sh", &["-c", &ask], Duration::from_secs(30)).unwrap();
        let expected: String = urls.iter().map(|url| url.ascii() + "\n").collect();
        prop_assert_eq!((said.stdout, said.stderr), (expected, String::new()));
        let list = process::run("sh", &["-n", "-c", script], Duration::from_secs(30)).unwrap();
        prop_assert!(list.success && list.stderr.is_empty(), "{:?}", list);
    }
}
