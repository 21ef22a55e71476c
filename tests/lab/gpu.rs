//! A host whose graphics cards are Mesa's software device (lavapipe): llama.cpp's Vulkan backend allocates, offloads
//! and computes on it as on a card, and says the same in its log. No driver's tool knows such a card, so the stub
//! nvidia-smi of tests/fixtures plays the driver of as many cards.

use std::path::{Path, PathBuf};

use super::{Host, run, tool};

/// The image with Vulkan and the software device.
pub const IMAGE: &str = "debian13-gpu";

/// Where each such host has the lab's shaders.
const SHADERS: &str = "/opt/shaders";

/// Environment that makes Mesa's device one that ggml takes, as often as there are cards: software devices are left
/// out otherwise. Set on the host, by an administrator's drop-in; the program under test knows nothing of it.
///
/// Shaders are kept in a folder that all hosts share, for each `user` of its own.
pub fn environment(cards: usize, user: &str) -> [String; 4] {
    [
        format!("MESA_SHADER_CACHE_DIR={SHADERS}/{user}"),
        format!("GGML_VK_VISIBLE_DEVICES={}", vec!["0"; cards].join(",")),
        "GGML_VK_DISABLE_COOPMAT=1".to_owned(),
        // LLVM compiles a shader in a tenth of the time, and it runs slower.
        "GALLIVM_PERF=nopt".to_owned(),
    ]
}

/// The lab's llama.cpp with the Vulkan backend, packed like a release. Takes minutes when it is first built.
pub fn archive() -> PathBuf {
    PathBuf::from(run(&mut tool("build-vulkan")).ok()).join("llama-b11434-bin-linux-vulkan-x64.tar.gz")
}

/// A host with the cards of one machine of tests/fixtures/nvidia-smi.
pub struct GpuHost {
    pub host: Host,
}

/// The units that an administrator's drop-in gives the environment to.
const UNIT: &str = "agi-provision-llama.service";

impl GpuHost {
    pub fn boot() -> GpuHost {
        GpuHost { host: Host::boot(IMAGE) }
    }

    /// Has these cards from now on: a folder of tests/fixtures/nvidia-smi, and how many they are; `0` is a driver that
    /// answers, while Vulkan finds no device.
    #[track_caller]
    pub fn has(&self, machine: &str, cards: usize) {
        let drop_in = format!("/etc/systemd/system/{UNIT}.d");
        play_driver(&self.host, machine);
        self.host.exec(&format!("mkdir -p {drop_in}")).ok();
        let lines = service_lines(&self.host, cards);
        let script = format!("printf '[Service]\\n{lines}' > {drop_in}/50-lab.conf; systemctl daemon-reload");
        self.host.exec(&script).ok();
    }
}

/// Has the stub nvidia-smi play the driver of these cards: a folder of tests/fixtures/nvidia-smi.
#[track_caller]
pub fn play_driver(host: &Host, machine: &str) {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/nvidia-smi");
    host.exec("rm -rf /opt/stub-gpu; mkdir -p /opt/stub-gpu").ok();
    host.put(&fixtures.join("stub-nvidia-smi"), "/usr/local/bin/nvidia-smi");
    host.exec("chmod 755 /usr/local/bin/nvidia-smi").ok();
    for name in ["query.csv", "q.xml", "topo.txt", "nvlink.txt"] {
        host.put(&fixtures.join(machine).join(name), &format!("/opt/stub-gpu/{name}"));
    }
}

/// Returns the lines of a drop-in that give the service so many cards, and makes the folder of shaders for its user, who
/// has another number on every host.
pub fn service_lines(host: &Host, cards: usize) -> String {
    host.exec(&format!("mkdir -p {SHADERS}/service && chmod -R a+rwX {SHADERS}/service")).ok();
    let lines: String = match cards {
        0 => "Environment=GGML_VK_VISIBLE_DEVICES=7\n".to_owned(),
        _ => environment(cards, "service").iter().map(|line| format!("Environment={line}\n")).collect(),
    };
    format!("{lines}ReadWritePaths={SHADERS}\n")
}
