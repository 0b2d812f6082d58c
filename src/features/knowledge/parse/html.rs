//! HTML: what a reader of the page would read.

use html5gum::{Token, Tokenizer};

use super::{Collector, Parsed, Refusal};

/// Elements whose contents nobody reads, or that stand on every page of a site.
const HIDDEN: &[&str] = &["script", "style", "noscript", "template", "head", "nav", "svg", "iframe", "object", "select", "button", "form"];
/// Elements that begin and end a block.
const BLOCKS: &[&str] = &[
    "p",
    "div",
    "section",
    "article",
    "main",
    "header",
    "footer",
    "aside",
    "blockquote",
    "pre",
    "figure",
    "figcaption",
    "address",
    "dl",
    "dt",
    "dd",
    "hr",
    "body",
    "html",
    "details",
    "summary",
    "fieldset",
];

#[derive(Default)]
struct Reader {
    out: Collector,
    text: String,
    /// The hidden element that is open, and how often.
    hidden: Option<(String, usize)>,
    heading: Option<u8>,
    lists: usize,
    tables: usize,
    rows: Vec<Vec<String>>,
    cell: Option<String>,
}

/// The blocks of a page. Only the outermost table counts as one; what it nests becomes words of its cells.
pub(super) fn parse(page: &str) -> Result<Parsed, Refusal> {
    let mut reader = Reader::default();
    for token in Tokenizer::new(page) {
        let Ok(token) = token;
        match token {
            Token::StartTag(tag) => reader.start(&String::from_utf8_lossy(&tag.name), tag.self_closing)?,
            Token::EndTag(tag) => reader.end(&String::from_utf8_lossy(&tag.name))?,
            Token::String(text) => reader.push(&String::from_utf8_lossy(&text)),
            Token::Comment(_) | Token::Doctype(_) | Token::Error(_) => {}
        }
    }
    reader.end_table()?;
    reader.end_block()?;
    reader.out.finish()
}

impl Reader {
    fn push(&mut self, text: &str) {
        if self.hidden.is_some() {
            return;
        }
        let to = self.cell.as_mut().unwrap_or(&mut self.text);
        // Line ends in the source mean nothing; those we put there ourselves stay.
        for part in text.split_inclusive(char::is_whitespace) {
            to.push_str(part.trim_end());
            if part.ends_with(char::is_whitespace) && !to.ends_with([' ', '\n']) {
                to.push(' ');
            }
        }
    }

    fn start(&mut self, name: &str, closes_itself: bool) -> Result<(), Refusal> {
        if let Some((open, depth)) = &mut self.hidden {
            *depth += usize::from(open == name && !closes_itself);
            return Ok(());
        }
        match name {
            _ if HIDDEN.contains(&name) && !closes_itself => self.hidden = Some((name.to_owned(), 1)),
            "h1" | "h2" | "h3" | "h4" | "h5" | "h6" if self.tables == 0 => {
                self.end_block()?;
                self.heading = name[1..].parse().ok();
            }
            "ul" | "ol" => self.lists += 1,
            "li" => self.line("- "),
            "br" => self.line(""),
            "table" => {
                if self.tables == 0 {
                    self.end_block()?;
                }
                self.tables += 1;
            }
            "tr" if self.tables == 1 => {
                self.end_cell();
                self.rows.push(Vec::new());
            }
            "td" | "th" if self.tables == 1 => {
                self.end_cell();
                self.cell = Some(String::new());
            }
            _ if BLOCKS.contains(&name) => self.block()?,
            _ => {}
        }
        Ok(())
    }

    fn end(&mut self, name: &str) -> Result<(), Refusal> {
        if let Some((open, depth)) = &mut self.hidden {
            if open == name {
                *depth -= 1;
                if *depth == 0 {
                    self.hidden = None;
                }
            }
            return Ok(());
        }
        match name {
            "h1" | "h2" | "h3" | "h4" | "h5" | "h6" if self.tables == 0 => self.end_block()?,
            "ul" | "ol" => {
                self.lists = self.lists.saturating_sub(1);
                self.block()?;
            }
            "td" | "th" | "tr" if self.tables == 1 => self.end_cell(),
            "table" => {
                self.tables = self.tables.saturating_sub(1);
                if self.tables == 0 {
                    self.end_table()?;
                }
            }
            _ if BLOCKS.contains(&name) => self.block()?,
            _ => {}
        }
        Ok(())
    }

    /// A new line within a block.
    fn line(&mut self, begin: &str) {
        match &mut self.cell {
            Some(cell) => cell.push(' '),
            None => {
                self.text.push('\n');
                self.text.push_str(begin);
            }
        }
    }

    /// The end of a block; within lists, cells and headings only a blank.
    fn block(&mut self) -> Result<(), Refusal> {
        if self.tables > 0 || self.lists > 0 || self.heading.is_some() {
            self.push(" ");
            return Ok(());
        }
        self.end_block()
    }

    fn end_block(&mut self) -> Result<(), Refusal> {
        let text = std::mem::take(&mut self.text);
        match self.heading.take() {
            Some(level) => self.out.heading(level, &text),
            None => self.out.text(&text),
        }
    }

    fn end_cell(&mut self) {
        if let (Some(cell), Some(row)) = (self.cell.take(), self.rows.last_mut()) {
            row.push(cell);
        }
    }

    /// A table of one column was only made for its looks: its cells are paragraphs.
    fn end_table(&mut self) -> Result<(), Refusal> {
        self.end_cell();
        let rows = std::mem::take(&mut self.rows);
        if rows.iter().all(|row| row.len() <= 1) {
            return rows.into_iter().flatten().try_for_each(|cell| self.out.text(&cell));
        }
        self.out.table(rows)
    }
}
