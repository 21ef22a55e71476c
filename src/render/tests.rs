use super::*;
use crate::error::{Exit, exit_code};
use crate::plan::document::{Place, RuntimeFile};

fn plan() -> Plan {
    Plan::from_json(include_str!("../../tests/golden/plans/gpu.json")).unwrap()
}

fn limits_of(plan: &Plan) -> String {
    limits(plan, &plan.server(ServerName::CHAT).unwrap()).unwrap()
}

#[test]
fn the_drop_in_opens_the_devices_of_the_plans_gpus_and_no_other() {
    let mut plan = plan();
    let one = limits_of(&plan);
    assert!(one.contains("DeviceAllow=/dev/char/195:0 rwm") && !one.contains("/dev/char/195:1 "), "{one}");
    assert!(one.contains("DevicePolicy=closed") && one.contains("PrivateDevices=no"), "{one}");
    plan.profile.gpus.push(plan.profile.gpus[0].clone());
    assert!(limits_of(&plan).contains("DeviceAllow=/dev/char/195:1 rwm"));
    plan.profile.kind = ProfileKind::Cpu;
    let none = limits_of(&plan);
    assert!(none.contains("PrivateDevices=yes") && !none.contains("DeviceAllow"), "{none}");
}

#[test]
fn every_server_is_cut_off_from_other_addresses_and_no_plan_names_another() {
    assert!(limits_of(&plan()).contains("IPAddressDeny=any\nIPAddressAllow=localhost"));
    for host in ["::1", "localhost", "0.0.0.0", "10.0.0.7"] {
        let json = plan().to_json().replace("\"127.0.0.1\"", &format!("{host:?}"));
        let refused = Plan::from_json(&json).unwrap_err().to_string();
        assert!(refused.contains("--host") && refused.contains(host), "{refused}");
    }
}

#[test]
fn a_plan_for_others_brings_its_rules_and_the_unit_that_ends_tls() {
    let closed = render(&plan()).unwrap();
    let rules = format!("rootfs{}/expose.nft", paths::GENERATION);
    let unit = format!("rootfs{}", paths::EXPOSE_FILE);
    assert!(closed.file(&rules).is_none() && closed.file(&unit).is_none());
    let mut plan = plan();
    let ranges = ["10.0.0.0/8", "2001:db8::/32"].map(|text| text.parse().unwrap());
    plan.expose = Exposure::of(&ranges);
    let open = render(&plan).unwrap();
    let text = |path: &str| String::from_utf8(open.file(path).unwrap().to_vec()).unwrap();
    let rules = text(&rules);
    assert!(
        rules.contains("ip saddr { 10.0.0.0/8 } accept") && rules.contains("ip6 saddr { 2001:db8::/32 }")
    );
    assert!(rules.contains("tcp dport 8080 drop") && !rules.contains("flush"), "{rules}");
    assert!(text(&unit).contains("DynamicUser=yes"));
    let limits = limits_of(&plan);
    assert!(limits.contains("Wants=agi-provision-expose.service"), "{limits}");
    assert!(limits.contains("IPAddressDeny=any"), "the server itself stays on loopback: {limits}");
    assert!(text("README.md").contains("openssl req"));
    // One range only: no empty set, which nftables would refuse.
    plan.expose = Exposure::of(&ranges[..1]);
    let one = render(&plan).unwrap();
    assert!(
        !String::from_utf8_lossy(one.file(&format!("rootfs{}/expose.nft", paths::GENERATION)).unwrap())
            .contains("ip6")
    );
}

#[test]
fn an_embedding_server_sees_its_own_card_or_none() {
    let mut plan = Plan::from_json(include_str!("../../tests/golden/plans/rag.json")).unwrap();
    plan.profile.gpus.push(plan.profile.gpus[0].clone());
    let of_embedding = |plan: &Plan| limits(plan, &plan.server(ServerName::EMBEDDING).unwrap()).unwrap();
    let on_card = of_embedding(&plan);
    let (first, second) = ("DeviceAllow=/dev/char/195:0 ", "DeviceAllow=/dev/char/195:1 ");
    assert!(on_card.contains(first) && !on_card.contains(second), "{on_card}");
    assert!(on_card.contains("Embedding server (llama.cpp): bge-m3 Q8_0"), "{on_card}");
    plan.rag.as_mut().unwrap().device = Place::Host;
    let on_host = of_embedding(&plan);
    assert!(on_host.contains("PrivateDevices=yes") && !on_host.contains("DeviceAllow"), "{on_host}");
    assert!(limits_of(&plan).contains(second), "the model's server keeps both");
}

