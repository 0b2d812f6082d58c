//! Word files: paragraphs, headings by their style, tables, page breaks as Word last drew them.

use std::collections::HashMap;

use super::office::Office;
use super::xml::{Step, attribute, walk};
use super::{Collector, Parsed, Refusal};

#[derive(Default)]
struct Reader {
    out: Collector,
    levels: HashMap<String, u8>,
    page: u32,
    paragraph: String,
    level: Option<u8>,
    is_listed: bool,
    takes_text: bool,
    /// Tables that are open; only the outermost counts as one.
    tables: usize,
    rows: Vec<Vec<String>>,
    cell: String,
}

/// The blocks of a Word file.
pub(super) fn parse(bytes: &[u8]) -> Result<Parsed, Refusal> {
    let mut office = Office::open(bytes)?;
    let levels = office.part("word/styles.xml")?.map(|styles| levels(&styles)).transpose()?.unwrap_or_default();
    let document = office.part("word/document.xml")?.ok_or_else(|| Refusal::new("is no Word file: it has no document part"))?;
    let mut reader = Reader { levels, page: 1, ..Reader::default() };
    reader.out.on_page(1);
    walk(&document, |step| reader.take(step))?;
    reader.out.finish()
}

/// The outline level of each style that has one, by the style's id.
fn levels(styles: &[u8]) -> Result<HashMap<String, u8>, Refusal> {
    let (mut levels, mut id) = (HashMap::new(), String::new());
    walk(styles, |step| {
        if let Step::Start(name, attributes) = step {
            let value = attribute(&attributes, "val");
            match name.as_str() {
                "style" => id = attribute(&attributes, "styleId").unwrap_or_default().to_owned(),
                "outlineLvl" => {
                    if let Some(level) = value.and_then(|text| text.parse::<u8>().ok()).filter(|level| *level < 9) {
                        levels.insert(id.clone(), level + 1);
                    }
                }
                "name" => {
                    let named = value.unwrap_or_default().to_lowercase();
                    let level = match named.as_str() {
                        "title" => Some(1),
                        other => other.strip_prefix("heading ").and_then(|n| n.parse().ok()),
                    };
                    if let Some(level) = level {
                        levels.insert(id.clone(), level);
                    }
                }
                _ => {}
            }
        }
        Ok(())
    })?;
    Ok(levels)
}

impl Reader {
    fn take(&mut self, step: Step) -> Result<(), Refusal> {
        match step {
            Step::Start(name, attributes) => self.start(&name, &attributes),
            Step::End(name) => self.end(&name),
            Step::Text(text) => {
                if self.takes_text {
                    self.paragraph.push_str(&text);
                }
                Ok(())
            }
        }
    }

    fn start(&mut self, name: &str, attributes: &[(String, String)]) -> Result<(), Refusal> {
        match name {
            "t" => self.takes_text = true,
            "tab" => self.paragraph.push('\t'),
            "br" if attribute(attributes, "type") == Some("page") => self.next_page(),
            "br" | "cr" => self.paragraph.push('\n'),
            "lastRenderedPageBreak" => self.next_page(),
            "pStyle" => self.level = attribute(attributes, "val").and_then(|style| self.levels.get(style).copied()).or(self.level),
            "outlineLvl" => {
                let level = attribute(attributes, "val").and_then(|text| text.parse::<u8>().ok()).filter(|level| *level < 9);
                self.level = level.map(|level| level + 1).or(self.level);
            }
            "numPr" => self.is_listed = true,
            "tbl" => self.tables += 1,
            "tr" if self.tables == 1 => self.rows.push(Vec::new()),
            _ => {}
        }
        Ok(())
    }

    fn end(&mut self, name: &str) -> Result<(), Refusal> {
        match name {
            "t" => self.takes_text = false,
            "p" => self.end_paragraph()?,
            "tc" if self.tables == 1 => {
                let cell = std::mem::take(&mut self.cell);
                if let Some(row) = self.rows.last_mut() {
                    row.push(cell);
                }
            }
            "tbl" => {
                self.tables = self.tables.saturating_sub(1);
                if self.tables == 0 {
                    self.out.table(std::mem::take(&mut self.rows))?;
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn next_page(&mut self) {
        self.page += 1;
        self.out.on_page(self.page);
    }

    fn end_paragraph(&mut self) -> Result<(), Refusal> {
        let text = std::mem::take(&mut self.paragraph);
        let (level, is_listed) = (self.level.take(), std::mem::take(&mut self.is_listed));
        if self.tables > 0 {
            self.out.count(text.len())?;
            self.cell.push_str(&text);
            self.cell.push(' ');
            return Ok(());
        }
        match level {
            Some(level) => self.out.heading(level, &text),
            None if is_listed && !text.trim().is_empty() => self.out.text(&format!("- {text}")),
            None => self.out.text(&text),
        }
    }
}
