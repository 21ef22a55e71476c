//! Leaves out of a command that is shown what its folder says anyway.

use super::merge::Given;
use super::setting::{Kind, of_flag};
use crate::ssh::{Target, quote};
use std::path::Path;

/// A flag of a command that is shown, with its value; a switch has none.
pub type Flag = (&'static str, Option<String>);

/// Returns flags as they are typed, ` --host web1 --rag`, without those whose values `known` has: the settings that a
/// command has in the working folder `here` when none is typed.
pub fn needed(flags: &[Flag], known: &[Given], here: &Path) -> String {
    let typed = |flag: &str| -> Vec<String> {
        let values = flags.iter().filter(|(name, _)| *name == flag);
        values.map(|(_, value)| same(flag, value.as_deref().unwrap_or("true"), here)).collect()
    };
    let is_known = |flag: &str| {
        let known = known.iter().find(|given| given.setting.flag == flag);
        known.is_some_and(|given| {
            let known: Vec<String> = given.values.iter().map(|value| same(flag, value, here)).collect();
            typed(flag) == known
        })
    };
    let text = |(name, value): &Flag| match value {
        Some(value) => format!(" --{name} {}", quote(value)),
        None => format!(" --{name}"),
    };
    flags.iter().filter(|(name, _)| !is_known(name)).map(text).collect()
}

/// Returns one writing for values that mean the same: a path from the root on, a host as it is shown.
fn same(flag: &str, value: &str, here: &Path) -> String {
    match of_flag(flag).map(|setting| setting.kind) {
        Some(Kind::Path | Kind::Paths) => {
            let path: std::path::PathBuf = here.join(value).components().collect();
            path.to_string_lossy().into_owned()
        }
        Some(Kind::Hosts) => {
            Target::parse(value).map_or_else(|_| value.to_string(), |target| target.to_string())
        }
        _ => value.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::merge::Origin;
    use super::*;

    fn known(flag: &str, values: &[&str]) -> Given {
        let values = values.iter().map(|value| value.to_string()).collect();
        Given { setting: of_flag(flag).unwrap(), values, origin: Origin::Project("p".into(), 1) }
    }

    #[test]
    fn a_command_that_is_shown_has_the_flags_that_its_folder_does_not_give() {
        type Case<'a> = (&'a str, &'a [(&'static str, &'a str)], Vec<Given>, &'a str);
        let cases: Vec<Case> = vec![
            ("no file", &[("host", "root@a"), ("identity", "k")], vec![], " --host root@a --identity k"),
            (
                "all of it is in the file",
                &[("host", "root@a"), ("identity", "/w/k")],
                vec![known("host", &["root@a"]), known("identity", &["/w/k"])],
                "",
            ),
            (
                "a path is the same from the folder and from the root",
                &[("known-hosts", "./k")],
                vec![known("known-hosts", &["/w/k"])],
                "",
            ),
            (
                "another key was typed",
                &[("host", "a"), ("identity", "k")],
                vec![known("host", &["a"]), known("identity", &["/w/other"])],
                " --identity k",
            ),
            (
                "one of several keys is not all of them",
                &[("identity", "/w/k")],
                vec![known("identity", &["/w/k", "/w/l"])],
                " --identity /w/k",
            ),
            (
                "several keys",
                &[("identity", "k"), ("identity", "l")],
                vec![known("identity", &["/w/k", "/w/l"])],
                "",
            ),
            ("one of the file's two hosts", &[("host", "a")], vec![known("host", &["a", "b"])], " --host a"),
            ("another port", &[("host", "a:2222")], vec![known("host", &["a"])], " --host a:2222"),
            ("a switch that the file has on", &[("rag", "")], vec![known("rag", &["true"])], ""),
            ("a switch that the file has off", &[("rag", "")], vec![known("rag", &["false"])], " --rag"),
            (
                "a flag that no file may hold",
                &[("local", ""), ("host-key", "SHA256:x")],
                vec![known("host", &["a"])],
                " --local --host-key SHA256:x",
            ),
            ("a value with a blank", &[("identity", "my key")], vec![], " --identity 'my key'"),
        ];
        for (name, flags, known, wanted) in cases {
            let flags: Vec<Flag> = (flags.iter())
                .map(|(name, value)| (*name, Some(value.to_string()).filter(|value| !value.is_empty())))
                .collect();
            assert_eq!(needed(&flags, &known, Path::new("/w")), wanted, "{name}");
        }
    }
}
