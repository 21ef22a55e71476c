//! Judges this machine for `doctor`.

use super::check::Check;
use crate::error::Exit;
use crate::hardware::facts::Clock;
use crate::ssh::Survey;

/// Name of this machine in the answer.
const HERE: &str = "here";

/// Facts that were read on this machine.
pub struct Here {
    /// The executable for hosts, or why there is none and what to do.
    pub agent: Result<String, (String, String)>,
    /// Hosts by the name that was given, with what there is to log in to each; without a name where none was given.
    pub surveys: Vec<(String, Survey)>,
    /// Names with their first address, or why there is none.
    pub names: Vec<(String, Result<String, String>)>,
    /// State of the clock; `None` where it may not be read.
    pub clock: Option<Clock>,
}

/// Judges it. Pure.
pub fn judge(here: &Here) -> Vec<Check> {
    let mut checks = vec![match &here.agent {
        Ok(path) => Check::ok(HERE, "program", format!("{path} runs on Linux hosts")),
        Err((why, advice)) => Check::failed(HERE, "program", why, advice, Exit::Failed),
    }];
    if let Some((_, survey)) = here.surveys.first() {
        checks.push(keys(survey));
        checks.extend(survey.keys.iter().filter(|key| key.open).map(|key| {
            let path = key.path.display();
            Check::warning(HERE, "keys", format!("others may read {path}"), format!("chmod 600 {path}"))
        }));
        checks.extend(agent(survey));
    }
    let named = here.surveys.iter().filter(|(name, _)| !name.is_empty());
    checks.extend(named.map(|(name, survey)| known(name, survey)));
    for (name, found) in &here.names {
        checks.push(match found {
            Ok(address) => Check::ok(HERE, "dns", format!("{name} is {address}")),
            Err(why) => Check::warning(
                HERE,
                "dns",
                format!("{name}: {why}"),
                "check the spelling, /etc/resolv.conf and the network; hosts can be given by address, and plans need no \
                 network",
            ),
        });
    }
    checks.push(clock(HERE, here.clock.as_ref()));
    checks
}

fn keys(survey: &Survey) -> Check {
    let usable: Vec<String> = survey
        .keys
        .iter()
        .filter(|key| !key.hardware)
        .map(|key| {
            format!("{}{}", key.path.display(), if key.encrypted { " (with a passphrase)" } else { "" })
        })
        .collect();
    let held = matches!(survey.agent, Some(Ok(1..)));
    match (usable.is_empty(), held) {
        (false, _) => Check::ok(HERE, "keys", usable.join(", ")),
        (true, true) => Check::ok(HERE, "keys", "no key file; ssh-agent holds one"),
        (true, false) => Check::warning(
            HERE,
            "keys",
            "no private key that can be used, and none in ssh-agent: hosts are asked for a password",
            "`ssh-keygen -t ed25519` makes one, `ssh-copy-id USER@HOST` puts it on a host; or name yours with --identity",
        ),
    }
}

fn agent(survey: &Survey) -> Option<Check> {
    Some(match survey.agent.as_ref()? {
        Ok(0) => Check::warning(HERE, "ssh-agent", "it holds no key", "`ssh-add` gives it yours"),
        Ok(count) => Check::ok(HERE, "ssh-agent", format!("{count} keys")),
        Err(why) => Check::warning(
            HERE,
            "ssh-agent",
            format!("it does not answer: {why}"),
            "start one (`eval $(ssh-agent)`), or unset SSH_AUTH_SOCK",
        ),
    })
}

fn known(name: &str, survey: &Survey) -> Check {
    if !survey.known_types.is_empty() {
        return Check::ok(
            HERE,
            "known-hosts",
            format!("{name} is known by {}", survey.known_types.join(", ")),
        );
    }
    let files: Vec<String> = survey.known_hosts.iter().map(|file| file.display().to_string()).collect();
    let files = if files.is_empty() {
        "known_hosts (there is no such file yet)".to_string()
    } else {
        files.join(", ")
    };
    Check::warning(
        HERE,
        "known-hosts",
        format!("{name} is not in {files}"),
        "compare the fingerprint that is shown with the one that your provider shows, then give \
         --accept-new-host-key once, or --host-key SHA256:…",
    )
}

