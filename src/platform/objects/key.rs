//! Names of objects, safe to become paths.

use std::fmt;

use crate::base::{Error, Result};

/// Longest key, in bytes.
const MOST_BYTES: usize = 255;

/// A name of one or more parts with `/` between them: letters, digits, `.`, `_`, `-`; no part begins with a dot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObjectKey(String);

impl ObjectKey {
    /// Takes a key from outside. Whatever could leave the store's folder, or hide in it, is refused.
    pub fn parse(text: &str) -> Result<Self> {
        let is_part = |part: &str| {
            !part.is_empty() && !part.starts_with('.') && part.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-'))
        };
        if text.len() > MOST_BYTES || !text.split('/').all(is_part) {
            return Err(Error::invalid("a recording's key consists of letters, digits, dots, dashes and underscores"));
        }
        Ok(Self(text.to_owned()))
    }

    /// The key as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ObjectKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_key_leaves_the_folder() {
        for good in ["a.wav", "2026/11/0b5d-1.wav", "A_b-c"] {
            assert!(ObjectKey::parse(good).is_ok(), "{good}");
        }
        for bad in ["", ".", "..", "../a", "a/../b", "/etc/passwd", "a//b", ".hidden", "a/.b", "a\\b", "a\0b", "a b", "ä.wav", "a/"] {
            assert!(ObjectKey::parse(bad).is_err(), "{bad:?}");
        }
        assert!(ObjectKey::parse(&"x".repeat(256)).is_err());
    }
}
