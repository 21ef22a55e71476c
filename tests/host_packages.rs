//! llama.cpp from the distribution's packages: Debian forky's own, on a host of the lab whose apt has them.

#[path = "lab/mod.rs"]
mod lab;

use lab::journey::{Client, PROFILE, assert_serves, text, unservable};
use lab::{Host, but_kept, ours};
use serde_json::json;

/// Takes the package out of what apt has, and puts it back.
const WITHOUT: &str = "cd /opt/lab-apt && mv Packages whole &&
    awk 'BEGIN { RS = \"\"; ORS = \"\\n\\n\" } !/^Package: llama.cpp-tools\\n/' whole > Packages && apt-get update -qq";
const WITH: &str = "mv /opt/lab-apt/whole /opt/lab-apt/Packages && apt-get update -qq";

#[test]
fn the_distributions_packages_are_installed_serve_are_proved_and_stay() {
    let (host, client) = (Host::boot("forky"), Client::new());
    let model = client.path("tiny.gguf");
    let flags = ["--model", text(&model), "--profile", PROFILE, "--runtime-packages"];
    let apply =
        |more: &[&str]| client.json_on(&host, "admin", &[&["apply", "--yes"], &flags[..], more].concat());
    let drift = || {
        let status = client.json_on(&host, "admin", &["status"]);
        assert_eq!(status.exit, 0, "{status:?}");
        status.value["status"].clone()
    };
    let before = host.snapshot();

    // A plan for the host names them beside what it chose.
    let plan = client.json_on(&host, "admin", &["plan", "--model", text(&model)]);
    let named = &plan.value["llama_server"]["runtime_choice"]["packages"];
    assert_eq!(named, &json!({"names": ["llama.cpp-tools"], "build": "b11669"}), "{plan:?}");

    // Its apt is fetched anew where it has no lists; an archive that is not reached is said.
    host.exec(
        "echo 'deb [trusted=yes] http://127.0.0.1:9/debian forky main' > /etc/apt/sources.list.d/far.list",
    )
    .ok();
    host.exec("mv /etc/apt/sources.list /root/").ok();
    let unreached = apply(&[]);
    assert_eq!(unreached.exit, 1, "{unreached:?}");
    assert!(unreached.message().contains("installing llama.cpp-tools"), "{unreached:?}");
    assert!(unreached.value["hint"].to_string().contains("reach its package mirror"), "{unreached:?}");
    let left = but_kept(ours(&before, &host));
    assert!(left.is_empty(), "{left:?}");
    host.exec("rm /etc/apt/sources.list.d/far.list; mv /root/sources.list /etc/apt/").ok();

    // An apt that has others only is refused before anything is changed.
    host.exec(WITHOUT).ok();
    let serving = host.snapshot();
    for more in [&[][..], &["--check"]] {
        let refused = apply(more);
        assert_eq!(refused.exit, 4, "{refused:?}");
        assert!(refused.message().contains("apt on this host has no llama.cpp-tools"), "{refused:?}");
        assert!(refused.value["hint"].to_string().contains("without --runtime-packages"), "{refused:?}");
    }
    let left = ours(&serving, &host);
    assert!(left.is_empty(), "{left:?}");
    host.exec(WITH).ok();

    let check = apply(&["--check"]);
    assert_eq!(check.exit, 5, "{check:?}");
    let differences = check.differences();
    assert!(
        differences.iter().any(|line| *line == "runtime: install llama.cpp-tools, and use their program"),
        "{differences:?}"
    );
    assert_ne!(host.exec("test -e /usr/bin/llama-server").status, 0);

    // Another build than the plan's would be refused.
    let strict = ["--strict", "--allow", "cpu-cores"];
    let done = apply(&strict);
    let log = || host.exec("journalctl --no-pager -n 60 -u agi-provision-llama").stdout;
    assert_eq!(done.exit, 0, "{done:?}\n{}", log());
    assert_serves(&host);
    let receipt = &done.value["receipt"];
    assert_eq!(receipt["packages_installed"], json!(["llama.cpp-tools"]), "{receipt}");
    let devices = receipt["measured"]["proof"]["devices"].as_array().unwrap();
    // llama-server tells hundredths of a MiB.
    for (device, what) in devices.iter().flat_map(|device| ["weights", "kv"].map(|what| (device, what))) {
        let [reported, planned] = ["reported", "planned"].map(|which| device[what][which].as_u64().unwrap());
        assert!(reported.abs_diff(planned) <= (1 << 20) / 100, "{what}: {reported} and {planned}");
    }
    let status = drift();
    assert_eq!(status["runtime"]["path"], "/usr/bin/llama-server", "{status}");
    assert_eq!(status["runtime"]["build"], "b11669", "{status}");
    assert_eq!(status["drift"], json!([]), "{status}");
    // Backends have a folder of their own there, and stamps all the same.
    host.exec("grep -rq /ggml/backends0/libggml-cpu- /var/lib/agi-provision/runtimes").ok();
    let again = apply(&strict);
    assert_eq!((again.exit, again.changed()), (0, false), "{again:?}");

    // Packages that are installed anew are seen, those of libraries that llama-server loads among them.
    host.exec("apt-get install -y -qq --reinstall libllama0").ok();
    let status = drift();
    assert_eq!(status["drift"][0]["step"], "runtime", "{status}");
    assert!(status["drift"].to_string().contains("use /usr/bin/llama-server again: /usr/lib/"), "{status}");
    assert!(status["drift"].to_string().contains("libllama"), "{status}");
    // A plan that does not start then goes back to the old one, which serves with them.
    let broken = client.plan("broken.json", &model, &["--runtime-packages"], |plan| {
        unservable(&mut plan["llama_server"]["args"]);
    });
    let failed = client.json_on(&host, "admin", &["apply", "--yes", "--plan", text(&broken)]);
    assert_eq!(failed.exit, 8, "{failed:?}\n{}", log());
    assert_serves(&host);
    assert_eq!(drift()["drift"], json!([]));
    let again = apply(&strict);
    assert_eq!((again.exit, again.changed()), (0, false), "{again:?}");

    let removed = client.json_on(&host, "admin", &["remove", "--yes"]);
    assert_eq!(removed.exit, 0, "{removed:?}");
    assert!(
        removed.value.to_string().contains("llama.cpp-tools"),
        "the package stays, and is named: {removed:?}"
    );
    host.exec("test -x /usr/bin/llama-server && test ! -e /var/lib/agi-provision").ok();
}
