//! Decides what changes: from what was observed of each resource and what came before. Pure; `--check`, the
//! drift in `status` and an apply all go by it.

use crate::agent::steps::resource::{Because, Change, Dependent, Id, Observed, Reach};

/// Changes of one resource; never empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Planned {
    pub id: Id,
    pub changes: Vec<Change>,
    /// Servers that the changes reach.
    pub reach: Reach,
}

/// Returns the changes in the order in which they are made. `cut_off`: an apply before this one never came to its end.
pub fn plan(observed: impl IntoIterator<Item = (Id, Observed)>, cut_off: bool) -> Vec<Planned> {
    let mut all: Vec<Planned> = Vec::new();
    for (id, observed) in observed {
        all.extend(planned(id, observed, &all, cut_off));
    }
    all
}

/// Returns the changes of one resource, where those of `earlier` are made before; `None` if it needs none.
pub fn planned(id: Id, observed: Observed, earlier: &[Planned], cut_off: bool) -> Option<Planned> {
    debug_assert!(earlier.iter().all(|other| !other.id.comes_after(id)), "{id:?} is too late");
    let Observed { mut changes, reach, dependent } = observed;
    changes.extend(dependent.and_then(|dependent| brought_about(id, dependent, earlier, cut_off)));
    (!changes.is_empty()).then_some(Planned { id, changes, reach })
}

