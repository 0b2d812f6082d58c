//! A letter, and the bytes it is sent as.

use std::time::{Duration, UNIX_EPOCH};

use lettre::Message;
use lettre::address::{Address, Envelope};
use lettre::message::header::{HeaderName, HeaderValue};
use lettre::message::{Mailbox, MultiPart};

use crate::base::email::is_address;
use crate::base::{Context, Error, Millis, Result};

/// Longest name or subject, in characters.
const LONGEST_LINE: usize = 150;

/// A mail to one person, as text and as HTML.
#[derive(Debug, Clone)]
pub struct Letter {
    /// Key of the mail; a repeat has the same, so that receivers can tell.
    pub id: String,
    /// When it was written.
    pub date: Millis,
    /// Name of whoever sends it.
    pub from_name: String,
    /// Address of whoever sends it.
    pub from: String,
    /// Whom it is for.
    pub to: String,
    /// Where an answer goes; empty: to the sender.
    pub reply_to: String,
    /// What it is about.
    pub subject: String,
    /// The text.
    pub text: String,
    /// The same in HTML.
    pub html: String,
}

impl Letter {
    /// The envelope and the bytes. Whatever a name or a subject holds, it stays in its line; an address that is more than an address is refused.
    pub(super) fn write(&self) -> Result<(Envelope, Vec<u8>)> {
        let (from, to) = (address(&self.from)?, address(&self.to)?);
        let domain = from.domain().to_owned();
        let name = Some(one_line(&self.from_name)).filter(|name| !name.is_empty());
        let mut builder = Message::builder()
            .from(Mailbox::new(name, from))
            .to(Mailbox::new(None, to))
            .subject(one_line(&self.subject))
            .date(UNIX_EPOCH + Duration::from_millis(u64::try_from(self.date.0).unwrap_or_default()))
            .message_id(Some(format!("<{}@{domain}>", token(&self.id))))
            .raw_header(HeaderValue::new(HeaderName::new_from_ascii_str("Auto-Submitted"), "auto-generated".to_owned()));
        if !self.reply_to.is_empty() {
            builder = builder.reply_to(Mailbox::new(None, address(&self.reply_to)?));
        }
        let parts = MultiPart::alternative_plain_html(self.text.clone(), self.html.clone());
        let message = builder.multipart(parts).context("cannot write the mail")?;
        Ok((message.envelope().clone(), message.formatted()))
    }
}

fn address(text: &str) -> Result<Address> {
    let wrong = || Error::invalid("this is not an e-mail address");
    if !is_address(text) {
        return Err(wrong());
    }
    text.parse().map_err(|error: lettre::address::AddressError| wrong().caused_by(error))
}

/// The text without anything that could end its line, cut to a length that fits.
fn one_line(text: &str) -> String {
    let is_break = |c: char| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}' | '\u{85}');
    let flat: String = text.chars().map(|c| if is_break(c) { ' ' } else { c }).collect();
    flat.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(LONGEST_LINE).collect()
}

fn token(id: &str) -> String {
    id.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '-' || *c == '_').collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn letter() -> Letter {
        Letter {
            id: "mail_1".to_owned(),
            date: Millis(1_780_315_200_000),
            from_name: "Acme".to_owned(),
            from: "box@example.com".to_owned(),
            to: "ada@example.com".to_owned(),
            reply_to: String::new(),
            subject: "A call".to_owned(),
            text: "Hello.".to_owned(),
            html: "<p>Hello.</p>".to_owned(),
        }
    }

    /// The header lines of a letter, folded ones joined.
    fn headers(letter: &Letter) -> Vec<String> {
        let (_, bytes) = letter.write().unwrap();
        let text = String::from_utf8(bytes).unwrap();
        let head = text.split("\r\n\r\n").next().unwrap().replace("\r\n ", " ").replace("\r\n\t", " ");
        head.split("\r\n").map(str::to_owned).collect()
    }

    fn names(letter: &Letter) -> Vec<String> {
        headers(letter).iter().map(|line| line.split(':').next().unwrap().to_lowercase()).collect()
    }

    /// Texts that try to begin a header, a body or a command of their own.
    const HOSTILE: &[&str] = &[
        "a\r\nBcc: eve@example.com",
        "a\nBcc: eve@example.com",
        "a\rBcc: eve@example.com",
        "a\r\n\r\n<script>",
        "a\r\n.\r\nMAIL FROM:<eve@example.com>",
        "a\u{2028}Bcc: eve@example.com",
        "a\u{85}Bcc: eve@example.com",
        "a\0b",
        "\r\n",
        "a\u{b}\u{c}b",
        "=?utf-8?q?a=0D=0ABcc=3A_eve=40example.com?=",
        "\"Eve\" <eve@example.com>, \"",
        "Zoë\r\nX-Evil: 1",
        "a%0d%0aBcc: eve@example.com",
        "very long very long very long very long very long very long very long very long very long very long\r\nBcc: eve@example.com",
    ];

    #[test]
    fn no_name_and_no_subject_starts_a_header_of_its_own() {
        let plain = names(&letter());
        for text in HOSTILE {
            let hostile = Letter { from_name: (*text).to_owned(), subject: (*text).to_owned(), id: (*text).to_owned(), ..letter() };
            let (envelope, _) = hostile.write().unwrap();
            assert_eq!(names(&hostile), plain, "{text:?}");
            assert_eq!((envelope.to().len(), envelope.to()[0].to_string()), (1, "ada@example.com".to_owned()));
        }
    }

    #[test]
    fn an_address_that_is_more_than_one_is_refused() {
        for text in
            HOSTILE.iter().copied().chain(["", "ada", "ada@example.com, eve@example.com", "ada@example.com\r\nRCPT TO:<eve@example.com>"])
        {
            assert!(Letter { to: text.to_owned(), ..letter() }.write().is_err(), "{text:?}");
            assert!(Letter { from: text.to_owned(), ..letter() }.write().is_err(), "{text:?}");
            assert!(text.is_empty() || Letter { reply_to: text.to_owned(), ..letter() }.write().is_err(), "{text:?}");
        }
    }

    #[test]
    fn a_letter_says_when_and_by_whom_and_that_a_machine_wrote_it() {
        let headers = headers(&Letter { reply_to: "help@example.com".to_owned(), ..letter() });
        for line in [
            "From: Acme <box@example.com>",
            "To: ada@example.com",
            "Reply-To: help@example.com",
            "Subject: A call",
            "Date: Mon, 01 Jun 2026 12:00:00 +0000",
            "Message-ID: <mail_1@example.com>",
            "Auto-Submitted: auto-generated",
        ] {
            assert!(headers.iter().any(|header| header == line), "{line} is not in {headers:#?}");
        }
    }
}
