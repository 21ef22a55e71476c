//! Things that others put under our names: refused with their owner, or used and left as they were.

use super::lab::journey::assert_serves;
use super::lab::{Host, diff_but_backups};
use super::{Site, pack, refused};

const VAR: &str = "/var/lib/agi-provision";
const UNIT: &str = "/etc/systemd/system/agi-provision-llama.service";

/// Change to the host, the command that undoes it, a word of the refusal, and a word of its hint.
const OTHERS: [(&str, &str, &str, &str); 10] = [
    (
        "useradd -m -s /bin/bash -G sudo agi-provision",
        "userdel -r agi-provision 2>/dev/null",
        "the account agi-provision (uid 100",
        "userdel agi-provision",
    ),
    ("groupadd -r agi-provision", "groupdel agi-provision", "the group agi-provision (gid ", "groupdel"),
    (
        "printf '[Service]\\nExecStart=/bin/sleep infinity\\n' > /etc/systemd/system/agi-provision-llama.service; \
         systemctl daemon-reload; systemctl start agi-provision-llama",
        "systemctl stop agi-provision-llama; rm /etc/systemd/system/agi-provision-llama.service; systemctl daemon-reload",
        "/etc/systemd/system/agi-provision-llama.service, a file that belongs to root",
        "move /etc/systemd/system/agi-provision-llama.service away",
    ),
    (
        "ln -s /dev/null /etc/systemd/system/agi-provision-embed.service",
        "rm /etc/systemd/system/agi-provision-embed.service",
        "agi-provision-embed.service, a link to /dev/null that belongs to root",
        "move /etc/systemd/system/agi-provision-embed.service away",
    ),
    (
        "mkdir /var/lib/agi-provision && chown nosudo /var/lib/agi-provision",
        "rmdir /var/lib/agi-provision",
        "/var/lib/agi-provision, a folder (mode 0755) that belongs to nosudo (uid ",
        "chown root: /var/lib/agi-provision",
    ),
    (
        "mkdir -p /srv/agi && ln -s /srv/agi /var/lib/agi-provision",
        "rm /var/lib/agi-provision; rmdir /srv/agi",
        "/var/lib/agi-provision, a link to /srv/agi",
        "mount --bind /srv/agi /var/lib/agi-provision",
    ),
    (
        "mkdir -p /var/lib/agi-provision/generations/1 && echo mine > /var/lib/agi-provision/generations/1/plan.json",
        "rm -r /var/lib/agi-provision",
        "/var/lib/agi-provision/generations, a folder (mode 0755) that belongs to root",
        "move /var/lib/agi-provision/generations away",
    ),
    (
        "mkdir /etc/agi-provision && echo mine > /etc/agi-provision/api-key",
        "rm -r /etc/agi-provision",
        "/etc/agi-provision/api-key, a file that belongs to root",
        "move /etc/agi-provision/api-key away",
    ),
    (
        "install -d -o nosudo /var/cache/agi-provision && echo mine > /var/cache/agi-provision/x",
        "rm -r /var/cache/agi-provision",
        "/var/cache/agi-provision, a folder (mode 0755) that belongs to nosudo (uid ",
        "move /var/cache/agi-provision away",
    ),
    (
        "install -d -o nosudo /usr/local/lib/agi-provision",
        "rmdir /usr/local/lib/agi-provision",
        "/usr/local/lib/agi-provision is not a folder of root's alone: directory of nosudo, mode 755",
        "move what is there away",
    ),
];

#[test]
fn what_others_made_under_our_names_is_refused_with_its_owner_and_left() {
    let mut site = Site::new(Host::boot("debian12"));
    let fresh = site.host.snapshot();
    for (make, undo, what, todo) in OTHERS {
        site.host.exec(make).ok();
        site.remember();
        for flags in [&[][..], &["--check"]] {
            site.refuses("admin", flags, 4, what, todo);
        }
        let removed = site.client.on(&site.host, "root", &["remove", "--yes"]);
        if what.contains("root's alone") {
            refused(&removed, 4, what, todo);
        } else {
            assert_eq!(removed.status, 0, "{make}: {removed:?}");
            let said = &removed.stderr;
            assert!(
                said.contains("nothing of agi-provision was installed; left as it is: "),
                "{make}: {said}"
            );
            assert!(said.contains(what), "{make}: {said}");
        }
        site.untouched();
        site.host.exec(undo).ok();
    }
    assert_eq!(diff_but_backups(&fresh, &site.host.snapshot()), [""; 0]);

    // Made by others after us: the record tells them apart.
    site.client.serve(&site.host, "root");
    site.host
        .exec("echo theirs | tee /etc/agi-provision/theirs.conf /var/lib/agi-provision/models/theirs")
        .ok();
    site.host
        .exec("systemctl stop agi-provision-llama; userdel agi-provision; useradd -u 4711 agi-provision")
        .ok();
    site.remember();
    site.refuses("root", &[], 4, "uid 4711, home /home/agi-provision", "userdel");
    let removed = site.client.on(&site.host, "root", &["remove", "--yes"]);
    assert_eq!(removed.status, 0, "{removed:?}");
    for left in [
        "/etc/agi-provision (others have files in it)",
        "/var/lib/agi-provision/models (others have files in it)",
        "the account agi-provision (uid 4711",
    ] {
        assert!(removed.stderr.contains(left), "{left}: {removed:?}");
    }
    let kept = "find /etc/agi-provision /var/lib/agi-provision -type f; id -u agi-provision; ls -d /run/agi-provision*";
    assert_eq!(
        site.host.exec(kept).stdout,
        "/etc/agi-provision/theirs.conf\n/var/lib/agi-provision/models/theirs\n4711\n"
    );
}

