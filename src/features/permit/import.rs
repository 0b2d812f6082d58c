//! Reads a list of numbers: one on each line, or a table with a column of numbers. Pure.

use super::phone::tidy;

/// Longest note that is kept, in characters.
const LONGEST_NOTE: usize = 200;
/// Names of columns that hold numbers.
const PHONE_COLUMNS: &[&str] = &["phone", "phone_number", "phonenumber", "number", "telephone", "tel", "mobile"];
/// Names of columns that hold notes.
const NOTE_COLUMNS: &[&str] = &["note", "notes", "reason", "comment"];

/// A line with something on it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Row {
    /// Where it stands: 1 is the first line.
    pub(super) line: usize,
    /// The number, or the text that is none.
    pub(super) phone: Result<String, String>,
    /// What else it says about the number.
    pub(super) note: String,
}

/// The rows of a text. Empty lines and lines that begin with `#` are left out; a first line that names its columns is understood.
pub(super) fn rows(text: &str) -> Vec<Row> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let separator = separator(text);
    let mut lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty() && !line.starts_with('#')).peekable();
    let mut columns = (0, 1);
    if let Some((_, first)) = lines.peek()
        && let Some(named) = header(&fields(first, separator))
    {
        columns = named;
        lines.next();
    }
    lines.map(|(n, line)| row(n + 1, &fields(line, separator), columns)).collect()
}

fn row(line: usize, fields: &[String], (phone, note): (usize, usize)) -> Row {
    let text = fields.get(phone).map_or("", |field| field.trim());
    let note = fields.get(note).map_or("", |field| field.trim()).chars().filter(|c| !c.is_control()).take(LONGEST_NOTE).collect();
    Row { line, phone: tidy(text).ok_or_else(|| text.chars().take(LONGEST_NOTE).collect()), note }
}

/// The columns of number and note, if the line names them.
fn header(fields: &[String]) -> Option<(usize, usize)> {
    let find = |names: &[&str]| fields.iter().position(|field| names.contains(&field.trim().to_lowercase().as_str()));
    let phone = find(PHONE_COLUMNS)?;
    Some((phone, find(NOTE_COLUMNS).unwrap_or(usize::MAX)))
}

/// What stands between the columns: of those that occur in the first lines, the most frequent.
fn separator(text: &str) -> char {
    let head: String = text.lines().take(20).collect();
    [',', ';', '\t']
        .into_iter()
        .max_by_key(|separator| head.matches(*separator).count())
        .filter(|found| head.contains(*found))
        .unwrap_or(',')
}

/// The fields of a line; one in quotes may hold the separator, and a doubled quote stands for one.
fn fields(line: &str, separator: char) -> Vec<String> {
    let (mut fields, mut field, mut is_quoted) = (Vec::new(), String::new(), false);
    let mut chars = line.trim_end_matches('\r').chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '"' if is_quoted && chars.peek() == Some(&'"') => {
                field.push('"');
                chars.next();
            }
            '"' if is_quoted || field.trim().is_empty() => is_quoted = !is_quoted,
            c if c == separator && !is_quoted => fields.push(std::mem::take(&mut field)),
            c => field.push(c),
        }
    }
    fields.push(field);
    fields
}

#[cfg(test)]
mod tests {
    use super::*;

    fn good(line: usize, phone: &str, note: &str) -> Row {
        Row { line, phone: Ok(phone.to_owned()), note: note.to_owned() }
    }

    #[test]
    fn a_plain_list_and_a_table_are_both_understood() {
        let plain = "\u{feff}+15551234567\n\n# a remark\n0044 20 7183 8750\r\nnobody\n";
        let bad = Row { line: 5, phone: Err("nobody".to_owned()), note: String::new() };
        assert_eq!(rows(plain), [good(1, "+15551234567", ""), good(4, "+442071838750", ""), bad]);
        let table = "Name;Phone;Reason\n\"Doe; Jane\";\"+1 (555) 123-4567\";\"said \"\"no\"\"\"\nJohn;;\n";
        let empty = Row { line: 3, phone: Err(String::new()), note: String::new() };
        assert_eq!(rows(table), [good(2, "+15551234567", "said \"no\""), empty]);
        assert_eq!(rows("+15551234567,asked by mail\n"), [good(1, "+15551234567", "asked by mail")]);
        assert_eq!(rows("phone\n+15551234567"), [good(2, "+15551234567", "")]);
        assert_eq!(rows(""), []);
    }

    #[test]
    fn anything_at_all_can_be_read() {
        for text in ["\"", "\"\"\"", ",,,\n;;;\n\t\t", "\0\0\0", "+1\u{202e}5551234567", "\u{feff}\u{feff}", "a\"b\"c,\"d"] {
            assert!(rows(text).iter().all(|row| row.phone.is_err()), "{text:?}");
        }
    }
}
