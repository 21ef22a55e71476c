//! The executable itself: static, so that it runs on any x86-64 Linux.

use std::fs;

const PT_INTERP: u32 = 3;
const PT_DYNAMIC: u32 = 2;
const DT_NEEDED: u64 = 1;

/// A static executable names no loader, and no library it would need. (`file` says static-pie.)
#[test]
#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
fn the_binary_is_static() {
    let elf = fs::read(env!("CARGO_BIN_EXE_agi-provision")).unwrap();
    assert_eq!(&elf[..5], b"\x7fELF\x02", "a 64-bit ELF");
    let u16_at = |at: usize| u16::from_le_bytes(elf[at..at + 2].try_into().unwrap()) as usize;
    let u64_at = |at: usize| u64::from_le_bytes(elf[at..at + 8].try_into().unwrap());
    let (table, entry, count) = (u64_at(32) as usize, u16_at(54), u16_at(56));
    for index in 0..count {
        let at = table + index * entry;
        let kind = u32::from_le_bytes(elf[at..at + 4].try_into().unwrap());
        assert_ne!(kind, PT_INTERP, "it names a loader: it is dynamic");
        if kind == PT_DYNAMIC {
            let (offset, size) = (u64_at(at + 8) as usize, u64_at(at + 32) as usize);
            let tags = (offset..offset + size).step_by(16).map(u64_at);
            assert!(tags.take_while(|tag| *tag != 0).all(|tag| tag != DT_NEEDED), "it needs a library");
        }
    }
}
