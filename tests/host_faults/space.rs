//! Disks that have no room: for bytes or for files, wherever the apply is by then.

use super::http::{Reply, Server};
use super::lab::Host;
use super::lab::journey::{Client, PROFILE, assert_serves, text};
use super::ours;
use serde_json::json;

#[test]
fn inodes_that_run_out_anywhere_leave_the_host_as_it_was() {
    // Files of nothing take an inode each, and no space.
    let (host, client) = (Host::boot_with_disk("debian12", "2G"), Client::new());
    host.exec("apt-get update -qq && apt-get install -y -qq libgomp1 && apt-get clean").ok();
    let model = client.tiny("tiny.gguf", 1);
    let before = host.snapshot();
    let free = || host.exec("df --output=iavail / | tail -1").ok().trim().parse::<u64>().unwrap();
    host.exec("mkdir /root/many && cd /root/many && seq 140000 | xargs touch 2>/dev/null");
    assert_eq!(free(), 0);

    // None for the agent; none for what is sent; some, but not for all of the archive; and so on until
    // there are enough.
    let mut said = Vec::new();
    for more in [0, 3, 5, 9, 16, 24, 32, 40, 48, 64, 80] {
        host.exec(&format!("cd /root/many && ls | head -{} | xargs rm -f", more.max(1) - more.min(1))).ok();
        let now = free();
        let full = client.apply(&host, "root", &["--model", text(&model), "--profile", PROFILE]);
        if full.exit == 0 {
            break;
        }
        assert_eq!(full.exit, 1, "{now} free: {full:?}");
        assert!(
            full.message().contains("No space left") || full.message().contains("disk is full"),
            "{full:?}"
        );
        assert!(full.value["hint"].as_str().unwrap().contains("df -i"), "{now} free: {full:?}");
        assert_eq!(ours(&before, &host), [""; 0], "{now} free: {full:?}");
        said.push(full.message().to_string());
        // Back to what there was, but for what is freed next.
        host.exec(
            "cd /root/many && for i in $(seq 200); do touch fill-$i-$$ 2>/dev/null || break; done; true",
        )
        .ok();
    }
    host.exec("rm -r /root/many").ok();
    let met = |what: &str| said.iter().any(|message| message.contains(what));
    assert!(met("the agent could not be put") && met("step runtime"), "{said:#?}");
    client.serve(&host, "root");
    assert_serves(&host);
}

#[test]
fn a_model_that_the_disk_has_no_room_for_is_not_begun() {
    let (host, client) = (Host::boot_with_disk("debian13", "300M"), Client::new());
    host.exec("apt-get update -qq && apt-get install -y -qq libgomp1 && apt-get clean").ok();
    let model = client.tiny("tiny.gguf", 1);
    std::fs::File::options().write(true).open(&model).unwrap().set_len(400 << 20).unwrap();
    let server = Server::start_at(&host.near_addr(), vec![0; 400 << 20], |_, _| Reply::Good);
    let plan = client.plan("large.json", &model, &[], |plan| {
        let file = &mut plan["model"]["files"][0];
        file["url"] = json!(server.url("tiny.gguf"));
        file["sha256"] = json!("ab".repeat(32));
        // As if someone had filled the disk since it was looked at.
        let all = plan["requirements"].as_array_mut().unwrap();
        all.iter_mut().find(|line| line["id"] == "disk").unwrap()["need"] = json!(1);
    });
    let before = host.snapshot();
    let full = client.apply(&host, "root", &["--plan", text(&plan)]);
    assert_eq!(full.exit, 1, "{full:?}");
    assert!(full.message().contains("step model") && full.message().contains("as it was"), "{full:?}");
    assert!(full.value["hint"].as_str().unwrap().contains("larger disk"), "{full:?}");
    assert_eq!(server.requests().len(), 0, "not a byte was asked for");
    assert_eq!(ours(&before, &host), [""; 0]);
    client.serve(&host, "root");
    assert_serves(&host);
}
