use super::*;
use proptest::prelude::*;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::path::{Component, Path};

/// Reads `text` from JSON, as every plan, bundle, message and note is read.
fn read<T: DeserializeOwned>(text: &str) -> Result<T, String> {
    serde_json::from_value(serde_json::json!(text)).map_err(|error| error.to_string())
}

#[track_caller]
fn takes<T: DeserializeOwned + Serialize>(texts: &[&str]) {
    for text in texts {
        let value: T = read(text).unwrap_or_else(|why| panic!("{why}"));
        assert_eq!(serde_json::to_value(value).unwrap(), *text);
    }
}

/// Each is refused, with a part of the reason beside it.
#[track_caller]
fn refuses<T: DeserializeOwned>(texts: &[(&str, &str)]) {
    for (text, why) in texts {
        match read::<T>(text) {
            Ok(_) => panic!("{text:?} was taken"),
            Err(said) => assert!(said.contains(why), "{text:?}: {said}"),
        }
    }
}

const SUM: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

#[test]
fn a_checksum_is_64_lower_case_hex_digits() {
    takes::<Checksum>(&[SUM, &"0".repeat(64)]);
    let why = "64 lower-case hex digits";
    refuses::<Checksum>(&[
        ("", why),
        ("../../../../home", why),
        ("/", why),
        (&SUM[1..], why),
        (&format!("{SUM}0"), why),
        (&format!("{}\n", &SUM[1..]), why),
        (&SUM.to_uppercase(), why),
        (&format!("{}/..", &SUM[3..]), why),
        // 64 characters, and none of them a digit of ours.
        (&"٠".repeat(64), why),
    ]);
    assert_eq!(Checksum::parse(&SUM.to_uppercase()).unwrap(), SUM);
    assert_eq!(crate::hash::sha256(b""), SUM);
}

#[test]
fn a_file_name_is_one_visible_part_of_a_path() {
    takes::<FileName>(&[
        "m.gguf",
        "Qwen3-8B Q4_K_M-00001-of-00002.gguf",
        "модель.gguf",
        "a..b",
        "a-",
        "~x",
        &"x".repeat(200),
    ]);
    refuses::<FileName>(&[
        ("", "it is empty"),
        (".", "begins with '.'"),
        ("..", "begins with '.'"),
        (".hidden", "begins with '.'"),
        ("-rf", "begins with '-'"),
        ("a/b", "slash"),
        ("../a", "slash"),
        ("/etc/passwd", "slash"),
        ("a\\b", "backslash"),
        ("a\nb", "U+000A"),
        ("a\0", "U+0000"),
        ("a\u{1b}[2J", "U+001B"),
        ("a\u{202e}fugg.m", "U+202E"),
        ("a\u{200b}", "U+200B"),
        (&"x".repeat(201), "201 bytes"),
        (&"я".repeat(101), "202 bytes"),
    ]);
}

#[test]
fn a_unit_name_has_systemds_characters_and_a_known_ending() {
    takes::<UnitName>(&[crate::paths::UNIT, crate::paths::EXPOSE_UNIT, "a@b:c_d.timer"]);
    refuses::<UnitName>(&[
        ("", "it is empty"),
        ("sshd", "does not end in"),
        (".service", "begins with '.'"),
        ("-x.service", "begins with '-'"),
        ("a/b.service", "'/'"),
        ("a b.service", "' '"),
        ("a\n.service", "'\\n'"),
        ("x.conf", "does not end in"),
        (&format!("{}.service", "x".repeat(250)), "258 bytes"),
    ]);
}

#[test]
fn a_models_name_is_one_line_that_no_program_takes_for_an_option() {
    takes::<ModelId>(&["saiga-13b", "Mistral 7B v0.3", ".x", "hf.org_x", "модель"]);
    refuses::<ModelId>(&[
        ("", "it is empty"),
        ("--host", "begins with '-'"),
        ("m\nExecStartPre=+/bin/evil", "U+000A"),
        ("m\u{85}", "U+0085"),
        ("m\u{2028}x", "U+2028"),
        (&"x".repeat(201), "201 bytes"),
    ]);
}

#[test]
fn a_host_path_is_absolute_and_says_the_place() {
    takes::<HostPath>(&["/usr/bin/llama-server", "/a", "/opt/my models/x"]);
    refuses::<HostPath>(&[
        ("", "it is empty"),
        ("usr/bin", "does not begin with a slash"),
        ("/", "empty part"),
        ("//etc", "empty part"),
        ("/etc/", "empty part"),
        ("/etc/../home", "\"..\""),
        ("/etc/./x", "\".\""),
        ("/a\nb", "U+000A"),
        (&format!("/{}", "x".repeat(256)), "more than 255 bytes"),
        (&"/x".repeat(2048), "4096 bytes"),
    ]);
}

