//! What a file is: by the ending of its name, or the type an answer carries. Pure.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::base::{Error, Result};

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
}
