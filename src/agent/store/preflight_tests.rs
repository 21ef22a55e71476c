use super::*;
use crate::agent::store::findings::refusal;
use crate::error::Exit;
use std::collections::{BTreeMap, BTreeSet};

const ROOT: &str = "root";

fn node(kind: Kind, uid: u32, mode: u32) -> Node {
    let owner = if uid == 0 { ROOT.to_string() } else { format!("alice (uid {uid})") };
    Node { kind, uid, owner, mode }
}

fn folder(entries: &[&str]) -> Kind {
    let entries: BTreeSet<String> = entries.iter().map(|name| name.to_string()).collect();
    // Entries named by a hash that begins with a have a note.
    let noted = entries.iter().filter(|name| name.starts_with('a')).cloned().collect();
    Kind::Folder { mount: false, entries, noted }
}

fn disk(entries: &[&str]) -> Kind {
    let Kind::Folder { entries, noted, .. } = folder(entries) else { unreachable!() };
    Kind::Folder { mount: true, entries, noted }
}

fn link(target: &str) -> Kind {
    Kind::Link { target: target.into() }
}

const TEXT: Kind = Kind::File { ours: false };
const OURS: Kind = Kind::File { ours: true };

fn account(uid: u32, home: &str, groups: &[&str]) -> Account {
    Account {
        uid,
        gid: uid,
        comment: String::new(),
        home: home.into(),
        shell: "/usr/sbin/nologin".into(),
        groups: groups.iter().map(|group| group.to_string()).collect(),
    }
}

fn group(gid: u32, members: &[&str]) -> Group {
    Group { gid, members: members.iter().map(|member| member.to_string()).collect() }
}

fn seen(nodes: &[(&str, Kind, u32, u32)]) -> Seen {
    let nodes =
        nodes.iter().map(|(path, kind, uid, mode)| (PathBuf::from(path), node(kind.clone(), *uid, *mode)));
    Seen { nodes: nodes.collect(), ..Seen::default() }
}

/// `refused …`, `used PATH: …`, `earlier PATH`, `brought PATH`.
fn said(seen: &Seen, record: Option<&Made>) -> Vec<String> {
    let name = |thing: &Thing| match thing {
        Thing::Account { uid, .. } => format!("account {uid:?}"),
        Thing::Group { gid, .. } => format!("group {gid:?}"),
        Thing::FirewallTable { name, .. } => format!("table {name}"),
        other => other.path().unwrap().display().to_string(),
    };
    let found = judge(seen, record, &[PathBuf::from("/etc/systemd/system/agi-provision-renew.timer")]);
    let line = |finding: &Finding| match finding {
        Finding::Refused { what, .. } => format!("refused {what}"),
        Finding::Used { path, what } => format!("used {}: {what}", path.display()),
        Finding::Earlier(thing) => format!("earlier {}", name(thing)),
        Finding::Brought(thing) => format!("brought {}", name(thing)),
    };
    found.iter().map(line).collect()
}

fn record(things: &[Thing]) -> Made {
    let mut made = Made::default();
    things.iter().for_each(|thing| made.add(thing.clone()));
    made
}

