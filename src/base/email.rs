//! E-mail addresses as this program takes them: one plain address in ASCII, nothing that could start a header of its own.

/// Longest address (RFC 5321).
const LONGEST: usize = 254;
/// Longest part before the `@` (RFC 5321).
const LONGEST_LOCAL: usize = 64;

/// Whether a text is one address such as `ada@example.com`: no name, no quotes, no comment, no white space, no control characters.
pub fn is_address(text: &str) -> bool {
    let Some((local, domain)) = text.rsplit_once('@') else { return false };
    let is_atom = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~".contains(&b));
    let is_label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    text.len() <= LONGEST && local.len() <= LONGEST_LOCAL && local.split('.').all(is_atom) && domain.split('.').all(is_label)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_plain_address_and_nothing_else() {
        for good in ["ada@example.com", "a.b+c@x-y.example", "root@localhost", "o'neil@example.com"] {
            assert!(is_address(good), "{good}");
        }
        let long = format!("{}@example.com", "a".repeat(65));
        for bad in [
            "",
            "ada",
            "@example.com",
            "ada@",
            "a b@example.com",
            "ada@example.com\r\nBcc: eve@example.com",
            "ada@example.com\n",
            "Ada <ada@example.com>",
            "ada@example.com,eve@example.com",
            "ada..b@example.com",
            ".ada@example.com",
            "ada@-example.com",
            "ada@example..com",
            "\"a\"@example.com",
            "ada@[127.0.0.1]",
            "zoë@example.com",
            long.as_str(),
        ] {
            assert!(!is_address(bad), "{bad:?}");
        }
    }
}