#[test]
fn texts_of_a_plan_stay_texts() {
    let mut plan = plan();
    let text = "m\nExecStartPre=/bin/evil %n \\".to_string();
    plan.model.quant = text.clone();
    plan.profile.id = text.clone();
    plan.profile.gpus[0].name = text;
    let bundle = render(&plan).unwrap();
    for file in bundle.files().iter().filter(|file| !file.path.ends_with("plan.json")) {
        let text = String::from_utf8(file.content.clone()).unwrap();
        assert!(!text.lines().any(|line| line.trim_start().starts_with("ExecStartPre=/bin")), "{text}");
    }
    assert!(limits_of(&plan).contains(&format!(
        "Description=Language model server (llama.cpp): {} m ExecStartPre=/bin/evil %%n\n",
        plan.model.id
    )));
}

#[test]
fn a_plan_that_cannot_be_files_is_refused() {
    let refused = |change: &dyn Fn(&mut Plan)| {
        let mut plan = plan();
        change(&mut plan);
        assert_eq!(exit_code(&render(&plan).unwrap_err()), Exit::Usage);
    };
    refused(&|plan| plan.model.files.push(plan.model.files[0].clone()));
    refused(&|plan| plan.profile.gpus.clear());
}

#[test]
fn the_unit_is_the_same_for_every_plan() {
    let unit = format!("rootfs/etc/systemd/system/{}", paths::UNIT);
    let gpu = render(&plan()).unwrap();
    let cpu = Plan::from_json(include_str!("../../tests/golden/plans/cpu.json")).unwrap();
    assert_eq!(gpu.file(&unit).unwrap(), render(&cpu).unwrap().file(&unit).unwrap());
}

#[test]
fn a_third_server_is_rendered_as_the_second_is() {
    let plan = Plan::from_json(include_str!("../../tests/golden/plans/three-servers.json")).unwrap();
    let bundle = render(&plan).unwrap();
    let text = |path: &str| {
        String::from_utf8(bundle.file(path).unwrap_or_else(|| panic!("no {path}")).to_vec()).unwrap()
    };
    let unit = |name: &str| text(&format!("rootfs/etc/systemd/system/agi-provision-{name}.service"));
    // The units differ in the server that they start, and the name of its log.
    let second = unit("embed").replace("serve --embedding", "serve --server embed-2");
    assert_eq!(unit("embed-2"), second.replace("=agi-provision-embed\n", "=agi-provision-embed-2\n"));
    let generation = format!("rootfs{}", paths::GENERATION);
    let args = text(&format!("{generation}/embed-2-server.args"));
    assert!(
        args.contains("--port\n8091\n") && args.contains("/agi-provision-embed-2.service/api-key\n"),
        "{args}"
    );
    let limits = text(&format!("{generation}/embed-2-limits.conf"));
    assert!(limits.contains("PrivateDevices=yes") && !limits.contains("DeviceAllow"), "{limits}");
    assert!(bundle.links().iter().any(|link| {
        link.path == "rootfs/etc/systemd/system/agi-provision-embed-2.service.d/10-generation.conf"
            && link.target == "/etc/agi-provision/generation/embed-2-limits.conf"
    }));
    let readme = text("README.md");
    assert!(readme.contains("-L 8081:127.0.0.1:8081 -L 8091:127.0.0.1:8091 HOST"), "{readme}");
    // A file that two of them share is fetched once.
    assert_eq!(bundle.manifest().downloads.len(), 3);
}

#[test]
fn a_plan_with_archives_beside_none_or_with_too_many_is_not_rendered() {
    let pinned = |count: usize| {
        let mut plan = plan();
        let file = RuntimeFile {
            url: "https://example.org/x.tar.gz".parse().unwrap(),
            sha256: "0".repeat(64).parse().unwrap(),
            size_bytes: 1,
        };
        plan.llama_server.runtime_beside = vec![file.clone(); count];
        (plan, file)
    };
    let (alone, _) = pinned(1);
    let (mut many, file) = pinned(2);
    many.llama_server.runtime = Some(file.clone());
    for plan in [&alone, &many] {
        assert!(render(plan).unwrap_err().to_string().contains("archives beside it that no release has"));
    }
    let (mut pair, _) = pinned(1);
    pair.llama_server.runtime = Some(file);
    let bundle = render(&pair).unwrap();
    let archives = bundle.manifest().downloads.iter().filter(|file| file.what == CarriedKind::Runtime);
    assert_eq!(archives.count(), 2);
}

