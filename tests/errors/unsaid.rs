//! Texts of src/ that nobody reads as a sentence in their language, each with the reason.

/// Help, which is English in every language, as clap's own words in it are.
const HELP: &str = "help";
/// Lists and pages that are English, or have messages of their own.
const PAGE: &str = "a page of its own";
/// A request to the model, or what another program says, which is looked for in its text.
const OTHERS: &str = "another program's words, or words for the model";
/// Text of a file that a host gets.
const FILE: &str = "text of a file";
/// A command for the host, which a message shows.
const COMMAND: &str = "a command";
/// A word that the program's own scripts and locks know each other by.
const OURS: &str = "a mark";
/// A document's own key or name.
const NAME: &str = "a name";

/// Modules, with those in them.
pub const MODULES: &[(&str, &str)] = &[
    ("cli::teach", HELP),
    ("cli::first", HELP),
    ("cli::schema", HELP),
    ("cli::self_update", HELP),
    ("report::facts", PAGE),
    ("report::html", PAGE),
    ("report::prometheus", PAGE),
    ("report::explain", PAGE),
    ("plan::explain", PAGE),
    ("hostile", NAME),
    ("lang", NAME),
    ("trace", NAME),
];

/// Beginnings of texts that are no sentences: commands for a shell, comments in files.
pub const STARTS: &[&str] = &[
    "# ",
    "LC_ALL=C;",
    "umask 022;",
    "case \"$(",
    ";; esac",
    "sh -c '",
    "sudo -S",
    "stty raw",
    "--runtime-image \"$(",
];

/// Texts, as the program has them.
pub const NEVER_SAID: &[(&str, &str)] = &[
    ("No space left on device", OTHERS),
    ("Disk quota exceeded", OTHERS),
    ("Killed signal terminated", OTHERS),
    ("virtual memory exhausted", OTHERS),
    ("Cannot allocate memory", OTHERS),
    ("ninja: error", OTHERS),
    ("undefined reference", OTHERS),
    ("certificate is not yet valid", OTHERS),
    ("certificate has expired", OTHERS),
    ("is not valid yet (invalid for another", OTHERS),
    ("is expired (invalid since", OTHERS),
    ("The weights are read once for every token, so the memory sets the pace of the answer. ", OTHERS),
    ("Say in one sentence what you can do.", OTHERS),
    ("Where does comfort end, and where does compromise begin?", OTHERS),
    ("Exec format error", OTHERS),
    ("not found", OTHERS),
    ("No space left", OTHERS),
    ("sudo: not found", OTHERS),
    ("sudo: command not found", OTHERS),
    ("doas: not found", OTHERS),
    ("doas: command not found", OTHERS),
    ("doas: Authentication required", OTHERS),
    ("doas: a tty is required", OTHERS),
    ("doas: Authentication failed", OTHERS),
    ("you must have a tty to run sudo", OTHERS),
    ("is not in the sudoers", OTHERS),
    ("may not run sudo", OTHERS),
    ("is not allowed to execute", OTHERS),
    ("not allowed to run sudo", OTHERS),
    ("incorrect password attempt", OTHERS),
    ("Sorry, try again", OTHERS),
    ("no password was provided", OTHERS),
    ("a password is required", OTHERS),
    ("terminal is required to read the password", OTHERS),
    ("Model loading took ", OTHERS),
    ("Available KV cache memory: ", OTHERS),
    ("certificate verify failed", OTHERS),
    ("illegal option", OTHERS),
    ("unknown option", OTHERS),
    ("unknown argument", OTHERS),
    ("invalid option", OTHERS),
    ("no user exists for uid", OTHERS),
    ("ufw allow proto tcp from {range} to any port {port}", COMMAND),
    (
        "firewall-cmd --permanent --add-rich-rule='rule family=\"{family}\" source address=\"{range}\" port port=\"{port}\" protocol=\"tcp\" accept'",
        COMMAND,
    ),
    ("nft insert rule {chain} {ip} saddr {range} tcp dport {port} accept", COMMAND),
    ("{path} agent session", COMMAND),
    ("vllm serve", COMMAND),
    ("podman pull", COMMAND),
    ("podman load", COMMAND),
    ("`zypper install {}`", COMMAND),
    ("systemctl {}: {}", COMMAND),
    ("--model hf:{}", COMMAND),
    ("mounted noexec", OURS),
    ("not a folder of root's alone", OURS),
    ("key rotate", OURS),
    ("Language model server", FILE),
    ("Worker of a language model server on another host", FILE),
    ("starts {}, and stays above it", FILE),
    ("No GPU in the plan", FILE),
    ("The plan leaves the GPUs to the language model", FILE),
    ("What the clouds take:", FILE),
    ("For {}, which takes: {}.", FILE),
    ("vLLM's documentation, docs/getting_started/installation/gpu.cuda.inc.md, read on 2026-11-28", NAME),
    ("{:?} is not a ", NAME),
    ("maker of graphics cards", NAME),
    ("kind of host", NAME),
    ("gpuhunt catalog", NAME),
    ("model name", NAME),
    ("physical id", NAME),
    ("core id", NAME),
    ("[quantisation, file, size]", NAME),
    ("a table of tensors", NAME),
];

/// Texts with one word of running text that people read all the same.
pub const SAID: &[&str] = &[
    "write {path}",
    "rewrite {path}",
    "install {}: {}",
    "{lacks}: install {}",
    "{}: another SHA-256",
    "server {other}",
    "{server}: adds {} {new}",
    "{server}: drops {} {old}",
    "image {image}",
    "agent {name}",
    "unknown ({why})",
    "GPU {} with {} NVLinks",
    "line {}: {why}",
    "group {}: {why}",
    "{} (since {})",
    "ansible-inventory says: {}",
    "{version}; llama.cpp {build} for {kind}",
];
