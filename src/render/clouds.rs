//! Clouds that start a machine with user-data: how much each takes, in which form, and what it does to it.
//! docs/add-cloud.md says how one is added.

use crate::error::{Context, Failure, Result};
use flate2::{Compression, GzBuilder};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use std::io::Write;

/// A cloud's rules for user-data.
#[derive(Debug, PartialEq, Eq)]
pub struct Cloud {
    /// Its word on the command line and in a manifest.
    pub name: &'static str,
    /// Its name for people.
    pub title: &'static str,
    /// Most that it takes.
    pub limit: Limit,
    /// Forms that reach cloud-init unharmed.
    pub takes: Takes,
    /// Its own client replaces `$NAME` in user-data by the caller's variables.
    pub expands_variables: bool,
    /// Page that `limit` was read from.
    pub source: &'static str,
    /// Day on which it was read.
    pub as_of: &'static str,
}

/// A bound on user-data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Limit {
    /// Most bytes of the file as it is.
    Raw(usize),
    /// Most bytes of its Base64, as it travels.
    Base64(usize),
    /// The provider's documentation names none.
    Unpublished,
    /// There is none: a file or a disk.
    Unlimited,
}

/// Forms of user-data that a cloud passes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Takes {
    /// Text only: it travels in a string of JSON, or is decoded as text on the machine.
    Text,
    /// Any bytes: it travels as Base64, and cloud-init unpacks gzip.
    Bytes,
}

/// Every cloud, the smallest limit first.
pub static CLOUDS: &[Cloud] = &[
    Cloud {
        name: "aws",
        title: "Amazon EC2",
        // "User data is limited to 16 KB, in raw form, before it is base64-encoded."
        limit: Limit::Raw(16 * 1024),
        takes: Takes::Bytes,
        expands_variables: false,
        source: "https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instancedata-add-user-data.html",
        as_of: "2026-11-28",
    },
    Cloud {
        name: "hetzner",
        title: "Hetzner Cloud",
        // "Cloud-Init user data to use during Server creation. This field is limited to 32KiB."
        limit: Limit::Raw(32 * 1024),
        takes: Takes::Text,
        expands_variables: false,
        source: "https://docs.hetzner.cloud/reference/cloud#tag/servers/create_server",
        as_of: "2026-11-28",
    },
    Cloud {
        name: "openstack",
        title: "OpenStack",
        // "The provided user data must be base64 encoded and is restricted to 65535 bytes."
        limit: Limit::Base64(65_535),
        takes: Takes::Bytes,
        expands_variables: false,
        source: "https://docs.openstack.org/nova/stein/user/user-data.html",
        as_of: "2026-11-28",
    },
    Cloud {
        name: "azure",
        title: "Azure",
        // customData: "decoded to a binary array … The maximum length of the binary array is 65535 bytes."
        limit: Limit::Raw(65_535),
        takes: Takes::Bytes,
        expands_variables: false,
        source: "https://learn.microsoft.com/en-us/azure/virtual-machines/custom-data",
        as_of: "2026-11-28",
    },
    Cloud {
        name: "digitalocean",
        title: "DigitalOcean",
        // "It must be plain text and may not exceed 64 KiB in size."
        limit: Limit::Raw(64 * 1024),
        takes: Takes::Text,
        expands_variables: false,
        source: "https://github.com/digitalocean/openapi/blob/main/specification/resources/droplets/models/droplet_create.yml",
        as_of: "2026-11-28",
    },
    Cloud {
        name: "yandex",
        title: "Yandex Cloud",
        // "The values must be 256 KB or less", read in the smaller sense of KB.
        limit: Limit::Raw(256_000),
        takes: Takes::Text,
        // https://yandex.cloud/en/docs/compute/concepts/metadata/sending-metadata, "Specifics of providing environment
        // variables": an unknown one becomes nothing, without an error.
        expands_variables: true,
        source: "https://yandex.cloud/en/docs/compute/api-ref/grpc/Instance/create",
        as_of: "2026-11-28",
    },
    Cloud {
        name: "gcp",
        title: "Google Cloud",
        // "their size must be less than or equal to 262144 bytes (256 KiB)"
        limit: Limit::Raw(262_144),
        takes: Takes::Text,
        expands_variables: false,
        source: "https://cloud.google.com/compute/docs/reference/rest/v1/Metadata",
        as_of: "2026-11-28",
    },
    Cloud {
        name: "scaleway",
        title: "Scaleway",
        limit: Limit::Unpublished,
        // cloud-init decodes it as text.
        takes: Takes::Text,
        expands_variables: false,
        source: "https://www.scaleway.com/en/developers/api/instance/user-data",
        as_of: "2026-11-28",
    },
    Cloud {
        name: "vultr",
        title: "Vultr",
        limit: Limit::Unpublished,
        // It travels as Base64, and comes back in a string of JSON.
        takes: Takes::Text,
        expands_variables: false,
        source: "https://www.vultr.com/api/",
        as_of: "2026-11-28",
    },
    Cloud {
        name: "nocloud",
        title: "NoCloud",
        limit: Limit::Unlimited,
        takes: Takes::Bytes,
        expands_variables: false,
        source: "https://cloudinit.readthedocs.io/en/latest/reference/datasources/nocloud.html",
        as_of: "2026-11-28",
    },
];