/// Texts that a stranger may write into a plan. Each ends the reading, and the error says which text it was.
#[test]
fn a_plan_with_a_text_that_is_no_name_sum_or_address_is_not_read() {
    let plan: serde_json::Value =
        serde_json::from_str(include_str!("../../tests/golden/plans/rag.json")).unwrap();
    let file = "/model/files/0";
    let runtime = serde_json::json!({
        "url": "https://example.org/x.tar.gz", "sha256": "0".repeat(64), "size_bytes": 1,
    });
    for (at, text, why) in [
        (format!("{file}/name"), "", "not a plain file name"),
        (format!("{file}/name"), "..", "not a plain file name"),
        (format!("{file}/name"), "a/b", "not a plain file name"),
        (format!("{file}/name"), "-rf", "not a plain file name"),
        (format!("{file}/name"), "a\nb", "not a plain file name"),
        (format!("{file}/sha256"), "../../../../home", "not a SHA-256"),
        (format!("{file}/sha256"), "ABC", "not a SHA-256"),
        (format!("{file}/url"), "file:///etc/passwd", "not an address for downloads"),
        ("/rag/model/files/0/name".to_string(), "../x", "not a plain file name"),
        ("/rag/model/files/0/sha256".to_string(), "/", "not a SHA-256"),
        ("/rag/model/id".to_string(), "-x", "not a model's name"),
        ("/model/id".to_string(), "m\nExecStartPre=+/bin/evil", "not a model's name"),
        ("/llama_server/runtime/sha256".to_string(), "../../../../home", "not a SHA-256"),
        ("/llama_server/runtime/url".to_string(), "http://example.org/x", "not an address for downloads"),
        ("/llama_server/runtime_beside/0/sha256".to_string(), "../../../../home", "not a SHA-256"),
    ] {
        let mut plan = plan.clone();
        plan["llama_server"]["runtime"] = runtime.clone();
        plan["llama_server"]["runtime_beside"] = serde_json::json!([runtime]);
        Plan::from_json(&plan.to_string()).unwrap();
        *plan.pointer_mut(&at).unwrap() = text.into();
        let said = format!("{:#}", Plan::from_json(&plan.to_string()).unwrap_err());
        assert!(said.contains(why) && said.lines().count() == 1, "{at}: {said}");
    }
}

#[test]
fn a_plan_that_pins_an_image_has_containers_for_units_and_no_other_form() {
    let image = format!("ghcr.io/ggml-org/llama.cpp:server-b11434@sha256:{}", "0".repeat(64));
    let pinned = |text: &str| {
        let mut plan: serde_json::Value = serde_json::from_str(text).unwrap();
        plan["llama_server"]["image"] = image.as_str().into();
        Plan::from_json(&plan.to_string()).unwrap()
    };
    let three = pinned(include_str!("../../tests/golden/plans/three-servers.json"));
    let bundle = render(&three).unwrap();
    for server in three.servers() {
        let file = bundle.file(&in_rootfs(&server.name.container_file())).unwrap();
        let text = String::from_utf8(file.to_vec()).unwrap();
        assert!(text.contains(&format!("Image={image}\n")), "{text}");
        // Only servers with layers on a card get it.
        assert_eq!(text.contains("AddDevice=nvidia.com/gpu=all"), server.cards > 0, "{}", server.name);
        assert!(bundle.file(&in_rootfs(&server.name.unit_file())).is_none());
    }
    let mut open = pinned(include_str!("../../tests/golden/plans/cpu.json"));
    open.expose = Exposure::of(&["10.0.0.0/8".parse().unwrap()]);
    let bundle = render(&open).unwrap();
    let unit = bundle.file(&in_rootfs(&ServerName::CHAT.container_file())).unwrap();
    assert!(String::from_utf8(unit.to_vec()).unwrap().contains("Wants=agi-provision-expose.service"));
    let readme = String::from_utf8(bundle.file("README.md").unwrap().to_vec()).unwrap();
    assert!(!readme.contains("nvidia-ctk") && readme.contains("podman pull ghcr.io"), "{readme}");
    let skypilot = choices::SkyPilot { replicas: choices::Replicas::default() };
    let targets = choices::Targets { skypilot: Some(skypilot), ..choices::Targets::default() };
    let choices = Choices { targets, ..Choices::default() };
    let refused = render_for(&open, &choices).unwrap_err();
    assert!(refused.to_string().contains("has no other form"), "{refused}");
}
