//! Who may reach the API besides the host itself: ranges of addresses, as a plan carries them.

use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

/// A plan without it is for the host itself only.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Exposure {
    /// Sorted, none of them inside another.
    pub ranges: Vec<Range>,
}

impl Exposure {
    /// `None` where nobody is named.
    pub fn of(ranges: &[Range]) -> Option<Exposure> {
        let nets: Vec<IpNet> = ranges.iter().map(|range| range.0).collect();
        let mut ranges: Vec<Range> = IpNet::aggregate(&nets).into_iter().map(Range).collect();
        ranges.sort();
        (!ranges.is_empty()).then_some(Exposure { ranges })
    }

    /// Returns whether `address` is in one of the ranges; an IPv4-mapped IPv6 address counts as IPv4.
    pub fn contains(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.ranges.iter().any(|range| range.0.contains(&address))
    }

    /// Returns the IPv4 ranges, in order.
    pub fn ipv4(&self) -> impl Iterator<Item = &Range> {
        self.ranges.iter().filter(|range| matches!(range.0, IpNet::V4(_)))
    }

    /// Returns the IPv6 ranges, in order.
    pub fn ipv6(&self) -> impl Iterator<Item = &Range> {
        self.ranges.iter().filter(|range| matches!(range.0, IpNet::V6(_)))
    }
}

impl fmt::Display for Exposure {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        let ranges: Vec<String> = self.ranges.iter().map(Range::to_string).collect();
        f.write_str(&ranges.join(", "))
    }
}

/// Addresses with a common beginning: `203.0.113.0/24`, `2001:db8::/32`; one address is a range too.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(try_from = "String", into = "String")]
pub struct Range(IpNet);

/// A shorter prefix than these is half a continent: to name one must be meant.
const WIDE_IPV4: u8 = 8;
const WIDE_IPV6: u8 = 16;

impl Range {
    /// It holds (nearly) everyone.
    pub fn is_wide(&self) -> bool {
        let least = if matches!(self.0, IpNet::V4(_)) { WIDE_IPV4 } else { WIDE_IPV6 };
        self.0.prefix_len() < least
    }
}

impl FromStr for Range {
    type Err = String;

    fn from_str(text: &str) -> Result<Range, String> {
        let net = match (text.parse::<IpNet>(), text.parse::<IpAddr>()) {
            (Ok(net), _) => net,
            (_, Ok(address)) => IpNet::from(address),
            _ => return Err("expected a range such as 203.0.113.0/24 or 2001:db8::/32".to_string()),
        };
        if net.trunc() != net {
            return Err(format!(
                "{net} has bits after its prefix; the range with that address is {}",
                net.trunc()
            ));
        }
        let loopback: [IpNet; 2] = [
            IpNet::V4(Ipv4Net::new_assert([127, 0, 0, 0].into(), 8)),
            IpNet::V6(Ipv6Net::new_assert(std::net::Ipv6Addr::LOCALHOST, 128)),
        ];
        if loopback.iter().any(|own| own.contains(&net)) {
            return Err("the host itself always reaches its API".to_string());
        }
        if net.addr().is_multicast() {
            return Err("nobody connects from a multicast address".to_string());
        }
        match net {
            IpNet::V6(v6) if v6.addr().to_ipv4_mapped().is_some() => {
                Err("write it as an IPv4 range".to_string())
            }
            _ => Ok(Range(net)),
        }
    }
}

impl TryFrom<String> for Range {
    type Error = String;

    fn try_from(text: String) -> Result<Range, String> {
        text.parse()
    }
}

impl From<Range> for String {
    fn from(range: Range) -> String {
        range.to_string()
    }
}

impl fmt::Display for Range {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn range(text: &str) -> Range {
        text.parse().unwrap()
    }

    #[test]
    fn ranges_are_read_as_written_or_refused_with_the_reason() {
        for (text, read) in [
            ("203.0.113.0/24", "203.0.113.0/24"),
            ("203.0.113.7", "203.0.113.7/32"),
            ("2001:db8::/32", "2001:db8::/32"),
            ("2001:DB8::1", "2001:db8::1/128"),
            ("0.0.0.0/0", "0.0.0.0/0"),
        ] {
            assert_eq!(range(text).to_string(), read);
        }
        for (text, why) in [
            ("10.0.0.5/24", "10.0.0.0/24"),
            ("2001:db8::1/64", "2001:db8::/64"),
            ("10.0.0.0/33", "expected"),
            ("10.0.0/24", "expected"),
            ("office", "expected"),
            ("", "expected"),
            ("10.0.0.0/8; drop", "expected"),
            ("127.0.0.1", "itself"),
            ("::1", "itself"),
            ("224.0.0.0/4", "multicast"),
            ("::ffff:10.0.0.1", "IPv4"),
        ] {
            let error = text.parse::<Range>().unwrap_err();
            assert!(error.contains(why), "{text}: {error}");
        }
    }

    #[test]
    fn a_range_of_nearly_everyone_is_wide() {
        for (text, wide) in [
            ("0.0.0.0/0", true),
            ("128.0.0.0/1", true),
            ("10.0.0.0/8", false),
            ("::/0", true),
            ("2000::/3", true),
            ("2001:db8::/32", false),
        ] {
            assert_eq!(range(text).is_wide(), wide, "{text}");
        }
    }

    #[test]
    fn order_and_repetition_do_not_matter() {
        let named = ["10.1.0.0/16", "2001:db8::/32", "10.0.0.0/8", "10.0.0.0/8"].map(range);
        let exposure = Exposure::of(&named).unwrap();
        assert_eq!(exposure.to_string(), "10.0.0.0/8, 2001:db8::/32");
        assert_eq!(Exposure::of(&[]), None);
        for (address, inside) in [
            ("10.255.0.1", true),
            ("11.0.0.1", false),
            ("::ffff:10.0.0.1", true),
            ("2001:db8::5", true),
            ("2001:db9::5", false),
        ] {
            assert_eq!(exposure.contains(address.parse().unwrap()), inside, "{address}");
        }
    }
}
