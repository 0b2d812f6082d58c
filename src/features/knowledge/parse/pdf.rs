//! PDF files: the text of each page, without what stands on every page; headings by how their lines look, tables as the page draws them.

use std::collections::{BTreeMap, HashMap};

use pdf_oxide::PdfDocument;
use pdf_oxide::converters::ConversionOptions;

use super::text::heading_level;
use super::{Collector, Parsed, Refusal, pdf_tables};

/// A page: its lines, and the tables by the line they begin at, which is empty then.
#[derive(Debug, Default)]
struct Page {
    lines: Vec<String>,
    tables: BTreeMap<usize, Vec<Vec<String>>>,
}

/// Most pages that are read.
const MOST_PAGES: usize = 5_000;
/// From this many pages on a line that stands on most of them is no text.
const PAGES_TO_COMPARE: usize = 3;
/// A heading without a number is at most this long.
const LONGEST_HEADING: usize = 60;

/// The blocks of a PDF file.
pub(super) fn parse(bytes: &[u8]) -> Result<Parsed, Refusal> {
    let broken = |_| Refusal::new("is broken: it cannot be read as PDF");
    let document = PdfDocument::from_bytes(bytes.to_vec()).map_err(broken)?;
    if document.is_encrypted() && !document.authenticate(b"").unwrap_or(false) {
        return Err(Refusal::new("is encrypted: save it without a password"));
    }
    let n_pages = document.page_count().map_err(broken)?;
    if n_pages > MOST_PAGES {
        return Err(Refusal::new(format!("has {n_pages} pages: at most {MOST_PAGES} are read")));
    }
    let mut pages = Vec::with_capacity(n_pages);
    let (mut n_broken, mut n_chars, mut has_words) = (0, 0, false);
    for page in 0..n_pages {
        let text = document.extract_text(page).unwrap_or_else(|_| {
            n_broken += 1;
            String::new()
        });
        n_chars += text.len();
        if n_chars > super::MOST_CHARS {
            return Err(Refusal::new("holds more text than a document may"));
        }
        has_words |= text.chars().any(char::is_alphanumeric);
        let mut lines: Vec<String> = text.lines().map(|line| line.trim().to_owned()).collect();
        let tables = match lines.len() {
            0 | 1 => BTreeMap::new(),
            _ => pdf_tables::lift(&mut lines, &document.to_markdown(page, &ConversionOptions::default()).unwrap_or_default()),
        };
        pages.push(Page { lines, tables });
    }
    if !has_words {
        return Err(Refusal::new(match n_broken {
            0 => "has no text: it looks scanned; run text recognition (OCR) over it first",
            _ => "is broken: none of its pages can be read",
        }));
    }
    blocks(pages)
}

fn blocks(mut pages: Vec<Page>) -> Result<Parsed, Refusal> {
    drop_frames(&mut pages);
    let mut out = Collector::default();
    for (number, Page { lines, mut tables }) in (1u32..).zip(pages) {
        out.on_page(number);
        let mut paragraph = String::new();
        for (n, line) in lines.iter().enumerate() {
            if line.is_empty() {
                out.text(&std::mem::take(&mut paragraph))?;
                out.table(tables.remove(&n).unwrap_or_default())?;
                continue;
            }
            let before = n.checked_sub(1).and_then(|n| lines.get(n)).map_or("", String::as_str);
            let behind = lines[n + 1..].iter().find(|line| !line.is_empty()).map_or("", String::as_str);
            if let Some(level) = level(before, line, behind) {
                out.text(&std::mem::take(&mut paragraph))?;
                out.heading(level, line)?;
                continue;
            }
            append(&mut paragraph, line);
        }
        out.text(&paragraph)?;
    }
    out.finish()
}

