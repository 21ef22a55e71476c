//! Reads which image a file has in it: an archive by the Open Container Initiative's image layout (image-spec 1.1,
//! image-layout.md), as `podman save --format oci-archive` and `skopeo copy … oci-archive:FILE` write it. Only its index is
//! read; whoever stores the image compares every layer with it.

use crate::checked::{Checksum, ImageRef};
use crate::error::{Context, Failure, Result};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{Read, Seek};
use std::path::Path;

/// Image of an archive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Archived {
    /// Digest of its manifest, or of the list of manifests for several processors.
    pub digest: Checksum,
    /// Name that the archive gives it, which a store would take over.
    pub name: Option<String>,
}

/// Most files that an archive may have: one a layer, a configuration and a manifest a processor.
const MOST_FILES: usize = 8192;
/// Most bytes of the index; that of one image has some hundred.
const MOST_INDEX: u64 = 1 << 20;
/// Annotation with the name (image-spec, annotations.md).
const NAME: &str = "org.opencontainers.image.ref.name";

const MAKE_ONE: &str = "`skopeo copy docker://NAME@sha256:DIGEST oci-archive:FILE`, or on a host that has the image `podman save \
                        --format oci-archive -o FILE NAME`, writes one";

/// Reads the archive at `path`.
///
/// # Errors
/// It cannot be read, or is no archive of one image.
pub fn read(path: &Path) -> Result<Archived> {
    let file = File::open(path).with_context(|| format!("opening {}", path.display()))?;
    of(file).with_context(|| format!("reading {}", path.display()))
}

/// Reads the archive at `path` and compares its image with the pinned one.
///
/// # Errors
/// [`read`] fails, the image is another, or the archive names it so that another name would be taken over.
pub fn check(path: &Path, image: &ImageRef) -> Result<Archived> {
    let archived = read(path)?;
    if archived.digest.as_str() != image.digest() {
        return Err(Failure::failed(format!(
            "{} has the image sha256:{}, but the plan pins sha256:{}",
            path.display(),
            archived.digest,
            image.digest()
        ))
        .hint("save the pinned image, or plan with --runtime-image for the one in the file")
        .into());
    }
    let same = |name: &String| {
        name.strip_prefix(image.repository()).is_some_and(|rest| rest.is_empty() || rest.starts_with(':'))
    };
    match archived.name.as_ref().filter(|name| !same(name)) {
        Some(name) => Err(Failure::failed(format!(
            "{} names its image {name:?}, and the plan {:?}",
            path.display(),
            image.repository()
        ))
        .hint("write the archive without a name: `skopeo copy … oci-archive:FILE`")
        .into()),
        None => Ok(archived),
    }
}

/// The same of an archive that is open.
///
/// # Errors
/// It cannot be read, or is no archive of one image.
pub fn of(archive: impl Read + Seek) -> Result<Archived> {
    let mut tar = tar::Archive::new(archive);
    let (mut count, mut other) = (0, false);
    let entries = tar.entries_with_seek().map_err(|_| no_archive("it is no tar"))?;
    for entry in entries.raw(true) {
        let mut entry = entry.map_err(|_| no_archive("it is no whole tar"))?;
        count += 1;
        if count > MOST_FILES {
            return Err(no_archive(&format!("it has more than {MOST_FILES} files")));
        }
        let path = entry.path_bytes();
        let name = path.strip_prefix(b"./").unwrap_or(&path);
        other |= name == b"manifest.json";
        if name != b"index.json" || !entry.header().entry_type().is_file() {
            continue;
        }
        if entry.size() > MOST_INDEX {
            return Err(no_archive(&format!("its index.json has more than {MOST_INDEX} bytes")));
        }
        let mut text = Vec::new();
        entry.read_to_end(&mut text).map_err(|_| no_archive("it ends in its index.json"))?;
        return index(&text);
    }
    Err(match other {
        true => no_archive("it is docker's own format, which has no digest of the image to compare"),
        false => no_archive("it has no index.json"),
    })
}

/// Reads an index of one image.
///
/// # Errors
/// It is none, or of another number of images.
pub fn index(text: &[u8]) -> Result<Archived> {
    #[derive(Deserialize)]
    struct Index {
        manifests: Vec<Manifest>,
    }
    #[derive(Deserialize)]
    struct Manifest {
        digest: String,
        #[serde(default)]
        annotations: BTreeMap<String, String>,
    }
    let index: Index = serde_json::from_slice(text).map_err(|_| no_archive("its index.json is none"))?;
    let [manifest] = &index.manifests[..] else {
        return Err(no_archive(&format!("it has {} images, and one is meant", index.manifests.len())));
    };
    let digest = manifest.digest.strip_prefix("sha256:").and_then(|digest| Checksum::new(digest).ok());
    let digest = digest.ok_or_else(|| no_archive("its image has no SHA-256"))?;
    Ok(Archived { digest, name: manifest.annotations.get(NAME).cloned() })
}