#[test]
fn a_relative_path_stays_in_its_folder() {
    takes::<RelativePath>(&["plan.json", "rootfs/etc/x.d/10-y.conf", "a/...", "..a"]);
    refuses::<RelativePath>(&[
        ("", "it is empty"),
        ("/etc/passwd", "empty part"),
        ("..", "\"..\""),
        ("a/../../b", "\"..\""),
        ("a/..", "\"..\""),
        ("./a", "\".\""),
        ("a//b", "empty part"),
        ("a/", "empty part"),
        ("a\\..\\b", "backslash"),
        ("a\0b", "U+0000"),
    ]);
}

#[test]
fn a_bundles_link_leads_into_the_generation_that_serves() {
    takes::<LinkTarget>(&["/etc/agi-provision/generation/limits.conf"]);
    let below = "does not lie below /etc/agi-provision/generation";
    refuses::<LinkTarget>(&[
        ("/etc/agi-provision/generation", below),
        ("/etc/agi-provision/generation-2/x", below),
        ("/etc/agi-provision/api-key", below),
        ("/etc/shadow", below),
        ("generation/limits.conf", "does not begin with a slash"),
        ("/etc/agi-provision/generation/../../shadow", "\"..\""),
    ]);
}

#[test]
fn an_address_for_downloads_is_https_or_a_private_mirrors() {
    takes::<DownloadUrl>(&[
        "https://huggingface.co/o/r/resolve/main/m.gguf",
        "https://h.example:8443/a%20b?download=true",
        "https://[2001:db8::1]/x",
        "http://127.0.0.1:8000/m.gguf",
        "http://[::1]:8000/m.gguf",
        "http://10.0.3.1/m.gguf",
        "http://192.168.1.2:80/m.gguf",
        "http://[fd00::2]/m.gguf",
    ]);
    let (http, scheme) = ("http is for addresses of a private network", "is not https");
    refuses::<DownloadUrl>(&[
        ("", "it is empty"),
        ("http://h.example/x", http),
        ("http://localhost/x", http),
        ("http://203.0.113.5/x", http),
        ("http://169.254.169.254/latest/meta-data", http),
        // 127.0.0.1 as a number and with zeros: the parser sees through it, and it is still this machine.
        ("http://10.0.0.1.example/x", http),
        ("file:///etc/shadow", scheme),
        ("ftp://h.example/x", scheme),
        ("data:text/plain,x", scheme),
        ("HTTPS://h.example/x", "does not begin with https://"),
        ("https:h.example/x", "does not begin with https://"),
        ("https:///x.example/y", "does not begin with https://"),
        ("https://", "empty host"),
        ("h.example/x", "relative URL"),
        ("https://user@h.example/x", "user's name or a password"),
        ("https://:secret@h.example/x", "user's name or a password"),
        ("https://h.example/x#y", "fragment"),
        ("https://h.example/a b", "' '"),
        ("https://h.example\\@evil.example/", "'\\\\'"),
        ("https://h.example/\r\nX: y", "U+000D"),
        (&format!("https://h.example/{}", "x".repeat(2048)), "bytes"),
    ]);
}

#[test]
fn a_mode_is_permission_bits_that_let_nobody_else_write() {
    takes::<FileMode>(&["0644", "0600", "0755", "0444", "0000"]);
    let digits = "four octal digits";
    refuses::<FileMode>(&[
        ("4755", "more than permission bits"),
        ("2755", "more than permission bits"),
        ("1777", "more than permission bits"),
        ("0666", "others could write"),
        ("0664", "others could write"),
        ("0777", "others could write"),
        ("644", digits),
        ("00644", digits),
        ("+644", digits),
        ("0o64", digits),
        ("0899", digits),
        ("", digits),
    ]);
    for bits in 0..=0o17777 {
        let sound = bits <= 0o777 && bits & 0o022 == 0;
        assert_eq!(FileMode::new(bits).is_ok(), sound, "{bits:o}");
        if let Ok(mode) = FileMode::new(bits) {
            assert_eq!(read::<FileMode>(&mode.to_string()), Ok(mode));
        }
    }
}

#[test]
fn a_port_is_a_number_from_1_to_65535() {
    let of = |json: serde_json::Value| serde_json::from_value::<Port>(json).map(Port::number).ok();
    for (json, port) in [
        (serde_json::json!(1), Some(1)),
        (serde_json::json!(65535), Some(65535)),
        (serde_json::json!(0), None),
        (serde_json::json!(65536), None),
        (serde_json::json!(-1), None),
        (serde_json::json!(80.5), None),
        (serde_json::json!("8080"), None),
        (serde_json::json!(null), None),
    ] {
        assert_eq!(of(json.clone()), port, "{json}");
    }
    for (text, port) in
        [("8080", Some(8080)), ("0", None), ("08080", None), ("+1", None), ("", None), ("65536", None)]
    {
        assert_eq!(text.parse::<Port>().map(Port::number).ok(), port, "{text:?}");
    }
}

