//! Central banks' daily feeds of exchange rates, as XML.
//!
//! A feed is hostile until it is read: entities and other parts of a DTD are refused, and only a dated rate that can be
//! believed comes out.

use super::currency::Currency;
use super::rates::{Rate, believable};
use roxmltree::{Document, Node};

/// Reads currency, units for a dollar and day from a feed.
type Reader = fn(&Document) -> Result<(Currency, f64, String), String>;

/// A bank that publishes a rate of one currency against the dollar.
pub struct Bank {
    /// Its name for messages, and in the file of rates.
    pub name: &'static str,
    /// Where the feed is.
    pub address: &'static str,
    /// Name of the feed's file in a copy.
    pub file: &'static str,
    read: Reader,
}

/// The banks, one for each currency but the dollar.
pub const BANKS: [Bank; 2] = [
    Bank {
        name: "European Central Bank",
        address: "https://www.ecb.europa.eu/stats/eurofxref/eurofxref-daily.xml",
        file: "eurofxref-daily.xml",
        read: ecb,
    },
    Bank {
        name: "Bank of Russia",
        address: "https://www.cbr.ru/scripts/XML_daily.asp",
        file: "XML_daily.asp",
        read: bank_of_russia,
    },
];

/// Days that a rate may be ahead: a rate for Tuesday is set before a long weekend.
const MOST_AHEAD: i64 = 5;

impl Bank {
    /// Reads the feed's rate.
    ///
    /// # Errors
    /// It is no feed of this bank, or its rate or day cannot be believed.
    pub fn rate(&self, feed: &[u8], today: jiff::civil::Date) -> Result<Rate, String> {
        // Everything that is read of a feed is ASCII; names in windows-1251 may come out as they like.
        let text = match std::str::from_utf8(feed) {
            Ok(text) => text.to_string(),
            Err(_) => feed.iter().map(|byte| char::from(*byte)).collect(),
        };
        let document = Document::parse(text.trim_start_matches('\u{feff}'))
            .map_err(|error| format!("it is no feed of rates: {error}"))?;
        let (currency, per_usd, day) = (self.read)(&document)?;
        let as_of: jiff::civil::Date =
            day.parse().map_err(|_| format!("{:?} is not a day", shortened(&day)))?;
        if as_of > today.saturating_add(jiff::Span::new().days(MOST_AHEAD)) {
            return Err(format!("its day {as_of} is still to come"));
        }
        Ok(Rate { currency, per_usd: believable(per_usd)?, as_of, source: self.name.to_string() })
    }
}

/// Dollars for one euro: `<Cube time='2026-09-24'><Cube currency='USD' rate='1.1367'/>`.
fn ecb(document: &Document) -> Result<(Currency, f64, String), String> {
    let day = elements(document, "Cube").find_map(|cube| cube.attribute("time").map(|day| (cube, day)));
    let (cubes, day) = day.ok_or("it has no Cube with a time")?;
    let dollar = cubes.children().find(|cube| cube.attribute("currency") == Some("USD"));
    let rate = dollar.and_then(|cube| cube.attribute("rate")).ok_or("it has no rate of USD")?;
    Ok((Currency::Eur, 1.0 / figure(rate)?, day.to_string()))
}

/// Roubles for `Nominal` dollars: `<ValCurs Date="16.05.2026"><Valute><CharCode>USD</CharCode>…`.
fn bank_of_russia(document: &Document) -> Result<(Currency, f64, String), String> {
    let day = document.root_element().attribute("Date").ok_or("it has no Date")?;
    let mut parts = day.splitn(3, '.');
    let (Some(d), Some(m), Some(y)) = (parts.next(), parts.next(), parts.next()) else {
        return Err(format!("{:?} is not a day", shortened(day)));
    };
    let of = |valute: &Node, name: &str| -> Option<String> {
        let child = valute.children().find(|child| child.has_tag_name(name))?;
        child.text().map(str::to_string)
    };
    let dollar = elements(document, "Valute").find(|valute| of(valute, "CharCode").as_deref() == Some("USD"));
    let dollar = dollar.ok_or("it has no rate of USD")?;
    let value = of(&dollar, "Value").ok_or("its rate of USD has no Value")?;
    let nominal = of(&dollar, "Nominal").map_or(Ok(1.0), |nominal| figure(&nominal))?;
    Ok((Currency::Rub, figure(&value)? / nominal, format!("{y}-{m}-{d}")))
}

