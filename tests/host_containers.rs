//! Engines in containers, on a host: real podman with Quadlet under a real systemd, an image by its digest
//! from a file and from a registry. The image has a stand-in for vLLM (tests/lab/vllm/server.rs), and the card is the stub
//! nvidia-smi's and a CDI specification that brings a variable into the container in place of a device: docs/engines.md
//! says what that proves.

#[path = "engines/checkpoint.rs"]
#[allow(dead_code, reason = "this model is a small one")]
mod checkpoint;
#[path = "lab/mod.rs"]
mod lab;

use checkpoint::{Dims, Kind};
use lab::Host;
use lab::gpu::play_driver;
use lab::image::{self, Image};
use lab::journey::{Answer, Client, PROFILE, assert_serves, chat, http_at, text};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

/// The server whose apt has podman.
const HOST: &str = "debian13-podman";
const NAME: &str = "docker.io/vllm/vllm-openai";
/// Some ten megabytes.
const SMALL: Dims = Dims {
    architecture: "LlamaForCausalLM",
    layers: 2,
    width: 512,
    ff: 1024,
    heads: 4,
    heads_kv: 2,
    vocabulary: 2048,
};

/// Makes up for what the lab's hosts lack and every host has: settings of the network that can be written, control groups
/// that limit, keyrings, and a disk that overlays. These are an administrator's drop-in and files: the program under test
/// knows nothing of them. The stand-in does not end when it is asked to.
const LAB: &str = "mount -o remount,bind,rw /proc/sys
mkdir -p /etc/containers/systemd/agi-provision-llama.container.d
printf '[storage]\\ndriver = \"vfs\"\\ngraphroot = \"/var/lib/containers/storage\"\\nrunroot = \"/run/containers/storage\"\\n' \
  >/etc/containers/storage.conf
printf '[containers]\\nkeyring = false\\n' >/etc/containers/containers.conf
printf '[Container]\\nPodmanArgs=--cgroups=disabled --pids-limit=-1 --stop-timeout=1\\n' \
  >/etc/containers/systemd/agi-provision-llama.container.d/50-lab.conf";
/// A card for podman, without a device: a variable shows the container that it is there.
const CDI: &str = "mkdir -p /etc/cdi && printf 'cdiVersion: 0.5.0\\nkind: nvidia.com/gpu\\ndevices:\\n- name: \"0\"\\n  \
containerEdits:\\n    env: [STAND_IN_CARD=0]\\n' >/etc/cdi/nvidia.yaml";

struct Journey {
    host: Host,
    client: Client,
    model: PathBuf,
}

/// The same for a second server, and for what is run once.
const LAB_LLAMA: &str = "mkdir -p /etc/containers/systemd/agi-provision-embed.container.d
printf '[containers]\nkeyring = false\ncgroups = \"disabled\"\npids_limit = 0\n' >/etc/containers/containers.conf
for name in llama embed; do
  printf '[Container]\nPodmanArgs=--cgroups=disabled --pids-limit=-1\n' \
    >/etc/containers/systemd/agi-provision-$name.container.d/50-lab.conf
done";

impl Journey {
    fn new() -> Journey {
        let (host, client) = (Host::boot(HOST), Client::new());
        play_driver(&host, "single");
        host.exec(LAB).ok();
        let model = client.path("small");
        checkpoint::write(&model, SMALL, Kind::F16, 1);
        Journey { host, client, model }
    }

    fn apply(&self, image: &str, more: &[&str]) -> Answer {
        let mut args =
            vec!["apply", "--yes", "--model", text(&self.model), "--profile", "gpu-24gb", "--ctx", "2048"];
        args.extend(["--slots", "1", "--engine", "vllm", "--runtime-image", image]);
        args.extend(more);
        self.client.json_on(&self.host, "admin", &args)
    }

    #[track_caller]
    fn serves(&self, answer: &Answer) {
        let log = || self.host.exec("journalctl --no-pager -n 80 -u agi-provision-llama").stdout;
        assert_eq!(answer.exit, 0, "{answer:?}\n{}\n{}", log(), self.host.console());
        assert_serves(&self.host);
    }

    fn images(&self) -> String {
        self.host.exec("podman images --format '{{.Repository}}@{{.Digest}}' | sort -u").ok()
    }

    fn key(&self) -> String {
        self.host.exec("cat /etc/agi-provision/api-key").ok().trim().to_string()
    }
}

