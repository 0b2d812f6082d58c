//! Tables of comma-separated values.

use csv::{ReaderBuilder, Trim};

use super::{Collector, Parsed, Refusal};

/// Most columns a table may have.
pub(super) const MOST_COLUMNS: usize = 1_000;

/// The whole file is one table; the separator is the one its first line has most of.
pub(super) fn parse(text: &str) -> Result<Parsed, Refusal> {
    let first = text.lines().find(|line| !line.trim().is_empty()).unwrap_or_default();
    let separator = [b',', b';', b'\t', b'|'].into_iter().max_by_key(|sign| (count(first, *sign), *sign == b',')).unwrap_or(b',');
    let mut reader =
        ReaderBuilder::new().delimiter(separator).has_headers(false).flexible(true).trim(Trim::All).from_reader(text.as_bytes());
    let mut out = Collector::default();
    let mut rows = Vec::new();
    for record in reader.records() {
        let record = record.map_err(|_| Refusal::new("is no table of comma-separated values"))?;
        if record.len() > MOST_COLUMNS {
            return Err(Refusal::new(format!("has more than {MOST_COLUMNS} columns")));
        }
        rows.push(record.iter().map(str::to_owned).collect());
    }
    out.table(rows)?;
    out.finish()
}

fn count(line: &str, sign: u8) -> usize {
    line.bytes().filter(|byte| *byte == sign).count()
}
