//! Enums that are written as one of a few words.

/// An enum that is written as one of a few words.
macro_rules! words {
    ($type:ident, $what:literal, $($value:ident = $word:literal),+) => {
        impl $type {
            /// Returns its word in files and messages.
            pub fn as_str(self) -> &'static str {
                match self { $($type::$value => $word),+ }
            }
        }
        impl std::str::FromStr for $type {
            type Err = String;

            fn from_str(text: &str) -> Result<$type, String> {
                match text {
                    $($word => Ok($type::$value),)+
                    other => {
                        let other: String = other.chars().take(40).collect();
                        Err(format!(concat!("{:?} is not a ", $what, "; use {}"), other, [$($word),+].join(" or ")))
                    }
                }
            }
        }
        impl std::fmt::Display for $type {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
}

pub(super) use words;