#[test]
fn what_others_made_is_refused_with_its_owner_or_used_and_said() {
    let hash = "b".repeat(64);
    for (path, kind, uid, mode, expected) in [
        // Folders that we would take for ours.
        (paths::VAR, folder(&[]), 0, 0o755, "used /var/lib/agi-provision: it was there before"),
        (paths::VAR, folder(&["notes"]), 0, 0o755, "used /var/lib/agi-provision: it was there before"),
        (paths::VAR, disk(&[]), 0, 0o755, "used /var/lib/agi-provision: a disk is mounted on it"),
        (
            paths::VAR,
            disk(&["backup", "models"]),
            0,
            0o755,
            "used /var/lib/agi-provision: a disk is mounted on it",
        ),
        (paths::VAR, folder(&["incoming", "models"]), 0, 0o755, "brought /var/lib/agi-provision"),
        (
            paths::VAR,
            folder(&[]),
            1001,
            0o755,
            "refused /var/lib/agi-provision, a folder (mode 0755) that belongs to alice (uid 1001)",
        ),
        (
            paths::VAR,
            folder(&[]),
            0,
            0o777,
            "refused /var/lib/agi-provision, a folder (mode 0777) that belongs to root",
        ),
        (
            paths::VAR,
            disk(&[]),
            0,
            0o700,
            "refused /var/lib/agi-provision, a folder that the service could not enter",
        ),
        (paths::VAR, link("/data/agi"), 0, 0o777, "refused /var/lib/agi-provision, a link to /data/agi"),
        (paths::VAR, TEXT, 0, 0o644, "refused /var/lib/agi-provision, a file that belongs to root"),
        (paths::ETC, folder(&["mine.conf"]), 0, 0o755, "used /etc/agi-provision: it was there before"),
        (paths::ETC, link("/root/x"), 1001, 0o777, "refused /etc/agi-provision, a link to /root/x"),
        (
            paths::LIB,
            folder(&["agent-1"]),
            1001,
            0o755,
            "refused /usr/local/lib/agi-provision, a folder (mode 0755) that belongs to alice",
        ),
        (paths::LIB, folder(&["agi-provision"]), 0, 0o755, ""),
        (
            paths::CACHE,
            folder(&[]),
            0,
            0o755,
            "refused /var/cache/agi-provision, a folder (mode 0755) that belongs to root",
        ),
        // Files that we would write.
        (paths::API_KEY, TEXT, 0, 0o600, "refused /etc/agi-provision/api-key, a file that belongs to root"),
        (
            paths::GENERATION,
            link("/x"),
            0,
            0o777,
            "refused /etc/agi-provision/generation, a link to /x that belongs to root",
        ),
        (
            paths::GENERATIONS,
            folder(&["1"]),
            0,
            0o755,
            "refused /var/lib/agi-provision/generations, a folder (mode 0755) that belongs to root",
        ),
        (
            paths::UNIT_FILE,
            TEXT,
            0,
            0o644,
            "refused /etc/systemd/system/agi-provision-llama.service, a file that belongs to root",
        ),
        (
            paths::UNIT_FILE,
            OURS,
            0,
            0o644,
            "refused /etc/systemd/system/agi-provision-llama.service, a file that belongs to root",
        ),
        (paths::UNIT_FILE, link("/dev/null"), 0, 0o777, "a link to /dev/null that belongs to root"),
        (
            "/etc/systemd/system/agi-provision-embed.service",
            TEXT,
            0,
            0o644,
            "refused /etc/systemd/system/agi-provision-embed.service",
        ),
        (
            "/usr/lib/systemd/system/agi-provision-llama.service",
            TEXT,
            0,
            0o644,
            "refused /usr/lib/systemd/system/agi",
        ),
        (
            "/etc/systemd/system/agi-provision-renew.timer",
            TEXT,
            0,
            0o644,
            "refused /etc/systemd/system/agi-provision-renew",
        ),
        (
            paths::WANTS,
            link("/etc/x.service"),
            0,
            0o777,
            "refused /etc/systemd/system/multi-user.target.wants/agi",
        ),
        // An administrator's own changes to the service stay, and are named.
        (
            paths::UNIT_DROP_IN,
            folder(&["limit.conf"]),
            0,
            0o755,
            "an administrator's limit.conf changes the service",
        ),
        (
            paths::UNIT_DROP_IN,
            folder(&[]),
            1001,
            0o755,
            "refused /etc/systemd/system/agi-provision-llama.service.d",
        ),
        // Notes tell that these came with an image.
        (
            paths::MODELS,
            folder(&[]),
            1001,
            0o755,
            "refused /var/lib/agi-provision/models, a folder (mode 0755) that belongs to alice",
        ),
        (paths::MODELS, disk(&[]), 0, 0o755, "used /var/lib/agi-provision/models: a disk is mounted on it"),
        (paths::MODELS, folder(&["notes.txt"]), 0, 0o755, "brought /var/lib/agi-provision/models"),
        (paths::MODELS, folder(&[&hash]), 0, 0o755, "refused /var/lib/agi-provision/models/bbb"),
        (paths::INCOMING, folder(&["bundle.tar"]), 0, 0o755, "brought /var/lib/agi-provision/incoming"),
        (
            paths::INCOMING,
            folder(&["letter.txt"]),
            0,
            0o755,
            "refused /var/lib/agi-provision/incoming/letter.txt",
        ),
    ] {
        let found = said(&seen(&[(path, kind.clone(), uid, mode)]), None);
        let told = |line: &String| line.contains(expected);
        match expected {
            "" => assert_eq!(found, [""; 0], "{path} {kind:?}"),
            _ => assert!(found.iter().any(told), "{path} {kind:?}: {found:?} lacks {expected:?}"),
        }
        // Nothing of it is refused once it is recorded as ours, unless it is not what we made any more.
        let changed = uid != 0 || mode & 0o022 != 0 || matches!(kind, Kind::Link { .. } | Kind::File { .. });
        if !changed && let Ok(thing) = Thing::tree(path) {
            let inside = [Thing::tree(Path::new(path).join(&hash)).unwrap()];
            let made = record(&[&[thing][..], &inside].concat());
            assert_eq!(
                said(&seen(&[(path, kind.clone(), uid, mode)]), Some(&made)),
                [""; 0],
                "{path} {kind:?}"
            );
        }
    }
}

