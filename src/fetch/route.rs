//! The way from a host to the internet: directly, or through a proxy that the user or the host's own files name.

use crate::checked::ProxyUrl;
use crate::error::{Context, Result};
use crate::outside::{self, Kind};
use crate::process;
use serde::{Deserialize, Serialize};
use std::path::Path;
use std::time::Duration;

/// A way out. It says where a proxy is named, not its address, which may have a password in it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Route {
    /// Directly, unless this process's environment names a proxy.
    #[default]
    Usual,
    /// Through the proxy that /etc/environment names.
    Environment,
    /// Through the proxy that apt's configuration names.
    Apt,
    /// Through the proxy that the user gives.
    Given(ProxyUrl),
}

/// Proxies of a way.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Proxies {
    http: Option<String>,
    https: Option<String>,
    /// Hosts that are reached without, separated by commas.
    except: Option<String>,
}

/// Reached without a proxy that the user gives.
const NEAR: &str = "localhost,127.0.0.0/8,::1";

impl Route {
    /// Ways that a host may have, the likeliest first: what `given` says and nothing else; or the host's own.
    pub fn all(given: Option<&ProxyUrl>) -> Vec<Route> {
        match given {
            Some(url) => vec![Route::Given(url.clone())],
            None => {
                // A login's environment has the variables of /etc/environment, and the job's unit has none of them: the file
                // comes first. apt's may be for packages alone, so it comes last.
                let all = [Route::Environment, Route::Usual, Route::Apt];
                all.into_iter().filter(|way| *way == Route::Usual || way.proxies().is_some()).collect()
            }
        }
    }

    /// The proxies of this way; `None` where it names none.
    pub fn proxies(&self) -> Option<Proxies> {
        let named = match self {
            Route::Usual => return None,
            Route::Given(url) => {
                let url = Some(url.to_string());
                Proxies { http: url.clone(), https: url, except: Some(NEAR.to_string()) }
            }
            Route::Environment => {
                let file = Path::new("/etc/environment");
                environment(&outside::text(file, outside::NOTE, Kind::Regular).unwrap_or_default())
            }
            Route::Apt => {
                let said = process::run("apt-config", &["dump", "Acquire"], Duration::from_secs(5));
                said.map(|outcome| apt(&outcome.stdout)).unwrap_or_default()
            }
        };
        (named.http.is_some() || named.https.is_some()).then_some(named)
    }

    /// Returns whether a request goes straight to its site.
    pub fn is_direct(&self) -> bool {
        *self == Route::Usual && !names_proxy()
    }

    /// `directly`, or through which proxy and whose word that is; without a password.
    pub fn title(&self) -> String {
        let whose = match self {
            Route::Usual if names_proxy() => return "through the proxy of the environment".to_string(),
            Route::Usual => return "directly".to_string(),
            Route::Environment => "/etc/environment",
            Route::Apt => "apt's configuration",
            Route::Given(_) => "--proxy",
        };
        let proxies = self.proxies().unwrap_or_default();
        let url = proxies.https.or(proxies.http).unwrap_or_default();
        format!("through {} ({whose})", without_password(&url))
    }
}

impl Proxies {
    /// The variables by which programs are told.
    pub fn variables(&self) -> Vec<(&'static str, String)> {
        let pairs = [("http_proxy", &self.http), ("https_proxy", &self.https), ("no_proxy", &self.except)];
        pairs.into_iter().filter_map(|(name, value)| Some((name, value.clone()?))).collect()
    }

    /// For a client. Errors: an address is none, or of a kind that is not known here (SOCKS).
    pub(super) fn of_client(&self) -> Result<Vec<reqwest::Proxy>> {
        let except = || self.except.as_deref().and_then(reqwest::NoProxy::from_string);
        let mut all = Vec::new();
        if let Some(url) = &self.http {
            all.push(reqwest::Proxy::http(url).context("reading the host's proxy")?.no_proxy(except()));
        }
        if let Some(url) = &self.https {
            all.push(reqwest::Proxy::https(url).context("reading the host's proxy")?.no_proxy(except()));
        }
        Ok(all)
    }
}

/// This process's own environment names a proxy, which every client then uses.
fn names_proxy() -> bool {
    ["http_proxy", "https_proxy", "all_proxy"].iter().any(|name| {
        [name.to_string(), name.to_ascii_uppercase()].iter().any(|name| std::env::var_os(name).is_some())
    })
}

