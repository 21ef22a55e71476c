//! Chooses among the values that flags, environment, project file and user's configuration give.

use super::setting::Setting;
use std::path::PathBuf;

/// Where a value is from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// Typed on the command line.
    Flag,
    /// A variable of the environment.
    Environment(String),
    /// The project's file, and the line in it.
    Project(PathBuf, usize),
    /// The user's configuration, and the line in it.
    User(PathBuf, usize),
}

/// A setting with its values: several of a list, one of all others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Given {
    /// Setting that has the values.
    pub setting: &'static Setting,
    /// Its values, as they would be typed; `true` or `false` for a switch.
    pub values: Vec<String>,
    /// Where they are from.
    pub origin: Origin,
}

/// Returns for each setting the value of the first layer that has one. A value is dropped where a flag of `typed`, or
/// a setting that a layer before its own gave, excludes it.
///
/// # Errors
/// Two settings of one layer that exclude each other.
pub fn merge(
    typed: &[String],
    layers: Vec<Vec<Given>>,
    exclude: impl Fn(&str, &str) -> bool,
) -> Result<Vec<Given>, Box<(Given, Given)>> {
    let mut chosen: Vec<Given> = Vec::new();
    for layer in layers {
        let above = chosen.len();
        for given in layer {
            let flag = given.setting.flag;
            let on = given.values != ["false"];
            let by_flag = typed.iter().any(|other| on && exclude(flag, other));
            let by_layer = chosen[..above].iter().any(|other| {
                other.setting == given.setting || on && is_on(other) && exclude(flag, other.setting.flag)
            });
            if by_flag || by_layer {
                continue;
            }
            let beside = |other: &&Given| on && is_on(other) && exclude(flag, other.setting.flag);
            if given.origin != Origin::Flag
                && let Some(other) = chosen[above..].iter().find(beside)
            {
                return Err(Box::new((other.clone(), given)));
            }
            chosen.push(given);
        }
    }
    Ok(chosen)
}

fn is_on(given: &Given) -> bool {
    given.values != ["false"]
}

#[cfg(test)]
mod tests {
    use super::super::setting::of_flag;
    use super::*;

    fn given(flag: &str, value: &str, origin: Origin) -> Given {
        Given { setting: of_flag(flag).unwrap(), values: vec![value.to_string()], origin }
    }

    fn flag(name: &str, value: &str) -> Given {
        given(name, value, Origin::Flag)
    }

    fn environment(name: &str, value: &str) -> Given {
        given(name, value, Origin::Environment(name.to_string()))
    }

    fn project(name: &str, value: &str) -> Given {
        given(name, value, Origin::Project("p".into(), 1))
    }

    fn user(name: &str, value: &str) -> Given {
        given(name, value, Origin::User("u".into(), 1))
    }

    /// The exclusions that the commands have, as far as the table needs them.
    fn exclude(a: &str, b: &str) -> bool {
        [("host", "inventory"), ("model", "plan"), ("ctx", "plan"), ("host", "local"), ("identity", "local")]
            .iter()
            .any(|pair| *pair == (a, b) || *pair == (b, a))
    }

    #[test]
    fn the_nearest_layer_gives_the_value_and_what_it_excludes_is_dropped() {
        type Case<'a> = (&'a str, &'a [&'a str], [Vec<Given>; 4], &'a [(&'a str, &'a str)]);
        let cases: Vec<Case> = vec![
            ("nothing given", &[], [vec![], vec![], vec![], vec![]], &[]),
            (
                "each layer before the next",
                &[],
                [
                    vec![flag("ctx", "1")],
                    vec![environment("ctx", "2"), environment("slots", "2")],
                    vec![project("slots", "3"), project("model", "3")],
                    vec![user("model", "4"), user("budget", "4")],
                ],
                &[("ctx", "1"), ("slots", "2"), ("model", "3"), ("budget", "4")],
            ),
            (
                "a flag that is no setting displaces what it excludes",
                &["plan"],
                [
                    vec![],
                    vec![environment("ctx", "2")],
                    vec![project("model", "m"), project("host", "h")],
                    vec![],
                ],
                &[("host", "h")],
            ),
            (
                "a typed host displaces the project's inventory",
                &[],
                [vec![flag("host", "a")], vec![], vec![project("inventory", "i")], vec![]],
                &[("host", "a")],
            ),
            (
                "the environment's host displaces the project's inventory, and that the user's host",
                &[],
                [
                    vec![],
                    vec![environment("host", "a")],
                    vec![project("inventory", "i")],
                    vec![user("host", "b"), user("identity", "k")],
                ],
                &[("host", "a"), ("identity", "k")],
            ),
            (
                "this machine itself needs no host and no key",
                &["local"],
                [vec![], vec![], vec![project("host", "h")], vec![user("identity", "k")]],
                &[],
            ),
            (
                "a switch that is off hides the one below",
                &[],
                [vec![], vec![environment("rag", "false")], vec![project("rag", "true")], vec![]],
                &[("rag", "false")],
            ),
        ];
        for (name, typed, layers, wanted) in cases {
            let typed: Vec<String> = typed.iter().map(|flag| flag.to_string()).collect();
            let chosen = merge(&typed, layers.into(), exclude).unwrap();
            let chosen: Vec<(&str, &str)> =
                chosen.iter().map(|given| (given.setting.flag, given.values[0].as_str())).collect();
            assert_eq!(chosen, wanted, "{name}");
        }
    }

    #[test]
    fn two_settings_of_one_file_that_exclude_each_other_are_an_error() {
        let layer = vec![project("host", "a"), project("inventory", "i")];
        let both = *merge(&[], vec![layer], exclude).unwrap_err();
        assert_eq!((both.0.setting.flag, both.1.setting.flag), ("host", "inventory"));
        // Typed ones are the command line's to refuse.
        assert!(merge(&[], vec![vec![flag("host", "a"), flag("inventory", "i")]], exclude).is_ok());
    }
}
