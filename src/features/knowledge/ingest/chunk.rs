//! Cuts a document's text into chunks along its structure: a section stays together where it fits, a table stays whole, prose is cut between
//! sentences, and every chunk knows the headings above it. Pure.

use text_splitter::{ChunkConfig, TextSplitter};

use super::render::{Part, PartKind, Rendered};
use crate::base::{Context, Result};

/// What stands between two headings of a path.
pub(in crate::features::knowledge) const BETWEEN_HEADINGS: &str = " › ";
/// A table of up to this many chunks' size stays whole.
const WHOLE_TABLE: usize = 2;
/// Longest path of headings that a chunk carries.
const MOST_OF_A_PATH: usize = 300;

/// How to cut.
#[derive(Debug, Clone, Copy)]
pub(in crate::features::knowledge) struct Cut {
    /// Characters of a chunk.
    pub(in crate::features::knowledge) chars: usize,
    /// Characters that neighbours share.
    pub(in crate::features::knowledge) overlap: usize,
}

/// A stretch of the text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::features::knowledge) struct Chunk {
    /// Its words.
    pub(in crate::features::knowledge) body: String,
    /// The headings above it.
    pub(in crate::features::knowledge) heading: String,
    /// Page it begins on.
    pub(in crate::features::knowledge) page: Option<u32>,
    /// First character, counted over the document's text.
    pub(in crate::features::knowledge) start: usize,
    /// The character behind its last.
    pub(in crate::features::knowledge) end: usize,
}

/// The chunks of a text, in order.
pub(in crate::features::knowledge) fn cut(text: &Rendered, cut: Cut) -> Result<Vec<Chunk>> {
    let mut cutter = Cutter::new(text, cut)?;
    let mut path: Vec<(u8, String)> = Vec::new();
    let mut parts = text.parts.as_slice();
    while let Some((first, rest)) = parts.split_first() {
        if let PartKind::Heading { level, text } = &first.kind {
            path.retain(|(above, _)| above < level);
            path.push((*level, text.clone()));
            let next = rest.first().map(|part| &part.kind);
            // A heading with nothing below it is all there is of its section.
            let is_bare = match next {
                None => true,
                Some(PartKind::Heading { level: below, .. }) => below <= level,
                Some(_) => false,
            };
            if is_bare {
                cutter.whole(&path[..path.len() - 1], first.start + usize::from(*level) + 1, first.end, first.page);
            }
            parts = rest;
            continue;
        }
        let n = parts.iter().take_while(|part| !matches!(part.kind, PartKind::Heading { .. })).count();
        cutter.section(&path, &parts[..n]);
        parts = &parts[n..];
    }
    Ok(cutter.chunks)
}

struct Cutter<'a> {
    body: &'a str,
    cut: Cut,
    splitter: TextSplitter<text_splitter::Characters>,
    chunks: Vec<Chunk>,
    /// A byte of the text and the character it is, to count on from.
    counted: (usize, usize),
}

impl<'a> Cutter<'a> {
    fn new(text: &'a Rendered, cut: Cut) -> Result<Self> {
        let config = ChunkConfig::new(cut.chars).with_overlap(cut.overlap.min(cut.chars / 2)).context("a chunk's overlap does not fit")?;
        Ok(Self { body: &text.body, cut, splitter: TextSplitter::new(config.with_trim(true)), chunks: Vec::new(), counted: (0, 0) })
    }

    fn section(&mut self, path: &[(u8, String)], parts: &[Part]) {
        let (Some(first), Some(last)) = (parts.first(), parts.last()) else { return };
        if self.fits(first.start, last.end, 1) {
            return self.whole(path, first.start, last.end, first.page);
        }
        let mut n = 0;
        while n < parts.len() {
            let run = parts[n..].iter().take_while(|part| part.kind == PartKind::Prose).count();
            let table = parts.get(n + run).filter(|part| part.kind == PartKind::Table);
            // The paragraph right before a table tells what the table is about.
            let caption = table.filter(|table| run > 0 && self.fits(parts[n + run - 1].start, table.end, WHOLE_TABLE)).is_some();
            let n_prose = run - usize::from(caption);
            if n_prose > 0 {
                self.prose(path, &parts[n..n + n_prose]);
            }
            if let Some(table) = table {
                let from = if caption { &parts[n + run - 1] } else { table };
                self.table(path, from.start, table, from.page);
            }
            n += run + usize::from(table.is_some());
        }
    }

    fn fits(&self, start: usize, end: usize, times: usize) -> bool {
        end - start <= self.cut.chars * times || self.body[start..end].chars().count() <= self.cut.chars * times
    }

    fn prose(&mut self, path: &[(u8, String)], parts: &[Part]) {
        let (Some(first), Some(last)) = (parts.first(), parts.last()) else { return };
        let run = &self.body[first.start..last.end];
        let pieces: Vec<(usize, usize)> =
            self.splitter.chunk_indices(run).map(|(at, piece)| (first.start + at, first.start + at + piece.len())).collect();
        for (start, end) in pieces {
            let page = parts.iter().rev().find(|part| part.start <= start).and_then(|part| part.page);
            self.whole(path, start, end, page);
        }
    }

