//! Decides what changes: from what was observed of each resource and what came before. Pure; `--check`, the
//! drift in `status` and an apply all go by it.

use crate::agent::steps::resource::{Because, Change, Dependent, Id, Observed};

/// Changes of one resource; never empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Planned {
    pub id: Id,
    pub changes: Vec<Change>,
}

/// The changes in the order in which they are made. `cut_off`: an apply before this one never came to its end.
pub fn plan(observed: impl IntoIterator<Item = (Id, Observed)>, cut_off: bool) -> Vec<Planned> {
    let mut planned: Vec<Planned> = Vec::new();
    for (id, observed) in observed {
        let earlier: Vec<Id> = planned.iter().map(|planned| planned.id).collect();
        let changes = changes(id, observed, &earlier, cut_off);
        if !changes.is_empty() {
            planned.push(Planned { id, changes });
        }
    }
    planned
}

/// The changes of one resource, where those of `earlier` change before it.
pub fn changes(id: Id, observed: Observed, earlier: &[Id], cut_off: bool) -> Vec<Change> {
    let mut all = observed.changes;
    let causes: Vec<Id> = id.restarts_on().iter().copied().filter(|cause| earlier.contains(cause)).collect();
    let because = match (cut_off, causes.is_empty()) {
        (true, _) => Because::CutOff,
        (false, false) => Because::Changes(causes),
        (false, true) => return all,
    };
    match observed.dependent {
        Some(Dependent::Restart(units)) => {
            all.extend(units.into_iter().map(|unit| Change::Restart { unit, because: because.clone() }));
        }
        Some(Dependent::Stop(units)) => {
            all.extend(units.into_iter().map(|unit| Change::Stop { unit, because: Because::Outgrown }));
        }
        None => {}
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use Id::*;

    fn create() -> Observed {
        vec![Change::Create("x".to_string())].into()
    }

    fn running(unit: &str) -> Observed {
        Observed { dependent: Some(Dependent::Restart(vec![unit.to_string()])), ..Observed::default() }
    }

    fn in_the_way() -> Observed {
        Observed { dependent: Some(Dependent::Stop(vec!["embed".to_string()])), ..Observed::default() }
    }

    /// A host with both servers running well, but for what is given.
    fn planned(differs: &[(Id, Observed)], cut_off: bool) -> Vec<(Id, Vec<String>)> {
        let usual = |id: Id| match id {
            Start => running("chat"),
            Embedding => running("embed"),
            _ => Observed::default(),
        };
        let of = |id: Id| differs.iter().find(|(other, _)| *other == id).map(|(_, found)| found.clone());
        let observed = Id::ALL.map(|id| (id, of(id).unwrap_or_else(|| usual(id))));
        let text = |changes: Vec<Change>| changes.iter().map(|change| change.to_string()).collect();
        plan(observed, cut_off).into_iter().map(|planned| (planned.id, text(planned.changes))).collect()
    }

    #[test]
    fn servers_restart_on_what_they_were_started_from_and_on_nothing_else() {
        assert_eq!(planned(&[], false), []);
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
            (Retire, false),
            (Expose, false),
        ] {
            let found = planned(&[(id, create())], false);
            let ids: Vec<Id> = found.iter().map(|(id, _)| *id).collect();
            assert_eq!(ids, if restarts { vec![id, Start, Embedding] } else { vec![id] });
            let why = format!("because the {} changes", id.name());
            assert!(
                found[1..].iter().all(|(_, texts)| texts.len() == 1 && texts[0].ends_with(&why)),
                "{found:?}"
            );
        }
        let both = planned(&[(Model, create()), (Configuration, create())], false);
        assert_eq!(both[2].1, ["restart chat, because the model and the configuration change"]);
    }

    #[test]
    fn a_server_that_needs_a_start_anyway_is_started_once() {
        let start: Observed = vec![Change::Start("start chat (now inactive, enabled)".to_string())].into();
        let found = planned(&[(Key, create()), (Start, start)], true);
        assert_eq!(found[1], (Start, vec!["start chat (now inactive, enabled)".to_string()]));
    }

    #[test]
    fn one_of_several_servers_that_needs_a_start_does_not_keep_the_others_from_theirs() {
        let some = |changes: Vec<Change>| Observed {
            changes,
            dependent: Some(Dependent::Restart(vec!["embed".to_string()])),
        };
        let start = || vec![Change::Start("start embed-2 (now inactive, enabled)".to_string())];
        let alone = planned(&[(Embedding, some(start()))], false);
        assert_eq!(alone[0].1, ["start embed-2 (now inactive, enabled)"]);
        let found = planned(&[(Key, create()), (Embedding, some(start()))], false);
        let texts = ["start embed-2 (now inactive, enabled)", "restart embed, because the key changes"];
        assert_eq!(found[2].1, texts);
    }

    #[test]
    fn after_an_apply_that_was_cut_off_both_servers_are_started_anew() {
        let found = planned(&[], true);
        assert_eq!(found.iter().map(|(id, _)| *id).collect::<Vec<_>>(), [Start, Embedding]);
        assert!(found.iter().all(|(_, texts)| texts[0].ends_with("to finish an apply that was cut off")));
    }

    #[test]
    fn an_embedding_server_makes_room_only_for_another_generation() {
        assert_eq!(planned(&[(Retire, in_the_way())], false), []);
        let key = planned(&[(Retire, in_the_way()), (Key, create())], false);
        assert!(key.iter().all(|(id, _)| *id != Retire), "{key:?}");
        let switched = planned(&[(Retire, in_the_way()), (Configuration, create())], false);
        assert_eq!(
            switched[1],
            (Retire, vec!["stop embed, which takes more than is kept for it".to_string()])
        );
        assert_eq!(planned(&[(Retire, in_the_way())], true)[0].0, Retire);
    }

    #[test]
    fn nothing_is_restarted_where_nothing_runs() {
        let quiet = [(Start, Observed::default()), (Embedding, Observed::default()), (Model, create())];
        assert_eq!(planned(&quiet, false).len(), 1);
    }
}
