//! Connections as they are: slow, lossy, rekeyed in the middle, and to hosts that fall silent.

use super::lab::gate::{self, Gate, Place};
use super::lab::journey::{Client, assert_serves, text};
use super::lab::{Host, Ran, run};
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

/// A port of this machine that leads to the host's sshd and takes its time, each way.
fn slow_way(host: &Host, delay: Duration) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let to = format!("{}:22", host.addr());
    thread::spawn(move || {
        for near in listener.incoming().flatten() {
            let far = TcpStream::connect(&to).unwrap();
            late(near.try_clone().unwrap(), far.try_clone().unwrap(), delay);
            late(far, near, delay);
        }
    });
    port
}

fn late(mut from: TcpStream, mut to: TcpStream, delay: Duration) {
    to.set_nodelay(true).unwrap();
    let (send, receive) = mpsc::channel::<(Instant, Vec<u8>)>();
    thread::spawn(move || {
        let mut buffer = vec![0; 64 << 10];
        while let Ok(read @ 1..) = from.read(&mut buffer) {
            if send.send((Instant::now() + delay, buffer[..read].to_vec())).is_err() {
                break;
            }
        }
    });
    thread::spawn(move || {
        for (due, bytes) in receive {
            thread::sleep(due.saturating_duration_since(Instant::now()));
            if to.write_all(&bytes).is_err() {
                break;
            }
        }
        let _ = to.shutdown(std::net::Shutdown::Both);
    });
}

/// The program through that port.
fn through(client: &Client, host: &Host, port: u16, args: &[&str]) -> Ran {
    let known = std::fs::read_to_string(host.known_hosts()).unwrap();
    let path = client.path("known_hosts_of_the_way");
    std::fs::write(&path, known.replace(&host.addr(), &format!("[127.0.0.1]:{port}"))).unwrap();
    let mut command = client.command(args);
    command.arg("--host").arg(format!("admin@127.0.0.1:{port}"));
    run(command.arg("--identity").arg(host.key_path()).arg("--known-hosts").arg(path))
}

#[test]
fn a_host_half_a_world_away_is_only_slower() {
    let (host, client) = (Host::boot("debian12"), Client::new());
    let port = slow_way(&host, Duration::from_millis(100));
    let args = client.applying(&[]);
    let done = through(&client, &host, port, &args);
    assert_eq!(done.status, 0, "{done:?}");
    assert_serves(&host);
    // One connection and one command: a dozen times there and back, however many steps there are.
    let began = Instant::now();
    let again = through(&client, &host, port, &args);
    assert!(again.status == 0 && again.stderr.contains("nothing to do"), "{again:?}");
    let took = began.elapsed();
    assert!(took < Duration::from_millis(200 * 12 + 1500), "{took:?}");
    eprintln!("no-op at 200 ms: {took:?}");
}

#[test]
fn one_packet_in_a_hundred_lost_is_only_slower() {
    let (host, client) = (Host::boot("debian13"), Client::new());
    host.link_lossy();
    let model = client.padded("large.gguf", 48 << 20);
    let done = client.apply(&host, "admin", &["--model", text(&model)]);
    assert_eq!(done.exit, 0, "{done:?}");
    let lost = host.lost_packets();
    assert!(lost > 20, "{lost} were lost");
    host.link_up();
    assert_serves(&host);
}

#[test]
fn keys_that_are_changed_in_the_middle_of_a_gigabyte_are_no_obstacle() {
    let (host, client) = (Host::boot("debian12"), Client::new());
    // No sftp and no scp either: neither is asked for.
    host.exec(
        "sed -i '/sftp/d' /etc/ssh/sshd_config; rm -f /usr/lib/openssh/sftp-server /usr/bin/scp
         printf 'RekeyLimit 16M\nLogLevel DEBUG1\n' >> /etc/ssh/sshd_config; systemctl reload ssh",
    )
    .ok();
    let model = client.padded("large.gguf", 1 << 30);
    let done = client.apply(&host, "root", &["--model", text(&model)]);
    assert_eq!(done.exit, 0, "{done:?}");
    let rekeyed = host.exec("journalctl -q -u ssh | grep -c 'SSH2_MSG_NEWKEYS received'").stdout;
    assert!(rekeyed.trim().parse::<u32>().unwrap() > 30, "{rekeyed}");
    assert_serves(&host);
}

#[test]
fn a_host_that_falls_silent_in_the_middle_is_given_up_and_found_again() {
    let (host, client) = (Host::boot("debian13"), Client::new());
    gate::arm(&host);
    let args = client.applying(&[]);
    let applying = client.spawn_on(&host, "admin", &args);
    let mut job = Gate::catch(&host);
    assert!(job.run_to("key", Place::Begins));
    // The connection is as good as ever; only nobody speaks. (The brackets keep pkill from
    // its own shell.)
    host.exec("pkill -STOP -f '[a]gent session'").ok();
    let began = Instant::now();
    let ended = applying.wait_with_output().unwrap();
    let said = String::from_utf8(ended.stderr).unwrap();
    assert!(began.elapsed() < Duration::from_secs(120), "{:?}", began.elapsed());
    assert_eq!(ended.status.code(), Some(1), "{said}");
    assert!(said.contains("90 s") && said.contains("hint: the same command again carries on"), "{said}");
    host.exec("pkill -KILL -f '[a]gent session'").ok();
    drop(job);
    let again = client.on(&host, "admin", &args);
    assert_eq!(again.status, 0, "{again:?}");
    assert_serves(&host);
}
