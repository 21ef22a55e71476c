//! Addresses where machines are rented: `profiles/providers.csv`, compiled in.

use crate::hardware::rows::Table;
use std::sync::LazyLock;

static PROVIDERS: LazyLock<Vec<(String, String)>> = LazyLock::new(|| {
    let table = Table::read(include_bytes!("../../../profiles/providers.csv")).expect("a header");
    let row = |fields: crate::hardware::rows::Fields| -> Result<(String, String), String> {
        Ok((fields.need("provider")?.to_string(), fields.need("url")?.to_string()))
    };
    table.rows().map(|(_, fields)| row(fields?)).collect::<Result<_, _>>().expect("checked by a test")
});

/// Where one rents a machine of `provider`.
pub fn url(provider: &str) -> Option<&'static str> {
    let found = PROVIDERS.iter().find(|(name, _)| name.eq_ignore_ascii_case(provider));
    found.map(|(_, url)| url.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_provider_of_an_embedded_offer_has_an_address() {
        for offer in super::super::all() {
            let url = url(&offer.provider).unwrap_or_else(|| panic!("{}", offer.provider));
            assert!(url.starts_with("https://"), "{url}");
        }
    }
}
