//! Rows of CSV (RFC 4180) that do no harm in a spreadsheet.

/// A row with its line end. Cells stand in quotes where they need to.
pub fn row<T: AsRef<str>>(cells: impl IntoIterator<Item = T>) -> String {
    let mut row = cells.into_iter().map(|text| cell(text.as_ref())).collect::<Vec<_>>().join(",");
    row.push_str("\r\n");
    row
}

/// A cell that begins like a formula gets a quote before it, which spreadsheets do not show.
fn cell(text: &str) -> String {
    let guarded = if text.starts_with(['=', '+', '-', '@', '\t', '\r', '\n']) { format!("'{text}") } else { text.to_owned() };
    if guarded.contains([',', '"', '\r', '\n', ';', '\t']) { format!("\"{}\"", guarded.replace('"', "\"\"")) } else { guarded }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_cell_is_a_formula() {
        for (text, expected) in [
            ("plain", "plain"),
            ("=1+1", "'=1+1"),
            ("+15551234567", "'+15551234567"),
            ("-2", "'-2"),
            ("@SUM(A1)", "'@SUM(A1)"),
            ("\t=1", "\"'\t=1\""),
            ("\r=1", "\"'\r=1\""),
            ("a,b", "\"a,b\""),
            ("say \"hi\"", "\"say \"\"hi\"\"\""),
            ("=HYPERLINK(\"http://x\",\"y\")", "\"'=HYPERLINK(\"\"http://x\"\",\"\"y\"\")\""),
            ("two\nlines", "\"two\nlines\""),
            ("", ""),
        ] {
            assert_eq!(cell(text), expected, "{text:?}");
        }
    }

    #[test]
    fn a_row_ends_with_cr_lf() {
        assert_eq!(row(["a", "", "b,c"]), "a,,\"b,c\"\r\n");
    }
}
