//! Tags, notes and holds as they are sent and shown, and what is accepted. Pure.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::base::id::NoteId;
use crate::base::{Error, Millis, Result};

/// Longest tag, in characters.
const LONGEST_TAG: usize = 40;
/// Most tags of one call.
const MOST_TAGS: usize = 20;
/// Longest note, in characters.
const LONGEST_NOTE: usize = 4000;
/// Longest reason of a hold, in characters.
const LONGEST_REASON: usize = 500;

/// A tag on a call.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub(in crate::features::calls) struct TagView {
    pub(in crate::features::calls) tag: String,
    /// Who put it there first.
    pub(super) added_by: String,
    #[schema(value_type = String, format = DateTime)]
    pub(super) added_at: Millis,
}

/// A note on a call.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub(in crate::features::calls) struct NoteView {
    pub(super) id: NoteId,
    pub(super) text: String,
    /// Name of whoever wrote it.
    pub(super) author: String,
    #[schema(value_type = String, format = DateTime)]
    pub(super) created_at: Millis,
}

/// The legal hold on a call.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub(in crate::features::calls) struct HoldView {
    pub(super) reason: String,
    pub(super) held_by: String,
    #[schema(value_type = String, format = DateTime)]
    pub(super) held_at: Millis,
}

/// A tag and how many calls have it.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub(super) struct KnownTag {
    pub(super) tag: String,
    pub(super) n_calls: u64,
}

/// All tags of a call.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct TagsBody {
    /// At most 20, each one line of at most 40 characters; an empty list takes all off.
    pub(super) tags: Vec<String>,
}

/// A note to be written.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NoteBody {
    /// 1 to 4000 characters.
    pub(super) text: String,
}

/// Why a call is held.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct HoldBody {
    /// 1 to 500 characters, such as a case number.
    pub(super) reason: String,
}

impl TagsBody {
    /// The tags, trimmed, each once, in the order of the alphabet.
    pub(super) fn read(self) -> Result<Vec<String>> {
        let mut tags = Vec::new();
        for (n, tag) in self.tags.iter().enumerate() {
            let tag = tag.trim();
            let fits = (1..=LONGEST_TAG).contains(&tag.chars().count()) && !tag.chars().any(char::is_control);
            tags.push(kept(fits, &format!("tags[{n}]"), "must be one line of 1 to 40 characters").map(|()| tag.to_owned())?);
        }
        tags.sort_unstable();
        tags.dedup();
        kept(tags.len() <= MOST_TAGS, "tags", "has more than 20 different tags")?;
        Ok(tags)
    }
}

impl NoteBody {
    pub(super) fn read(self) -> Result<String> {
        text("text", &self.text, LONGEST_NOTE)
    }
}

impl HoldBody {
    pub(super) fn read(self) -> Result<String> {
        text("reason", &self.reason, LONGEST_REASON)
    }
}

fn text(field: &str, text: &str, longest: usize) -> Result<String> {
    let text = text.trim();
    let fits = (1..=longest).contains(&text.chars().count()) && !text.contains('\0');
    kept(fits, field, &format!("must have 1 to {longest} characters")).map(|()| text.to_owned())
}

fn kept(fits: bool, field: &str, sentence: &str) -> Result<()> {
    if fits { Ok(()) } else { Err(Error::invalid(format!("{field} {sentence}")).field(field, sentence)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_trimmed_sorted_and_counted_once() {
        let read = |tags: &[&str]| TagsBody { tags: tags.iter().map(|tag| (*tag).to_owned()).collect() }.read();
        assert_eq!(read(&[" vip ", "late", "vip"]).expect("read"), ["late", "vip"]);
        assert_eq!(read(&[]).expect("read"), Vec::<String>::new());
        let many: Vec<String> = (0..21).map(|n| n.to_string()).collect();
        let many: Vec<&str> = many.iter().map(String::as_str).collect();
        for (tags, field) in [(&["ok", ""][..], "tags[1]"), (&["a\nb"], "tags[0]"), (&[&"x".repeat(41)], "tags[0]"), (&many, "tags")] {
            assert_eq!(read(tags).expect_err("refused").fields()[0].field, field);
        }
    }

    #[test]
    fn a_note_has_words() {
        assert_eq!(NoteBody { text: " call back\nsoon ".into() }.read().expect("read"), "call back\nsoon");
        assert!(NoteBody { text: " ".into() }.read().is_err());
        assert!(HoldBody { reason: "x".repeat(501) }.read().is_err());
    }
}