fn no_archive(why: &str) -> anyhow::Error {
    Failure::failed(format!("no OCI archive of an image: {why}")).hint(MAKE_ONE).into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Cursor;

    const DIGEST: &str = "1111111111111111111111111111111111111111111111111111111111111111";

    fn tar(files: &[(&str, &str)]) -> Cursor<Vec<u8>> {
        let mut tar = tar::Builder::new(Vec::new());
        for (name, text) in files {
            let mut header = tar::Header::new_ustar();
            header.set_size(text.len() as u64);
            header.set_mode(0o644);
            tar.append_data(&mut header, name, text.as_bytes()).unwrap();
        }
        Cursor::new(tar.into_inner().unwrap())
    }

    fn index_of(digest: &str, name: Option<&str>) -> String {
        let annotations =
            name.map_or(String::new(), |name| format!(r#","annotations":{{"{NAME}":"{name}"}}"#));
        format!(r#"{{"schemaVersion":2,"manifests":[{{"digest":"sha256:{digest}","size":7{annotations}}}]}}"#)
    }

    #[test]
    fn the_image_of_an_archive_is_told_by_its_index_wherever_that_lies() {
        let index = index_of(DIGEST, Some("docker.io/a/b:1"));
        let blob = "x".repeat(100_000);
        for files in [
            vec![("oci-layout", "{}"), ("index.json", index.as_str()), ("blobs/sha256/22", blob.as_str())],
            vec![("blobs/sha256/22", blob.as_str()), ("./index.json", index.as_str())],
            // docker's later versions write both.
            vec![("manifest.json", "[]"), ("index.json", index.as_str())],
        ] {
            let found = of(tar(&files)).unwrap();
            assert_eq!((found.digest.as_str(), found.name.as_deref()), (DIGEST, Some("docker.io/a/b:1")));
        }
        assert_eq!(of(tar(&[("index.json", &index_of(DIGEST, None))])).unwrap().name, None);
    }

    #[test]
    fn what_is_no_archive_of_one_image_is_refused_with_the_reason() {
        let two =
            format!(r#"{{"manifests":[{{"digest":"sha256:{DIGEST}"}},{{"digest":"sha256:{DIGEST}"}}]}}"#);
        let large = " ".repeat(MOST_INDEX as usize + 1);
        for (file, why) in [
            (tar(&[("manifest.json", "[]")]), "docker's own format"),
            (tar(&[("llama-b1/llama-server", "")]), "it has no index.json"),
            (tar(&[("index.json", "{}")]), "its index.json is none"),
            (tar(&[("index.json", r#"{"manifests":[]}"#)]), "it has 0 images"),
            (tar(&[("index.json", &two)]), "it has 2 images"),
            (tar(&[("index.json", &index_of("12", None))]), "its image has no SHA-256"),
            (tar(&[("index.json", &large)]), "its index.json has more than"),
            (Cursor::new(vec![0x1f; 4096]), "it is no whole tar"),
        ] {
            let error = of(file).unwrap_err();
            assert!(error.to_string().contains(why), "{why}: {error:#}");
            assert!(crate::error::hint(&error).unwrap().contains("oci-archive"));
        }
    }

    #[test]
    fn an_archive_of_another_image_or_under_another_name_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let image: ImageRef = format!("docker.io/a/b:v1@sha256:{DIGEST}").parse().unwrap();
        let said = |digest: &str, name: Option<&str>| {
            let path = dir.path().join("a.tar");
            std::fs::write(&path, tar(&[("index.json", &index_of(digest, name))]).into_inner()).unwrap();
            check(&path, &image).map(|_| String::new()).unwrap_or_else(|error| format!("{error:#}"))
        };
        let other = DIGEST.replace('1', "2");
        for (digest, name, why) in [
            (DIGEST, None, ""),
            (DIGEST, Some("docker.io/a/b:v2"), ""),
            (DIGEST, Some("docker.io/a/b"), ""),
            (other.as_str(), None, "but the plan pins sha256:1111"),
            (DIGEST, Some("docker.io/a/bc:v1"), "names its image \"docker.io/a/bc:v1\""),
            (DIGEST, Some("docker.io/library/postgres:16"), "names its image"),
        ] {
            let found = said(digest, name);
            assert_eq!(found.is_empty(), why.is_empty(), "{found}");
            assert!(found.contains(why), "{found}");
        }
    }
}
