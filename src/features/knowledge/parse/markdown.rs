//! Markdown.

use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};

use super::{Collector, Parsed, Refusal};

/// What is being read at the moment.
#[derive(Default)]
struct Reader {
    out: Collector,
    text: String,
    rows: Vec<Vec<String>>,
    cell: Option<String>,
    heading: Option<u8>,
    depth: usize,
    hidden: usize,
}

/// The blocks of a Markdown text. A list is one block, so that its items stay together.
pub(super) fn parse(text: &str) -> Result<Parsed, Refusal> {
    let options = Options::ENABLE_TABLES | Options::ENABLE_YAML_STYLE_METADATA_BLOCKS | Options::ENABLE_STRIKETHROUGH;
    let mut reader = Reader::default();
    for event in Parser::new_ext(text, options) {
        reader.take(event)?;
    }
    reader.end_block()?;
    reader.out.finish()
}

impl Reader {
    fn take(&mut self, event: Event<'_>) -> Result<(), Refusal> {
        match event {
            Event::Start(tag) => self.start(&tag),
            Event::End(tag) => self.end(tag),
            Event::Text(text) | Event::Code(text) | Event::InlineMath(text) | Event::DisplayMath(text) => {
                self.push(&text);
                Ok(())
            }
            Event::SoftBreak => {
                self.push(" ");
                Ok(())
            }
            Event::HardBreak => {
                self.push("\n");
                Ok(())
            }
            Event::Html(_) | Event::InlineHtml(_) | Event::FootnoteReference(_) | Event::Rule | Event::TaskListMarker(_) => Ok(()),
        }
    }

    fn push(&mut self, text: &str) {
        if self.hidden > 0 {
            return;
        }
        self.cell.as_mut().unwrap_or(&mut self.text).push_str(text);
    }

    fn start(&mut self, tag: &Tag<'_>) -> Result<(), Refusal> {
        match tag {
            Tag::Heading { level, .. } => {
                self.end_block()?;
                self.heading = Some(*level as u8);
            }
            Tag::Paragraph | Tag::CodeBlock(_) | Tag::BlockQuote(_) if self.depth == 0 => self.end_block()?,
            Tag::List(_) => {
                // The sentence before a list belongs to it.
                self.depth += 1;
                self.push("\n");
            }
            Tag::Item => {
                let indent = "  ".repeat(self.depth.saturating_sub(1));
                self.push(&format!("\n{indent}- "));
            }
            Tag::Table(_) => self.end_block()?,
            Tag::TableHead | Tag::TableRow => self.rows.push(Vec::new()),
            Tag::TableCell => self.cell = Some(String::new()),
            Tag::MetadataBlock(_) => self.hidden += 1,
            _ => {}
        }
        Ok(())
    }

    fn end(&mut self, tag: TagEnd) -> Result<(), Refusal> {
        match tag {
            TagEnd::Heading(_) => self.end_block(),
            TagEnd::Paragraph if self.depth == 0 => {
                // Kept until the next block begins: a list may follow and belong to it.
                self.push("\n");
                Ok(())
            }
            TagEnd::Paragraph => {
                self.push("\n");
                Ok(())
            }
            TagEnd::List(_) => {
                self.depth = self.depth.saturating_sub(1);
                if self.depth == 0 { self.end_block() } else { Ok(()) }
            }
            TagEnd::TableCell => {
                let cell = self.cell.take().unwrap_or_default();
                if let Some(row) = self.rows.last_mut() {
                    row.push(cell);
                }
                Ok(())
            }
            TagEnd::Table => self.out.table(std::mem::take(&mut self.rows)),
            TagEnd::MetadataBlock(_) => {
                self.hidden = self.hidden.saturating_sub(1);
                Ok(())
            }
            TagEnd::CodeBlock | TagEnd::BlockQuote(_) if self.depth == 0 => self.end_block(),
            _ => Ok(()),
        }
    }

    fn end_block(&mut self) -> Result<(), Refusal> {
        let text = std::mem::take(&mut self.text);
        match self.heading.take() {
            Some(level) => self.out.heading(level, &text),
            None => self.out.text(&text),
        }
    }
}
