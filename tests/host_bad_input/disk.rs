//! Disks that are or become full.

use super::lab::Host;
use super::lab::journey::text;
use super::{Site, pack, refused};

#[test]
fn a_full_disk_is_named_and_nothing_stays_on_it() {
    let mut site = Site::bare(Host::boot_with_disk("debian12", "200M"));
    // The plan needs more than this disk: refused before anything but the agent was sent.
    let ran = site.apply("root", &[]);
    refused(&ran, 4, "the host does not meet the plan", "nothing was changed");
    assert!(ran.stderr.contains("refused: disk: needed 513 MiB"), "{ran:?}");
    assert!(!ran.stderr.contains("sending tiny.gguf"), "{ran:?}");
    site.untouched();

    // A plan that expects less than it takes: the disk fills up while the model is sent.
    let small = |plan: &mut serde_json::Value| {
        let all = plan["requirements"].as_array_mut().unwrap();
        all.iter_mut().find(|line| line["id"] == "disk").unwrap()["need"] = serde_json::json!(1);
    };
    let large = site.client.padded("large.gguf", 200 << 20);
    let plan = site.client.plan("large.json", &large, &[], small);
    let args = ["--plan", text(&plan), "--model-file", text(&large)];
    site.refuses("root", &args, 1, "the host's disk is full: large.gguf", "larger disk");

    // While the archive is unpacked.
    let thin = thin(160 << 20);
    let bomb =
        pack(&site.client.path("bomb.tar.gz"), &[("bin/libggml.so", &thin), ("bin/llama-server", b"x")]);
    let model = site.client.path("tiny.gguf");
    let plan = site.client.plan("small.json", &model, &[], small);
    let args = ["--plan", text(&plan), "--model-file", text(&model), "--runtime-archive", &bomb];
    site.refuses("root", &args, 1, "the host's disk is full", "larger disk");

    // And no room for the agent at all.
    site.host.exec("dd if=/dev/zero of=/root/filler bs=64k; test -s /root/filler").ok();
    site.remember();
    site.refuses("admin", &[], 1, "No space left on device", "disk is full");
    refused(&site.client.on(&site.host, "root", &["probe"]), 1, "No space left on device", "disk is full");
    site.untouched();
}

/// So many bytes that compress to about a fortieth: more would be refused as a bomb.
fn thin(size: usize) -> Vec<u8> {
    let mut bytes = vec![0; size];
    let mut state = 1_u64;
    for byte in bytes.chunks_mut(4096).flat_map(|block| &mut block[..100]) {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        *byte = (state >> 33) as u8;
    }
    bytes
}
