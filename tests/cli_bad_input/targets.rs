//! `bundle` for many machines: what is refused, before anything is written.

use super::Home;

const DIGEST: &str = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

#[test]
fn targets_without_what_they_need_and_servers_that_are_none_exit_2() {
    let home = Home::new();
    let image = format!("example.org/llama@{DIGEST}");
    for (flags, message, hint) in [
        (&["--target", "moon"][..], "kubernetes", "--help"),
        (&["--target", "kubernetes"], "needs --image", "skopeo inspect"),
        (&["--target", "kubernetes", "--image", "llama:latest"], "does not end in @sha256:", "--help"),
        (&["--image", &image], "--image is for --target kubernetes", "leave --image out"),
        (&["--replicas", "3"], "--replicas is for", "leave --replicas out"),
        (&["--target", "skypilot", "--replicas", "4-2"], "a number from 1 to 1000", "--help"),
        (&["--balance", "10.0.0.300"], "is no address and no name", "--help"),
        (&["--balance", "a=10.0.0.7\nserver b 10.0.0.8"], "U+000A", "--help"),
        (&["--balance", "10.0.0.7", "--balance", "b=10.0.0.7:8080"], "has b twice", "each server once"),
        (&["--balance-bind", "127.0.0.1:8000"], "--balance", "--help"),
        (&["--balance", "10.0.0.7", "--balance-bind", "localhost"], "--balance-bind", "--help"),
    ] {
        let base = ["bundle", "--model", "tinyllama-1.1b", "--profile", "laptop-cpu-16gb", "--out", "out"];
        home.run(&[&base[..], flags].concat()).refused(2, message, hint);
        assert!(!home.path("out").exists(), "{flags:?}");
    }
}
