//! The sources that a host's apt reads: which components of the distribution's archive they lack. Pure.

/// One archive as a source names it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Source {
    uris: Vec<String>,
    suites: Vec<String>,
    components: Vec<String>,
    /// Lines for its key and the trust in it, as deb822 has them.
    options: Vec<(String, String)>,
}

/// Returns a source file that adds `components` to the archives that `texts` name with their first component, `main`;
/// `None` where they have them all, or name none. `texts`: each file's name and content.
pub fn with_components(texts: &[(String, String)], components: &[String]) -> Option<String> {
    let all: Vec<Source> = texts.iter().flat_map(|(name, text)| sources(name, text)).collect();
    let mut stanzas = Vec::new();
    for source in all.iter().filter(|source| source.components.iter().any(|name| name == "main")) {
        let same = |other: &&Source| other.uris == source.uris && other.suites == source.suites;
        let has: Vec<&String> = all.iter().filter(same).flat_map(|other| &other.components).collect();
        let lacking: Vec<&str> =
            components.iter().filter(|name| !has.contains(name)).map(String::as_str).collect();
        if lacking.is_empty() {
            continue;
        }
        let mut stanza = format!(
            "Types: deb\nURIs: {}\nSuites: {}\nComponents: {}\n",
            source.uris.join(" "),
            source.suites.join(" "),
            lacking.join(" ")
        );
        source.options.iter().for_each(|(key, value)| stanza += &format!("{key}: {value}\n"));
        if !stanzas.contains(&stanza) {
            stanzas.push(stanza);
        }
    }
    (!stanzas.is_empty()).then(|| stanzas.join("\n"))
}

fn sources(name: &str, text: &str) -> Vec<Source> {
    match name.ends_with(".sources") {
        true => stanzas(text),
        false => text.lines().filter_map(line).collect(),
    }
}

/// `deb [signed-by=/k.gpg] http://deb.debian.org/debian bookworm main contrib`.
fn line(text: &str) -> Option<Source> {
    let text = text.split('#').next()?.trim();
    let rest = text.strip_prefix("deb ")?.trim_start();
    let (options, rest) = match rest.strip_prefix('[') {
        Some(inner) => inner.split_once(']')?,
        None => ("", rest),
    };
    let mut words = rest.split_whitespace().map(str::to_string);
    let (uri, suite) = (words.next()?, words.next()?);
    let options = options.split_whitespace().filter_map(|option| {
        let (key, value) = option.split_once('=')?;
        let key = match key.to_ascii_lowercase().as_str() {
            "signed-by" => "Signed-By",
            "trusted" => "Trusted",
            _ => return None,
        };
        Some((key.to_string(), value.to_string()))
    });
    Some(Source {
        uris: vec![uri],
        suites: vec![suite],
        components: words.collect(),
        options: options.collect(),
    })
}

/// The stanzas of a deb822 file that are for packages and not turned off. Comments go, lines that begin with a space
/// belong to the field before.
fn stanzas(text: &str) -> Vec<Source> {
    let mut all = Vec::new();
    let lines: Vec<&str> = text.lines().filter(|line| !line.starts_with('#')).collect();
    for stanza in lines.split(|line| line.trim().is_empty()).filter(|lines| !lines.is_empty()) {
        let mut fields: Vec<(String, String)> = Vec::new();
        for line in stanza {
            match (line.starts_with([' ', '\t']), line.split_once(':'), fields.last_mut()) {
                (true, _, Some((_, value))) => *value += &format!("\n{line}"),
                (false, Some((key, value)), _) => fields.push((key.to_string(), value.trim().to_string())),
                _ => {}
            }
        }
        let field = |wanted: &str| {
            let found = fields.iter().find(|(key, _)| key.eq_ignore_ascii_case(wanted));
            found.map(|(_, value)| value.clone()).unwrap_or_default()
        };
        let words = |wanted: &str| field(wanted).split_whitespace().map(str::to_string).collect::<Vec<_>>();
        let off = ["no", "false", "0"].contains(&field("Enabled").as_str());
        if off || !words("Types").iter().any(|kind| kind == "deb") {
            continue;
        }
        let options = ["Signed-By", "Trusted"].iter().map(|key| (key.to_string(), field(key)));
        all.push(Source {
            uris: words("URIs"),
            suites: words("Suites"),
            components: words("Components"),
            options: options.filter(|(_, value)| !value.is_empty()).collect(),
        });
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    fn added(files: &[(&str, &str)], components: &[&str]) -> Option<String> {
        let texts: Vec<(String, String)> =
            files.iter().map(|(name, text)| (name.to_string(), text.to_string())).collect();
        with_components(&texts, &components.iter().map(|name| name.to_string()).collect::<Vec<_>>())
    }

    #[test]
    fn components_that_lack_are_added_from_the_same_archive_with_the_same_key() {
        let debian = "Types: deb deb-src\nURIs: mirror+file:///etc/apt/mirrors/debian.list\nSuites: bookworm \
                      bookworm-updates\nComponents: main\n\n# Another one.\nTypes: deb\nURIs: https://x.example\n\
                      Suites: nodistro\nComponents: extra\nSigned-By:\n -----BEGIN\n .\n";
        assert_eq!(
            added(&[("debian.sources", debian)], &["contrib", "non-free"]).as_deref(),
            Some(
                "Types: deb\nURIs: mirror+file:///etc/apt/mirrors/debian.list\nSuites: bookworm \
                 bookworm-updates\nComponents: contrib non-free\n"
            )
        );
        let list = "# x\ndeb [arch=amd64 signed-by=/k.gpg] http://deb.debian.org/debian trixie main contrib # y\n\
                    deb-src http://deb.debian.org/debian trixie main\ndeb file:/opt/lab-apt ./\n";
        assert_eq!(
            added(&[("/etc/apt/sources.list", list)], &["contrib", "non-free"]).as_deref(),
            Some(
                "Types: deb\nURIs: http://deb.debian.org/debian\nSuites: trixie\nComponents: non-free\n\
                 Signed-By: /k.gpg\n"
            )
        );
        let key = "Types: deb\nURIs: http://a\nSuites: noble\nComponents: main universe\nSigned-By:\n -----BEGIN\n .\n x\n";
        let with = added(&[("a.sources", key)], &["restricted"]).unwrap();
        assert!(with.contains("Components: restricted\nSigned-By: \n -----BEGIN\n .\n x\n"), "{with}");
    }

    #[test]
    fn nothing_is_added_where_all_is_there_or_no_archive_is_named() {
        let split = "deb http://a trixie main\ndeb http://a trixie contrib\n";
        for (files, components) in [
            (vec![("x.list", split)], vec!["contrib"]),
            (vec![("x.list", "deb http://a trixie main contrib")], vec!["contrib"]),
            (
                vec![("x.sources", "Types: deb\nEnabled: no\nURIs: http://a\nSuites: s\nComponents: main\n")],
                vec!["contrib"],
            ),
            (vec![("x.list", "deb [trusted=yes] file:/opt/lab-apt ./")], vec!["contrib"]),
            (vec![], vec!["contrib"]),
            (vec![("x.list", "deb [ http://a trixie main")], vec!["contrib"]),
        ] {
            assert_eq!(added(&files, &components), None, "{files:?}");
        }
    }
}
