//! A host that was probed: what its memory gives, and the CPU that works on it.

use crate::hardware::cpus::{CpuClass, Socket};
use crate::hardware::facts::Facts;
use crate::hardware::profiles::FoundCpu;

/// Memory that was not measured: 10^9 bytes/s that one core reads, and the share of a socket's peak that all of its
/// cores reach together (bw_mem of 83 machines of 4 to 192 cores).
const READ_OF_ONE_CORE: f64 = 14.0;
const READ_OF_SOCKET: f64 = 0.8;

/// The CPU of a host that was probed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct HostCpu {
    /// Memory as a token's reading is expected to reach it, 10^9 bytes/s.
    pub read_gb_s: f64,
    /// Instruction set, threads and NUMA nodes.
    pub found: FoundCpu,
}

impl HostCpu {
    /// Reads the CPU from the facts of a host. Memory bandwidth that was not measured is estimated from
    /// cores and sockets.
    pub fn of(facts: &Facts) -> HostCpu {
        let cpu = &facts.cpu;
        // A thread may be half a core where cores are not told apart.
        let cores = cpu.physical.unwrap_or(cpu.logical).max(1);
        let socket = Socket::of(cpu);
        let listed = cpu.numa_nodes.unwrap_or(1).max(1);
        // Virtual machines hide sockets.
        let nodes = listed.max(socket.filled(cores));
        let measured = facts.measured.as_ref().map(|measured| measured.memory_bandwidth_gb_s);
        HostCpu {
            read_gb_s: measured.unwrap_or_else(|| read(cores, nodes, socket)),
            found: FoundCpu {
                class: CpuClass::of(cpu),
                threads: cores,
                numa_nodes: nodes,
                hidden: listed < 2 && nodes > 1,
                measured: measured.is_some(),
                keeps: false,
            },
        }
    }
}

/// Cores add up until they meet the peak of their sockets.
fn read(cores: u64, nodes: u64, socket: Socket) -> f64 {
    let alone = READ_OF_ONE_CORE * cores as f64;
    1.0 / (1.0 / alone + 1.0 / (READ_OF_SOCKET * socket.bandwidth_gb_s * nodes as f64))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hardware::facts::{Cpu, Measured};

    fn host(model: &str, cores: u64) -> Facts {
        let cpu = Cpu { model: model.into(), logical: cores, physical: Some(cores), ..Cpu::default() };
        Facts { cpu, ..Facts::default() }
    }

    #[test]
    fn memory_that_was_not_measured_grows_with_cores_up_to_the_sockets_peak() {
        let read = |model: &str, cores| HostCpu::of(&host(model, cores)).read_gb_s;
        // bw_mem: 46.6, 303.9, 530.3 and 39.8 GB/s.
        assert!((40.0..60.0).contains(&read("AMD EPYC 4345P 8-Core Processor", 8)));
        assert!((150.0..400.0).contains(&read("AMD EPYC 9254 24-Core Processor", 24)));
        assert!((300.0..600.0).contains(&read("AMD EPYC 9R45 96-Core Processor", 96)));
        assert!((30.0..50.0).contains(&read("Intel(R) Xeon(R) Platinum 8163 CPU @ 2.50GHz", 4)));
        let mut facts = host("AMD EPYC 9254 24-Core Processor", 24);
        facts.measured = Some(Measured { memory_bandwidth_gb_s: 17.0, ..Measured::default() });
        assert_eq!(HostCpu::of(&facts).read_gb_s, 17.0);
    }

    #[test]
    fn sockets_that_a_virtual_machine_hides_are_counted_by_its_cores() {
        let found = |cores, listed| {
            let mut facts = host("AMD EPYC 7542 32-Core Processor", cores);
            facts.cpu.numa_nodes = listed;
            let found = HostCpu::of(&facts).found;
            (found.numa_nodes, found.hidden)
        };
        for (cores, listed, wanted) in [
            (8, None, (1, false)),
            (64, None, (2, true)),
            (64, Some(1), (2, true)),
            (64, Some(2), (2, false)),
            (64, Some(8), (8, false)),
        ] {
            assert_eq!(found(cores, listed), wanted, "{cores} cores, {listed:?} nodes");
        }
    }
}
