//! How much of a host a build may take, and how long it takes. Pure.
//!
//! Times are those of the lab's builds of b11434 (tests/lab/README.md, tests/gpu/build-server); docs/gpu.md, "From source".

const GIB: u64 = 1 << 30;

/// Memory that one compiler is given; the largest files of the backend for CUDA are said to need about this much.
pub const JOB_BYTES: u64 = 2 * GIB;
/// Least free memory with which one compiler is started at all.
const LEAST_BYTES: u64 = GIB;

/// Compilers that run at once, and the memory that all of them may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Jobs {
    /// Compilers at once.
    pub count: u64,
    /// Limit of their memory together, bytes.
    pub memory_bytes: u64,
}

/// Returns the number of compilers for a host with as many `cores` and so much `free` memory, bytes; `None`: it has too
/// little for one.
pub fn jobs(cores: u64, free: u64) -> Option<Jobs> {
    if free < LEAST_BYTES {
        return None;
    }
    let count = (free / JOB_BYTES).min(cores).max(1);
    Some(Jobs { count, memory_bytes: (count * JOB_BYTES).min(free) })
}

/// Work of one core for the CPU's backend and the server, minutes: two cores took 10 to 15 with three more programs.
const CPU_MINUTES: u64 = 30;
/// Work of one core for the backend for CUDA and one compute capability, minutes: two cores took about an hour.
const CARD_MINUTES: u64 = 120;

/// Returns how long a build for so many kinds of `cards` takes about, minutes: that of two cores, by the number of cores.
pub fn minutes(cards: u64, cores: u64) -> u64 {
    (CPU_MINUTES + cards * CARD_MINUTES).div_ceil(cores.max(1))
}

/// Returns the disk that the unpacked source and all that is compiled take, bytes: allowances, not measured but for the
/// source (0.2 GB).
pub fn disk_bytes(for_cards: bool) -> u64 {
    if for_cards { 4 * GIB } else { GIB }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_many_compilers_run_as_cores_and_free_memory_allow() {
        for (cores, free, want) in [
            (2, 16 * GIB, Some((2, 4 * GIB))),
            (16, 64 * GIB, Some((16, 32 * GIB))),
            (64, 15 * GIB, Some((7, 14 * GIB))),
            (4, 3 * GIB, Some((1, 2 * GIB))),
            // One compiler has what there is.
            (4, 3 * GIB / 2, Some((1, 3 * GIB / 2))),
            (8, GIB - 1, None),
            (0, 4 * GIB, Some((1, 2 * GIB))),
        ] {
            let found = jobs(cores, free).map(|jobs| (jobs.count, jobs.memory_bytes));
            assert_eq!(found, want, "{cores} cores, {free} bytes");
        }
    }
}