#[test]
fn a_containers_engine_serves_is_proved_goes_back_and_leaves_what_others_have() {
    let journey = Journey::new();
    let (host, client) = (&journey.host, &journey.client);
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/lab/vllm/server.rs");
    let program = image::static_program(&source, &client.path(""));
    let [first, second, theirs] = ["first", "second", "theirs"].map(|label| Image::of(&program, label));
    let archive = client.path("first.tar");
    first.write(&archive, None);
    let pinned = |name: &str, image: &Image| format!("{name}:v1@sha256:{}", image.digest);

    // Nothing is brought for a card that podman cannot give, and no other image than the pinned one.
    let from_file = ["--runtime-archive", text(&archive)];
    let refused = journey.apply(&pinned(NAME, &first), &from_file);
    assert_eq!(refused.exit, 4, "{refused:?}");
    assert!(
        refused.value["hint"].as_str().unwrap().contains("nvidia-ctk cdi generate"),
        "{}",
        refused.value["hint"]
    );
    host.exec(CDI).ok();
    let other = journey.apply(&pinned(NAME, &second), &from_file);
    assert_eq!(other.exit, 1, "{other:?}");
    assert!(other.message().contains("but the plan pins"), "{other:?}");
    assert_ne!(host.exec("command -v podman").status, 0, "nothing was installed so far");

    // From a file: podman is installed, the image is loaded, the unit made, the server proved.
    let done = journey.apply(&pinned(NAME, &first), &from_file);
    journey.serves(&done);
    let installed = done.value["receipt"]["packages_installed"].to_string();
    assert!(installed.contains("podman"), "{installed}");
    let proof = &done.value["receipt"]["measured"]["proof"];
    let weights = &proof["devices"][1]["weights"];
    let (planned, reported) = (weights["planned"].as_f64().unwrap(), weights["reported"].as_f64().unwrap());
    // The log has hundredths of a GiB.
    assert!(reported > 0.0 && (planned - reported).abs() < f64::from(12 << 20), "{proof}");
    assert_eq!(proof["not_told"], json!(["compute", "output"]), "{proof}");
    assert!(done.value["receipt"]["measured"]["decode_tok_s"]["measured"].as_f64().unwrap() > 0.0);
    let status = client.json_on(host, "admin", &["status"]);
    assert_eq!((status.exit, &status.value["status"]["health"]), (0, &json!("ready")), "{status:?}");
    assert_eq!(status.value["status"]["runtime"]["image"], json!(pinned(NAME, &first)));
    assert_eq!(status.value["status"]["drift"], json!([]), "{status:?}");
    // Opened by the key alone, which is in no argv and in no log.
    let key = journey.key();
    let (start, rest) = key.split_at(1);
    let shown = host
        .exec(&format!("ps -eo args | grep -c '[{start}]{rest}'; journalctl -b | grep -c '[{start}]{rest}'"));
    assert_eq!(shown.stdout.split_whitespace().collect::<Vec<_>>(), ["0", "0"]);
    assert_eq!(http_at(host, 8080, "GET", "/v1/models", None, None).0, 401);
    let again = journey.apply(&pinned(NAME, &first), &[]);
    assert_eq!((again.exit, again.changed()), (0, false), "{again:?}");

    // An image of somebody else's, from now on.
    let file = client.path("theirs.tar");
    theirs.write(&file, Some("localhost/theirs:1"));
    host.put(&file, "/root/theirs.tar");
    host.exec("podman load -q -i /root/theirs.tar").ok();

    // Another image, from a registry: a new generation, with the first one to go back to.
    let (registry, asked) = second.serve(&host.near_addr());
    host.exec(&format!(
        "mkdir -p /etc/containers/registries.conf.d && printf '[[registry]]\\nlocation=\"{registry}\"\\ninsecure=true\\n' \
         >/etc/containers/registries.conf.d/lab.conf"
    ))
    .ok();
    let name = format!("{registry}/vllm/vllm-openai");
    journey.serves(&journey.apply(&pinned(&name, &second), &[]));
    let asked = asked.lock().unwrap().join("\n");
    assert!(asked.contains(&format!("manifests/sha256:{}", second.digest)), "{asked}");
    let images = journey.images();
    for (name, image) in [(NAME, &first), (&name, &second), ("localhost/theirs", &theirs)] {
        assert!(images.contains(&format!("{name}@sha256:{}", image.digest)), "{images}");
    }

    // It restarts when it ends, and with another key.
    host.exec("podman kill agi-provision-llama").ok();
    lab::wait_for("another start", std::time::Duration::from_secs(60), || {
        host.exec("podman ps -q --filter name=agi-provision-llama").stdout.trim() != ""
    });
    let rotated = client.json_on(host, "admin", &["key", "rotate", "--yes"]);
    assert_eq!(rotated.exit, 0, "{rotated:?}");
    assert_serves(host);
    assert_eq!(chat(host, Some(&key)).0, 401);

    // llama.cpp in its place, whose unit is a file of systemd's, and back.
    client.serve(host, "admin");
    assert_serves(host);
    assert!(!journey.images().contains(&first.digest), "what no generation has is gone");
    assert_ne!(host.exec("ls /etc/containers/systemd/agi-provision-llama.container").status, 0);
    let back = client.json_on(host, "admin", &["rollback", "--yes"]);
    assert_eq!(
        back.exit,
        0,
        "{back:?}\n{}",
        host.exec("journalctl --no-pager -n 60 -u agi-provision-llama").stdout
    );
    assert_serves(host);
    let plan: Value =
        serde_json::from_str(&host.exec("cat /etc/agi-provision/generation/plan.json").ok()).unwrap();
    assert_eq!(plan["llama_server"]["engine"], "vllm");
    assert_ne!(host.exec("ls /etc/systemd/system/agi-provision-llama.service").status, 0);

    let removed = client.json_on(host, "admin", &["remove", "--yes"]);
    assert_eq!(removed.exit, 0, "{removed:?}");
    assert_eq!(journey.images(), format!("localhost/theirs@sha256:{}", theirs.digest));
    let left =
        host.exec("find / -xdev -name '*agi-provision*' -not -path '/proc/*' -not -path '/var/log/*'").stdout;
    assert_eq!(left.trim(), "/etc/containers/systemd/agi-provision-llama.container.d", "the administrator's");
}

