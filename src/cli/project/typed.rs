//! Reads the command line before clap does: which command it is, and which flags were typed.

use std::ffi::OsString;

/// Flags that are answered without any setting.
const ASIDE: [&str; 4] = ["-h", "--help", "-V", "--version"];

/// A command line, taken apart.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Typed {
    /// Names of the command and of the one below it: `key`, `show`.
    pub command: Vec<String>,
    /// Flags with what follows each: `--ctx 4096`, `--ctx=4096`, `--rag`. What follows a switch is not its value.
    pub flags: Vec<(String, Option<String>)>,
    /// The place where arguments may be added.
    pub end: usize,
    /// Help or the version is asked for.
    pub aside: bool,
}

impl Typed {
    /// Reads the arguments after the program's name. No flag of ours takes a value that begins with two dashes.
    pub fn read(arguments: &[OsString], top: &clap::Command) -> Typed {
        let texts: Vec<String> = arguments.iter().map(|text| text.to_string_lossy().into_owned()).collect();
        let end = texts.iter().position(|text| text == "--").unwrap_or(texts.len());
        let mut typed = Typed { end, ..Typed::default() };
        let mut command = Some(top);
        let mut index = 0;
        while index < end {
            let text = &texts[index];
            index += 1;
            if let Some(flag) = text.strip_prefix("--") {
                typed.flags.push(match flag.split_once('=') {
                    Some((flag, value)) => (flag.to_string(), Some(value.to_string())),
                    None => (flag.to_string(), texts[..end].get(index).cloned()),
                });
                if flag == "project" {
                    index += 1;
                }
            } else if !text.starts_with('-') {
                command = command.and_then(|command| command.find_subcommand(text));
                typed.command.extend(command.map(|command| command.get_name().to_string()));
            }
            typed.aside |= ASIDE.contains(&text.as_str());
        }
        typed
    }

    /// Returns the last value of a flag.
    pub fn value(&self, flag: &str) -> Option<&str> {
        self.flags.iter().rev().find(|(name, _)| name == flag).and_then(|(_, value)| value.as_deref())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::{Arg, Command};

    #[test]
    fn the_command_and_its_flags_are_found() {
        let top = Command::new("x")
            .subcommand(Command::new("plan").arg(Arg::new("m").long("model")))
            .subcommand(Command::new("key").subcommand(Command::new("show")));
        let read =
            |line: &str| Typed::read(&line.split_whitespace().map(OsString::from).collect::<Vec<_>>(), &top);
        let typed = read("--project p.toml key show --host a --host=b -- --ctx 1");
        assert_eq!((typed.command.as_slice(), typed.end), (&["key".to_string(), "show".to_string()][..], 7));
        assert_eq!(
            (typed.value("host"), typed.value("ctx"), typed.value("project")),
            (Some("b"), None, Some("p.toml"))
        );
        assert_eq!(read("plan --model show").command, ["plan"]);
        assert_eq!(read("nothing plan").command, [""; 0]);
        assert!(read("plan -h").aside && read("plan --version").aside && !read("plan").aside);
    }
}