#[test]
fn an_account_is_ours_by_the_number_it_was_made_with() {
    let made = |uid, gid| {
        let name = || "agi-provision".to_string();
        record(&[Thing::Account { name: name(), uid }, Thing::Group { name: name(), gid }])
    };
    let ours = account(998, paths::VAR, &[]);
    let sudo = account(998, paths::VAR, &["sudo"]);
    let person = account(1000, "/home/agi", &[]);
    let own = || Some(group(998, &[]));
    let refused = "refused the account agi-provision (uid";
    for (found, group, record, expected) in [
        (None, None, None, None),
        (Some(&ours), own(), None, Some(refused)),
        (
            Some(&sudo),
            own(),
            None,
            Some("uid 998, home /var/lib/agi-provision, shell /usr/sbin/nologin, in the groups sudo"),
        ),
        (Some(&ours), own(), Some(made(Some(998), Some(998))), None),
        // An administrator may give ours more.
        (Some(&sudo), own(), Some(made(Some(998), Some(998))), None),
        (
            Some(&ours),
            own(),
            Some(made(Some(997), Some(998))),
            Some("the one that was made here had uid 997"),
        ),
        // A useradd that was cut off.
        (Some(&ours), own(), Some(made(None, None)), None),
        (Some(&person), own(), Some(made(None, None)), Some(refused)),
        (Some(&sudo), own(), Some(made(None, None)), Some(refused)),
        (None, own(), Some(made(None, None)), None),
        (
            None,
            Some(group(1005, &["bob"])),
            None,
            Some("refused the group agi-provision (gid 1005, with bob in it)"),
        ),
        (None, own(), Some(made(Some(1), Some(1))), Some("the one that was made here had gid 1")),
    ] {
        let seen = Seen { account: found.cloned(), group, ..Seen::default() };
        let said = said(&seen, record.as_ref());
        match expected {
            None => assert_eq!(said, [""; 0], "{seen:?}"),
            Some(part) => {
                assert_eq!(said.len(), 1, "{said:?}");
                assert!(said[0].contains(part), "{said:?} lacks {part}");
            }
        }
    }
}

