//! XML as Office files have it: elements, their attributes, their text. No document types and no entities of their own.

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

use super::Refusal;

/// One step through a part.
pub(super) enum Step {
    /// An element begins: its name without prefix, and its attributes without theirs.
    Start(String, Vec<(String, String)>),
    /// An element ends.
    End(String),
    /// Characters.
    Text(String),
}

/// Walks through a part. An empty element begins and ends.
pub(super) fn walk(bytes: &[u8], mut visit: impl FnMut(Step) -> Result<(), Refusal>) -> Result<(), Refusal> {
    let broken = || Refusal::new("is broken: its XML does not hold together");
    let text = std::str::from_utf8(bytes).map_err(|_| Refusal::new("is broken: its XML is not UTF-8"))?;
    let mut reader = Reader::from_str(text.trim_start_matches('\u{feff}'));
    loop {
        match reader.read_event().map_err(|_| broken())? {
            Event::Start(tag) => visit(start(&tag)?)?,
            Event::Empty(tag) => {
                visit(start(&tag)?)?;
                visit(Step::End(name(tag.local_name().as_ref())))?;
            }
            Event::End(tag) => visit(Step::End(name(tag.local_name().as_ref())))?,
            Event::Text(text) => visit(Step::Text(text.xml10_content().into_owned()))?,
            Event::CData(text) => visit(Step::Text(text.xml10_content().into_owned()))?,
            Event::GeneralRef(entity) => {
                let of_number = entity.resolve_char_ref().map_err(|_| broken())?;
                let known = of_number.or_else(|| predefined(&entity));
                // Entities of a document's own are not followed: that is how small files grow large.
                if let Some(c) = known {
                    visit(Step::Text(c.to_string()))?;
                }
            }
            Event::DocType(_) => return Err(Refusal::new("has a document type of its own, as only broken or hostile files have")),
            Event::Decl(_) | Event::PI(_) | Event::Comment(_) => {}
            Event::Eof => return Ok(()),
        }
    }
}

fn start(tag: &BytesStart<'_>) -> Result<Step, Refusal> {
    let mut attributes = Vec::new();
    for attribute in tag.attributes().with_checks(false) {
        let attribute = attribute.map_err(|_| Refusal::new("is broken: its XML does not hold together"))?;
        let value = quick_xml::escape::unescape(&attribute.value).map(|value| value.into_owned()).unwrap_or_default();
        attributes.push((name(attribute.key.local_name().as_ref()), value));
    }
    Ok(Step::Start(name(tag.local_name().as_ref()), attributes))
}

fn name(bytes: impl AsRef<[u8]>) -> String {
    String::from_utf8_lossy(bytes.as_ref()).into_owned()
}

fn predefined(entity: &str) -> Option<char> {
    Some(match entity {
        "amp" => '&',
        "lt" => '<',
        "gt" => '>',
        "quot" => '"',
        "apos" => '\'',
        _ => return None,
    })
}

/// The value of an attribute.
pub(super) fn attribute<'a>(attributes: &'a [(String, String)], name: &str) -> Option<&'a str> {
    attributes.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
}
