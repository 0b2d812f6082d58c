//! What comes out of files of each kind, good and bad.

use std::io::{Cursor, Write as _};

use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use super::*;

fn told(format: Format, bytes: &[u8]) -> Vec<String> {
    let parsed = parse(format, bytes).unwrap_or_else(|Refusal(why)| panic!("{why}"));
    parsed
        .blocks
        .iter()
        .map(|block| match &block.kind {
            BlockKind::Heading { level, text } => format!("{level} {text}"),
            BlockKind::Text { text } => text.clone(),
            BlockKind::Table { rows } => rows.iter().map(|row| row.join("|")).collect::<Vec<_>>().join("/"),
        })
        .collect()
}

fn refused(format: Format, bytes: &[u8]) -> String {
    parse(format, bytes).expect_err("refused").0
}

fn archive(parts: &[(&str, &[u8])]) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in parts {
        zip.start_file(*name, SimpleFileOptions::default()).unwrap();
        zip.write_all(bytes).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

fn docx(body: &str) -> Vec<u8> {
    let styles = r#"<w:styles xmlns:w="w"><w:style w:styleId="berschrift1"><w:name w:val="heading 1"/></w:style></w:styles>"#;
    let document = format!(r#"<?xml version="1.0"?><w:document xmlns:w="w"><w:body>{body}</w:body></w:document>"#);
    archive(&[("word/styles.xml", styles.as_bytes()), ("word/document.xml", document.as_bytes())])
}

#[test]
fn text_of_any_encoding_is_read_and_what_is_none_is_refused() {
    assert_eq!(told(Format::Txt, "One.\nTwo.\n\n2.1 Hours\n\nThree.".as_bytes()), ["One.\nTwo.", "2 2.1 Hours", "Three."]);
    assert_eq!(told(Format::Txt, b"\xff\xfeH\0i\0"), ["Hi"]);
    assert_eq!(told(Format::Txt, b"\xef\xbb\xbfcaf\xc3\xa9"), ["café"]);
    assert_eq!(told(Format::Txt, b"caf\xe9 \x80 5"), ["café € 5"]);
    assert_eq!(told(Format::Txt, "السلام עולם 你好".as_bytes()), ["السلام עולם 你好"]);
    assert!(refused(Format::Txt, b"a\0b").contains("NUL"));
    assert!(refused(Format::Txt, b"\x01\x02\x03\x04abc").contains("control"));
    assert!(refused(Format::Txt, b"").contains("empty"));
    assert!(refused(Format::Txt, b" \n\n ").contains("no text"));
}

#[test]
fn a_wrong_ending_is_told() {
    assert_eq!(refused(Format::Txt, b"%PDF-1.7 x"), "is named .txt but is a PDF file");
    assert!(refused(Format::Pdf, b"hello").contains("something else"));
    assert!(refused(Format::Docx, b"hello").contains("something else"));
    assert!(refused(Format::Docx, &[0xd0, 0xcf, 0x11, 0xe0, 0, 0]).contains("encrypted"));
    assert!(refused(Format::Docx, &archive(&[("x", b"y")])).contains("no Word file"));
    assert!(refused(Format::Xlsx, b"PK\x03\x04garbage").contains("broken"));
    assert!(refused(Format::Pdf, b"%PDF-1.7 garbage").contains("broken"));
}

#[test]
fn markdown_keeps_its_structure() {
    let text = "---\nauthor: x\n---\n# Shop\n\nWe are *open*:\n\n- on Monday\n- on Tuesday\n\n## Prices\n\n| Item | Price |\n|---|---|\n| Tea | 2 |\n\n```\ncode\n```\n";
    assert_eq!(
        told(Format::Md, text.as_bytes()),
        ["1 Shop", "We are open:\n\n- on Monday\n- on Tuesday", "2 Prices", "Item|Price/Tea|2", "code"]
    );
}

#[test]
fn html_is_read_as_a_person_would() {
    let page = "<html><head><title>T</title><style>p{}</style></head><body><nav>Menu <a>x</a></nav><h1>Shop &amp; more</h1>\
        <p>We are\n <b>open</b>.<br>Always.</p><script>alert('<p>no</p>')</script><ul><li>one<li>two</ul>\
        <table><tr><th>Item</th><th>Price</th></tr><tr><td>Tea</td><td>2</td></tr></table><div>End<p>of it";
    assert_eq!(
        told(Format::Html, page.as_bytes()),
        ["1 Shop & more", "We are open.\nAlways.", "- one\n- two", "Item|Price/Tea|2", "End", "of it"]
    );
    let deep = format!("{}x{}", "<div>".repeat(100_000), "</div>".repeat(100_000));
    assert_eq!(told(Format::Html, deep.as_bytes()), ["x"]);
}

#[test]
fn a_table_of_any_separator_is_read() {
    for text in ["a,b\n\"1,5\",2\n", "a;b\n1,5;2\n", "a\tb\n1,5\t2\n"] {
        assert_eq!(told(Format::Csv, text.as_bytes()), ["a|b/1,5|2"]);
    }
    let wide = ",".repeat(2_000);
    assert!(refused(Format::Csv, wide.as_bytes()).contains("columns"));
    let cell = "x".repeat(21_000_000);
    assert!(refused(Format::Csv, cell.as_bytes()).contains("million"));
}

#[test]
fn word_files_have_headings_lists_tables_and_pages() {
    let body = r#"<w:p><w:pPr><w:pStyle w:val="berschrift1"/></w:pPr><w:r><w:t>Shop</w:t></w:r></w:p>
        <w:p><w:r><w:t xml:space="preserve">We are </w:t></w:r><w:r><w:t>open &amp; kind.</w:t></w:r></w:p>
        <w:p><w:pPr><w:numPr/></w:pPr><w:r><w:t>Monday</w:t></w:r></w:p>
        <w:p><w:r><w:br w:type="page"/><w:t>Page two.</w:t></w:r></w:p>
        <w:tbl><w:tr><w:tc><w:p><w:r><w:t>Item</w:t></w:r></w:p></w:tc><w:tc><w:p><w:r><w:t>Price</w:t></w:r></w:p></w:tc></w:tr></w:tbl>"#;
    assert_eq!(told(Format::Docx, &docx(body)), ["1 Shop", "We are open & kind.", "- Monday", "Page two.", "Item|Price"]);
    let parsed = parse(Format::Docx, &docx(body)).unwrap();
    assert_eq!((parsed.n_pages, parsed.blocks[3].page), (Some(2), Some(2)));
}

#[test]
fn excel_files_have_a_table_for_each_sheet() {
    let workbook = r#"<workbook xmlns:r="r"><sheets><sheet name="Prices" r:id="rId1"/></sheets></workbook>"#;
    let links = r#"<Relationships><Relationship Id="rId1" Target="worksheets/sheet1.xml"/></Relationships>"#;
    let shared = "<sst><si><t>Item</t></si><si><r><t>Pri</t></r><r><t>ce</t></r></si></sst>";
    let sheet = r#"<worksheet><sheetData><row><c r="A1" t="s"><v>0</v></c><c r="C1" t="s"><v>1</v></c></row>
        <row><c r="A2" t="inlineStr"><is><t>Tea</t></is></c><c r="C2"><v>2.5</v></c><c r="D2" t="b"><v>1</v></c></row></sheetData></worksheet>"#;
    let parts = [
        ("xl/workbook.xml", workbook),
        ("xl/_rels/workbook.xml.rels", links),
        ("xl/sharedStrings.xml", shared),
        ("xl/worksheets/sheet1.xml", sheet),
    ];
    let parts: Vec<(&str, &[u8])> = parts.iter().map(|(name, text)| (*name, text.as_bytes())).collect();
    assert_eq!(told(Format::Xlsx, &archive(&parts)), ["1 Prices", "Item||Price/Tea||2.5|yes"]);
    let far = sheet.replace("D2", "ZZZ2");
    let mut parts = parts.clone();
    parts[3].1 = far.as_bytes();
    assert!(refused(Format::Xlsx, &archive(&parts)).contains("columns"));
}

#[test]
fn bombs_do_not_go_off() {
    let zeros = vec![b' '; 90 * 1024 * 1024];
    assert!(refused(Format::Docx, &archive(&[("word/document.xml", &zeros)])).contains("bomb"));
    let laughs = r#"<!DOCTYPE l [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">]><w:document xmlns:w="w"><w:p><w:t>&b;</w:t></w:p></w:document>"#;
    assert!(refused(Format::Docx, &archive(&[("word/document.xml", laughs.as_bytes())])).contains("document type"));
    let deep = format!("{}{}", "<w:p>".repeat(200_000), "</w:p>".repeat(200_000));
    assert!(refused(Format::Docx, &docx(&deep)).contains("no text"));
}

proptest::proptest! {
    #[test]
    fn no_bytes_make_a_reader_panic(bytes in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..400), n in 0..7usize) {
        let formats = [Format::Pdf, Format::Docx, Format::Xlsx, Format::Html, Format::Md, Format::Txt, Format::Csv];
        drop(parse(formats[n], &bytes));
    }
}