/// /etc/environment as PAM reads it: `NAME=value`, perhaps in quotation marks, perhaps after `export`.
fn environment(text: &str) -> Proxies {
    let mut found = Proxies::default();
    for line in text.lines() {
        let line = line.trim();
        let Some((name, value)) = line.strip_prefix("export ").unwrap_or(line).split_once('=') else {
            continue;
        };
        let value = value.trim().trim_matches(['"', '\'']);
        let value = (!value.is_empty()).then(|| value.to_string());
        match name.trim().to_ascii_lowercase().as_str() {
            "http_proxy" => found.http = value,
            "https_proxy" => found.https = value,
            "all_proxy" => {
                found.http = found.http.or(value.clone());
                found.https = found.https.or(value);
            }
            "no_proxy" => found.except = value,
            _ => {}
        }
    }
    found
}

/// `apt-config dump`: `Acquire::http::Proxy "http://10.0.0.1:3128";`. What http has, https has too.
fn apt(text: &str) -> Proxies {
    let value = |key: &str| {
        let mut lines = text.lines().filter_map(|line| line.trim().strip_prefix(key)?.strip_prefix(" \""));
        let value = lines.next_back()?.trim_end_matches(';').trim_end_matches('"');
        (!value.is_empty() && value != "DIRECT" && value != "false").then(|| value.to_string())
    };
    let http = value("Acquire::http::Proxy");
    Proxies { https: value("Acquire::https::Proxy").or_else(|| http.clone()), http, except: None }
}

/// An address without its user and password.
fn without_password(url: &str) -> String {
    match reqwest::Url::parse(url) {
        Ok(mut url) => {
            let _ = url.set_username("");
            let _ = url.set_password(None);
            url.to_string().trim_end_matches('/').to_string()
        }
        Err(_) => "a proxy".to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn proxies_are_read_as_people_write_them() {
        let of = |http: Option<&str>, https: Option<&str>, except: Option<&str>| Proxies {
            http: http.map(str::to_string),
            https: https.map(str::to_string),
            except: except.map(str::to_string),
        };
        for (text, want) in [
            ("PATH=\"/usr/bin:/bin\"\n", of(None, None, None)),
            (
                "http_proxy=http://10.0.0.1:3128\nHTTPS_PROXY=\"http://10.0.0.1:3129/\"\nno_proxy='.lab,10.0.0.0/8'\n",
                of(Some("http://10.0.0.1:3128"), Some("http://10.0.0.1:3129/"), Some(".lab,10.0.0.0/8")),
            ),
            (
                "export all_proxy=http://p:1\n# http_proxy=x\nhttp_proxy=\n",
                of(None, Some("http://p:1"), None),
            ),
        ] {
            assert!(environment(text) == want, "{text}");
        }
        for (text, want) in [
            (
                "Acquire \"\";\nAcquire::http \"\";\nAcquire::http::Proxy \"http://10.0.0.1:3142\";\n",
                of(Some("http://10.0.0.1:3142"), Some("http://10.0.0.1:3142"), None),
            ),
            (
                "Acquire::http::Proxy \"DIRECT\";\nAcquire::https::Proxy \"http://p:1\";\n",
                of(None, Some("http://p:1"), None),
            ),
            ("Acquire::http::Proxy::deb.example \"http://p:1\";\n", of(None, None, None)),
        ] {
            assert!(apt(text) == want, "{text}");
        }
    }

    #[test]
    fn a_password_is_not_shown_and_a_way_says_whose_it_is() {
        assert_eq!(without_password("http://me:secret@10.0.0.1:3128/"), "http://10.0.0.1:3128");
        assert_eq!(without_password("10.0.0.1"), "a proxy");
        let given: ProxyUrl = "http://10.0.0.1:3128".parse().unwrap();
        assert_eq!(Route::all(Some(&given)), [Route::Given(given.clone())]);
        assert_eq!(Route::Given(given).title(), "through http://10.0.0.1:3128 (--proxy)");
        let text = serde_json::to_string(&Route::Environment).unwrap();
        assert_eq!(
            (text.as_str(), serde_json::from_str(&text).ok()),
            ("\"environment\"", Some(Route::Environment))
        );
    }
}
