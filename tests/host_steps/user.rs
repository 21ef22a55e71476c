//! A `useradd` that is killed at one of its own system calls, which stopping the agent does not choose.

use super::lab::Host;
use super::lab::gate::{self, Call};
use super::{Site, serves};

/// The call that it does not get to, and which of them.
const KILLED: [(Call, usize); 4] = [
    // The first lock is there under both of its names.
    (Call::Unlink, 1),
    // All are locked, and the new passwd is not in its place.
    (Call::Rename, 1),
    // There is a user without its group.
    (Call::Rename, 3),
    // All is done but for taking away the locks.
    (Call::Unlink, 5),
];

const LEFT: &str = "cd /etc && ls | grep -E '^(passwd|group|shadow|gshadow|subuid|subgid)(\\.|\\+)'";

/// The command as the agent runs it.
const USERADD: &str = "useradd --system --user-group --no-create-home --home-dir /var/lib/agi-provision \
                       --shell /usr/sbin/nologin agi-provision";

/// Records, as an apply does before it, that an account is about to be made.
fn record(host: &Host) {
    let things = r#"[{"kind":"account","name":"agi-provision","uid":null},
                     {"kind":"group","name":"agi-provision","gid":null},
                     {"kind":"folder","path":"/var/lib/agi-provision"}]"#;
    host.exec(&format!(
        "mkdir /var/lib/agi-provision && umask 077 && cat > /var/lib/agi-provision/made.json <<'END'\n\
         {{\"schema\": \"agi-provision/made/1\", \"things\": {things}}}\nEND"
    ))
    .ok();
}

fn kill(host: &Host, (call, count): (Call, usize)) {
    record(host);
    gate::hold(host, USERADD, call, count).kill();
    // The number is another's by now, as it is likely to be after a power cut.
    host.exec("for lock in /etc/*.lock; do rm $lock; printf '1\\0' > $lock; done").ok();
    let next = host.exec("useradd --system somebody");
    assert_ne!(next.status, 0, "{call:?} {count}: without us nothing takes it away: {next:?}");
}

#[test]
fn what_a_killed_useradd_leaves_goes_with_the_next_apply_or_remove() {
    let site = Site::new("debian13");
    for cell in KILLED {
        kill(&site.host, cell);
        site.removed(&format!("{cell:?}, remove"));
        site.untouched();
    }
    for cell in [KILLED[0], KILLED[2]] {
        let name = format!("{cell:?}, apply");
        kill(&site.host, cell);
        let applied = site.apply();
        assert_eq!(applied.exit, 0, "{name}: {applied:?}");
        serves(&name, &site.host);
        assert_eq!(site.host.exec(LEFT).stdout, "", "{name}");
        site.removed(&name);
        site.untouched();
    }
}

#[test]
fn the_lock_of_a_useradd_that_lives_is_left_to_it() {
    let site = Site::new("debian12");
    record(&site.host);
    let working = gate::hold(&site.host, USERADD, Call::Unlink, 5);
    let refused = site.client.on(&site.host, "admin", &["remove", "--yes"]);
    assert_eq!(refused.status, 1, "{refused:?}");
    assert!(refused.stderr.contains("userdel agi-provision: "), "{refused:?}");
    assert!(site.host.exec(LEFT).ok().contains("passwd.lock"));
    drop(working);
    site.removed("it has ended");
    site.untouched();
}
