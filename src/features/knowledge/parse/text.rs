//! Plain text: which characters the bytes mean, and where paragraphs end.

use super::{Collector, Parsed, Refusal};

/// The characters that Windows-1252 has where Latin-1 has control characters.
const WINDOWS: [char; 32] = [
    '€', ' ', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', ' ', 'Ž', ' ', ' ', '‘', '’', '“', '”', '•', '–', '—', '˜', '™', 'š',
    '›', 'œ', ' ', 'ž', 'Ÿ',
];

/// Bytes as text: UTF-8, UTF-16 with its mark, else Windows-1252.
pub(super) fn decode(bytes: &[u8]) -> Result<String, Refusal> {
    let text = match bytes {
        [0xef, 0xbb, 0xbf, rest @ ..] => String::from_utf8_lossy(rest).into_owned(),
        [0xff, 0xfe, rest @ ..] => utf16(rest, u16::from_le_bytes)?,
        [0xfe, 0xff, rest @ ..] => utf16(rest, u16::from_be_bytes)?,
        _ => match std::str::from_utf8(bytes) {
            Ok(text) => text.to_owned(),
            Err(_) => bytes.iter().map(|byte| windows(*byte)).collect(),
        },
    };
    if text.contains('\0') {
        return Err(Refusal::new("is not text: it has NUL bytes in it"));
    }
    let n_control = text.chars().filter(|c| c.is_control() && !c.is_whitespace()).count();
    if n_control * 20 > text.chars().count() {
        return Err(Refusal::new("is not text: it is full of control characters"));
    }
    Ok(text)
}

fn utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> Result<String, Refusal> {
    let units = bytes.as_chunks::<2>().0.iter().map(|pair| unit(*pair));
    char::decode_utf16(units).collect::<Result<String, _>>().map_err(|_| Refusal::new("is not text: its UTF-16 is broken"))
}

fn windows(byte: u8) -> char {
    match byte {
        0x80..=0x9f => WINDOWS[usize::from(byte - 0x80)],
        other => char::from(other),
    }
}

/// Paragraphs: what stands between empty lines. A short line that ends like no sentence, alone before a paragraph, is a heading when it is
/// numbered or in capitals.
pub(super) fn parse(text: &str) -> Result<Parsed, Refusal> {
    let mut out = Collector::default();
    for paragraph in paragraphs(text) {
        match heading_level(&paragraph) {
            Some(level) => out.heading(level, &paragraph)?,
            None => out.text(&paragraph)?,
        }
    }
    out.finish()
}

fn paragraphs(text: &str) -> Vec<String> {
    let mut all = vec![String::new()];
    for line in text.lines() {
        if line.trim().is_empty() {
            all.push(String::new());
        } else if let Some(last) = all.last_mut() {
            last.push_str(line);
            last.push('\n');
        }
    }
    all.retain(|paragraph| !paragraph.trim().is_empty());
    all
}

/// The level of a line that looks like a heading: `3.1 Opening hours`, `OPENING HOURS`.
pub(super) fn heading_level(paragraph: &str) -> Option<u8> {
    let line = paragraph.trim();
    let n_words = line.split_whitespace().count();
    if line.contains('\n') || !(1..=10).contains(&n_words) || line.chars().count() > 80 || line.ends_with(['.', ',', ';', ':', '!']) {
        return None;
    }
    if !line.chars().any(char::is_alphabetic) {
        return None;
    }
    let first = line.split_whitespace().next().unwrap_or_default();
    let numbers: Vec<&str> = first.trim_end_matches('.').split('.').collect();
    let is_numbered = n_words > 1 && numbers.iter().all(|part| (1..=2).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit()));
    let second = line.split_whitespace().nth(1).and_then(|word| word.chars().next());
    if is_numbered && second.is_some_and(char::is_uppercase) {
        return Some(u8::try_from(numbers.len()).unwrap_or(9).min(6));
    }
    let is_loud = line.chars().filter(|c| c.is_alphabetic()).count() > 3 && !line.chars().any(char::is_lowercase);
    // Scripts without capitals are never loud.
    (is_loud && line.chars().any(char::is_uppercase)).then_some(1)
}
