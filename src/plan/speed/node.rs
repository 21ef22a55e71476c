//! Chooses the threads of a server on a host of several NUMA nodes.
//!
//! All cores of two sockets answer about half as fast as those of one: 44.5 tokens/s on 96 cores of two EPYC 9R05, 86.9 on
//! the 48 of one (SpareCores/sc-inspector-data, m8azn.metal-24xl and m8azn.metal-12xl; tests/oracle/published.csv).

use super::rates::FITTED;
use super::work::READ_OF_PEAK;
use crate::hardware::profiles::Profile;
use crate::plan::document::DeviceLedger;
use crate::plan::placement::Placement;

/// Threads that work on a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Threads {
    /// All that the host has: it has one node or none is known, cards do the work, or the engine cannot do else.
    All,
    /// The cores of one of several nodes, which the server stays on.
    OfOneNode {
        /// Cores of it.
        threads: u64,
        /// Nodes that the host has.
        nodes: u64,
    },
    /// All, as what the server takes does not fit in the memory of one of so many nodes.
    TooLarge(u64),
    /// All, as more passes between so many nodes than the memory of one gives: parts of one socket.
    Slower(u64),
    /// All, as the virtual machine hides its sockets, so many at least.
    Hidden(u64),
}

/// Returns the threads of a server with this ledger, the host's first. Nodes count as of one size.
pub fn threads(profile: &Profile, placement: &Placement, memory: &[DeviceLedger]) -> Threads {
    let on_host = placement.host_layers + placement.host_experts > 0;
    let (Some(found), Some(host)) = (profile.found.filter(|found| found.keeps && on_host), memory.first())
    else {
        return Threads::All;
    };
    let nodes = found.numa_nodes;
    let of_one = profile.memory_bandwidth_gb_s * READ_OF_PEAK / nodes.max(1) as f64;
    match found.threads / nodes.max(1) {
        _ if nodes < 2 => Threads::All,
        _ if found.hidden => Threads::Hidden(nodes),
        _ if host.total_bytes > host.capacity_bytes / nodes => Threads::TooLarge(nodes),
        _ if of_one <= FITTED.cpu(found.class).link => Threads::Slower(nodes),
        0 => Threads::All,
        threads => Threads::OfOneNode { threads, nodes },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hardware::cpus::CpuClass;
    use crate::hardware::profiles::{self, FoundCpu};

    #[test]
    fn a_server_stays_on_one_node_where_it_fits() {
        const GIB: u64 = 1 << 30;
        let one = |threads, nodes| Threads::OfOneNode { threads, nodes };
        for (nodes, hidden, keeps, total, layers, wanted) in [
            (2, false, true, 60 * GIB, 32, one(48, 2)),
            (3, false, true, 15 * GIB, 32, one(32, 3)),
            // 719 GB/s over eight parts are less than the 210 that pass between sockets.
            (8, false, true, 15 * GIB, 32, Threads::Slower(8)),
            (2, false, true, 65 * GIB, 32, Threads::TooLarge(2)),
            (8, false, true, 60 * GIB, 32, Threads::TooLarge(8)),
            (2, true, true, 60 * GIB, 32, Threads::Hidden(2)),
            (2, false, false, 60 * GIB, 32, Threads::All),
            (1, false, true, 60 * GIB, 32, Threads::All),
            // All layers on cards.
            (2, false, true, 60 * GIB, 0, Threads::All),
        ] {
            let mut profile = profiles::all().remove(0);
            let class = CpuClass::AmdAvx512;
            let found = FoundCpu { class, threads: 96, numa_nodes: nodes, hidden, measured: true, keeps };
            profile.found = Some(found);
            profile.memory_bandwidth_gb_s = 719.0 / READ_OF_PEAK;
            let host =
                DeviceLedger { total_bytes: total, capacity_bytes: 128 * GIB, ..DeviceLedger::default() };
            let placement = Placement { host_layers: layers, ..Placement::host_only(32) };
            let found = threads(&profile, &placement, &[host]);
            assert_eq!(found, wanted, "{nodes} nodes, hidden {hidden}, {total} bytes, {layers} layers");
        }
    }
}
