//! Commands to go on with after a success: the API on this machine, its key, and a first question.

use crate::apply::Host;
use crate::apply::fleet::Results;
use crate::engine::server::{Role, ServerName};
use crate::error::Exit;
use crate::lang::Lang;

/// Writes them to stderr for the first host that serves; the others' are alike. `reach` gives the flags with which a
/// command reaches a host; `page` says whether a host's server, by its place in `results`, has a page for chats.
pub fn show(results: &Results, reach: impl Fn(&Host) -> String, page: impl Fn(usize) -> bool) {
    let served = |result: &crate::error::Result<crate::apply::HostOutcome>| {
        result.as_ref().is_ok_and(|outcome| outcome.end.exit == Exit::Done)
    };
    if let Some(at) = results.iter().position(|(_, result)| served(result)) {
        let host = &results[at].0;
        let local = matches!(host, Host::Local { .. });
        crate::say::lines(&text(local, &reach(host), page(at), Lang::current()));
    }
}

/// Returns the commands for one host, which the flags `reach` lead to.
fn text(local: bool, reach: &str, page: bool, lang: Lang) -> String {
    let port = ServerName::CHAT.port();
    let tunnel = match local {
        true => String::new(),
        false => format!("  agi-provision tunnel{reach}\n"),
    };
    let page = match page {
        true => {
            format!("  {}\n", tr!(lang, "next-page", url = format!("http://127.0.0.1:{port}/")))
        }
        false => String::new(),
    };
    format!(
        "\n{}\n{tunnel}  agi-provision key show{reach}\n{page}\n{}\n\n{}",
        if local { tr!(lang, "next-here") } else { tr!(lang, "next-tunnel") },
        curl(port, reach, Role::Chat),
        python(port, reach, lang),
    )
}

/// Returns a command that asks a server on this machine's `port`, without the secret in it. `reach` are the
/// flags that lead to its host.
pub fn curl(port: u16, reach: &str, role: Role) -> String {
    let (path, body) = match role {
        Role::Embedding => ("embeddings", "{\"input\": \"Hello!\"}"),
        Role::Chat | Role::Worker => {
            ("chat/completions", "{\"messages\": [{\"role\": \"user\", \"content\": \"Hello!\"}]}")
        }
    };
    format!(
        "curl http://127.0.0.1:{port}/v1/{path} \\\n  \
         -H \"Authorization: Bearer $(agi-provision key show{reach})\" \\\n  \
         -H 'Content-Type: application/json' \\\n  \
         -d '{body}'"
    )
}

/// Returns the same question in Python, with the OpenAI client.
fn python(port: u16, reach: &str, lang: Lang) -> String {
    let first = tr!(lang, "next-first");
    format!(
        "# {first} pip install openai; export OPENAI_API_KEY=\"$(agi-provision key show{reach})\"\n\
         from openai import OpenAI\n\
         client = OpenAI(base_url=\"http://127.0.0.1:{port}/v1\")\n\
         messages = [{{\"role\": \"user\", \"content\": \"Hello!\"}}]\n\
         answer = client.chat.completions.create(model=\"local\", messages=messages)\n\
         print(answer.choices[0].message.content)"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_commands_reach_the_host_and_hold_no_secret() {
        for (local, reach, page, lines, absent) in [
            (
                false,
                " --host root@203.0.113.7 --identity k",
                true,
                &[
                    "  agi-provision tunnel --host root@203.0.113.7 --identity k",
                    "  agi-provision key show --host root@203.0.113.7 --identity k",
                    "  http://127.0.0.1:8080/ in a browser: the page for chats, which asks for the key",
                    "curl http://127.0.0.1:8080/v1/chat/completions \\",
                    "# first: pip install openai; export OPENAI_API_KEY=\"$(agi-provision key show --host root@203.0.113.7 --identity k)\"",
                    "from openai import OpenAI",
                ][..],
                "sk-",
            ),
            // The project's file has the rest.
            (
                false,
                "",
                false,
                &[
                    "  agi-provision tunnel",
                    "  agi-provision key show",
                    "  -H \"Authorization: Bearer $(agi-provision key show)\" \\",
                ],
                "--host",
            ),
            (true, " --local", false, &["  agi-provision key show --local"], "tunnel"),
        ] {
            let said = text(local, reach, page, Lang::English);
            for line in lines {
                assert!(said.lines().any(|each| each == *line), "{line}\n{said}");
            }
            assert!(!said.contains(absent) && said.contains("browser") == page, "{said}");
        }
    }
}