#[test]
fn what_an_earlier_version_left_is_taken_over_where_its_content_shows_it() {
    let hash = "a".repeat(64);
    let nodes = [
        (paths::ETC, folder(&["api-key", "generation"]), 0, 0o755),
        (paths::VAR, folder(&["generations", "job", "models", "runtimes", "incoming"]), 0, 0o755),
        (paths::LIB, folder(&["agent-77", "agi-provision"]), 0, 0o755),
        (paths::CACHE, folder(&["x"]), 998, 0o700),
        (paths::API_KEY, TEXT, 0, 0o600),
        (paths::GENERATION, link("/var/lib/agi-provision/generations/1"), 0, 0o777),
        (paths::GENERATIONS, folder(&["1", "2", "notes"]), 0, 0o755),
        (paths::JOB, folder(&["job.json"]), 0, 0o700),
        (paths::MODELS, folder(&[&hash]), 0, 0o755),
        (paths::UNIT_FILE, OURS, 0, 0o644),
        (paths::UNIT_DROP_IN, folder(&[DROP_IN]), 0, 0o755),
    ];
    let mut host = seen(&nodes);
    host.account = Some(account(998, paths::VAR, &["render"]));
    host.group = Some(group(998, &[]));
    host.earlier = true;
    let found = said(&host, None);
    assert!(found.iter().all(|line| line.starts_with("earlier ")), "{found:#?}");
    for path in nodes.iter().map(|(path, ..)| *path) {
        assert!(found.contains(&format!("earlier {path}")), "{path}: {found:#?}");
    }
    for inside in ["generations/1".to_string(), "generations/2".to_string(), format!("models/{hash}")] {
        assert!(found.contains(&format!("earlier {}/{inside}", paths::VAR)), "{inside}: {found:#?}");
    }
    assert!(!found.iter().any(|line| line.ends_with("notes")), "{found:#?}");
    assert!(found.contains(&"earlier account Some(998)".to_string()), "{found:#?}");

    // A thing that does not look like ours is not taken over, whatever else is.
    let foreign = |alter: &dyn Fn(&mut Seen)| {
        let mut host = host.clone();
        alter(&mut host);
        said(&host, None).into_iter().filter(|line| !line.starts_with("earlier ")).collect::<Vec<_>>()
    };
    let sudo = foreign(&|host| host.account = Some(account(998, paths::VAR, &["sudo"])));
    assert!(sudo.len() == 1 && sudo[0].contains("in the groups sudo"), "{sudo:?}");
    let set = |path: &str, kind: Kind, uid| {
        foreign(&move |host| {
            host.nodes.insert(path.into(), node(kind.clone(), uid, 0o755));
        })
    };
    let unit = set(paths::UNIT_FILE, TEXT, 0);
    assert!(unit.len() == 1 && unit[0].contains(paths::UNIT_FILE), "{unit:?}");
    let job = set(paths::JOB, folder(&[]), 1001);
    assert!(job.len() == 1 && job[0].contains("alice"), "{job:?}");
    let disk = set(paths::VAR, disk(&["generations"]), 0);
    assert_eq!(disk, ["used /var/lib/agi-provision: a disk is mounted on it"]);
}

#[test]
fn a_unit_of_ours_without_its_record_asks_for_the_disk() {
    let found = judge(&seen(&[(paths::UNIT_FILE, OURS, 0, 0o644)]), None, &[]);
    let failure = refusal(&found).unwrap();
    assert_eq!(failure.exit, Exit::HostDoesNotMeetPlan);
    let hint = failure.hint.unwrap();
    assert!(hint.contains("made.json is missing") && hint.contains("mounted"), "{hint}");
}

#[test]
fn ways_that_others_can_change_are_refused() {
    for (uid, mode, refused) in [(0, 0o755, false), (0, 0o2775, false), (0, 0o777, true), (1001, 0o755, true)]
    {
        let ways: BTreeMap<PathBuf, Node> = [("/data".into(), node(Kind::Other, uid, mode))].into();
        let found = said(&Seen { ways, ..Seen::default() }, None);
        assert_eq!(!found.is_empty(), refused, "{found:?}");
    }
}

#[test]
fn a_table_of_our_name_is_not_replaced() {
    let host = Seen { table: true, ..Seen::default() };
    assert!(said(&host, None)[0].contains("refused the nftables table inet agi_provision"));
    let made = record(&[Thing::FirewallTable { family: TABLE.0.into(), name: TABLE.1.into() }]);
    assert_eq!(said(&host, Some(&made)), [""; 0]);
    assert_eq!(said(&Seen { earlier: true, ..host }, None), ["earlier table agi_provision"]);
}

#[test]
fn all_that_is_refused_is_in_one_message_with_what_to_do() {
    let mut host = seen(&[(paths::API_KEY, TEXT, 0, 0o600), (paths::VAR, folder(&[]), 0, 0o755)]);
    host.group = Some(group(5, &[]));
    let failure = refusal(&judge(&host, None, &[])).unwrap();
    assert!(
        failure.message.contains("the group agi-provision (gid 5); /etc/agi-provision/api-key"),
        "{failure:?}"
    );
    let hint = failure.hint.unwrap();
    assert!(hint.contains("groupdel") && hint.ends_with("Then apply again; nothing was changed"), "{hint}");
    assert!(refusal(&judge(&Seen::default(), None, &[])).is_none());
}
