//! Knowledge bases and their documents as they are sent, and the rules for them. No I/O.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::base::id::DocumentId;
use crate::base::{Error, Result};
use crate::contract::config::WireSecret;
use crate::platform::net::Target;

/// Characters of a chunk unless a base says otherwise.
const CHUNK_CHARS: u32 = 1_200;
/// Characters that neighbouring chunks share unless a base says otherwise.
const CHUNK_OVERLAP: u32 = 180;
/// Most tags of a document.
const MOST_TAGS: usize = 20;

/// Where a document stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum ParseStatus {
    /// It is here and waits.
    Uploaded,
    /// It is being read, cut and embedded.
    Indexing,
    /// Searches find it.
    Indexed,
    /// It could not be taken in; `parse_error` says why.
    Failed,
}

impl ParseStatus {
    /// The word that is stored and shown.
    pub fn word(self) -> &'static str {
        match self {
            Self::Uploaded => "uploaded",
            Self::Indexing => "indexing",
            Self::Indexed => "indexed",
            Self::Failed => "failed",
        }
    }

    pub(super) fn of_word(word: &str) -> Self {
        [Self::Uploaded, Self::Indexing, Self::Indexed].into_iter().find(|status| status.word() == word).unwrap_or(Self::Failed)
    }
}

/// What makes vectors of texts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum EmbeddingProvider {
    /// The model in this program; nothing leaves the box.
    #[default]
    BuiltIn,
    /// A service that speaks the OpenAI API.
    Openai,
}

/// The embedding model of a base.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Embedding {
    /// What makes vectors of texts.
    pub provider: EmbeddingProvider,
    /// Root of an OpenAI-compatible API, such as `http://10.0.0.5:11434/v1`; only for `openai`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub base_url: Option<String>,
    /// Model name; only for `openai`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// Key for that API. Reads show it masked; sending the masked text back keeps the stored key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub api_key: Option<WireSecret>,
}

impl Embedding {
    /// Refuses what cannot work, by field.
    pub(super) fn check(&self) -> Result<()> {
        if self.provider == EmbeddingProvider::BuiltIn {
            return match self.base_url.is_none() && self.model.is_none() && self.api_key.is_none() {
                true => Ok(()),
                false => Err(wrong("embedding.provider", "must be openai when there is a base_url, a model or an api_key")),
            };
        }
        if self.base_url.as_deref().is_none_or(|url| Target::read(url).is_err()) {
            return Err(wrong("embedding.base_url", "must be an http or https URL"));
        }
        match self.model.as_deref().is_some_and(|model| !model.trim().is_empty() && model.len() <= 200) {
            true => Ok(()),
            false => Err(wrong("embedding.model", "must have 1 to 200 bytes")),
        }
    }
}

/// A knowledge base to be made.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewBase {
    /// What people call it: 1 to 200 characters.
    pub name: String,
    /// What is in it: at most 2000 characters.
    #[serde(default)]
    pub description: String,
    /// Characters of a chunk: 200 to 4000.
    #[serde(default)]
    pub chunk_chars: Option<u32>,
    /// Characters that neighbouring chunks share: at most half a chunk.
    #[serde(default)]
    pub chunk_overlap: Option<u32>,
    /// The embedding model.
    #[serde(default)]
    pub embedding: Embedding,
}

/// What is to be different about a base; absent fields stay as they are.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BaseChange {
    /// What people call it.
    #[serde(default)]
    pub name: Option<String>,
    /// What is in it.
    #[serde(default)]
    pub description: Option<String>,
    /// Whether searches look into it.
    #[serde(default)]
    pub is_enabled: Option<bool>,
    /// Characters of a chunk; documents that are there already keep theirs until they are indexed again.
    #[serde(default)]
    pub chunk_chars: Option<u32>,
    /// Characters that neighbouring chunks share.
    #[serde(default)]
    pub chunk_overlap: Option<u32>,
    /// The embedding model. Another one embeds everything anew in the background; the old vectors serve meanwhile.
    #[serde(default)]
    pub embedding: Option<Embedding>,
}

/// The settings of a base that both of the above come to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct BaseBody {
    pub(super) name: String,
    pub(super) description: String,
    pub(super) is_enabled: bool,
    pub(super) chunk_chars: u32,
    pub(super) chunk_overlap: u32,
}

impl BaseBody {
    pub(super) fn of(new: &NewBase) -> Self {
        let chunk_chars = new.chunk_chars.unwrap_or(CHUNK_CHARS);
        Self {
            name: new.name.trim().to_owned(),
            description: new.description.clone(),
            is_enabled: true,
            chunk_chars,
            chunk_overlap: new.chunk_overlap.unwrap_or(CHUNK_OVERLAP.min(chunk_chars / 2)),
        }
    }

    pub(super) fn changed(self, change: &BaseChange) -> Self {
        let chunk_chars = change.chunk_chars.unwrap_or(self.chunk_chars);
        Self {
            name: change.name.as_ref().map_or(self.name, |name| name.trim().to_owned()),
            description: change.description.clone().unwrap_or(self.description),
            is_enabled: change.is_enabled.unwrap_or(self.is_enabled),
            chunk_chars,
            chunk_overlap: change.chunk_overlap.unwrap_or(self.chunk_overlap),
        }
    }