fn elements<'a, 'input>(
    document: &'a Document<'input>,
    name: &'static str,
) -> impl Iterator<Item = Node<'a, 'input>> {
    document.descendants().filter(move |node| node.tag_name().name() == name)
}

/// A number above 0, with a point or a comma before its decimals.
fn figure(text: &str) -> Result<f64, String> {
    let plain = text.trim().replace(',', ".");
    let digits = plain.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    let number = plain.parse::<f64>().ok().filter(|number| digits && number.is_finite() && *number > 0.0);
    number.ok_or_else(|| format!("{:?} is no rate", shortened(text)))
}

fn shortened(text: &str) -> String {
    text.chars().take(40).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const ECB: &[u8] = include_bytes!("../../../tests/offers/rates/eurofxref-daily.xml");
    const RUSSIA: &[u8] = include_bytes!("../../../tests/offers/rates/XML_daily.asp");

    fn today() -> jiff::civil::Date {
        "2026-11-28".parse().unwrap()
    }

    #[test]
    fn both_feeds_give_units_for_a_dollar_with_the_day_and_the_bank() {
        let euro = BANKS[0].rate(ECB, today()).unwrap();
        assert_eq!((euro.currency, euro.as_of.to_string()), (Currency::Eur, "2026-09-24".to_string()));
        assert!((euro.per_usd - 1.0 / 1.1367).abs() < 1e-12, "{euro:?}");
        let rouble = BANKS[1].rate(RUSSIA, today()).unwrap();
        assert_eq!((rouble.currency, rouble.as_of.to_string()), (Currency::Rub, "2026-05-16".to_string()));
        assert_eq!((rouble.per_usd, rouble.source.as_str()), (73.1275, "Bank of Russia"));
        assert!(RUSSIA.iter().any(|byte| *byte >= 0x80), "the feed is in windows-1251, as the bank's is");
    }

    #[test]
    fn a_feed_that_is_not_one_is_refused_with_the_reason() {
        let (ecb, russia) = (String::from_utf8_lossy(ECB), String::from_utf8_lossy(RUSSIA));
        let entity = "<?xml version='1.0'?><!DOCTYPE x [<!ENTITY a 'aaaa'><!ENTITY b '&a;&a;'>]><x>&b;</x>";
        for (bank, text, why) in [
            (0, "<html>moved</html>".to_string(), "no Cube with a time"),
            (0, "no XML at all".to_string(), "no feed of rates"),
            (0, entity.to_string(), "no feed of rates"),
            (0, ecb.replace("1.1367", "0"), "\"0\" is no rate"),
            (0, ecb.replace("1.1367", "1e-9"), "is no rate"),
            (0, ecb.replace("1.1367", "NaN"), "is no rate"),
            (0, ecb.replace("1.1367", "0.0000001"), "is no exchange rate"),
            (0, ecb.replace("USD", "XYZ"), "no rate of USD"),
            (0, ecb.replace("2026-09-24", "2027-09-24"), "still to come"),
            (0, ecb.replace("2026-09-24", "soon"), "is not a day"),
            (1, russia.replace("16.05.2026", "2026"), "is not a day"),
            (1, russia.replace("73,1275", "-73,1275"), "is no rate"),
            (1, russia.replace("73,1275", ""), "no"),
            (1, russia.replace("<CharCode>USD", "<CharCode>XYZ"), "no rate of USD"),
            (1, ecb.to_string(), "no Date"),
        ] {
            let refused = BANKS[bank].rate(text.as_bytes(), today()).unwrap_err();
            assert!(refused.contains(why), "{why}: {refused}");
        }
        // Quoted for a hundred: the rate is for one.
        let hundred = russia.replace("<Nominal>1<", "<Nominal>100<");
        assert!((BANKS[1].rate(hundred.as_bytes(), today()).unwrap().per_usd - 0.731275).abs() < 1e-12);
    }
}