#[test]
fn a_disk_and_folders_that_were_there_are_used_and_stay() {
    let host = Host::boot("debian13");
    host.exec(
        "mkdir -p /srv/disk/lost+found /var/lib/agi-provision /etc/agi-provision \
           /etc/systemd/system/agi-provision-llama.service.d && \
         mount --bind /srv/disk /var/lib/agi-provision && echo theirs > /srv/disk/theirs && \
         echo theirs > /etc/agi-provision/theirs.conf && \
         printf '[Service]\\nNice=3\\n' > /etc/systemd/system/agi-provision-llama.service.d/nice.conf",
    )
    .ok();
    let site = Site::new(host);

    // A first apply that fails.
    let without = pack(&site.client.path("without.tar.gz"), &[("bin/other", b"x")]);
    let failed = site.apply("root", &["--runtime-archive", &without]);
    assert_eq!(failed.status, 1, "{failed:?}");
    assert!(
        failed.stderr.contains("no llama-server in it") && failed.stderr.contains("the host is as it was")
    );
    site.kept_only_what_it_said(&failed);

    let said = [
        "/var/lib/agi-provision: a disk is mounted on it; it is used, and `remove` will leave it",
        "/etc/agi-provision: it was there before; it is used",
        "agi-provision-llama.service.d: an administrator's nice.conf changes the service",
    ];
    let applied = site.apply("admin", &[]);
    assert_eq!(applied.status, 0, "{applied:?}");
    assert!(said.iter().all(|said| applied.stderr.contains(said)), "{applied:?}");
    assert_serves(&site.host);
    assert!(site.host.exec("ls /srv/disk").ok().contains("generations"), "on the disk");
    let again = site.apply("admin", &[]);
    assert!(again.status == 0 && !said.iter().any(|said| again.stderr.contains(said)), "{again:?}");

    let removed = site.client.on(&site.host, "root", &["remove", "--yes"]);
    assert_eq!(removed.status, 0, "{removed:?}");
    assert!(
        removed.stderr.contains("left as it is: ") && removed.stderr.contains("(a disk is mounted on it)")
    );
    site.untouched();
    site.host.exec("mountpoint -q /var/lib/agi-provision").ok();
}

/// A host as a version left it that kept no record.
fn forget(host: &Host) {
    host.exec("rm /var/lib/agi-provision/made.json /usr/local/lib/agi-provision/.made").ok();
}

#[test]
fn a_host_of_an_earlier_version_is_taken_over_and_goes_as_a_whole() {
    let site = Site::new(Host::boot("debian12"));
    // A mount above our folders makes no difference.
    site.host.exec("mount --bind /var/lib /var/lib").ok();
    site.client.serve(&site.host, "root");
    forget(&site.host);
    // Its unit was changed by hand meanwhile.
    site.host.exec(&format!("echo '# mine' >> {UNIT}")).ok();
    let applied = site.apply("root", &["--ctx", "512"]);
    assert_eq!(applied.status, 0, "{applied:?}");
    assert!(applied.stderr.contains("set up by an earlier version, which kept no record"), "{applied:?}");
    assert_serves(&site.host);
    let record = site.host.exec(&format!("cat {VAR}/made.json")).ok();
    for part in
        ["generations/1\"", "generations/2\"", "api-key", "agi-provision-llama.service\"", "\"uid\": 99"]
    {
        assert!(record.contains(part), "{part}: {record}");
    }
    assert_eq!(site.host.exec(&format!("stat -c '%a %U' {VAR}/made.json")).ok(), "600 root");
    let again = site.apply("root", &["--ctx", "512"]);
    assert!(again.stderr.contains("nothing to do") && !again.stderr.contains("earlier version"), "{again:?}");
    site.client.on(&site.host, "root", &["remove", "--yes"]).ok();
    site.untouched();

    // Removed without another apply.
    site.client.serve(&site.host, "root");
    forget(&site.host);
    let check = site.apply("root", &["--ctx", "512", "--check"]);
    assert_eq!(check.status, 5, "{check:?}");
    assert_ne!(site.host.exec(&format!("test -e {VAR}/made.json")).status, 0, "looking writes nothing");
    site.client.on(&site.host, "root", &["remove", "--yes"]).ok();
    site.untouched();

    // An account that was given more than the old version gave it is nobody's proof.
    site.client.serve(&site.host, "root");
    forget(&site.host);
    site.host.exec("usermod -aG sudo agi-provision").ok();
    let refusal = site.apply("root", &["--ctx", "512"]);
    refused(&refusal, 4, "in the groups sudo", "userdel");
    assert_serves(&site.host);
}
