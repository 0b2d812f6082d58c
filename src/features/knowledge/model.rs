//! Knowledge bases and their documents as they are sent and shown, and the rules for them. No I/O.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::base::id::{DocumentId, KnowledgeBaseId};
use crate::base::{Error, Millis, Result};
use crate::contract::config::WireSecret;
use crate::platform::net::Target;

/// Characters of a chunk unless a base says otherwise.
const CHUNK_CHARS: u32 = 1_200;
/// Characters that neighbouring chunks share unless a base says otherwise.
const CHUNK_OVERLAP: u32 = 180;
/// Most tags of a document.
const MOST_TAGS: usize = 20;

/// What a file is, by the ending of its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// `.pdf`
    Pdf,
    /// `.docx`
    Docx,
    /// `.xlsx`
    Xlsx,
    /// `.html`, `.htm`
    Html,
    /// `.md`, `.markdown`
    Md,
    /// `.txt`, `.text`
    Txt,
    /// `.csv`
    Csv,
}

impl Format {
    /// All formats with the endings of their files; the first is the word that is stored.
    const ALL: [(Self, &'static [&'static str]); 7] = [
        (Self::Pdf, &["pdf"]),
        (Self::Docx, &["docx"]),
        (Self::Xlsx, &["xlsx"]),
        (Self::Html, &["html", "htm"]),
        (Self::Md, &["md", "markdown"]),
        (Self::Txt, &["txt", "text"]),
        (Self::Csv, &["csv"]),
    ];

    /// The word that is stored and shown.
    pub fn word(self) -> &'static str {
        Self::ALL.iter().find(|(format, _)| *format == self).map_or("", |(_, endings)| endings[0])
    }

    /// The format of a word.
    pub fn of_word(word: &str) -> Option<Self> {
        Self::ALL.iter().find(|(_, endings)| endings.contains(&word)).map(|(format, _)| *format)
    }

    /// The format of a file by its name, or a refusal that lists the endings that are taken.
    pub fn of_name(name: &str) -> Result<Self> {
        let ending = name.rsplit_once('.').map(|(_, ending)| ending.to_ascii_lowercase()).unwrap_or_default();
        Self::of_word(&ending).ok_or_else(|| {
            let sentence = "must end in .pdf, .docx, .xlsx, .html, .md, .txt or .csv";
            Error::invalid(format!("file: its name {sentence}")).field("file", sentence).code("unsupported_format")
        })
    }

    /// The format of an answer by its content type.
    pub fn of_content_type(content_type: &str) -> Option<Self> {
        Some(match content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase().as_str() {
            "application/pdf" => Self::Pdf,
            "application/vnd.openxmlformats-officedocument.wordprocessingml.document" => Self::Docx,
            "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet" => Self::Xlsx,
            "text/html" | "application/xhtml+xml" => Self::Html,
            "text/markdown" => Self::Md,
            "text/csv" => Self::Csv,
            "text/plain" => Self::Txt,
            _ => return None,
        })
    }
}

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
        if !self.base_url.as_deref().is_some_and(|url| Target::read(url).is_ok()) {
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

/// A knowledge base.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct BaseView {
    /// The base.
    pub id: KnowledgeBaseId,
    /// What people call it.
    pub name: String,
    /// What is in it.
    pub description: String,
    /// Whether searches look into it.
    pub is_enabled: bool,
    /// Characters of a chunk.
    pub chunk_chars: u32,
    /// Characters that neighbouring chunks share.
    pub chunk_overlap: u32,
    /// The embedding model, its key masked.
    pub embedding: Embedding,
    /// Whether everything is being embedded anew for another model.
    pub is_reembedding: bool,
    /// How many documents it has.
    pub n_documents: u64,
    /// How many of them are indexed.
    pub n_indexed: u64,
    /// How many failed.
    pub n_failed: u64,
    /// How many chunks searches look at.
    pub n_chunks: u64,
    /// Who made it.
    pub created_by: String,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Millis,
    /// When it was last changed.
    #[schema(value_type = String, format = DateTime)]
    pub updated_at: Millis,
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

/// A document.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct DocumentView {
    /// The document.
    pub id: DocumentId,
    /// The base it belongs to.
    pub kb_id: KnowledgeBaseId,
    /// Its name.
    pub name: String,
    /// What it is; for a URL, what its last answer was.
    pub format: String,
    /// Where it was fetched from.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub url: Option<String>,
    /// Size in bytes.
    pub size: u64,
    /// SHA-256 of the file.
    pub sha256: Option<String>,
    /// Words to filter searches by.
    pub tags: Vec<String>,
    /// Where it stands.
    pub parse_status: ParseStatus,
    /// Percent of the way from uploaded to indexed.
    pub progress: u32,
    /// Why it failed; empty otherwise.
    pub parse_error: String,
    /// Language of its text, two letters; empty while nobody knows.
    pub language: String,
    /// Pages, where there are pages.
    pub n_pages: Option<u32>,
    /// Chunks that searches look at.
    pub n_chunks: u64,
    /// It is fetched again after this many hours.
    pub refresh_hours: Option<u32>,
    /// Whether this answer is about a document that was there already: the same file of the same base.
    pub is_duplicate: bool,
    /// Who added it.
    pub created_by: String,
    /// When it was added.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Millis,
    /// When it last became searchable.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub indexed_at: Option<Millis>,
    /// When it was last fetched.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub fetched_at: Option<Millis>,
}

/// A stretch of a document's text.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ChunkView {
    /// `{document_id}_chunk_{position}`.
    pub chunk_id: String,
    /// Its place in the document, from 0.
    pub position: u32,
    /// The text.
    pub text: String,
    /// The headings above it, the highest first, with ` › ` between them.
    pub heading: String,
    /// Page it begins on.
    pub page: Option<u32>,
    /// First character of it in the document's text.
    pub start: u64,
    /// The character behind its last.
    pub end: u64,
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
    fn the_ending_of_a_name_says_the_format() {
        for (name, format) in [("a.PDF", Format::Pdf), ("b.x.htm", Format::Html), ("c.markdown", Format::Md), ("d.csv", Format::Csv)] {
            assert_eq!(Format::of_name(name).unwrap(), format);
        }
        for name in ["a", "a.doc", "a.exe", ".", ""] {
            assert_eq!(Format::of_name(name).unwrap_err().stable_code(), "unsupported_format", "{name}");
        }
    }

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
