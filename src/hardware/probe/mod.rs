//! Reads the facts of the machine this process runs on. Never changes it; bounded at a few seconds.

mod cpu;
mod disk;
mod gpu;
mod memory;
mod os;
mod ports;

use super::facts::{Facts, SCHEMA};
use std::collections::BTreeMap;
use std::path::Path;

pub use gpu::wait_for_gpus;

/// Reads every fact. `storage` is the directory whose file system will hold the models; it need not
/// exist yet. Nothing here fails as a whole: what could not be read is listed in `failed`.
pub fn probe(storage: &Path) -> Facts {
    let mut failed = BTreeMap::new();
    let gpus = gpu::probe(&mut failed);
    let nvlink = if gpus.len() > 1 { gpu::nvlink(gpus.len(), &mut failed) } else { None };
    Facts {
        schema: SCHEMA.to_string(),
        os: os::probe(&mut failed),
        cpu: cpu::probe(&mut failed),
        memory: memory::probe(&mut failed),
        disk: disk::probe(storage, &mut failed),
        gpus,
        nvlink,
        ports: ports::probe(&mut failed),
        failed,
    }
}

/// Reads a small file of /proc or /sys; a failure is noted under `field`.
fn read(path: &str, field: &str, failed: &mut BTreeMap<String, String>) -> Option<String> {
    match std::fs::read_to_string(path) {
        Ok(text) => Some(text),
        Err(error) => {
            failed.insert(field.to_string(), format!("{path}: {error}"));
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_machine_has_facts() {
        let facts = probe(Path::new("/var/lib/agi-provision/models"));
        assert!(facts.memory.total_bytes > 64 << 20, "{facts:?}");
        assert!(facts.cpu.logical >= 1);
        assert!(facts.disk.total_bytes > 0, "{:?}", facts.failed);
        assert!(!facts.os.kernel.is_empty());
        let text = serde_json::to_string(&facts).unwrap();
        assert_eq!(serde_json::from_str::<Facts>(&text).unwrap(), facts);
    }
}