/// The level of a line that looks like a heading between its neighbours.
fn level(before: &str, line: &str, behind: &str) -> Option<u8> {
    if let Some(level) = heading_level(line) {
        return Some(level);
    }
    let n_words = line.split_whitespace().count();
    let begins = |text: &str| text.chars().next().is_some_and(|c| c.is_uppercase());
    let stands_apart = before.is_empty() || before.ends_with(['.', '!', '?']);
    let is_short = line.chars().count() <= LONGEST_HEADING && (1..=8).contains(&n_words) && line.chars().any(char::is_alphabetic);
    let is_open = !line.ends_with(['.', ',', ';', ':', '!', '?', '-']) && !line.starts_with(['•', '-', '–', '*']);
    let leads = behind.chars().count() * 2 > line.chars().count() * 3 && begins(behind);
    (stands_apart && is_short && is_open && leads && begins(line)).then_some(2)
}

/// Adds a line to its paragraph: words that were cut at its end are whole again, items of lists begin lines of their own.
fn append(paragraph: &mut String, line: &str) {
    let is_item = line.starts_with(['•', '–', '▪', '◦']) || line.starts_with("- ");
    let is_cut = paragraph.ends_with('-') && paragraph.chars().rev().nth(1).is_some_and(char::is_alphabetic);
    match () {
        () if paragraph.is_empty() => {}
        () if is_item => paragraph.push('\n'),
        () if is_cut && line.chars().next().is_some_and(char::is_lowercase) => {
            paragraph.pop();
        }
        () => paragraph.push(' '),
    }
    paragraph.push_str(line);
}

/// Takes out lines at the top and bottom that stand on most pages, and numbers of pages.
fn drop_frames(pages: &mut [Page]) {
    // Headers differ by the page's number only; headings of a like text differ by theirs and stay.
    let shape = |line: &str| match heading_level(line) {
        Some(_) => line.to_owned(),
        None => line.chars().filter(|c| !c.is_ascii_digit()).collect::<String>().trim().to_owned(),
    };
    let frame = |lines: &[String]| {
        let full: Vec<usize> = lines.iter().enumerate().filter(|(_, line)| !line.is_empty()).map(|(n, _)| n).collect();
        let mut at: Vec<usize> = full.iter().take(2).chain(full.iter().rev().take(2)).copied().collect();
        at.sort_unstable();
        at.dedup();
        at
    };
    let mut seen: HashMap<String, usize> = HashMap::new();
    for Page { lines, .. } in pages.iter() {
        for n in frame(lines) {
            *seen.entry(shape(&lines[n])).or_default() += 1;
        }
    }
    let n_pages = pages.len();
    for Page { lines, .. } in pages.iter_mut() {
        for n in frame(lines) {
            let is_number = lines[n].chars().all(|c| c.is_ascii_digit() || c == '-' || c == ' ');
            let is_frame = n_pages >= PAGES_TO_COMPARE && seen.get(&shape(&lines[n])).is_some_and(|times| times * 2 > n_pages);
            if is_number && lines.len() > 1 || is_frame && !shape(&lines[n]).is_empty() {
                lines[n].clear();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::features::knowledge::parse::{Block, BlockKind};

    fn page(text: &str) -> Page {
        Page { lines: text.lines().map(str::to_owned).collect(), tables: BTreeMap::new() }
    }

    #[test]
    fn frames_go_headings_stand_out_and_cut_words_are_whole() {
        let long = "Calls are answered by the reception between nine and six, and for-\nwarded to the engineer later.";
        let pages: Vec<Page> = (1..=4)
            .map(|n| {
                let kind = ["black", "white", "red", "blue"][n - 1];
                page(&format!("The manual\n2.{n}. Reaching us\n{long}\nPrices\n\nPrices of {kind} ones are listed on the website.\n{n}"))
            })
            .collect();
        let parsed = blocks(pages).unwrap();
        let told: Vec<String> = parsed.blocks[..4]
            .iter()
            .map(|Block { kind, page }| match kind {
                BlockKind::Heading { level, text } => format!("{level} {text} {}", page.unwrap()),
                BlockKind::Text { text } => text.clone(),
                BlockKind::Table { .. } => "table".to_owned(),
            })
            .collect();
        assert_eq!(told[0], "2 2.1. Reaching us 1");
        assert_eq!(told[1], "Calls are answered by the reception between nine and six, and forwarded to the engineer later.");
        assert_eq!(told[2], "2 Prices 1");
        assert_eq!(told[3], "Prices of black ones are listed on the website.");
        assert_eq!(parsed.n_pages, Some(4));
    }
}