impl Limit {
    /// Returns the bytes of a file of `size_bytes` as the cloud counts them.
    pub fn counted(self, size_bytes: usize) -> usize {
        match self {
            Limit::Base64(_) => size_bytes.div_ceil(3) * 4,
            Limit::Raw(_) | Limit::Unpublished | Limit::Unlimited => size_bytes,
        }
    }

    /// Returns the most bytes, as the cloud counts them; `None` where it is unknown or there is none.
    pub fn bytes(self) -> Option<usize> {
        match self {
            Limit::Raw(most) | Limit::Base64(most) => Some(most),
            Limit::Unpublished | Limit::Unlimited => None,
        }
    }

    /// Returns whether a file of `size_bytes` is within the limit; what is not known refuses nothing.
    pub fn accepts(self, size_bytes: usize) -> bool {
        self.bytes().is_none_or(|most| self.counted(size_bytes) <= most)
    }

    /// Returns the limit in words.
    pub fn words(self) -> String {
        match self {
            Limit::Raw(most) => format!("{most} bytes"),
            Limit::Base64(most) => format!("{most} bytes of Base64"),
            Limit::Unpublished => "it publishes no limit".to_string(),
            Limit::Unlimited => "no limit".to_string(),
        }
    }
}

/// User-data in a form that a cloud takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fitting {
    /// Not compressed.
    Text,
    /// Compressed, as it is too large otherwise.
    Gzip(Vec<u8>),
}

impl Cloud {
    /// Returns the cloud of that name.
    pub fn by_name(name: &str) -> Option<&'static Cloud> {
        CLOUDS.iter().find(|cloud| cloud.name == name)
    }

    /// Returns the names of all clouds, in the order of the table.
    pub fn names() -> impl Iterator<Item = &'static str> {
        CLOUDS.iter().map(|cloud| cloud.name)
    }

    /// Returns the form in which this cloud takes `text` as user-data.
    ///
    /// # Errors
    /// It is too large in every form that the cloud takes, or has a `$` that its client would replace.
    pub fn fit(&self, text: &str) -> Result<Fitting> {
        if self.expands_variables && text.contains('$') {
            return Err(Failure::failed(format!(
                "user-data has a `$`, and {}'s client would put a variable in its place",
                self.title
            ))
            .hint("use the plan without that text, or bring the machine up with `agi-provision apply --host`")
            .into());
        }
        if self.limit.accepts(text.len()) {
            return Ok(Fitting::Text);
        }
        let packed = match self.takes {
            Takes::Text => None,
            Takes::Bytes => Some(gzip(text.as_bytes())?),
        };
        match packed {
            Some(packed) if self.limit.accepts(packed.len()) => Ok(Fitting::Gzip(packed)),
            packed => Err(self.too_large(text.len(), packed.map(|packed| packed.len())).into()),
        }
    }

    fn too_large(&self, text: usize, packed: Option<usize>) -> Failure {
        let counted = |size| self.limit.counted(size);
        let packed = match packed {
            Some(size) => format!("{} compressed", counted(size)),
            None => "and it takes text only, which does not get smaller by compressing".to_string(),
        };
        Failure::failed(format!(
            "user-data is too large for {}: {} bytes as it counts them, {packed}; the most is {} (read on {} in {})",
            self.title,
            counted(text),
            self.limit.words(),
            self.as_of,
            self.source,
        ))
        .hint(
            "a long chat template takes most of it: plan without it; or start the machine without user-data and use \
             `agi-provision apply --host`; or attach a disk that `--seed-iso` makes",
        )
    }
}

impl Serialize for Cloud {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name)
    }
}

impl<'de> Deserialize<'de> for &'static Cloud {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = String::deserialize(deserializer)?;
        Cloud::by_name(&name)
            .ok_or_else(|| de::Error::custom(format!("{name:?} is no cloud of this version")))
    }
}

