//! Ansible's variables that say how a host is reached: those that are understood, those that would lead elsewhere,
//! and secrets, which are not read.

use super::entry::Entry;
use crate::outside::quoted;

/// Understood.
const READ: &[&str] = &[
    "ansible_host",
    "ansible_ssh_host",
    "ansible_port",
    "ansible_ssh_port",
    "ansible_user",
    "ansible_ssh_user",
    "ansible_ssh_private_key_file",
    "ansible_private_key_file",
    "ansible_connection",
    "ansible_become_method",
    "ansible_become_user",
    "ansible_ssh_common_args",
    "ansible_ssh_extra_args",
];
/// They would change where or how ansible goes, and there is nothing like them here.
const REFUSED: &[&str] = &[
    "ansible_ssh_args",
    "ansible_ssh_executable",
    "ansible_become_exe",
    "ansible_become_flags",
    "ansible_sudo_exe",
    "ansible_sudo_flags",
    "ansible_paramiko_proxy_command",
    "ansible_ssh_pkcs11_provider",
    "ansible_private_key",
    "ansible_ssh_private_key",
    "ansible_group_priority",
];
const SECRET: &[&str] = &[
    "ansible_password",
    "ansible_ssh_pass",
    "ansible_ssh_password",
    "ansible_become_password",
    "ansible_become_pass",
    "ansible_sudo_pass",
    "ansible_ssh_private_key_passphrase",
    "ansible_private_key_passphrase",
];

pub fn is_secret(name: &str) -> bool {
    SECRET.contains(&name)
}

/// Whether `name` says something of how the host is reached.
pub fn matters(name: &str) -> bool {
    READ.contains(&name) || REFUSED.contains(&name) || is_secret(name)
}

/// Why `name = value` cannot be followed by our own readers, at the place where it stands.
pub fn refused(name: &str, value: &str) -> Option<String> {
    if REFUSED.contains(&name) && !value.is_empty() {
        let way = match name {
            "ansible_group_priority" => ": install Ansible, whose ansible-inventory is asked then",
            _ => "",
        };
        return Some(format!("{name} is not supported{way}"));
    }
    if READ.contains(&name) && (value.contains("{{") || value.contains("{%")) {
        return Some(format!("{name} is a template, which only Ansible fills in"));
    }
    if name == "ansible_connection" && connection(value).is_none() {
        return Some(format!("the host is reached by {}, not by ssh", quoted(value)));
    }
    if name == "ansible_become_method" && !matches!(short(value), "sudo" | "doas") {
        return Some(format!("the method to become root is {}: sudo and doas are supported", quoted(value)));
    }
    if name == "ansible_become_user" && value != "root" {
        return Some(format!("ansible_become_user is {}: everything is done as root", quoted(value)));
    }
    None
}

/// A plugin's name without its collection.
fn short(value: &str) -> &str {
    value.rsplit('.').next().unwrap_or(value)
}

/// Whether the plugin works on this machine; `None` for one that is not ssh either.
fn connection(value: &str) -> Option<bool> {
    match short(value) {
        "ssh" | "smart" | "paramiko" | "paramiko_ssh" | "" => Some(false),
        "local" => Some(true),
        _ => None,
    }
}

/// Fills in what the variables of a host say; `get` gives the value that counts.
pub fn fill(entry: &mut Entry, get: impl Fn(&[&str]) -> Option<String>) -> Result<(), String> {
    for &name in READ.iter().chain(REFUSED) {
        if let Some(why) = get(&[name]).and_then(|value| refused(name, &value)) {
            return Err(why);
        }
    }
    entry.unread =
        SECRET.iter().filter(|name| get(&[**name]).is_some()).map(|name| name.to_string()).collect();
    entry.local = get(&["ansible_connection"]).and_then(|value| connection(&value)).unwrap_or(false);
    entry.doas = get(&["ansible_become_method"]).is_some_and(|value| short(&value) == "doas");
    for name in ["ansible_ssh_common_args", "ansible_ssh_extra_args"] {
        let words =
            crate::ssh::words(&get(&[name]).unwrap_or_default()).map_err(|why| format!("{name}: {why}"))?;
        entry.ssh_args.extend(words);
    }
    let port = get(&["ansible_port", "ansible_ssh_port"]);
    let port = port.map(|port| port.parse::<u16>().map_err(|_| format!("the port is {}", quoted(&port))));
    entry.port = port.transpose()?;
    if let Some(address) = get(&["ansible_host", "ansible_ssh_host"]) {
        entry.address = address;
    }
    entry.user = get(&["ansible_user", "ansible_ssh_user"]);
    entry.identity = get(&["ansible_ssh_private_key_file", "ansible_private_key_file"]).map(Into::into);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    fn filled(pairs: &[(&str, &str)]) -> Result<Entry, String> {
        let vars: BTreeMap<&str, &str> = pairs.iter().copied().collect();
        let mut entry = Entry { name: "a".into(), address: "a".into(), ..Entry::default() };
        fill(&mut entry, |names| {
            names.iter().find_map(|name| vars.get(name)).map(|value| value.to_string())
        })?;
        Ok(entry)
    }

    #[test]
    fn what_says_how_a_host_is_reached_is_read() {
        let entry = filled(&[
            ("ansible_host", "10.0.0.1"),
            ("ansible_port", "2201"),
            ("ansible_user", "ops"),
            ("ansible_become_method", "community.general.doas"),
            ("ansible_ssh_common_args", "-o ProxyJump=gate -o 'StrictHostKeyChecking no'"),
            ("ansible_become_password", "secret"),
            ("ansible_python_interpreter", "/usr/bin/python3"),
        ])
        .unwrap();
        assert_eq!(entry.target().unwrap().to_string(), "ops@10.0.0.1:2201");
        assert!(entry.doas && !entry.local);
        assert_eq!(entry.ssh_args, ["-o", "ProxyJump=gate", "-o", "StrictHostKeyChecking no"]);
        assert_eq!(entry.unread, ["ansible_become_password"]);
        assert!(filled(&[("ansible_connection", "ansible.builtin.local")]).unwrap().local);
        assert!(!filled(&[("ansible_connection", "smart")]).unwrap().local);
    }

    #[test]
    fn what_would_lead_elsewhere_is_refused_by_name() {
        for (name, value, why) in [
            ("ansible_connection", "docker", "reached by \"docker\""),
            ("ansible_become_method", "su", "\"su\": sudo and doas"),
            ("ansible_become_user", "postgres", "as root"),
            ("ansible_ssh_executable", "/opt/ssh", "ansible_ssh_executable is not supported"),
            ("ansible_host", "{{ ip }}", "ansible_host is a template"),
            ("ansible_port", "many", "the port is \"many\""),
            ("ansible_group_priority", "10", "ansible-inventory"),
            ("ansible_ssh_common_args", "-o 'x", "ansible_ssh_common_args: a quotation mark"),
        ] {
            let error = filled(&[(name, value)]).unwrap_err();
            assert!(error.contains(why), "{error}");
        }
    }
}
