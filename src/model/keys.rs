//! A header's settings of its own architecture.

use super::gguf::Header;

/// Reasons why the header of a sound GGUF file gives no shape. Planning with such a file ends with exit code 1.
#[derive(Debug, thiserror::Error)]
pub enum ShapeError {
    /// A setting or tensor that is needed is not there; its name is given.
    #[error("the header has no {0}")]
    Missing(String),
    /// A setting is zero or beyond any published model.
    #[error("the header's {key} is {value}, which no model has")]
    Absurd {
        /// Name of the setting.
        key: String,
        /// Its value.
        value: u64,
    },
}

/// The settings `architecture.*` of `header`.
pub(super) struct Keys<'a> {
    pub header: &'a Header,
    pub architecture: &'a str,
}

impl Keys<'_> {
    pub fn name(&self, key: &str) -> String {
        format!("{}.{key}", self.architecture)
    }

    pub fn required(&self, key: &str) -> Result<u64, ShapeError> {
        let key = self.name(key);
        let value = self.header.number(&key).ok_or_else(|| ShapeError::Missing(key.clone()))?;
        if value == 0 || value > 1 << 32 { Err(ShapeError::Absurd { key, value }) } else { Ok(value) }
    }

    pub fn optional(&self, key: &str) -> Option<u64> {
        self.header.number(&self.name(key)).filter(|n| *n <= 1 << 32)
    }

    pub fn width(&self, key: &str) -> Option<u64> {
        self.optional(key).filter(|n| (1..=1 << 20).contains(n))
    }

    pub fn per_layer(&self, key: &str, layer: u64) -> Option<u64> {
        self.by_layer(key)(layer)
    }

    /// Returns the setting of each layer that it is asked for.
    pub fn by_layer(&self, key: &str) -> impl Fn(u64) -> Option<u64> {
        let (header, name) = (self.header, self.name(key));
        move |layer| header.per_layer(&name, layer as usize).filter(|n| *n <= 1 << 20)
    }
}
