//! Tables of a PDF page. Its text has the rows as lines of words; where the cells end is known only to the page's Markdown, whose reading
//! order and words are the less faithful ones. So the text stays what it is, and a table takes the place of the lines that say the same.

use std::collections::BTreeMap;

use super::{BlockKind, markdown};

/// Cells by row.
type Rows = Vec<Vec<String>>;

/// Takes the tables of `markdown` out of the page's `lines`: gives them by the line they begin at and leaves those lines empty. A table
/// that no run of lines says to the letter is left as words.
pub(super) fn lift(lines: &mut [String], markdown: &str) -> BTreeMap<usize, Rows> {
    let mut found = BTreeMap::new();
    for rows in tables(markdown) {
        let letters = letters(rows.iter().flatten().map(String::as_str));
        let Some((start, end)) = (0..lines.len()).find_map(|start| Some((start, run(lines, start, &letters)?))) else { continue };
        lines[start..=end].iter_mut().for_each(String::clear);
        found.insert(start, rows);
    }
    found
}

fn tables(markdown: &str) -> impl Iterator<Item = Rows> {
    let has_rows = markdown.lines().any(|line| line.starts_with('|'));
    let blocks = has_rows.then(|| markdown::parse(markdown).ok()).flatten().map(|parsed| parsed.blocks).unwrap_or_default();
    blocks.into_iter().filter_map(|block| match block.kind {
        BlockKind::Table { rows } if rows.len() > 1 => Some(rows),
        _ => None,
    })
}

/// The last line of the run from `start` that has exactly these letters, in whatever order a wrapped cell put them.
fn run(lines: &[String], start: usize, wanted: &[char]) -> Option<usize> {
    if lines[start].is_empty() || wanted.is_empty() {
        return None;
    }
    let mut n_letters = 0;
    let end = (start..lines.len()).find(|n| {
        n_letters += lines[*n].chars().filter(|c| !c.is_whitespace()).count();
        n_letters >= wanted.len()
    })?;
    let is_same = n_letters == wanted.len() && letters(lines[start..=end].iter().map(String::as_str)) == wanted;
    is_same.then_some(end)
}

fn letters<'a>(texts: impl Iterator<Item = &'a str>) -> Vec<char> {
    let mut letters: Vec<char> = texts.flat_map(str::chars).filter(|c| !c.is_whitespace()).collect();
    letters.sort_unstable();
    letters
}

#[cfg(test)]
mod tests {
    use super::*;

    const MARKDOWN: &str = "Prices.\n\n| Route | Adult |\n|---|---|\n| To the \\| lighthouse | 12.50 |\n| Back | 6 |\n\nSold on board.\n";

    fn page(text: &str) -> Vec<String> {
        text.lines().map(str::to_owned).collect()
    }

    #[test]
    fn a_table_takes_the_place_of_the_lines_that_say_the_same() {
        let mut lines = page("Prices.\n\nRoute Adult\nTo the | 12.50\n\nlighthouse\nBack 6\nSold on board.");
        let found = lift(&mut lines, MARKDOWN);
        let rows = [["Route", "Adult"], ["To the | lighthouse", "12.50"], ["Back", "6"]];
        assert_eq!(found.into_iter().collect::<Vec<_>>(), [(2, rows.map(|row| row.map(str::to_owned).to_vec()).to_vec())]);
        assert_eq!(lines, page("Prices.\n\n\n\n\n\n\nSold on board."));
    }

    #[test]
    fn a_table_that_lost_a_letter_stays_as_words() {
        let words = page("Prices.\nRoute Adults\nTo the | lighthouse 12.50\nBack 6\nSold on board.");
        let mut lines = words.clone();
        assert!(lift(&mut lines, MARKDOWN).is_empty());
        assert_eq!(lines, words);
        assert!(lift(&mut lines, "").is_empty());
    }
}