    /// Refuses what cannot work, by field.
    pub(super) fn check(&self) -> Result<()> {
        if !is_line(&self.name, 200) || self.name.is_empty() {
            return Err(wrong("name", "must be one line of 1 to 200 characters"));
        }
        if self.description.chars().count() > 2_000 || self.description.contains('\0') {
            return Err(wrong("description", "must have at most 2000 characters"));
        }
        if !(200..=4_000).contains(&self.chunk_chars) {
            return Err(wrong("chunk_chars", "must be 200 to 4000"));
        }
        match self.chunk_overlap <= self.chunk_chars / 2 {
            true => Ok(()),
            false => Err(wrong("chunk_overlap", "must be at most half of chunk_chars")),
        }
    }
}

/// A document that is fetched from a URL.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewSource {
    /// Where it is: `http` or `https`.
    pub url: String,
    /// What to call it; absent: the URL.
    #[serde(default)]
    pub name: Option<String>,
    /// Words to filter searches by.
    #[serde(default)]
    pub tags: Vec<String>,
    /// Fetch it again after this many hours: 1 to 8760. Absent or null: only when asked.
    #[serde(default)]
    pub refresh_hours: Option<u32>,
}

/// What is to be different about a document; absent fields stay as they are.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DocumentChange {
    /// What to call it.
    #[serde(default)]
    pub name: Option<String>,
    /// Words to filter searches by.
    #[serde(default)]
    pub tags: Option<Vec<String>>,
    /// Fetch it again after this many hours; 0: only when asked. Only for documents with a URL.
    #[serde(default)]
    pub refresh_hours: Option<u32>,
}

/// The public name of a chunk.
pub(super) fn chunk_id(document_id: &DocumentId, position: u32) -> String {
    format!("{document_id}_chunk_{position}")
}

/// Tags in small letters, each once, in order.
pub(super) fn tags(given: &[String]) -> Result<Vec<String>> {
    let mut tags: Vec<String> = given.iter().map(|tag| tag.trim().to_lowercase()).collect();
    tags.sort();
    tags.dedup();
    if tags.len() > MOST_TAGS {
        return Err(wrong("tags", "must be at most 20"));
    }
    match tags.iter().position(|tag| tag.is_empty() || !is_line(tag, 64) || tag.contains(',')) {
        Some(n) => Err(wrong(&format!("tags[{n}]"), "must be one line of 1 to 64 characters without a comma")),
        None => Ok(tags),
    }
}

/// A document's name: one line, the last part of a path.
pub(super) fn file_name(name: &str) -> Result<String> {
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default().trim();
    match !last.is_empty() && is_line(last, 255) {
        true => Ok(last.to_owned()),
        false => Err(wrong("file", "must have a name of 1 to 255 characters")),
    }
}

/// A name that is no file's.
pub(super) fn title(name: &str) -> Result<String> {
    let name = name.trim();
    match !name.is_empty() && is_line(name, 255) {
        true => Ok(name.to_owned()),
        false => Err(wrong("name", "must be one line of 1 to 255 characters")),
    }
}

/// Hours between two fetches; 0 and absent are never.
pub(super) fn refresh(hours: Option<u32>) -> Result<Option<u32>> {
    match hours {
        None | Some(0) => Ok(None),
        Some(hours) if hours <= 8_760 => Ok(Some(hours)),
        Some(_) => Err(wrong("refresh_hours", "must be 1 to 8760")),
    }
}

pub(super) fn wrong(field: &str, sentence: &str) -> Error {
    Error::invalid(format!("{field}: {sentence}")).field(field, sentence)
}

fn is_line(text: &str, most: usize) -> bool {
    text.chars().count() <= most && !text.chars().any(char::is_control)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_base_is_refused_by_field() {
        let new = |change: serde_json::Value| {
            let mut body = serde_json::json!({ "name": "Shop" });
            body.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
            BaseBody::of(&serde_json::from_value(body).unwrap())
        };
        assert!(new(serde_json::json!({})).check().is_ok());
        assert!(new(serde_json::json!({ "chunk_chars": 200 })).check().is_ok());
        for (change, field) in [
            (serde_json::json!({ "name": " " }), "name"),
            (serde_json::json!({ "name": "a\nb" }), "name"),
            (serde_json::json!({ "chunk_chars": 100 }), "chunk_chars"),
            (serde_json::json!({ "chunk_chars": 400, "chunk_overlap": 201 }), "chunk_overlap"),
        ] {
            assert_eq!(new(change).check().unwrap_err().fields()[0].field, field);
        }
    }

    #[test]
    fn tags_are_small_and_single_and_names_have_no_folders() {
        assert_eq!(tags(&["B".into(), " a ".into(), "b".into()]).unwrap(), ["a", "b"]);
        assert!(tags(&[String::new()]).is_err() && tags(&["a,b".into()]).is_err());
        assert_eq!(file_name("../../etc/pass.txt").unwrap(), "pass.txt");
        assert_eq!(file_name("C:\\docs\\a.pdf").unwrap(), "a.pdf");
        assert!(file_name("a/").is_err());
    }
}
