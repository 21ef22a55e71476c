//! `--inventory` against Ansible's own reading of the same inventories. Needs ansible-core.
//!
//! No host is connected to: each leads to a closed port of this machine, and the error says which one, and by which
//! name and user.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::{Command, Stdio};

struct Folder(tempfile::TempDir);

struct Ran {
    exit: i32,
    /// The name of each host, and where it was looked for.
    hosts: Vec<(String, String)>,
    stderr: String,
}

impl Folder {
    fn new(files: &[(&str, &str)]) -> Folder {
        let folder = Folder(tempfile::tempdir().unwrap());
        for (name, text) in files {
            fs::create_dir_all(folder.path(name).parent().unwrap()).unwrap();
            fs::write(folder.path(name), text).unwrap();
            if text.starts_with("#!") {
                fs::set_permissions(folder.path(name), fs::Permissions::from_mode(0o755)).unwrap();
            }
        }
        folder
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// Probes what the inventory names; `path`: where programs are looked for.
    fn probe(&self, inventory: &str, input: &str, path: &str) -> Ran {
        fs::write(self.path("stdin"), input).unwrap();
        let output = Command::new(env!("CARGO_BIN_EXE_agi-provision"))
            .env_clear()
            .env("HOME", self.0.path())
            .env("PATH", path)
            .current_dir(self.0.path())
            .args(["probe", "--inventory", inventory, "--format", "json", "--ssh-config", "/dev/null"])
            .args(["--known-hosts", "/dev/null"])
            .stdin(Stdio::from(fs::File::open(self.path("stdin")).unwrap()))
            .output()
            .unwrap();
        let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
        let answer: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap_or_default();
        let all = match answer {
            serde_json::Value::Array(all) => all,
            serde_json::Value::Null => Vec::new(),
            one => vec![one],
        };
        let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_string();
        let hosts = all.iter().map(|host| (text(&host["host"]), text(&host["message"]))).collect();
        Ran { exit: output.status.code().unwrap(), hosts, stderr }
    }
}

const ANSIBLE: &str = "/usr/local/bin:/usr/bin:/bin";
const NOTHING: &str = "/nonexistent";

/// Asserts that the hosts have these names and are looked for there.
#[track_caller]
fn leads(ran: &Ran, wanted: &[(&str, &str)]) {
    assert_eq!(ran.hosts.len(), wanted.len(), "{:?} {}", ran.hosts, ran.stderr);
    for (name, place) in wanted {
        let found = ran.hosts.iter().find(|(host, _)| host == name);
        assert!(found.is_some_and(|(_, message)| message.contains(place)), "{name} {place}: {:?}", ran.hosts);
    }
}

#[test]
fn ansible_says_which_hosts_there_are_and_where() {
    let all = Folder::new(&[
        ("group_vars/llm.yml", "ansible_port: 11\n"),
        ("host_vars/gpu1.yml", "ansible_host: 127.0.0.3\n"),
        ("vars.ini", "[llm]\ngpu1\ngpu2 ansible_host=127.0.0.4 ansible_port=12\n"),
        ("merge.yml", "x: &d {ansible_host: 127.0.0.5, ansible_port: 13}\nall:\n  hosts:\n    a: {<<: *d}\n"),
        ("text.json", r#"{"all": {"hosts": {"c": {"ansible_host": "127.0.0.6", "ansible_port": 14}}}}"#),
        (
            "script",
            "#!/bin/sh\necho '{\"llm\": {\"hosts\": [\"d\"]}, \"_meta\": {\"hostvars\": {\"d\": {\"ansible_host\": \
             \"127.0.0.7\", \"ansible_port\": 15}}}}'\n",
        ),
        ("dir/01-hosts", "[x]\ne ansible_host=127.0.0.8\n"),
        ("dir/02-hosts", "[x:vars]\nansible_port=16\n"),
    ]);
    leads(&all.probe("vars.ini", "", ANSIBLE), &[("gpu1", "127.0.0.3:11"), ("gpu2", "127.0.0.4:12")]);
    leads(&all.probe("merge.yml", "", ANSIBLE), &[("a", "127.0.0.5:13")]);
    leads(&all.probe("text.json", "", ANSIBLE), &[("c", "127.0.0.6:14")]);
    leads(&all.probe("script", "", ANSIBLE), &[("d", "127.0.0.7:15")]);
    leads(&all.probe("dir", "", ANSIBLE), &[("e", "127.0.0.8:16")]);

    let first = Folder::new(&[(
        "priority.ini",
        "[a]\ngpu1 ansible_host=127.0.0.3\n[b]\ngpu1\n[a:vars]\nansible_port=11\nansible_group_priority=10\n[b:vars]\n\
         ansible_port=12\n",
    )]);
    leads(&first.probe("priority.ini", "", ANSIBLE), &[("gpu1", "127.0.0.3:11")]);
}

#[test]
fn without_ansible_what_needs_it_is_refused() {
    let all = Folder::new(&[
        ("beside/group_vars/all.yml", "ansible_port: 11\n"),
        ("beside/hosts.ini", "gpu1\n"),
        ("priority.ini", "[a]\ngpu1 ansible_host=127.0.0.3\n[a:vars]\n\nansible_group_priority=10\n"),
        ("script", "#!/bin/sh\necho '{}'\n"),
        ("args.ini", "gpu1 ansible_host=127.0.0.3 ansible_ssh_common_args='-o ProxyJump=gate'\n"),
        ("plain.ini", "gpu1 ansible_host=127.0.0.3 ansible_port=17\n"),
    ]);
    for (name, why) in [
        ("beside/hosts.ini", "group_vars lies beside it"),
        ("beside", "it is a folder"),
        ("script", "it is a script"),
        ("priority.ini", "line 5: ansible_group_priority is not supported"),
    ] {
        let ran = all.probe(name, "", NOTHING);
        assert_eq!(ran.exit, 2, "{}", ran.stderr);
        assert!(ran.stderr.contains(why), "{}", ran.stderr);
    }
    let ran = all.probe("args.ini", "", NOTHING);
    leads(&ran, &[("gpu1", "OpenSSH's client alone")]);
    leads(&all.probe("plain.ini", "", NOTHING), &[("gpu1", "127.0.0.3:17")]);
}

#[test]
fn arguments_for_ssh_lead_where_they_lead_ssh() {
    let all = Folder::new(&[(
        "args.ini",
        "gpu1 ansible_host=127.0.0.3 ansible_ssh_common_args='-o ProxyJump=me@127.0.0.4:18 -o StrictHostKeyChecking=no'\n",
    )]);
    let ran = all.probe("args.ini", "", ANSIBLE);
    leads(&ran, &[("gpu1", "the way to 127.0.0.3 is through me@127.0.0.4:18")]);
}

#[test]
fn lists_json_and_outputs_are_inventories_also_on_stdin() {
    let all = Folder::new(&[("hosts.txt", "# ours\nroot@127.0.0.3:11\nme@127.0.0.4:12\n")]);
    let targets = [("root@127.0.0.3:11", "127.0.0.3:11"), ("me@127.0.0.4:12", "127.0.0.4:12")];
    leads(&all.probe("hosts.txt", "", ANSIBLE), &targets);
    leads(&all.probe("-", "root@127.0.0.3:11\nme@127.0.0.4:12\n", ANSIBLE), &targets);
    let list = r#"{"_meta": {"hostvars": {"a": {"ansible_host": "127.0.0.5", "ansible_port": 13}}}, "x": {"hosts": ["a"]}}"#;
    leads(&all.probe("-", list, ANSIBLE), &[("a", "127.0.0.5:13")]);
    let outputs = r#"{"hosts": {"sensitive": false, "type": "x", "value": {"b": {"address": "127.0.0.6", "port": 14}}}}"#;
    leads(&all.probe("-", outputs, NOTHING), &[("b", "127.0.0.6:14")]);
}

#[test]
fn what_cannot_be_followed_is_refused_and_secrets_are_told() {
    let all = Folder::new(&[
        ("docker.ini", "gpu1 ansible_connection=docker\n"),
        ("su.yml", "all:\n  hosts:\n    gpu1:\n      ansible_become_method: su\n"),
        ("broken.yml", "all:\n  hosts: [\n"),
        ("secret.ini", "gpu1 ansible_host=127.0.0.3 ansible_port=11 ansible_become_password=hunter2\n"),
    ]);
    for (name, why) in [
        ("docker.ini", "reached by \"docker\""),
        ("su.yml", "\"su\": sudo and doas are supported"),
        ("broken.yml", "ansible-inventory says"),
    ] {
        let ran = all.probe(name, "", ANSIBLE);
        assert_eq!(ran.exit, 2, "{}", ran.stderr);
        assert!(ran.stderr.contains(why), "{}", ran.stderr);
    }
    let ran = all.probe("secret.ini", "", ANSIBLE);
    leads(&ran, &[("gpu1", "127.0.0.3:11")]);
    assert!(
        ran.stderr.contains("ansible_become_password of \"gpu1\"") && !ran.stderr.contains("hunter2"),
        "{}",
        ran.stderr
    );
}

#[test]
fn the_documented_toml_is_read_and_fits_its_schema() {
    let page = include_str!("../docs/inventory.md");
    let (_, rest) = page.split_once("```toml\n").unwrap();
    let (example, _) = rest.split_once("```").unwrap();
    let schema = serde_json::from_str(include_str!("../docs/inventory.schema.json")).unwrap();
    let schema = jsonschema::validator_for(&schema).unwrap();
    let toml = |text: &str| serde_json::to_value(toml::from_str::<toml::Table>(text).unwrap()).unwrap();
    assert!(schema.is_valid(&toml(example)), "{:?}", schema.iter_errors(&toml(example)).collect::<Vec<_>>());
    for wrong in [
        "[[host]]\n",
        "[[host]]\nname = \"a\"\nprot = 1\n",
        "[[host]]\nname = \"a\"\nport = 70000\n",
        "x = 1\n",
    ] {
        assert!(!schema.is_valid(&toml(wrong)), "{wrong}");
    }
    let folder = Folder::new(&[("fleet.toml", example)]);
    let ran = folder.probe("fleet.toml", "", NOTHING);
    let names: Vec<&str> = ran.hosts.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["gpu1", "gpu2"], "{}", ran.stderr);
}
