//! What is inside a file, as blocks of text. Runs in a caged child of this program, because files come from anywhere.

mod docx;
mod html;
mod markdown;
mod office;
mod pdf;
mod pdf_tables;
mod table;
mod text;
mod worker;
mod xlsx;
mod xml;

use serde::{Deserialize, Serialize};

pub(super) use worker::Said;
pub use worker::run as run_worker;

use super::format::Format;

/// Most characters that are taken from one document.
pub(super) const MOST_CHARS: usize = 20_000_000;

/// One piece of a document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Block {
    /// What it is.
    #[serde(flatten)]
    pub(super) kind: BlockKind,
    /// Page it begins on, from 1; `None` where there are no pages.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) page: Option<u32>,
}

/// The kinds of pieces.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub(super) enum BlockKind {
    /// A heading; 1 is the highest level.
    Heading {
        /// From 1 to 9.
        level: u8,
        /// Its words.
        text: String,
    },
    /// A paragraph, a list, a piece of code.
    Text {
        /// Its words.
        text: String,
    },
    /// Rows of cells; the first row names the columns.
    Table {
        /// The rows.
        rows: Vec<Vec<String>>,
    },
}

/// What a document holds.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Parsed {
    /// In reading order.
    pub(super) blocks: Vec<Block>,
    /// How many pages it has, where there are pages.
    #[serde(default)]
    pub(super) n_pages: Option<u32>,
}

/// Why a document cannot be taken in: a sentence for the operator that goes on after "the document …".
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Refusal(pub(super) String);

impl Refusal {
    pub(super) fn new(sentence: impl Into<String>) -> Self {
        Self(sentence.into())
    }
}

/// Collects blocks and stops where a document has more text than any document should.
#[derive(Debug, Default)]
pub(super) struct Collector {
    parsed: Parsed,
    n_chars: usize,
    page: Option<u32>,
}

impl Collector {
    /// Blocks from now on begin on this page.
    pub(super) fn on_page(&mut self, page: u32) {
        self.page = Some(page);
        self.parsed.n_pages = Some(page.max(self.parsed.n_pages.unwrap_or(0)));
    }

    /// A heading; empty ones are nothing.
    pub(super) fn heading(&mut self, level: u8, text: &str) -> Result<(), Refusal> {
        let text = one_line(text);
        if text.is_empty() {
            return Ok(());
        }
        self.count(text.len())?;
        self.push(BlockKind::Heading { level: level.clamp(1, 9), text });
        Ok(())
    }

    /// A paragraph; empty ones are nothing.
    pub(super) fn text(&mut self, text: &str) -> Result<(), Refusal> {
        let text = tidy(text);
        if text.is_empty() {
            return Ok(());
        }
        self.count(text.len())?;
        self.push(BlockKind::Text { text });
        Ok(())
    }

    /// A table; one without a single word is nothing.
    pub(super) fn table(&mut self, rows: Vec<Vec<String>>) -> Result<(), Refusal> {
        let rows: Vec<Vec<String>> = rows
            .into_iter()
            .map(|row| row.iter().map(|cell| one_line(cell)).collect::<Vec<_>>())
            .filter(|row: &Vec<String>| row.iter().any(|cell| !cell.is_empty()))
            .collect();
        if rows.is_empty() {
            return Ok(());
        }
        self.count(rows.iter().flatten().map(String::len).sum())?;
        self.push(BlockKind::Table { rows });
        Ok(())
    }

    /// Refuses more characters than a document may have.
    pub(super) fn count(&mut self, n_chars: usize) -> Result<(), Refusal> {
        self.n_chars += n_chars;
        match self.n_chars > MOST_CHARS {
            true => Err(Refusal::new(format!("holds more than {} million characters of text", MOST_CHARS / 1_000_000))),
            false => Ok(()),
        }
    }

    fn push(&mut self, kind: BlockKind) {
        self.parsed.blocks.push(Block { kind, page: self.page });
    }

    /// Everything that was collected, or that there is no text.
    pub(super) fn finish(self) -> Result<Parsed, Refusal> {
        if self.parsed.blocks.is_empty() {
            return Err(Refusal::new("holds no text"));
        }
        Ok(self.parsed)
    }
}

/// The blocks of a file.
pub(super) fn parse(format: Format, bytes: &[u8]) -> Result<Parsed, Refusal> {
    looks_like(format, bytes)?;
    match format {
        Format::Pdf => pdf::parse(bytes),
        Format::Docx => docx::parse(bytes),
        Format::Xlsx => xlsx::parse(bytes),
        Format::Html => html::parse(&text::decode(bytes)?),
        Format::Md => markdown::parse(&text::decode(bytes)?),
        Format::Txt => text::parse(&text::decode(bytes)?),
        Format::Csv => table::parse(&text::decode(bytes)?),
    }
}

/// Refuses a file whose beginning says that it is something else than its name does.
fn looks_like(format: Format, bytes: &[u8]) -> Result<(), Refusal> {
    if bytes.is_empty() {
        return Err(Refusal::new("is empty"));
    }
    let start = &bytes[..bytes.len().min(1024)];
    let is_pdf = start.windows(5).any(|window| window == b"%PDF-");
    let is_zip = start.starts_with(b"PK\x03\x04") || start.starts_with(b"PK\x05\x06");
    let is_old_office = start.starts_with(&[0xd0, 0xcf, 0x11, 0xe0]);
    let found = match () {
        () if is_pdf => "a PDF file",
        () if is_zip => "a ZIP or Office file",
        () if is_old_office => "an old or encrypted Office file",
        () => "something else",
    };
    let fits = match format {
        Format::Pdf => is_pdf,
        Format::Docx | Format::Xlsx if is_old_office => {
            return Err(Refusal::new("is encrypted, or has the old Office format: save it without a password as .docx or .xlsx"));
        }
        Format::Docx | Format::Xlsx => is_zip,
        Format::Html | Format::Md | Format::Txt | Format::Csv => !start.starts_with(b"%PDF-") && !is_zip && !is_old_office,
    };
    if fits { Ok(()) } else { Err(Refusal::new(format!("is named .{} but is {found}", format.word()))) }
}

/// Words with one blank between them.
pub(super) fn one_line(text: &str) -> String {
    text.split_whitespace().map(|word| word.replace('\0', "")).filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
}

/// Lines without blanks at their ends, at most one empty line in a row, no control characters.
pub(super) fn tidy(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut n_empty = 0;
    for line in text.lines() {
        let line: String = line.chars().filter(|c| !c.is_control() || *c == '\t').collect();
        let line = line.trim_end();
        if line.is_empty() {
            n_empty += 1;
            continue;
        }
        if !out.is_empty() {
            out.push_str(if n_empty > 0 { "\n\n" } else { "\n" });
        }
        n_empty = 0;
        out.push_str(line);
    }
    out.trim().to_owned()
}

#[cfg(test)]
mod tests;
