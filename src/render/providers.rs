//! How much user-data a provider takes.

/// A provider's limit on user-data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Provider {
    /// Name of the provider.
    pub name: &'static str,
    /// Most bytes it accepts.
    pub limit_bytes: usize,
    /// Form in which the provider counts user-data.
    pub counted: Counted,
}

/// Bytes that a limit counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Counted {
    /// The file as it is.
    Raw,
    /// Its Base64, as it travels.
    Base64,
}

/// Smallest limit first. From the providers' documentation.
pub const PROVIDERS: &[Provider] = &[
    Provider { name: "Amazon EC2", limit_bytes: 16 * 1024, counted: Counted::Raw },
    Provider { name: "Hetzner Cloud", limit_bytes: 32 * 1024, counted: Counted::Raw },
    Provider { name: "OpenStack", limit_bytes: 65_535, counted: Counted::Base64 },
    Provider { name: "Azure", limit_bytes: 65_535, counted: Counted::Raw },
    Provider { name: "DigitalOcean", limit_bytes: 64 * 1024, counted: Counted::Raw },
    Provider { name: "Google Cloud", limit_bytes: 256 * 1024, counted: Counted::Raw },
];

impl Provider {
    /// Whether user-data of `size_bytes` is accepted.
    pub fn accepts(&self, size_bytes: usize) -> bool {
        let counted = match self.counted {
            Counted::Raw => size_bytes,
            Counted::Base64 => size_bytes.div_ceil(3) * 4,
        };
        counted <= self.limit_bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;

    #[test]
    fn a_limit_is_the_last_size_that_is_accepted() {
        for (name, last) in [
            ("Amazon EC2", 16_384),
            ("Hetzner Cloud", 32_768),
            // 65532 of the 65535 characters: Base64 comes in fours.
            ("OpenStack", 49_149),
            ("Azure", 65_535),
            ("DigitalOcean", 65_536),
            ("Google Cloud", 262_144),
        ] {
            let provider = PROVIDERS.iter().find(|provider| provider.name == name).unwrap();
            assert!(provider.accepts(last), "{name} {last}");
            assert!(!provider.accepts(last + 1), "{name} {}", last + 1);
        }
    }

    #[test]
    fn the_counted_length_is_that_of_real_base64() {
        for size in [0, 1, 2, 3, 49_149, 49_150] {
            let openstack = PROVIDERS.iter().find(|p| p.counted == Counted::Base64).unwrap();
            assert_eq!(
                openstack.accepts(size),
                STANDARD.encode(vec![0; size]).len() <= openstack.limit_bytes
            );
        }
    }
}
