//! Excel files: each sheet is a heading and a table.

use super::office::Office;
use super::table::MOST_COLUMNS;
use super::xml::{Step, attribute, walk};
use super::{Collector, Parsed, Refusal};

/// Most sheets that are read.
const MOST_SHEETS: usize = 200;
/// Most rows of one sheet.
const MOST_ROWS: usize = 100_000;

/// The blocks of an Excel file.
pub(super) fn parse(bytes: &[u8]) -> Result<Parsed, Refusal> {
    let mut office = Office::open(bytes)?;
    let workbook = office.part("xl/workbook.xml")?.ok_or_else(|| Refusal::new("is no Excel file: it has no workbook part"))?;
    let links = office.part("xl/_rels/workbook.xml.rels")?.unwrap_or_default();
    let shared = office.part("xl/sharedStrings.xml")?.map(|part| shared_texts(&part)).transpose()?.unwrap_or_default();
    let mut out = Collector::default();
    for (name, part) in sheets(&workbook, &links)?.into_iter().take(MOST_SHEETS) {
        let Some(sheet) = office.part(&part)? else { continue };
        let rows = rows(&sheet, &shared, &mut out)?;
        if rows.iter().flatten().any(|cell| !cell.trim().is_empty()) {
            out.heading(1, &name)?;
            out.table(rows)?;
        }
    }
    out.finish()
}

/// Names of the sheets and the parts they are in, in the order of the workbook.
fn sheets(workbook: &[u8], links: &[u8]) -> Result<Vec<(String, String)>, Refusal> {
    let mut targets = Vec::new();
    walk(links, |step| {
        if let Step::Start(name, attributes) = step
            && name == "Relationship"
        {
            let part = |key: &str| attribute(&attributes, key).unwrap_or_default().to_owned();
            targets.push((part("Id"), part("Target")));
        }
        Ok(())
    })?;
    let mut found = Vec::new();
    walk(workbook, |step| {
        if let Step::Start(name, attributes) = step
            && name == "sheet"
        {
            let link = attribute(&attributes, "id").unwrap_or_default();
            let target = targets.iter().find(|(id, _)| id == link).map_or("", |(_, target)| target.as_str());
            let part = target.strip_prefix('/').map_or_else(|| format!("xl/{target}"), str::to_owned);
            found.push((attribute(&attributes, "name").unwrap_or_default().to_owned(), part));
        }
        Ok(())
    })?;
    Ok(found)
}

/// The texts that cells refer to by number.
fn shared_texts(part: &[u8]) -> Result<Vec<String>, Refusal> {
    let (mut texts, mut takes, mut n_chars) = (Vec::<String>::new(), false, 0);
    walk(part, |step| {
        match step {
            Step::Start(name, _) if name == "si" => texts.push(String::new()),
            Step::Start(name, _) if name == "t" => takes = true,
            Step::End(name) if name == "t" => takes = false,
            Step::Text(text) if takes => {
                n_chars += text.len();
                if n_chars > super::MOST_CHARS {
                    return Err(Refusal::new("holds more text than a document may"));
                }
                if let Some(last) = texts.last_mut() {
                    last.push_str(&text);
                }
            }
            _ => {}
        }
        Ok(())
    })?;
    Ok(texts)
}

/// The cells of a sheet, each in its column.
fn rows(sheet: &[u8], shared: &[String], out: &mut Collector) -> Result<Vec<Vec<String>>, Refusal> {
    let mut rows: Vec<Vec<String>> = Vec::new();
    let (mut kind, mut column, mut value, mut takes) = (String::new(), 0, String::new(), false);
    walk(sheet, |step| {
        match step {
            Step::Start(name, attributes) => match name.as_str() {
                "row" if rows.len() >= MOST_ROWS => return Err(Refusal::new(format!("has a sheet of more than {MOST_ROWS} rows"))),
                "row" => rows.push(Vec::new()),
                "c" => {
                    kind = attribute(&attributes, "t").unwrap_or_default().to_owned();
                    let next = rows.last().map_or(0, Vec::len);
                    column = attribute(&attributes, "r").and_then(column_of).unwrap_or(next);
                    value.clear();
                }
                "v" | "t" => takes = true,
                _ => {}
            },
            Step::End(name) => match name.as_str() {
                "v" | "t" => takes = false,
                "c" => {
                    let text = cell(&kind, &value, shared);
                    out.count(text.len())?;
                    place(&mut rows, column, text)?;
                }
                _ => {}
            },
            Step::Text(text) if takes => value.push_str(&text),
            Step::Text(_) => {}
        }
        Ok(())
    })?;
    Ok(rows)
}

fn place(rows: &mut [Vec<String>], column: usize, text: String) -> Result<(), Refusal> {
    if column >= MOST_COLUMNS {
        return Err(Refusal::new(format!("has more than {MOST_COLUMNS} columns")));
    }
    let Some(row) = rows.last_mut() else { return Ok(()) };
    if row.len() <= column {
        row.resize(column + 1, String::new());
    }
    row[column] = text;
    Ok(())
}

fn cell(kind: &str, value: &str, shared: &[String]) -> String {
    match kind {
        "s" => value.trim().parse::<usize>().ok().and_then(|n| shared.get(n)).cloned().unwrap_or_default(),
        "b" => if value.trim() == "1" { "yes" } else { "no" }.to_owned(),
        "e" => String::new(),
        _ => value.to_owned(),
    }
}

/// The column of a cell's address: `A1` is 0, `AB12` is 27.
fn column_of(address: &str) -> Option<usize> {
    let letters = address.bytes().take_while(u8::is_ascii_alphabetic);
    let number = letters.take(4).fold(0usize, |sum, letter| sum * 26 + usize::from(letter.to_ascii_uppercase() - b'A' + 1));
    number.checked_sub(1)
}