/// Compresses without a time or a name, so that the same bytes give the same bytes.
pub(super) fn gzip(bytes: &[u8]) -> Result<Vec<u8>> {
    let mut encoder = GzBuilder::new().mtime(0).write(Vec::new(), Compression::best());
    encoder.write_all(bytes).context("compressing user-data")?;
    encoder.finish().context("compressing user-data")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::hint;
    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;

    fn cloud(name: &str) -> &'static Cloud {
        Cloud::by_name(name).unwrap()
    }

    #[test]
    fn a_limit_is_the_last_size_that_is_accepted() {
        for (name, last) in [
            ("aws", 16_384),
            ("hetzner", 32_768),
            // 65532 of the 65535 characters: Base64 comes in fours.
            ("openstack", 49_149),
            ("azure", 65_535),
            ("digitalocean", 65_536),
            ("yandex", 256_000),
            ("gcp", 262_144),
        ] {
            let limit = cloud(name).limit;
            assert!(limit.accepts(last), "{name} {last}");
            assert!(!limit.accepts(last + 1), "{name} {}", last + 1);
        }
        for name in ["scaleway", "vultr", "nocloud"] {
            assert!(cloud(name).limit.accepts(1 << 24), "{name}");
        }
    }

    #[test]
    fn the_counted_length_is_that_of_real_base64() {
        for size in [0, 1, 2, 3, 49_149, 49_150] {
            assert_eq!(cloud("openstack").limit.counted(size), STANDARD.encode(vec![0; size]).len());
        }
    }

    #[test]
    fn the_table_is_sorted_by_limit_and_each_row_names_its_source() {
        let limits: Vec<usize> =
            CLOUDS.iter().map(|cloud| cloud.limit.bytes().unwrap_or(usize::MAX)).collect();
        assert!(limits.is_sorted(), "{limits:?}");
        for cloud in CLOUDS {
            assert!(cloud.source.starts_with("https://"), "{}", cloud.name);
            assert!(cloud.as_of.parse::<jiff::civil::Date>().is_ok(), "{}", cloud.name);
            let json = serde_json::to_string(cloud).unwrap();
            assert_eq!(serde_json::from_str::<&'static Cloud>(&json).unwrap(), cloud);
        }
        assert!(serde_json::from_str::<&'static Cloud>("\"moon\"").is_err());
    }

    /// Text of `size` bytes that gets smaller by about a quarter, as Base64 does.
    fn base64(size: usize) -> String {
        let mut state = 1u64;
        let bytes: Vec<u8> = std::iter::repeat_with(|| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 56) as u8
        })
        .take(size)
        .collect();
        STANDARD.encode(bytes)[..size].to_string()
    }

    #[test]
    fn user_data_is_compressed_only_where_it_is_too_large_and_the_cloud_takes_bytes() {
        assert_eq!(cloud("aws").fit(&base64(16_384)).unwrap(), Fitting::Text);
        let Fitting::Gzip(packed) = cloud("aws").fit(&base64(18_000)).unwrap() else {
            panic!("not compressed")
        };
        assert!(packed.starts_with(&[0x1f, 0x8b]) && packed.len() <= 16_384, "{}", packed.len());
        assert!(matches!(cloud("openstack").fit(&base64(60_000)).unwrap(), Fitting::Gzip(_)));
        assert_eq!(cloud("nocloud").fit(&base64(1 << 20)).unwrap(), Fitting::Text);
        assert_eq!(cloud("vultr").fit(&base64(1 << 20)).unwrap(), Fitting::Text);
    }

    #[test]
    fn what_is_too_large_is_refused_with_numbers_and_a_way_out() {
        for (name, size, numbers) in [
            ("aws", 40_000, vec!["40000 bytes", "compressed", "16384 bytes", "docs.aws.amazon.com"]),
            ("hetzner", 32_769, vec!["32769 bytes", "text only", "32768 bytes", "docs.hetzner.cloud"]),
            ("openstack", 90_000, vec!["120000 bytes", "compressed", "65535 bytes of Base64"]),
        ] {
            let error = cloud(name).fit(&base64(size)).unwrap_err();
            let text = format!("{error:#}");
            assert!(numbers.iter().all(|number| text.contains(number)), "{text}");
            assert!(hint(&error).unwrap().contains("apply --host"), "{text}");
        }
    }

    #[test]
    fn a_client_that_expands_variables_gets_no_dollar() {
        let error = format!("{:#}", cloud("yandex").fit("#cloud-config\n# $HOME\n").unwrap_err());
        assert!(error.contains("Yandex Cloud's client"), "{error}");
        assert!(cloud("hetzner").fit("#cloud-config\n# $HOME\n").is_ok());
    }
}
