//! The templates, compiled in. An undefined variable is an error; nothing is escaped unless a
//! template asks for it, by the filters below.

use crate::engine::{self, kind::Engine};
use crate::error::{Context, Result};
use crate::paths;
use serde::Serialize;
use std::sync::OnceLock;
use tera::{Kwargs, State, Tera};

macro_rules! embedded {
    ($($name:literal)*) => { &[$(($name, include_str!(concat!("../../templates/", $name)))),*] };
}

const TEMPLATES: &[(&str, &str)] = embedded!(
    "bundle/README-hosts.md"
    "bundle/README.md"
    "bundle/container.md"
    "cloud-init/first-boot.sh"
    "cloud-init/meta-data"
    "cloud-init/network-config"
    "cloud-init/seed-user-data"
    "cloud-init/user-data"
    "haproxy/README.md"
    "haproxy/haproxy.cfg"
    "haproxy/reload.conf"
    "kubernetes/README.md"
    "kubernetes/adapter.yaml"
    "kubernetes/autoscale.yaml"
    "kubernetes/config.yaml"
    "kubernetes/gate.sh"
    "kubernetes/hard.yaml"
    "kubernetes/hpa.yaml"
    "kubernetes/kustomization.yaml"
    "kubernetes/model.sh"
    "kubernetes/network.yaml"
    "kubernetes/podmonitor.yaml"
    "kubernetes/resources.yaml"
    "kubernetes/services.yaml"
    "kubernetes/statefulset.yaml"
    "nftables/expose.nft"
    "skypilot/README.md"
    "skypilot/service.yaml"
    "systemd/agi-provision-expose.service"
    "systemd/agi-provision-rpc-link.service"
    "systemd/agi-provision-rpc-worker.service"
    "systemd/limits.conf"
);

/// The paths of a host, for templates: `{{ paths.etc }}`.
#[derive(Serialize)]
pub(super) struct Paths {
    unit: &'static str,
    user: &'static str,
    lib: &'static str,
    agent_link: &'static str,
    etc: &'static str,
    api_key: &'static str,
    generation: &'static str,
    var: &'static str,
    generations: &'static str,
    models: &'static str,
    runtimes: &'static str,
    model_dir: &'static str,
    runtime_link: &'static str,
    expose_unit: &'static str,
    expose_confirmed: &'static str,
    tls: &'static str,
    tls_cert: &'static str,
    tls_key: &'static str,
    rpc: &'static str,
    rpc_key: &'static str,
    rpc_user: &'static str,
    workers_file: &'static str,
    link_unit: &'static str,
}

pub(super) const PATHS: Paths = Paths {
    unit: paths::UNIT,
    user: paths::USER,
    lib: paths::LIB,
    agent_link: paths::AGENT_LINK,
    etc: paths::ETC,
    api_key: paths::API_KEY,
    generation: paths::GENERATION,
    var: paths::VAR,
    generations: paths::GENERATIONS,
    models: paths::MODELS,
    runtimes: paths::RUNTIMES,
    model_dir: paths::generation::MODEL,
    runtime_link: paths::generation::RUNTIME,
    expose_unit: paths::EXPOSE_UNIT,
    expose_confirmed: paths::EXPOSE_CONFIRMED,
    tls: paths::TLS,
    tls_cert: paths::TLS_CERT,
    tls_key: paths::TLS_KEY,
    rpc: paths::RPC,
    rpc_key: paths::RPC_KEY,
    rpc_user: paths::RPC_USER,
    workers_file: paths::generation::WORKERS,
    link_unit: paths::LINK_UNIT,
};

/// Name of the template of an engine's unit.
pub(super) fn unit_of(engine: &dyn Engine) -> String {
    format!("engine/{}", engine.name())
}

/// Name of the template of an engine's unit as a container.
pub(super) fn container_of(engine: &dyn Engine) -> String {
    format!("container/{}", engine.name())
}

/// Fills the template called `name` with the fields of `context`.
pub(super) fn fill(name: &str, context: &impl Serialize) -> Result<String> {
    let context = tera::Context::from_serialize(context)
        .with_context(|| format!("preparing the values for the template {name}"))?;
    environment().render(name, &context).with_context(|| format!("filling the template {name}"))
}

fn environment() -> &'static Tera {
    static ENVIRONMENT: OnceLock<Tera> = OnceLock::new();
    ENVIRONMENT.get_or_init(|| {
        let mut tera = empty();
        let units = engine::all().map(|engine| (unit_of(engine), engine.unit()));
        let container = |engine| Some((container_of(engine), engine.container()?.unit));
        let containers = engine::all().into_iter().filter_map(container);
        let named = TEMPLATES.iter().map(|(name, text)| (name.to_string(), *text));
        tera.add_raw_templates(named.chain(units).chain(containers))
            .expect("the embedded templates are read by a test");
        tera
    })
}

fn empty() -> Tera {
    let mut tera = Tera::new();
    tera.autoescape_on(Vec::<&str>::new());
    tera.register_filter("line", |text: &str, _: Kwargs, _: &State| line(text));
    tera.register_filter("systemd", |text: &str, _: Kwargs, _: &State| systemd(text));
    tera.register_filter("sh", |text: &str, _: Kwargs, _: &State| sh(text));
    tera.register_filter("yaml", |text: &str, _: Kwargs, _: &State| yaml(text));
    tera.register_filter("size", |bytes: i64, _: Kwargs, _: &State| size(bytes));
    tera
}

