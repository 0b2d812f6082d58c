//! The calls of one person, found by their number.

use serde_json::Value;

use super::list::{self, Filter, Reader};
use super::record::CallRecord;
use super::service::Calls;
use crate::base::{Context, Result};
use crate::platform::db::Conn;
use crate::platform::objects::ObjectKey;

/// Calls looked at in one go.
const BATCH: u32 = 50;

/// Whether a text, such as a number, a caller id or a SIP address, is that of a person. Equal numbers may be written with `+`, with `00`,
/// with spaces, or inside an address. Pure.
pub fn is_number_of(phone: &str, text: &str) -> bool {
    let wanted = letters(phone);
    !wanted.is_empty() && (letters(text) == wanted || text.split(|c: char| !c.is_ascii_alphanumeric()).any(|part| letters(part) == wanted))
}

fn letters(text: &str) -> String {
    let letters: String = text.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect();
    letters.strip_prefix("00").map(str::to_owned).unwrap_or(letters)
}

/// Reads all calls of a person, newest first, some at a time.
pub struct CallsOf {
    phone: String,
    reader: Reader,
}

impl CallsOf {
    /// The calls of whoever has this number.
    pub fn new(phone: &str) -> Self {
        Self { phone: phone.to_owned(), reader: Reader::new(Filter::of_number(&letters(phone))) }
    }

    /// The next calls, whole; none at the end.
    pub fn next(&mut self, conn: &Conn) -> Result<Vec<CallRecord>> {
        loop {
            let ids = self.reader.next(conn, BATCH)?;
            if ids.is_empty() {
                return Ok(Vec::new());
            }
            let calls: Vec<CallRecord> = list::whole(conn, &ids)?.into_iter().filter(|call| is_of(&self.phone, call)).collect();
            if !calls.is_empty() {
                return Ok(calls);
            }
        }
    }
}

fn is_of(phone: &str, call: &CallRecord) -> bool {
    let numbers = [&call.from_number, &call.to_number, &call.caller_id];
    numbers.into_iter().flatten().any(|number| is_number_of(phone, number))
}

impl Calls {
    /// A call with everything that is kept of it, as JSON, for the person it is about.
    pub fn whole(&self, conn: &Conn, call: &CallRecord) -> Result<Value> {
        let mut whole = self.plain(conn, call)?;
        if let (Value::Object(whole), Some(token)) = (&mut whole, self.recording_token(call)?) {
            whole.insert("recording_link".to_owned(), self.recording_link(&token).into());
        }
        if let Value::Object(whole) = &mut whole {
            whole.shift_remove("recording_access_token");
        }
        Ok(whole)
    }

    /// Removes the recording of a call from this machine. Says whether there was one. The object store's copy goes when the call forgets its
    /// recording: `features/recordings` hears of it from the database.
    pub async fn remove_object(&self, key: &str) -> Result<bool> {
        match ObjectKey::parse(key) {
            Ok(key) => self.inner.setup.recordings.delete(&key).await.context("cannot remove a recording"),
            // No such object can ever have been stored.
            Err(_) => Ok(false),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_known_in_every_way_it_is_written() {
        for text in ["+15551234567", "15551234567", "0015551234567", "+1 (555) 123-4567", "sip:+15551234567@10.0.0.1;user=phone"] {
            assert!(is_number_of("+15551234567", text), "{text}");
        }
        for text in ["+155512345678", "5551234567", "sip:ada@15551234567x", "", "10.0.0.1"] {
            assert!(!is_number_of("+15551234567", text), "{text}");
        }
        assert!(is_number_of("Ada", "sip:ada@host") && !is_number_of("", ""));
    }
}