    /// A table with what stands before it; a large one falls into groups of rows.
    fn table(&mut self, path: &[(u8, String)], from: usize, table: &Part, page: Option<u32>) {
        if self.fits(from, table.end, WHOLE_TABLE) {
            return self.whole(path, from, table.end, page);
        }
        let mut start = from;
        let mut end = from;
        for line in self.body[from..table.end].split_inclusive('\n') {
            if end > start && !self.fits(start, end + line.len(), 1) {
                self.whole(path, start, end, page);
                start = end;
            }
            end += line.len();
            if !self.fits(start, end, WHOLE_TABLE) {
                // A single row longer than any table may be is cut like prose.
                let row = [Part { start, end, page, kind: PartKind::Prose }];
                self.prose(path, &row);
                start = end;
            }
        }
        self.whole(path, start, end, page);
    }

    fn whole(&mut self, path: &[(u8, String)], start: usize, end: usize, page: Option<u32>) {
        let text = &self.body[start..end];
        let trimmed = text.trim();
        if trimmed.is_empty() {
            return;
        }
        let start = start + (text.len() - text.trim_start().len());
        let first = self.char_of(start);
        let heading = path.iter().map(|(_, text)| text.as_str()).collect::<Vec<_>>().join(BETWEEN_HEADINGS);
        self.chunks.push(Chunk {
            body: trimmed.to_owned(),
            heading: heading.chars().take(MOST_OF_A_PATH).collect(),
            page,
            start: first,
            end: first + trimmed.chars().count(),
        });
    }

    /// Which character a byte of the text is.
    fn char_of(&mut self, byte: usize) -> usize {
        let (at, n_chars) = self.counted;
        let n_chars = match byte >= at {
            true => n_chars + self.body[at..byte].chars().count(),
            false => n_chars - self.body[byte..at].chars().count(),
        };
        self.counted = (byte, n_chars);
        n_chars
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::features::knowledge::ingest::render;
    use crate::features::knowledge::parse::{Block, BlockKind};

    fn heading(level: u8, text: &str) -> Block {
        Block { kind: BlockKind::Heading { level, text: text.to_owned() }, page: None }
    }

    fn text(text: &str) -> Block {
        Block { kind: BlockKind::Text { text: text.to_owned() }, page: Some(1) }
    }

    fn table(n_rows: usize) -> Block {
        let row = |n: usize| vec![format!("Widget {n}"), format!("{n}.50 EUR")];
        let rows = [vec!["Item".to_owned(), "Price".to_owned()]].into_iter().chain((0..n_rows).map(row)).collect();
        Block { kind: BlockKind::Table { rows }, page: None }
    }

    fn chunks(blocks: &[Block]) -> Vec<Chunk> {
        let text = render(blocks);
        let chunks = cut(&text, Cut { chars: 300, overlap: 60 }).unwrap();
        let all: Vec<char> = text.body.chars().collect();
        for chunk in &chunks {
            assert_eq!(all[chunk.start..chunk.end].iter().collect::<String>(), chunk.body, "offsets name the very words");
        }
        chunks
    }

    #[test]
    fn a_section_that_fits_is_one_chunk_under_its_headings() {
        let found = chunks(&[
            heading(1, "Shop"),
            heading(2, "Hours"),
            text("Nine to six."),
            text("Closed on Sunday."),
            heading(2, "Ünder"),
            text("ä"),
        ]);
        let seen: Vec<_> = found.iter().map(|c| (c.heading.as_str(), c.body.as_str())).collect();
        assert_eq!(seen, [("Shop › Hours", "Nine to six.\n\nClosed on Sunday."), ("Shop › Ünder", "ä")]);
    }

    #[test]
    fn long_prose_is_cut_between_sentences_and_neighbours_share_words() {
        let long = (0..40).map(|n| format!("This is sentence number {n}.")).collect::<Vec<_>>().join(" ");
        let found = chunks(&[heading(1, "A"), text(&long)]);
        assert!(found.len() >= 4);
        for pair in found.windows(2) {
            assert!(pair[0].body.ends_with('.') && pair[0].body.chars().count() <= 300);
            assert!(pair[1].start < pair[0].end && pair[1].start > pair[0].start, "they overlap");
        }
    }

    #[test]
    fn a_table_stays_whole_with_its_caption_and_a_huge_one_falls_between_rows() {
        let before = "x ".repeat(200);
        let found = chunks(&[text(&before), text("Prices of widgets:"), table(10)]);
        let last = found.last().unwrap();
        assert!(last.body.starts_with("Prices of widgets:") && last.body.contains("Item: Widget 9; Price: 9.50 EUR"));
        let found = chunks(&[table(200)]);
        assert!(found.len() > 10);
        assert!(found.iter().all(|c| c.body.starts_with("Item: ") && c.body.ends_with("EUR")), "rows are never torn");
    }

    #[test]
    fn headings_without_text_are_not_lost() {
        let found = chunks(&[heading(1, "One"), heading(1, "Two"), heading(2, "Three")]);
        let seen: Vec<_> = found.iter().map(|c| (c.heading.as_str(), c.body.as_str())).collect();
        assert_eq!(seen, [("", "One"), ("Two", "Three")]);
    }

    #[test]
    fn a_single_row_beyond_measure_is_cut() {
        let row = Block { kind: BlockKind::Table { rows: vec![vec!["word ".repeat(2_000)]] }, page: None };
        assert!(chunks(&[row]).iter().all(|c| c.body.chars().count() <= 600));
    }
}
