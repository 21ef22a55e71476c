//! The host's own addresses.

use std::collections::BTreeSet;
use std::net::IpAddr;

/// Returns the addresses of this host that others can reach: neither loopback nor of one link only.
pub fn reachable() -> BTreeSet<IpAddr> {
    let Ok(networks) = sysinfo::Networks::new_with_refreshed_list() else { return BTreeSet::new() };
    let all = networks.values().flat_map(|network| network.ip_networks()).map(|network| network.addr);
    all.filter(is_reachable).collect()
}

fn is_reachable(address: &IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => !v4.is_loopback() && !v4.is_link_local() && !v4.is_unspecified(),
        IpAddr::V6(v6) => !v6.is_loopback() && !v6.is_unicast_link_local() && !v6.is_unspecified(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_addresses_that_others_reach_count() {
        for (address, counts) in [
            ("127.0.0.1", false),
            ("169.254.1.1", false),
            ("10.0.0.1", true),
            ("::1", false),
            ("fe80::1", false),
            ("2001:db8::1", true),
            ("fd00::1", true),
        ] {
            assert_eq!(is_reachable(&address.parse().unwrap()), counts, "{address}");
        }
    }
}
