//! Disks that have no room: for bytes or for files, wherever the apply is by then.

use super::http::{Reply, Server};
use super::lab::journey::{Client, assert_serves, text};
use super::lab::{Host, ours};
use serde_json::json;

#[test]
fn inodes_that_run_out_anywhere_leave_the_host_as_it_was() {
    // Files of nothing take an inode each, and no space.
    let (host, client) = (Host::boot_with_disk("debian12", "2G"), Client::new());
    host.install_libgomp();
    let free = || host.exec("df --output=iavail / | tail -1").ok().trim().parse::<u64>().unwrap();
    host.exec("mkdir /root/many && cd /root/many && seq 140000 | xargs touch 2>/dev/null");
    assert_eq!(free(), 0);

    // None for the agent; some, but not for all of the archive; and so on until there are enough.
    let mut said = Vec::new();
    for wanted in [0, 6, 14, 24, 36, 50, 70] {
        let more = wanted - free().min(wanted);
        host.exec(&format!("cd /root/many && ls | head -{more} | xargs -r rm")).ok();
        let full = client.apply(&host, "root", &[]);
        if full.exit == 0 {
            break;
        }
        let message = full.message();
        assert_eq!(full.exit, 1, "{wanted} free: {message}");
        let hint = full.value["hint"].as_str().unwrap_or_default();
        assert!(hint.contains("df -i"), "{wanted} free: {message}: {hint}");
        // Not a snapshot: it would hash every one of those files.
        let left = host.exec(
            "find /etc /var/lib /usr/local /run -path '*agi-provision*'; grep agi-provision /etc/passwd /etc/group",
        );
        assert_eq!(left.stdout, "", "{wanted} free: {message}");
        said.push(message.to_string());
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
    host.install_libgomp();
    let model = client.tiny("tiny.gguf", 1);
    std::fs::File::options().write(true).open(&model).unwrap().set_len(400 << 20).unwrap();
    let server = Server::start_at(&host.near_addr(), vec![0; 400 << 20], |_, _| Reply::Good);
    let plan = client.plan("large.json", &model, &[], |plan| {
        let file = &mut plan["model"]["files"][0];
        file["url"] = json!(server.url("tiny.gguf"));
        file["sha256"] = json!("ab".repeat(32));
        // Lowers the need, as if someone had filled the disk since it was looked at.
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
    let tiny = client.tiny("small.gguf", 2);
    let plan = client.plan("small.json", &tiny, &[], |plan| {
        let all = plan["requirements"].as_array_mut().unwrap();
        all.iter_mut().find(|line| line["id"] == "disk").unwrap()["need"] = json!(1);
    });
    let done = client.apply(&host, "root", &["--plan", text(&plan), "--model-file", text(&tiny)]);
    assert_eq!(done.exit, 0, "{done:?}");
    assert_serves(&host);
}
