//! Archives that are one runtime together: llama.cpp, and libraries that are unpacked beside it.

use crate::checked::Checksum;
use crate::wire::protocol::Blob;
use sha2::{Digest, Sha256};

/// Returns what the archives are together, known by the hash of their hashes in whatever order they are given; one
/// archive is itself. `None` of no archive.
pub fn together(archives: &[Blob]) -> Option<Blob> {
    let (first, more) = archives.split_first()?;
    if more.is_empty() {
        return Some(first.clone());
    }
    let mut sums: Vec<&Checksum> = archives.iter().map(|blob| &blob.sha256).collect();
    sums.sort();
    let mut hash = Sha256::new();
    sums.iter().for_each(|sum| hash.update(sum.as_str()));
    let sha256 = Checksum::of(hash.finalize().into());
    let size_bytes = archives.iter().fold(0, |sum: u64, blob| sum.saturating_add(blob.size_bytes));
    Some(Blob { name: first.name.clone(), sha256, size_bytes })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pair_is_known_by_both_archives_in_any_order() {
        let blob = |name: &str, byte| Blob {
            name: name.parse().unwrap(),
            sha256: Checksum::of([byte; 32]),
            size_bytes: u64::from(byte),
        };
        let (a, b, c) = (blob("a", 1), blob("b", 2), blob("c", 3));
        assert_eq!(together(&[]), None);
        assert_eq!(together(std::slice::from_ref(&a)), Some(a.clone()));
        let of = |archives: &[Blob]| together(archives).unwrap();
        let pair = of(&[a.clone(), b.clone()]);
        assert_eq!((pair.name.as_str(), pair.size_bytes), ("a", 3));
        assert_eq!(of(&[b.clone(), a.clone()]).sha256, pair.sha256);
        let sums = [&pair, &of(&[a.clone(), c.clone()]), &of(&[b, c]), &a].map(|blob| blob.sha256.clone());
        assert!((0..4).all(|i| !sums[..i].contains(&sums[i])), "{sums:?}");
    }
}
