//! Settings that a project file, the user's configuration or the environment may give in place of a flag.

/// How a setting's value is written in a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A string.
    Text,
    /// A whole number.
    Whole,
    /// A number with or without a fraction.
    Decimal,
    /// `true` gives the flag, `false` leaves it out.
    Switch,
    /// `"on"` or `"off"`; `true` and `false` too.
    OnOff,
    /// A path; a relative one lies beside the file.
    Path,
    /// Several paths.
    Paths,
    /// A model: a name, or the path of a `.gguf` file.
    Model,
    /// Several strings.
    Texts,
    /// Several hosts, each `[user@]name[:port]`.
    Hosts,
}

impl Kind {
    /// Returns what a file has to hold, in words.
    pub fn wanted(self) -> &'static str {
        match self {
            Kind::Text => "a string in quotes",
            Kind::Whole => "a whole number, without quotes",
            Kind::Decimal => "a number, without quotes",
            Kind::Switch => "true or false",
            Kind::OnOff => "\"on\" or \"off\"",
            Kind::Path => "a path in quotes",
            Kind::Paths => "a path in quotes, or a list of them",
            Kind::Model => "a model's name or the path of a .gguf file, in quotes",
            Kind::Texts => "a string in quotes, or a list of them",
            Kind::Hosts => "a host such as \"root@203.0.113.7\", or a list of them",
        }
    }

    /// Returns whether several values may be given.
    pub fn is_list(self) -> bool {
        matches!(self, Kind::Paths | Kind::Texts | Kind::Hosts)
    }
}

/// Files that may hold a setting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// A project's file and the user's configuration.
    Any,
    /// The user's configuration only, with the reason.
    User(&'static str),
}

/// One setting: the flag that it stands for, and its place in a file.
#[derive(Debug, PartialEq, Eq)]
pub struct Setting {
    /// Table of the file; empty for its top.
    pub table: &'static str,
    /// Key in that table.
    pub key: &'static str,
    /// The flag, without its dashes.
    pub flag: &'static str,
    /// How the value is written.
    pub kind: Kind,
    /// Files that may hold it.
    pub place: Place,
}

impl Setting {
    /// Returns the variable of the environment that gives it: `AGI_PROVISION_CTX`.
    pub fn variable(&self) -> String {
        format!("AGI_PROVISION_{}", self.flag.replace('-', "_").to_ascii_uppercase())
    }

    /// Returns its name in `config show`: `constraints.ctx`.
    pub fn name(&self) -> String {
        match self.table {
            "" => self.key.to_string(),
            table => format!("{table}.{}", self.key),
        }
    }
}

const fn any(table: &'static str, key: &'static str, flag: &'static str, kind: Kind) -> Setting {
    Setting { table, key, flag, kind, place: Place::Any }
}

const fn user(table: &'static str, key: &'static str, flag: &'static str, why: &'static str) -> Setting {
    Setting { table, key, flag, kind: Kind::Path, place: Place::User(why) }
}

/// Every setting, in the order of `config show`.
pub const SETTINGS: &[Setting] = &[
    any("", "model", "model", Kind::Model),
    any("", "hosts", "host", Kind::Hosts),
    any("", "inventory", "inventory", Kind::Path),
    any("constraints", "budget", "budget", Kind::Text),
    any("constraints", "max_price", "max-price", Kind::Text),
    any("constraints", "offers", "offers", Kind::Path),
    any("constraints", "profile", "profile", Kind::Text),
    any("constraints", "prefer", "prefer", Kind::Text),
    any("constraints", "quant", "quant", Kind::Text),
    any("constraints", "ctx", "ctx", Kind::Whole),
    any("constraints", "slots", "slots", Kind::Whole),
    any("constraints", "kv_type", "kv-type", Kind::Text),
    any("constraints", "kv_unified", "kv-unified", Kind::Switch),
    any("constraints", "flash_attn", "flash-attn", Kind::OnOff),
    any("constraints", "batch", "batch", Kind::Whole),
    any("constraints", "ubatch", "ubatch", Kind::Whole),
    any("constraints", "split_mode", "split-mode", Kind::Text),
    any("constraints", "n_cpu_moe", "n-cpu-moe", Kind::Whole),
    any("constraints", "min_speed", "min-speed", Kind::Decimal),
    any("constraints", "rag", "rag", Kind::Switch),
    any("constraints", "rag_model", "rag-model", Kind::Model),
    any("constraints", "rag_chunks", "rag-chunks", Kind::Whole),
    any("constraints", "rag_chunk_tokens", "rag-chunk-tokens", Kind::Whole),
    any("constraints", "engine", "engine", Kind::Text),
    any("constraints", "runtime_image", "runtime-image", Kind::Text),
    any("constraints", "runtime_packages", "runtime-packages", Kind::Switch),
    any("constraints", "llama_build", "llama-build", Kind::Text),
    any("constraints", "resolve", "resolve", Kind::Switch),
    any("exposure", "webui", "webui", Kind::Switch),
    any("exposure", "ranges", "expose", Kind::Texts),
    any("exposure", "everyone", "expose-everyone", Kind::Switch),
    any("exposure", "tls_cert", "tls-cert", Kind::Path),
    any("exposure", "tls_key", "tls-key", Kind::Path),
    any("apply", "model_file", "model-file", Kind::Paths),
    any("apply", "runtime_archive", "runtime-archive", Kind::Paths),
    any("apply", "runtime_source", "runtime-source", Kind::Path),
    any("apply", "runtime_path", "runtime-path", Kind::Text),
    any("apply", "mirror", "mirror", Kind::Texts),
    any("apply", "start_timeout", "start-timeout", Kind::Whole),
    any("apply", "driver", "driver", Kind::Text),
    any("apply", "proxy", "proxy", Kind::Text),
    any("apply", "wait", "wait", Kind::Whole),
    any("apply", "strict", "strict", Kind::Switch),
    any("connection", "identity", "identity", Kind::Paths),
    any("connection", "known_hosts", "known-hosts", Kind::Path),
    any("connection", "jobs", "jobs", Kind::Whole),
    user("connection", "ssh_config", "ssh-config", "an SSH configuration can start programs on this machine"),
    user("connection", "agent", "agent", "it is run as root on every host"),
];

/// Returns the setting of a flag.
pub fn of_flag(flag: &str) -> Option<&'static Setting> {
    SETTINGS.iter().find(|setting| setting.flag == flag)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn each_setting_has_a_flag_a_place_and_a_variable_of_its_own() {
        let flags: BTreeSet<_> = SETTINGS.iter().map(|setting| setting.flag).collect();
        let places: BTreeSet<_> = SETTINGS.iter().map(Setting::name).collect();
        let variables: BTreeSet<_> = SETTINGS.iter().map(Setting::variable).collect();
        assert_eq!(
            (flags.len(), places.len(), variables.len()),
            (SETTINGS.len(), SETTINGS.len(), SETTINGS.len())
        );
        assert_eq!(of_flag("kv-type").unwrap().variable(), "AGI_PROVISION_KV_TYPE");
        for secret in crate::ssh::VARIABLES {
            assert!(!variables.contains(secret), "{secret}");
        }
    }
}
