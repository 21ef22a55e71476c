//! Tells a user how to reach an API that is open to others: its certificate in a file, its fingerprint, and a command
//! to try.

use crate::apply::fleet::Results;
use crate::apply::{Host, HostOutcome};
use crate::error::{Context, Exit, Result};
use crate::files;
use crate::outside;
use crate::wire::protocol::Event;
use std::path::PathBuf;

/// To stderr, for each host that was opened. `reach` gives the flags with which a command reaches it.
pub fn show(results: &Results, reach: impl Fn(&Host) -> String) {
    for (host, outcome) in results.iter().filter_map(|(host, result)| Some((host, result.as_ref().ok()?))) {
        if outcome.end.exit == Exit::Done
            && let Some(text) = text(host, outcome, &reach(host))
        {
            crate::say::lines(&format!("\n{text}"));
        }
    }
}

fn text(host: &Host, outcome: &HostOutcome, reach: &str) -> Option<String> {
    let (ranges, port, certificate) = outcome.events.iter().rev().find_map(|event| match event {
        Event::Exposed { ranges, port, certificate, .. } => Some((ranges, port, certificate)),
        _ => None,
    })?;
    let names: Vec<&str> = certificate["names"].as_array()?.iter().filter_map(|name| name.as_str()).collect();
    let known = host.names();
    // A name that the certificate is good for.
    let name = known.iter().rev().map(String::as_str).find(|name| names.contains(name));
    let name = name.or(names.first().copied()).unwrap_or("HOST");
    let place = if name.contains(':') { format!("[{name}]") } else { name.to_string() };
    let made = certificate["made_here"].as_bool().unwrap_or(true);
    let cacert = match (made, keep(name, certificate["pem"].as_str()?)) {
        (false, _) => String::new(),
        (true, Ok(path)) => format!(" --cacert {}", crate::ssh::quote(&path.to_string_lossy())),
        (true, Err(error)) => {
            warn!("the certificate was not kept here: {error:#}");
            " --cacert CERTIFICATE".to_string()
        }
    };
    // The pin of the public key outlives the certificate; it is for clients that check it themselves.
    let pin = match (made, certificate["public_key_pin"].as_str()) {
        (true, Some(pin)) => format!("; its public key, which stays: {pin}"),
        _ => String::new(),
    };
    Some(printable_lines(&format!(
        "https://{place}:{port} is open to {ranges}\n\
         certificate SHA-256 {}, {} days left{pin}\n\
         curl https://{place}:{port}/v1/chat/completions{cacert} \\\n  \
         -H \"Authorization: Bearer $(agi-provision key show{reach})\" \\\n  \
         -H 'Content-Type: application/json' \\\n  \
         -d '{{\"messages\": [{{\"role\": \"user\", \"content\": \"Hello!\"}}]}}'",
        certificate["sha256"].as_str().unwrap_or_default(),
        certificate["days_left"],
    )))
}

fn printable_lines(text: &str) -> String {
    text.lines().map(outside::line).collect::<Vec<_>>().join("\n")
}

/// Writes a host's certificate where the user's programs keep such things.
fn keep(name: &str, pem: &str) -> Result<PathBuf> {
    let folder = crate::home::data().context("no HOME")?.join("certificates");
    std::fs::create_dir_all(&folder).with_context(|| format!("creating {}", folder.display()))?;
    let safe: String =
        name.chars().map(|c| if c.is_ascii_alphanumeric() || ".-".contains(c) { c } else { '_' }).collect();
    let path = folder.join(format!("{safe}.pem"));
    files::write(&path, pem.as_bytes(), 0o644)?;
    Ok(path)
}
