//! One file of unknown content into memory, from a server or from a folder of this machine: catalogues, lists.

use super::answer::{Asked, Refusal};
use super::ask::{Asker, Patience, Unanswered};
use super::route::Route;
use crate::error::{Context, Failure, Result};
use std::io::Read;

/// Reads files of up to so many bytes.
pub struct Pages {
    asker: Asker,
    most: u64,
}

/// Downloaded page.
#[derive(Clone, Debug, PartialEq)]
pub struct Page {
    /// Content of the page.
    pub bytes: Vec<u8>,
    /// RFC 2822, as the server gave it.
    pub last_modified: Option<String>,
}

impl Pages {
    /// Returns a reader of pages of at most `most_bytes` each. Fails if TLS cannot be set up.
    pub fn new(patience: Patience, most_bytes: u64) -> Result<Pages> {
        Pages::through(patience, most_bytes, &Route::Usual)
    }

    /// Works like [`Pages::new`], by that route.
    pub fn through(patience: Patience, most_bytes: u64, route: &Route) -> Result<Pages> {
        Ok(Pages { asker: Asker::new(None, patience, route)?, most: most_bytes })
    }

    /// The file at `address`, a URL or a path; `None` when there is none.
    ///
    /// # Errors
    /// It could not be had; with the reason and a hint.
    pub fn get(&self, address: &str) -> Result<Option<Page>> {
        if !address.contains("://") {
            return self.read(address);
        }
        let (status, why) = match self.asker.get(address, Asked::All { most: self.most }) {
            Ok(reply) => {
                return Ok(Some(Page { bytes: reply.body, last_modified: reply.last_modified }));
            }
            Err(Unanswered::Refused { status: 404 | 410, .. }) => return Ok(None),
            Err(Unanswered::Refused { status, why }) => (status, why),
            Err(Unanswered::Failed(error)) => return Err(error),
        };
        let (why, hint) = match status {
            401 | 403 => (
                format!("it needs permission ({status})"),
                "this address gives it to nobody without a key; name another with --from",
            ),
            429 | 500.. => (why, "try again in some minutes"),
            _ => (why, "is this the right address?"),
        };
        Err(Failure::failed(why).hint(hint).into())
    }

    fn read(&self, path: &str) -> Result<Option<Page>> {
        let mut bytes = Vec::new();
        let file = match std::fs::File::open(path) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            file => file.with_context(|| format!("opening {path}"))?,
        };
        file.take(self.most + 1).read_to_end(&mut bytes).with_context(|| format!("reading {path}"))?;
        match bytes.len() as u64 > self.most {
            true => Err(Failure::failed(Refusal::too_large(self.most).why).into()),
            false => Ok(Some(Page { bytes, last_modified: None })),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fetch::scripted::{Play, serve};

    #[test]
    fn a_page_is_asked_for_by_the_route_that_is_given() {
        let (proxy, requests) = serve(vec![Play::Text("a keyring".to_string())]);
        let route = Route::Given(proxy.parse().unwrap());
        let pages = Pages::through(Patience::default(), 100, &route).unwrap();
        let page = pages.get("http://keyring.invalid/a.deb").unwrap().unwrap();
        assert_eq!(page.bytes, b"a keyring");
        assert_eq!(requests.recv().unwrap()[0], "GET http://keyring.invalid/a.deb HTTP/1.1");
    }
}
