//! The text of a document, with the places of its parts. Pure.

use crate::features::knowledge::parse::{Block, BlockKind};

/// A document as one text.
#[derive(Debug, Clone, Default)]
pub(in crate::features::knowledge) struct Rendered {
    /// The text: headings with `#`, an empty line between parts.
    pub(in crate::features::knowledge) body: String,
    /// Its parts in order.
    pub(super) parts: Vec<Part>,
}

/// One part of the text, in bytes.
#[derive(Debug, Clone)]
pub(super) struct Part {
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) page: Option<u32>,
    pub(super) kind: PartKind,
}

/// What a part is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum PartKind {
    Heading { level: u8, text: String },
    Prose,
    Table,
}

/// Writes the blocks one below the other.
pub(in crate::features::knowledge) fn render(blocks: &[Block]) -> Rendered {
    let mut out = Rendered::default();
    for block in blocks {
        if !out.body.is_empty() {
            out.body.push_str("\n\n");
        }
        let start = out.body.len();
        let kind = match &block.kind {
            BlockKind::Heading { level, text } => {
                out.body.push_str(&"#".repeat(usize::from(*level)));
                out.body.push(' ');
                out.body.push_str(text);
                PartKind::Heading { level: *level, text: text.clone() }
            }
            BlockKind::Text { text } => {
                out.body.push_str(text);
                PartKind::Prose
            }
            BlockKind::Table { rows } => {
                write_table(rows, &mut out.body);
                PartKind::Table
            }
        };
        out.parts.push(Part { start, end: out.body.len(), page: block.page, kind });
    }
    out
}

/// A line for each row. Where the first row names the columns, each cell is told with its name, so that a row makes sense alone and can
/// be spoken.
fn write_table(rows: &[Vec<String>], out: &mut String) {
    let names = rows.first().filter(|first| rows.len() > 1 && names_columns(first));
    for (n, row) in rows.iter().skip(usize::from(names.is_some())).enumerate() {
        if n > 0 {
            out.push('\n');
        }
        let cells = row.iter().enumerate().filter(|(_, cell)| !cell.is_empty());
        let told = cells.map(|(n, cell)| match names.and_then(|names| names.get(n)).filter(|name| !name.is_empty()) {
            Some(name) => format!("{name}: {cell}"),
            None => cell.clone(),
        });
        out.push_str(&told.collect::<Vec<_>>().join("; "));
    }
}

fn names_columns(row: &[String]) -> bool {
    let named: Vec<&String> = row.iter().filter(|cell| !cell.is_empty()).collect();
    let is_name = |cell: &&String| cell.chars().count() <= 60 && cell.chars().next().is_some_and(|c| !c.is_ascii_digit());
    named.len() > 1 && named.iter().all(is_name)
}