/// On one line: control characters become spaces, and the end cannot continue onto the next line.
fn line(text: &str) -> String {
    let text: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    text.trim_end_matches(['\\', ' ']).to_string()
}

/// Quotes the value of a systemd setting: on one line, `%` stands for itself.
fn systemd(text: &str) -> String {
    line(text).replace('%', "%%")
}

/// Quotes one word of a command line of systemd's: in double quotes, `%` and `$` stand for themselves.
pub(super) fn exec(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:@+=,".contains(c);
    if !text.is_empty() && text.chars().all(plain) {
        return text.to_string();
    }
    let inside = line(text).replace('\\', r"\\").replace('"', r#"\""#).replace('%', "%%").replace('$', "$$");
    format!("\"{inside}\"")
}

/// Quotes one word of a POSIX shell.
fn sh(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:@%+=,".contains(c);
    if !text.is_empty() && text.chars().all(plain) {
        return text.to_string();
    }
    format!("'{}'", text.replace('\'', r"'\''"))
}

/// Writes a text as one word of YAML, in double quotes. What cannot be seen, and what some version of YAML reads as the
/// end of a line, is written by its number.
fn yaml(text: &str) -> String {
    use std::fmt::Write;
    let mut out = String::from('"');
    for c in text.chars() {
        let _ = match c {
            '"' | '\\' => write!(out, "\\{c}"),
            '\n' => write!(out, "\\n"),
            c if c.is_control() || crate::outside::steers(c) => write!(out, "\\U{:08x}", u32::from(c)),
            c => write!(out, "{c}"),
        };
    }
    out + "\""
}

/// Bytes for people: GiB from one GiB on, else MiB, with two decimals.
fn size(bytes: i64) -> String {
    let mib = bytes as f64 / (1 << 20) as f64;
    if mib.abs() < 1024.0 { format!("{mib:.2} MiB") } else { format!("{:.2} GiB", mib / 1024.0) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn one(template: &str, context: serde_json::Value) -> Result<String, tera::Error> {
        let mut tera = empty();
        tera.add_raw_template("t", template)?;
        tera.render("t", &tera::Context::from_serialize(&context)?)
    }

    #[test]
    fn every_embedded_template_reads() {
        let containers = engine::all().into_iter().filter(|engine| engine.container().is_some()).count();
        let all = TEMPLATES.len() + engine::all().len() + containers;
        assert_eq!(environment().get_template_names().count(), all);
    }

    #[test]
    fn an_undefined_variable_is_an_error() {
        assert!(one("{{ nothing }}", json!({})).is_err());
        assert!(one("{{ a.nothing }}", json!({"a": {}})).is_err());
        assert!(fill("systemd/limits.conf", &json!({})).is_err());
    }

    #[test]
    fn nothing_is_escaped_as_html() {
        assert_eq!(one("{{ a }}", json!({"a": "<a & 'b'>"})).unwrap(), "<a & 'b'>");
    }

    #[test]
    fn a_line_cannot_become_two() {
        assert_eq!(line("a\nExecStart=/bin/evil\r\u{85}"), "a ExecStart=/bin/evil");
        assert_eq!(line("ends in a backslash \\"), "ends in a backslash");
    }

    #[test]
    fn systemd_sees_no_specifiers() {
        assert_eq!(systemd("100%n\n"), "100%%n");
    }

    #[test]
    fn a_command_of_systemds_sees_one_word() {
        assert_eq!(exec("/model"), "/model");
        assert_eq!(exec("a b\n$HOME 100% \"x\""), r#""a b $$HOME 100%% \"x\"""#);
        assert_eq!(exec(r"a\"), r#""a""#);
        assert_eq!(exec(""), r#""""#);
    }

    #[test]
    fn a_shell_sees_one_word() {
        assert_eq!(sh("/a/b-c_1.gguf"), "/a/b-c_1.gguf");
        assert_eq!(sh(""), "''");
        assert_eq!(sh("it's $(x)"), r"'it'\''s $(x)'");
        assert_eq!(sh("https://h/a?download=true"), "'https://h/a?download=true'");
    }

    #[test]
    fn yaml_reads_every_text_as_it_was() {
        for text in [
            "",
            "a",
            "yes",
            "a: b # c",
            "\"\\\n\t\r\0",
            "{{x}} %Y",
            "Сайга 日本 🦙",
            "\u{85}\u{2028}\u{202e}\u{feff}",
        ] {
            let read = yaml_rust2::YamlLoader::load_from_str(&format!("a: {}\n", yaml(text))).unwrap();
            assert_eq!(read[0]["a"].as_str(), Some(text), "{}", yaml(text));
            assert_eq!(yaml(text).lines().count(), 1, "{text:?}");
        }
    }

    #[test]
    fn sizes_are_1024_based() {
        assert_eq!(size(1 << 20), "1.00 MiB");
        assert_eq!(size(7_865_210_880), "7.33 GiB");
        assert_eq!(size(-(1 << 30)), "-1.00 GiB");
    }
}
