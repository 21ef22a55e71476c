//! Back on request, and what is cleared away on the way.

#[path = "lab/mod.rs"]
mod lab;

use lab::Host;
use lab::journey::{Client, assert_serves, text};

fn names(host: &Host, folder: &str) -> Vec<String> {
    let listing = host.exec(&format!("ls /var/lib/agi-provision/{folder}")).ok();
    listing.lines().map(str::to_string).collect()
}

fn generation(host: &Host) -> String {
    host.exec("basename $(readlink /etc/agi-provision/generation)").ok()
}

#[test]
fn rollback_goes_back_once_and_old_things_are_pruned() {
    let (host, client) = (Host::boot("debian12"), Client::new());
    client.serve(&host, "admin");
    let none = client.on(&host, "admin", &["rollback", "--yes"]);
    assert_eq!(none.status, 1, "{none:?}");
    assert!(none.stderr.contains("there is no generation before 1"), "{none:?}");
    assert_eq!(client.on(&host, "admin", &["rollback"]).status, 2);

    // Three more generations, each with a model of its own.
    for seed in 2..=4 {
        let model = client.tiny(&format!("tiny-{seed}.gguf"), seed);
        let done = client.apply(&host, "admin", &["--model", text(&model)]);
        assert_eq!(done.exit, 0, "{done:?}");
    }
    assert_eq!(names(&host, "generations"), ["3", "4"]);
    assert_eq!(names(&host, "models").len(), 2);
    assert_eq!(names(&host, "runtimes").len(), 1);
    assert_eq!(names(&host, "incoming"), [""; 0]);

    let back = client.json_on(&host, "admin", &["rollback", "--yes"]);
    assert_eq!((back.exit, back.changed()), (0, true), "{back:?}");
    assert!(back.message().contains("generation 3 serves: tiny-3"), "{back:?}");
    assert_eq!(generation(&host), "3");
    assert_serves(&host);
    // Generation 2 is gone, so there is nowhere further to go.
    let further = client.on(&host, "admin", &["rollback", "--yes"]);
    assert_eq!(further.status, 1, "{further:?}");
    assert_eq!(generation(&host), "3");

    // It lasts, and the next apply begins from there.
    host.reboot();
    let start = std::time::Instant::now();
    while host.exec("systemctl is-active agi-provision-llama").stdout.trim() != "active" {
        assert!(start.elapsed().as_secs() < 60);
    }
    let model = client.tiny("tiny-5.gguf", 5);
    let done = client.apply(&host, "admin", &["--model", text(&model)]);
    assert_eq!(done.exit, 0, "{done:?}");
    assert_eq!(names(&host, "generations"), ["3", "5"]);
    assert_serves(&host);

    // A generation that was damaged meanwhile is refused before anything stops.
    host.exec("rm -r /var/lib/agi-provision/models/$(basename $(dirname $(readlink /var/lib/agi-provision/generations/3/model/*)))").ok();
    let damaged = client.on(&host, "admin", &["rollback", "--yes"]);
    assert_eq!(damaged.status, 1, "{damaged:?}");
    assert!(damaged.stderr.contains("no longer whole"), "{damaged:?}");
    assert_eq!(generation(&host), "5");
    assert_serves(&host);
}