/// Judges a clock, here or on a host.
pub fn clock(at: &str, clock: Option<&Clock>) -> Check {
    match clock {
        None => Check::ok(at, "clock", "its state may not be read, as in a container"),
        Some(clock) if clock.synchronized => Check::ok(at, "clock", "kept right by a time service"),
        Some(_) => Check::warning(
            at,
            "clock",
            "no time service keeps it right; certificates of downloads are checked by it",
            "`timedatectl set-ntp true` sets it",
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::super::check::Outcome;
    use super::*;
    use crate::ssh::FoundKey;

    fn key(encrypted: bool, hardware: bool, open: bool) -> FoundKey {
        FoundKey { path: "/h/.ssh/id_ed25519".into(), encrypted, hardware, open }
    }

    fn seen(survey: Survey) -> Here {
        Here {
            agent: Ok("/usr/bin/agi-provision".to_string()),
            surveys: vec![("root@web1".to_string(), survey)],
            names: Vec::new(),
            clock: Some(Clock { synchronized: true, ..Clock::default() }),
        }
    }

    #[test]
    fn what_an_apply_needs_here_is_judged_with_the_next_step() {
        let known = || Survey { known_types: vec!["ssh-ed25519".to_string()], ..Survey::default() };
        use Outcome::{Failed, Ok as Good, Warning};
        type Case = (Here, &'static str, Outcome, &'static str, &'static str);
        let cases: Vec<Case> = vec![
            (seen(known()), "keys", Warning, "asked for a password", "ssh-keygen"),
            (
                seen(Survey { keys: vec![key(false, false, false)], ..known() }),
                "keys",
                Good,
                "id_ed25519",
                "",
            ),
            (seen(Survey { keys: vec![key(true, false, false)], ..known() }), "keys", Good, "passphrase", ""),
            (
                seen(Survey { keys: vec![key(false, true, false)], ..known() }),
                "keys",
                Warning,
                "no private",
                "ssh-copy",
            ),
            (seen(Survey { agent: Some(Ok(2)), ..known() }), "keys", Good, "ssh-agent holds", ""),
            (seen(Survey { agent: Some(Ok(0)), ..known() }), "ssh-agent", Warning, "no key", "ssh-add"),
            (
                seen(Survey { agent: Some(Err("refused".into())), ..known() }),
                "ssh-agent",
                Warning,
                "refused",
                "unset",
            ),
            (seen(known()), "known-hosts", Good, "root@web1 is known by ssh-ed25519", ""),
            (seen(Survey::default()), "known-hosts", Warning, "no such file yet", "--accept-new-host-key"),
            (
                Here { agent: Err(("it cannot run".into(), "give --agent FILE".into())), ..seen(known()) },
                "program",
                Failed,
                "it cannot run",
                "--agent",
            ),
            (
                Here { names: vec![("web1".into(), Err("no answer".into()))], ..seen(known()) },
                "dns",
                Warning,
                "web1: no answer",
                "resolv.conf",
            ),
            (
                Here { clock: Some(Clock::default()), ..seen(known()) },
                "clock",
                Warning,
                "no time service",
                "timedatectl",
            ),
            (Here { clock: None, ..seen(known()) }, "clock", Good, "may not be read", ""),
        ];
        for (here, id, outcome, found, advice) in cases {
            let checks = judge(&here);
            let check =
                checks.iter().find(|check| check.id == id).unwrap_or_else(|| panic!("{id}: {checks:?}"));
            assert_eq!(check.outcome, outcome, "{check:?}");
            assert!(check.found.contains(found), "{check:?}");
            assert_eq!(check.advice.is_some(), !advice.is_empty(), "{check:?}");
            assert!(check.advice.as_deref().unwrap_or_default().contains(advice), "{check:?}");
        }
        let open = judge(&seen(Survey { keys: vec![key(false, false, true)], ..known() }));
        assert!(
            open.iter().any(|check| check.advice.as_deref() == Some("chmod 600 /h/.ssh/id_ed25519")),
            "{open:?}"
        );
    }
}