#[test]
fn a_refusal_is_one_short_line() {
    let said = FileName::new(format!("\u{1b}]0;x\u{7}\n{}", "y".repeat(100_000))).unwrap_err().to_string();
    assert!(said.chars().count() < 250 && !said.chars().any(char::is_control), "{said}");
    assert!(said.contains("… is not a plain file name"), "{said}");
}

/// Texts of the characters that matter, so that the edges come up.
fn hostile() -> impl Strategy<Value = String> {
    prop_oneof![
        "[./a\\\\-]{0,12}",
        "(\\.\\.|\\.|a|bc|-x|)(/(\\.\\.|\\.|a|bc|-x|)){0,6}",
        "[0-9a-fA-F]{60,68}",
        "[a-f0-9]{64}",
        "https?://[a-z0-9./:@#?%\\\\\\[\\]-]{0,30}",
        any::<String>(),
    ]
}

proptest! {
    #[test]
    fn every_value_that_a_type_accepts_keeps_its_promise(text in hostile()) {
        let visible = |text: &str| !text.is_empty() && !text.chars().any(char::is_control);
        if let Ok(sum) = read::<Checksum>(&text) {
            prop_assert_eq!(Path::new("/x").join(&sum).components().count(), 3);
            prop_assert_eq!(sum.len(), 64);
        }
        if let Ok(name) = read::<FileName>(&text) {
            let parts: Vec<Component> = Path::new(name.as_str()).components().collect();
            prop_assert_eq!(parts, [Component::Normal(name.as_ref())]);
            prop_assert!(visible(&name) && !name.starts_with('-') && name.len() <= 200);
        }
        if let Ok(path) = read::<RelativePath>(&text) {
            prop_assert!(path.as_path().components().all(|part| matches!(part, Component::Normal(_))));
            prop_assert!(Path::new("/x").join(&path).starts_with("/x") && visible(&path));
        }
        if let Ok(path) = read::<HostPath>(&text) {
            let mut parts = path.as_path().components();
            prop_assert_eq!(parts.next(), Some(Component::RootDir));
            prop_assert!(parts.clone().count() > 0 && parts.all(|part| matches!(part, Component::Normal(_))));
        }
        if let Ok(id) = read::<ModelId>(&text) {
            prop_assert!(visible(&id) && id.lines().count() == 1 && !id.starts_with('-'));
        }
        if let Ok(unit) = read::<UnitName>(&text) {
            prop_assert!(!unit.contains('/') && unit.contains('.') && unit.is_ascii());
        }
        if let Ok(url) = read::<DownloadUrl>(&text) {
            let parsed = reqwest::Url::parse(&url).unwrap();
            prop_assert!(matches!(parsed.scheme(), "https" | "http") && parsed.has_host());
            prop_assert!(parsed.username().is_empty() && parsed.password().is_none());
        }
    }

    #[test]
    fn a_written_value_reads_back_the_same(text in hostile()) {
        fn back<T: DeserializeOwned + Serialize + PartialEq>(text: &str) -> bool {
            read::<T>(text).is_ok_and(|value| {
                let json = serde_json::to_string(&value).unwrap();
                serde_json::from_str::<T>(&json).is_ok_and(|again| again == value)
            }) || read::<T>(text).is_err()
        }
        prop_assert!(back::<Checksum>(&text) && back::<FileName>(&text) && back::<ModelId>(&text));
        prop_assert!(back::<HostPath>(&text) && back::<RelativePath>(&text) && back::<LinkTarget>(&text));
        prop_assert!(back::<DownloadUrl>(&text) && back::<UnitName>(&text) && back::<FileMode>(&text));
    }
}

#[test]
fn an_image_is_told_by_repository_and_digest() {
    let digest = "ab".repeat(32);
    for (text, repository) in [
        ("docker.io/vllm/vllm-openai:v0.23.0", "docker.io/vllm/vllm-openai"),
        ("docker.io/vllm/vllm-openai", "docker.io/vllm/vllm-openai"),
        ("localhost:5000/a", "localhost:5000/a"),
        ("localhost:5000/a:1", "localhost:5000/a"),
    ] {
        let image = ImageRef::new(format!("{text}@sha256:{digest}")).unwrap();
        assert_eq!((image.repository(), image.digest()), (repository, digest.as_str()));
        assert_eq!(image.pinned(), format!("{repository}@sha256:{digest}"));
        let registry = if text.starts_with("docker") { "registry-1.docker.io" } else { "localhost:5000" };
        assert_eq!(image.registry(), registry);
    }
}
