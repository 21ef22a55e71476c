//! Someone with an account on the host and no rights on it tries the obvious, before, while and after.

use super::Site;
use super::lab::journey::assert_serves;
use super::lab::{Host, diff};

/// Holds the lock of every file of ours that they can open, for as long as they are let.
const HOLD: &str = "for file in $(find /usr/local/lib/agi-provision /etc/agi-provision /var/lib/agi-provision \
      /etc/systemd/system/agi-provision* /run/agi-provision* /etc/passwd /etc/group -type f -readable 2>/dev/null); do \
      setsid flock -n \"$file\" sleep 900 >/dev/null 2>&1 </dev/null & done; sleep 1; pgrep -u nosudo -xc flock";

/// Names that a program may be tempted to use in folders where everyone may write, made to lead to a bait.
const PLANT: &str = "echo bait > ~/bait; for folder in /tmp /var/tmp /dev/shm /run/lock; do \
      for name in agi-provision agi-provision.lock agi-provision.token agent .agi-provision.new apply; do \
      ln -s ~/bait $folder/$name; done; done; \
      for name in agi-provision agi-provision.lock agi-provision.token agi-provision-expose-trial; do \
      ln -s ~/bait /run/$name 2>/dev/null && echo /run/$name; mkdir /run/$name 2>/dev/null && echo /run/$name; done; true";

/// Says what they could change.
const CHANGE: &str = "for path in $(find /usr/local/lib/agi-provision /etc/agi-provision /var/lib/agi-provision \
      /etc/systemd/system/agi-provision* /run/agi-provision* /var/cache/agi-provision 2>/dev/null); do \
      { cp /bin/true $path || mv $path ~/moved || rm -f $path || touch $path/new || ln -sf ~/bait $path || \
        chmod 777 $path || truncate -s 0 $path; } 2>/dev/null && echo $path; done; true";

/// Says what they could read that is a secret.
const READ: &str = "for path in /etc/agi-provision/api-key /etc/agi-provision/tls/key.pem \
      /run/credentials/agi-provision-llama.service/api-key /var/lib/agi-provision/job/job.json \
      /var/lib/agi-provision/job/journal.jsonl /var/lib/agi-provision/made.json /run/agi-provision/lock \
      /run/agi-provision/token; do cat $path 2>/dev/null && echo $path; done; \
      ls /var/lib/agi-provision/job /var/lib/agi-provision/incoming /run/agi-provision /var/cache/agi-provision 2>/dev/null; \
      journalctl -q --no-pager -u agi-provision-llama -u agi-provision-apply 2>/dev/null; true";

/// Says what they learn of a process. Its memory is open to whoever may trace it, and to nobody else.
fn proc(pid: &str) -> String {
    format!(
        "for name in environ mem maps auxv stack syscall; do head -c 1 /proc/{pid}/$name 2>/dev/null && echo $name; done; \
         for name in root cwd exe; do readlink /proc/{pid}/$name && echo $name; done; ls /proc/{pid}/fd 2>/dev/null; \
         for signal in KILL STOP TERM; do kill -$signal {pid} 2>/dev/null && echo $signal; done; true"
    )
}

/// Says which orders to systemd were followed.
const ORDER: &str = "for order in 'stop agi-provision-llama' 'restart agi-provision-llama' 'daemon-reload' \
      'mask --now agi-provision-llama' 'set-property agi-provision-llama IPAddressAllow=any' 'kill agi-provision-llama'; \
      do systemctl --no-ask-password $order 2>/dev/null && echo $order; done; \
      systemd-run --no-ask-password --unit agi-provision-apply true 2>/dev/null && echo run; true";

/// The status that the server answers a request without the key with.
fn ask(host: &Host, path: &str, method: &str) -> String {
    let body = "{\\\"prompt\\\":\\\"a\\\"}";
    let request = format!(
        "{method} {path} HTTP/1.1\\r\\nHost: a\\r\\nConnection: close\\r\\nContent-Length: 14\\r\\n\\r\\n{body}"
    );
    let script = format!(
        "bash -c 'exec 3<>/dev/tcp/127.0.0.1/8080; printf \"{request}\" >&3; head -1 <&3 | cut -d \" \" -f 2'"
    );
    host.ssh("nosudo", &script).ok().trim().to_string()
}

#[test]
fn an_unprivileged_user_with_the_obvious_gets_nothing_and_holds_nobody_up() {
    let mut site = Site::new(Host::boot("debian13"));
    let nosudo = |site: &Site, script: &str| site.host.ssh("nosudo", script).stdout;
    assert_eq!(nosudo(&site, PLANT), "", "root alone writes in /run");
    site.remember();

    let applied = site.apply("admin", &[]);
    assert_eq!(applied.status, 0, "{applied:?}");
    assert_serves(&site.host);
    let serving = site.host.snapshot();
    assert_ne!(nosudo(&site, HOLD).trim(), "0", "they hold something");

    assert_eq!(nosudo(&site, CHANGE), "");
    assert_eq!(nosudo(&site, READ), "");
    assert_eq!(nosudo(&site, ORDER), "");
    let key = site.host.exec("cat /etc/agi-provision/api-key").ok();
    let pid = site.host.exec("systemctl show -p MainPID --value agi-provision-llama").ok();
    assert_eq!(nosudo(&site, &proc(&pid)), "");
    let shown =
        nosudo(&site, "cat /proc/[0-9]*/cmdline /proc/[0-9]*/comm 2>/dev/null | tr '\\0' ' '; ps axeww");
    assert!(shown.contains("llama-server") && !shown.contains(&key), "{shown}");
    for path in ["/completion", "/v1/chat/completions", "/embedding", "/tokenize"] {
        assert_eq!(ask(&site.host, path, "POST"), "401", "{path}");
    }
    for path in ["/props", "/slots", "/metrics", "/lora-adapters"] {
        assert_eq!(ask(&site.host, path, "GET"), "401", "{path}");
    }
    assert_eq!(diff(&serving, &site.host.snapshot()), [""; 0], "nothing outside their home changed");
    assert_serves(&site.host);

    // While they hold what they can, everything goes on.
    let status = site.client.on(&site.host, "admin", &["status"]);
    assert_eq!(status.status, 0, "{status:?}");
    let other = site.apply("admin", &["--ctx", "512"]);
    assert_eq!(other.status, 0, "{other:?}");
    nosudo(&site, HOLD);
    let back = site.client.on(&site.host, "admin", &["rollback", "--yes"]);
    assert_eq!(back.status, 0, "{back:?}");
    // The agent while it works is root's as well.
    let watched = "for turn in $(seq 200); do for pid in $(pgrep -u root -f '^/usr/local/lib/agi-provision/agent'); do \
                   head -c 1 /proc/$pid/environ 2>/dev/null; head -c 1 /proc/$pid/mem 2>/dev/null; \
                   kill -9 $pid 2>/dev/null && echo killed; done; sleep 0.02; done; true";
    std::thread::scope(|scope| {
        let watching = scope.spawn(|| site.host.ssh("nosudo", watched).stdout);
        let removed = site.client.on(&site.host, "admin", &["remove", "--yes"]);
        assert_eq!(removed.status, 0, "{removed:?}");
        assert_eq!(watching.join().unwrap(), "");
    });
    site.host.exec("pkill -u nosudo -x flock; pkill -u nosudo -x sleep; true").ok();
    site.untouched();
    assert_eq!(site.host.exec("cat ~nosudo/bait").ok(), "bait");
}