#[test]
fn llama_cpps_own_image_serves_with_a_server_beside_it_and_goes_back_to_an_archive() {
    let (host, client) = (Host::boot(HOST), Client::new());
    host.exec(LAB).ok();
    host.exec(LAB_LLAMA).ok();
    let image = Image::of_llama(&lab::llama_bin());
    let archive = client.path("llama.tar");
    image.write(&archive, None);
    let name = "ghcr.io/ggml-org/llama.cpp";
    let pinned = format!("{name}:server-b11434@sha256:{}", image.digest);
    client.serve(&host, "admin");

    let (model, embedder) = (client.path("tiny.gguf"), client.tiny_embedder("embed.gguf"));
    let args = ["apply", "--yes", "--model", text(&model), "--profile", PROFILE, "--runtime-image", &pinned];
    let rag =
        ["--rag", "--rag-model", text(&embedder), "--rag-chunks", "100", "--runtime-archive", text(&archive)];
    let log = || {
        host.exec("journalctl --no-pager -o cat -u agi-provision-llama -u agi-provision-embed | grep -vE '^[0-9.]+ ' | tail -n 80").stdout
    };
    let done = client.json_on(&host, "admin", &[&args[..], &rag[..]].concat());
    assert_eq!(done.exit, 0, "{done:?}\n{}", log());
    assert_serves(&host);
    let receipt = &done.value["receipt"];
    let warnings = receipt["warnings"].to_string();
    assert!(!warnings.contains("build") && !warnings.contains("not proved"), "{warnings}");
    let weights = &receipt["measured"]["proof"]["devices"][0]["weights"];
    assert!(weights["reported"].as_u64() > Some(0), "{receipt}");
    assert_eq!(receipt["measured"]["embedding"]["answer"]["dimensions"], json!(128), "{receipt}");
    let status = client.json_on(&host, "admin", &["status"]);
    assert_eq!((status.exit, &status.value["status"]["drift"]), (0, &json!([])), "{status:?}");
    assert_eq!(status.value["status"]["runtime"]["image"], json!(pinned));
    // It runs as the service's user, on 127.0.0.1, with the key in no argv and no log.
    let users = host.exec("ps -eo user:20,comm | grep llama-server | sort -u").ok();
    assert_eq!(users.split_whitespace().collect::<Vec<_>>(), ["agi-provision", "llama-server"]);
    let listens = host.exec("ss -Hltn | grep -oE '[^ ]+:80(80|81) ' | sort -u").ok();
    assert_eq!(listens.split_whitespace().collect::<Vec<_>>(), ["127.0.0.1:8080", "127.0.0.1:8081"]);
    let key = host.exec("cat /etc/agi-provision/api-key").ok();
    let (start, rest) = key.trim().split_at(1);
    let shown = host
        .exec(&format!("ps -eo args | grep -c '[{start}]{rest}'; journalctl -b | grep -c '[{start}]{rest}'"));
    assert_eq!(shown.stdout.split_whitespace().collect::<Vec<_>>(), ["0", "0"]);
    let again = client.json_on(&host, "admin", &[&args[..], &rag[..5]].concat());
    assert_eq!((again.exit, again.changed()), (0, false), "{again:?}");
    client.json_on(&host, "admin", &["key", "rotate", "--yes"]);
    assert_serves(&host);
    assert_eq!(chat(&host, Some(key.trim())).0, 401);

    let back = client.json_on(&host, "admin", &["rollback", "--yes"]);
    assert_eq!(back.exit, 0, "{back:?}\n{}", log());
    assert_serves(&host);
    assert_eq!(host.exec("podman ps -q; ls /etc/containers/systemd/*.container").stdout, "");
    host.exec("systemctl cat agi-provision-llama | grep 'agi-provision serve'").ok();
    client.json_on(&host, "admin", &["remove", "--yes"]);
    assert_eq!(host.exec("podman images -q").stdout, "", "the image was brought here, and goes");
    let left = host.exec("find / -xdev -name '*agi-provision*' -not -path '/proc/*' -not -path '/var/log/*'");
    let left: Vec<&str> = left.stdout.lines().collect();
    assert_eq!(left.len(), 2, "the administrator's alone: {left:?}");
}
