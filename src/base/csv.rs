//! Rows of CSV (RFC 4180) that do no harm in a spreadsheet.

/// A row: every field in quotes, its line end CR LF.
pub fn row<'a>(fields: impl IntoIterator<Item = &'a str>) -> String {
    let mut out = String::new();
    for field in fields {
        out.push_str(if out.is_empty() { "\"" } else { ",\"" });
        // A spreadsheet would take such a text for a formula; the apostrophe makes it a text.
        if field.starts_with(['=', '+', '-', '@', '\t', '\r']) {
            out.push('\'');
        }
        out.push_str(&field.replace('"', "\"\""));
        out.push('"');
    }
    out.push_str("\r\n");
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_are_doubled_and_formulas_are_texts() {
        assert_eq!(row(["a", "", "say \"hi\", all"]), "\"a\",\"\",\"say \"\"hi\"\", all\"\r\n");
        for formula in ["=1+1", "+44", "-1", "@x", "\tx", "\rx"] {
            assert_eq!(row([formula]), format!("\"'{formula}\"\r\n"));
        }
    }
}
