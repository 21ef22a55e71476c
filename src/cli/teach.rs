//! Help that teaches: examples under each `--help`, seldom used flags left out of `-h`, and values that a shell completes.

use crate::hardware::profiles;
use crate::model::registry;
use crate::ssh;
use clap::Command;
use clap_complete::engine::{ArgValueCandidates, CompletionCandidate};

/// Examples by command. Those that are not here have their own beside their arguments.
const EXAMPLES: &[(&str, &str)] = &[
    (
        "",
        "agi-provision init
  agi-provision plan --model saiga-8b --budget 50/month
  agi-provision apply --plan plan.json --host root@203.0.113.7",
    ),
    (
        "plan",
        "agi-provision plan --model saiga-8b
  agi-provision plan --model qwen3-8b --budget 300/month --prefer quality
  agi-provision plan --model mistral-7b:Q4_K_M --profile cpu-vps-32gb --ctx 8192 --slots 2 --explain
  agi-provision plan --model saiga-8b --profile cpu-vps-32gb --resolve --out plan.json",
    ),
    (
        "verify",
        "agi-provision verify --plan plan.json --host root@203.0.113.7
  agi-provision verify --plan plan.json --host root@203.0.113.7 --deep --measure",
    ),
    (
        "probe",
        "agi-provision probe --host root@203.0.113.7
  agi-provision probe --host root@203.0.113.7 --measure --format json",
    ),
    (
        "status",
        "agi-provision status --host root@203.0.113.7
  agi-provision status --inventory hosts.toml --format json
  agi-provision status --host root@203.0.113.7 --format prometheus",
    ),
    (
        "logs",
        "agi-provision logs --host root@203.0.113.7 --lines 50
  agi-provision logs --host root@203.0.113.7 --follow",
    ),
    (
        "tunnel",
        "agi-provision tunnel --host root@203.0.113.7
  agi-provision tunnel --host root@203.0.113.7 --port 9000 --embedding",
    ),
    (
        "key",
        "agi-provision key show --host root@203.0.113.7
  agi-provision key rotate --host root@203.0.113.7",
    ),
    ("key show", "agi-provision key show --host root@203.0.113.7"),
    ("key rotate", "agi-provision key rotate --host root@203.0.113.7 --yes"),
    ("rollback", "agi-provision rollback --host root@203.0.113.7"),
    ("remove", "agi-provision remove --host root@203.0.113.7 --keep-models"),
    ("models show", "agi-provision models show qwen3-8b"),
    ("profiles", "agi-provision profiles"),
    ("levels", "agi-provision levels\n  agi-provision levels --out hardware_agi_levels.md"),
    ("offers update", "agi-provision offers update --source skypilot"),
    ("config", "agi-provision config show"),
    ("config show", "agi-provision config show --set\n  agi-provision config show --ctx 4096 --format json"),
    ("schema", "agi-provision schema\n  agi-provision schema plan"),
    ("self-update", "agi-provision self-update"),
    (
        "completions",
        "source <(agi-provision completions bash)        # in ~/.bashrc
  source <(agi-provision completions zsh)         # in ~/.zshrc
  agi-provision completions fish | source         # in ~/.config/fish/config.fish",
    ),
    ("man", "agi-provision man --dir ~/.local/share/man/man1\n  agi-provision man | man -l -"),
];

/// Flags that `-h` leaves out and `--help` has.
const SELDOM: &[&str] = &[
    "limit",
    "retry_failed",
    "passphrase_stdin",
    "password_stdin",
    "sudo_password_stdin",
    "host_key",
    "ssh_config",
    "known_hosts",
    "jobs",
    "agent",
    "max_price",
    "offers",
    "kv_type",
    "kv_unified",
    "flash_attn",
    "batch",
    "ubatch",
    "split_mode",
    "n_cpu_moe",
    "rag_model",
    "rag_chunks",
    "rag_chunk_tokens",
    "expose_everyone",
    "llama_build",
    "trust_edits",
    "show_edits",
    "runtime_path",
    "mirror",
    "tls_cert",
    "tls_key",
    "start_timeout",
    "allow",
    "project",
];

/// Returns the command with its examples, and with candidates for the values of its arguments. `own` are the hosts of the
/// user's own files, which come before those that SSH knows.
pub fn taught(command: Command, own: fn() -> Vec<String>) -> Command {
    below(command, "", own)
}

fn below(mut command: Command, path: &str, own: fn() -> Vec<String>) -> Command {
    command = command.mut_args(|argument| {
        let seldom = SELDOM.contains(&argument.get_id().as_str());
        let argument = if seldom { argument.hide_short_help(true) } else { argument };
        match argument.get_id().as_str() {
            "model" | "rag_model" => argument.add(ArgValueCandidates::new(models)),
            "profile" | "fits" => argument.add(ArgValueCandidates::new(profile_ids)),
            "host" => argument.add(ArgValueCandidates::new(move || {
                candidates(own().into_iter().chain(ssh::known_names()))
            })),
            _ => argument,
        }
    });
    if let Some((_, examples)) = EXAMPLES.iter().find(|(name, _)| *name == path) {
        let after = command.get_after_help().map(|text| format!("{text}\n\n")).unwrap_or_default();
        command = command.after_long_help(format!("{after}Examples:\n  {examples}"));
    }
    command.mut_subcommands(|sub| {
        let path = format!("{path} {}", sub.get_name());
        below(sub, path.trim_start(), own)
    })
}

fn candidates(values: impl IntoIterator<Item = String>) -> Vec<CompletionCandidate> {
    values.into_iter().map(CompletionCandidate::new).collect()
}

fn models() -> Vec<CompletionCandidate> {
    candidates(registry::all().map(|model| model.id))
}

fn profile_ids() -> Vec<CompletionCandidate> {
    candidates(profiles::all().into_iter().map(|profile| profile.id))
}
