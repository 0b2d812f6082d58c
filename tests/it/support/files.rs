//! Files that tests upload, and the form they travel in.

use std::io::{Cursor, Write as _};

use bytes::Bytes;
use http::Method;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use super::client::{Answer, Client};

/// Uploads a file to a knowledge base.
pub async fn upload(client: &Client, kb_id: &str, name: &str, bytes: &[u8]) -> Answer {
    upload_with(client, kb_id, name, bytes, &[]).await
}

/// Uploads a file with more fields of the form.
pub async fn upload_with(client: &Client, kb_id: &str, name: &str, bytes: &[u8], fields: &[(&str, &str)]) -> Answer {
    let body = form(name, bytes, fields);
    client.send(Method::POST, &format!("/api/v1/knowledge-bases/{kb_id}/documents"), "multipart/form-data; boundary=XX", body).await
}

/// A form with the boundary `XX`.
pub fn form(name: &str, bytes: &[u8], fields: &[(&str, &str)]) -> Bytes {
    let mut body = Vec::new();
    for (field, value) in fields {
        body.extend(format!("--XX\r\ncontent-disposition: form-data; name=\"{field}\"\r\n\r\n{value}\r\n").into_bytes());
    }
    body.extend(
        format!(
            "--XX\r\ncontent-disposition: form-data; name=\"file\"; filename=\"{name}\"\r\ncontent-type: application/octet-stream\r\n\r\n"
        )
        .into_bytes(),
    );
    body.extend_from_slice(bytes);
    body.extend_from_slice(b"\r\n--XX--\r\n");
    body.into()
}

/// A ZIP archive.
pub fn archive(parts: &[(&str, &[u8])]) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in parts {
        zip.start_file(*name, SimpleFileOptions::default()).unwrap();
        zip.write_all(bytes).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

/// A Word file of one paragraph.
pub fn docx(text: &str) -> Vec<u8> {
    let document = format!("<w:document xmlns:w=\"w\"><w:body><w:p><w:r><w:t>{text}</w:t></w:r></w:p></w:body></w:document>");
    archive(&[("word/document.xml", document.as_bytes())])
}

/// A PDF file; each text is a page of its own. `repeat` repeats the pages.
pub fn pdf(pages: &[&str], repeat: usize) -> Vec<u8> {
    let mut objects: Vec<String> = vec!["<< /Type /Catalog /Pages 2 0 R >>".to_owned(), String::new()];
    objects.push("<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>".to_owned());
    let mut kids = String::new();
    for text in pages {
        let content = format!("BT /F 12 Tf 50 700 Td ({text}) Tj ET");
        objects.push(format!("<< /Length {} >>\nstream\n{content}\nendstream", content.len()));
        let stream = objects.len();
        objects.push(format!(
            "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Resources << /Font << /F 3 0 R >> >> /Contents {stream} 0 R >>"
        ));
        kids.push_str(&format!("{} 0 R ", objects.len()));
    }
    objects[1] = format!("<< /Type /Pages /Count {} /Kids [ {} ] >>", pages.len() * repeat, kids.repeat(repeat));
    let mut out = String::from("%PDF-1.4\n");
    let mut offsets = Vec::new();
    for (n, object) in objects.iter().enumerate() {
        offsets.push(out.len());
        out.push_str(&format!("{} 0 obj\n{object}\nendobj\n", n + 1));
    }
    let at = out.len();
    out.push_str(&format!("xref\n0 {}\n0000000000 65535 f \n", objects.len() + 1));
    for offset in offsets {
        out.push_str(&format!("{offset:010} 00000 n \n"));
    }
    out.push_str(&format!("trailer << /Size {} /Root 1 0 R >>\nstartxref\n{at}\n%%EOF", objects.len() + 1));
    out.into_bytes()
}
