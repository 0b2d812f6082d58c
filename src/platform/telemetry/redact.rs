//! Makes phone numbers and credentials in a log line unreadable: a last line of defence, not an excuse to log them.

use std::borrow::Cow;
use std::io::Write;

use tracing_subscriber::fmt::MakeWriter;

/// Fewest digits of what counts as a phone number.
const LEAST_DIGITS: usize = 7;
/// Digits that stay readable.
const SHOWN: usize = 4;
/// What stands before a credential.
const CREDENTIALS: &[&str] = &["ak_", "vx_", "whsec_", "Bearer ", "bearer "];
/// What stands before a phone number.
const NUMBERS: &[&str] = &["+", "tel:", "sip:", "sips:"];

/// Standard error, one redacted line per event.
#[derive(Debug, Clone, Copy)]
pub(super) struct RedactedStderr;

impl<'a> MakeWriter<'a> for RedactedStderr {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        *self
    }
}

impl Write for RedactedStderr {
    fn write(&mut self, line: &[u8]) -> std::io::Result<usize> {
        let text = String::from_utf8_lossy(line);
        std::io::stderr().write_all(redact(&text).as_bytes())?;
        Ok(line.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        std::io::stderr().flush()
    }
}

/// The line with all but the last four digits of phone numbers, and all of every credential, replaced.
pub(super) fn redact(line: &str) -> Cow<'_, str> {
    if !CREDENTIALS.iter().chain(NUMBERS).any(|marker| line.contains(marker)) {
        return Cow::Borrowed(line);
    }
    let mut out = String::with_capacity(line.len());
    let mut rest = line;
    while !rest.is_empty() {
        if let Some(marker) = CREDENTIALS.iter().find(|marker| rest.starts_with(**marker)) {
            out.push_str(marker);
            rest = &rest[marker.len()..];
            let length = rest.bytes().take_while(|byte| byte.is_ascii_alphanumeric() || b"-_.+/=".contains(byte)).count();
            out.push_str(if length > 0 { "•••" } else { "" });
            rest = &rest[length..];
        } else if let Some(marker) = NUMBERS.iter().find(|marker| rest.starts_with(**marker)) {
            out.push_str(marker);
            rest = &rest[marker.len()..];
            let length = rest.bytes().take_while(u8::is_ascii_digit).count();
            if length >= LEAST_DIGITS {
                out.push_str("•••");
                rest = &rest[length - SHOWN..];
                out.push_str(&rest[..SHOWN]);
                rest = &rest[SHOWN..];
            }
        } else {
            let next = rest.chars().next().map_or(1, char::len_utf8);
            out.push_str(&rest[..next]);
            rest = &rest[next..];
        }
    }
    Cow::Owned(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_keep_four_digits_and_credentials_none() {
        for (line, redacted) in [
            ("to +4930123456 from sip:+4930123456@host", "to +•••3456 from sip:+•••3456@host"),
            ("sip:4930123456@10.0.0.1 and tel:112", "sip:•••3456@10.0.0.1 and tel:112"),
            ("key ak_0123456789abcdef and Bearer eyJ.x-y_z!", "key ak_••• and Bearer •••!"),
            ("at 2026-01-01T00:00:00+00:00 nothing, 1767268805500 neither", "at 2026-01-01T00:00:00+00:00 nothing, 1767268805500 neither"),
        ] {
            assert_eq!(redact(line), redacted);
        }
    }
}