/// Returns the change that a server which is as desired needs because of `earlier` ones.
fn brought_about(id: Id, dependent: Dependent, earlier: &[Planned], cut_off: bool) -> Option<Change> {
    let server = id.server()?;
    // Another ledger concerns every server; another input only those that read it.
    let reaches = |other: &Planned| dependent == Dependent::Stop || other.reach.includes(server);
    let causes = earlier.iter().filter(|other| id.restarts_on(other.id) && reaches(other));
    let causes: Vec<Id> = causes.map(|other| other.id).collect();
    let made_room = id == Id::Start(server) && earlier.iter().any(|other| other.id == Id::Retire(server));
    let because = match (cut_off, causes.is_empty()) {
        (true, _) => Because::CutOff,
        (false, false) => Because::Changes(causes),
        (false, true) if made_room => Because::MadeRoom,
        (false, true) => return None,
    };
    Some(match dependent {
        Dependent::Restart => Change::Restart { server, because },
        Dependent::Stop => Change::Stop { server, because: Because::Outgrown },
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::server::ServerName;
    use Id::*;

    const EMBED: ServerName = ServerName::EMBEDDING;

    fn embed_2() -> ServerName {
        "embed-2".parse().unwrap()
    }

    fn create() -> Observed {
        vec![Change::Create("x".to_string())].into()
    }

    /// A change that only these servers read.
    fn create_for(servers: &[ServerName]) -> Observed {
        Observed { reach: Reach::Only(servers.iter().copied().collect()), ..create() }
    }

    fn start(unit: &str) -> Observed {
        vec![Change::Start(format!("start {unit} (now inactive, enabled)"))].into()
    }

    fn runs() -> Observed {
        Observed { dependent: Some(Dependent::Restart), ..Observed::default() }
    }

    fn in_the_way() -> Observed {
        Observed { dependent: Some(Dependent::Stop), ..Observed::default() }
    }

    /// Plans for a host with three servers that run well, but for the given differences.
    fn changes(differs: &[(Id, Observed)], cut_off: bool) -> Vec<(Id, Vec<String>)> {
        let mut ids = vec![User, Directories, Runtime, Packages, Model, Key, Agent, Unit, Configuration];
        ids.extend([EMBED, embed_2()].map(Retire));
        ids.extend([ServerName::CHAT, EMBED, embed_2()].map(Start));
        ids.push(Expose);
        let usual = |id: Id| if matches!(id, Start(_)) { runs() } else { Observed::default() };
        let found = |id: Id| differs.iter().find(|(other, _)| *other == id).map(|(_, found)| found.clone());
        let observed = ids.into_iter().map(|id| (id, found(id).unwrap_or_else(|| usual(id))));
        let text = |changes: Vec<Change>| changes.iter().map(|change| change.to_string()).collect();
        plan(observed, cut_off).into_iter().map(|planned| (planned.id, text(planned.changes))).collect()
    }

    fn ids(planned: &[(Id, Vec<String>)]) -> Vec<Id> {
        planned.iter().map(|(id, _)| *id).collect()
    }

    #[test]
    fn servers_restart_on_what_they_were_started_from_and_on_nothing_else() {
        assert_eq!(changes(&[], false), []);
        for (id, restarts) in [
            (User, false),
            (Directories, false),
            (Runtime, true),
            (Packages, false),
            (Model, true),
            (Key, true),
            (Agent, true),
            (Unit, true),
            (Configuration, true),
            (Retire(EMBED), false),
            (Expose, false),
        ] {
            let found = changes(&[(id, create())], false);
            let starts = [Start(ServerName::CHAT), Start(EMBED), Start(embed_2())];
            let expected = if restarts { [&[id], &starts[..]].concat() } else { vec![id] };
            let expected = if id == Retire(EMBED) { vec![id, Start(EMBED)] } else { expected };
            assert_eq!(ids(&found), expected);
            let why = match id {
                Retire(_) => "which was stopped to make room for the model".to_string(),
                _ => format!("because the {} changes", id.name()),
            };
            let says_why = |texts: &[String]| texts.len() == 1 && texts[0].ends_with(&why);
            assert!(found[1..].iter().all(|(_, texts)| says_why(texts)), "{found:?}");
        }
        let both = changes(&[(Model, create()), (Configuration, create())], false);
        assert_eq!(
            both[2].1,
            ["restart agi-provision-llama.service, because the model and the configuration change"]
        );
    }

    #[test]
    fn only_the_servers_that_read_a_change_restart() {
        let chat = ServerName::CHAT;
        type Case = (Vec<(Id, Vec<ServerName>)>, Vec<(ServerName, &'static str)>);
        let table: Vec<Case> = vec![
            (vec![(Configuration, vec![])], vec![]),
            (vec![(Configuration, vec![embed_2()])], vec![(embed_2(), "the configuration changes")]),
            (vec![(Configuration, vec![chat])], vec![(chat, "the configuration changes")]),
            (
                vec![(Model, vec![EMBED]), (Configuration, vec![chat, EMBED])],
                vec![(chat, "the configuration changes"), (EMBED, "the model and the configuration change")],
            ),
            (
                vec![(Unit, vec![embed_2()]), (Configuration, vec![chat])],
                vec![(chat, "the configuration changes"), (embed_2(), "the unit changes")],
            ),
        ];
        for (made, restarts) in table {
            let differs: Vec<_> = made.iter().map(|(id, servers)| (*id, create_for(servers))).collect();
            let found = changes(&differs, false);
            let text = |(server, why): &(ServerName, &str)| {
                (Start(*server), vec![format!("restart {}, because {why}", server.unit())])
            };
            assert_eq!(found[made.len()..], restarts.iter().map(text).collect::<Vec<_>>(), "{made:?}");
        }
    }

    #[test]
    fn a_server_that_needs_a_start_anyway_is_started_once() {
        let found = changes(&[(Key, create()), (Start(ServerName::CHAT), start("chat"))], true);
        assert_eq!(
            found[1],
            (Start(ServerName::CHAT), vec!["start chat (now inactive, enabled)".to_string()])
        );
    }

    #[test]
    fn one_of_several_servers_that_needs_a_start_does_not_keep_the_others_from_theirs() {
        let stopped = || (Start(embed_2()), start("embed-2"));
        let alone = changes(&[stopped()], false);
        assert_eq!(alone, [(Start(embed_2()), vec!["start embed-2 (now inactive, enabled)".to_string()])]);
        let found = changes(&[(Key, create()), stopped()], false);
        assert_eq!(found[2].1, ["restart agi-provision-embed.service, because the key changes"]);
        assert_eq!(found[3].1, ["start embed-2 (now inactive, enabled)"]);
    }

    #[test]
    fn after_an_apply_that_was_cut_off_every_server_is_started_anew() {
        let found = changes(&[], true);
        assert_eq!(ids(&found), [Start(ServerName::CHAT), Start(EMBED), Start(embed_2())]);
        assert!(found.iter().all(|(_, texts)| texts[0].ends_with("to finish an apply that was cut off")));
        let quiet = [(Configuration, create_for(&[]))];
        assert_eq!(changes(&quiet, true).len(), 4, "whatever its changes reach");
    }

    #[test]
    fn an_embedding_server_makes_room_only_for_another_generation_and_comes_back_after_it() {
        let retire = || (Retire(EMBED), in_the_way());
        assert_eq!(changes(&[retire()], false), []);
        let key = changes(&[retire(), (Key, create())], false);
        assert!(key.iter().all(|(id, _)| *id != Retire(EMBED)), "{key:?}");
        let switched = changes(&[retire(), (Configuration, create_for(&[ServerName::CHAT]))], false);
        assert_eq!(ids(&switched), [Configuration, Retire(EMBED), Start(ServerName::CHAT), Start(EMBED)]);
        let text = "stop agi-provision-embed.service, which takes more than is kept for it";
        assert_eq!(switched[1].1, [text]);
        let text = "restart agi-provision-embed.service, which was stopped to make room for the model";
        assert_eq!(switched[3].1, [text]);
        assert_eq!(changes(&[retire()], true)[0].0, Retire(EMBED));
    }

    #[test]
    fn nothing_is_restarted_where_nothing_runs() {
        let servers = [ServerName::CHAT, EMBED, embed_2()].map(|server| (Start(server), Observed::default()));
        let quiet = [&servers[..], &[(Model, create())]].concat();
        assert_eq!(changes(&quiet, false).len(), 1);
    }
}
