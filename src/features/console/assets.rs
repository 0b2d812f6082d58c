//! The files that the console's build left in `assets/console/dist`, embedded with their compressed forms.

use std::collections::BTreeMap;

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use include_dir::{Dir, include_dir};

static DIST: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/assets/console/dist");

/// Files whose name carries a hash of their content: they never change.
const HASHED: &str = "assets/";
/// How long a browser may keep them.
const FOR_EVER: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");
/// All else is asked for again each time, and answered with 304 where nothing changed.
const ASK_AGAIN: HeaderValue = HeaderValue::from_static("no-cache");

/// Media types by ending; what is not here is not served.
const TYPES: &[(&str, &str)] = &[
    ("js", "text/javascript; charset=utf-8"),
    ("css", "text/css; charset=utf-8"),
    ("svg", "image/svg+xml"),
    ("woff2", "font/woff2"),
    ("json", "application/json"),
];

/// One file in the forms it can be sent in.
struct Asset {
    kind: HeaderValue,
    tag: HeaderValue,
    plain: &'static [u8],
    brotli: Option<&'static [u8]>,
    gzip: Option<&'static [u8]>,
}

/// All files by their path below the root.
pub(super) struct Assets {
    files: BTreeMap<String, Asset>,
    page: &'static str,
}

impl Assets {
    /// The files inside this program.
    pub(super) fn embedded() -> Self {
        let mut files = BTreeMap::new();
        collect(&DIST, &mut files);
        let page = DIST.get_file("index.html").and_then(include_dir::File::contents_utf8).unwrap_or_default();
        Self { files, page }
    }

    /// The page that every screen of the console begins with.
    pub(super) fn page(&self) -> &'static str {
        self.page
    }

    /// The file at a path without its leading slash.
    pub(super) fn find(&self, path: &str, asked: &HeaderMap) -> Option<Response> {
        let asset = self.files.get(path)?;
        let cache = if path.starts_with(HASHED) { FOR_EVER } else { ASK_AGAIN };
        Some(asset.answer(asked, cache))
    }
}

impl Asset {
    fn answer(&self, asked: &HeaderMap, cache: HeaderValue) -> Response {
        let known = asked.get(header::IF_NONE_MATCH).and_then(|tags| tags.to_str().ok());
        let tag = self.tag.to_str().unwrap_or_default();
        let is_known = known.is_some_and(|tags| tags.split(',').any(|known| known.trim().trim_start_matches("W/") == tag));
        let (body, encoding) = if is_known { (&[][..], None) } else { self.form(asked) };
        let mut response = Body::from(body).into_response();
        if is_known {
            *response.status_mut() = StatusCode::NOT_MODIFIED;
        }
        let headers = response.headers_mut();
        headers.insert(header::CACHE_CONTROL, cache);
        headers.insert(header::ETAG, self.tag.clone());
        headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
        headers.insert(header::CONTENT_TYPE, self.kind.clone());
        if let Some(encoding) = encoding {
            headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static(encoding));
        }
        response
    }

    /// The smallest form the client takes.
    fn form(&self, asked: &HeaderMap) -> (&'static [u8], Option<&'static str>) {
        let takes = asked.get(header::ACCEPT_ENCODING).and_then(|value| value.to_str().ok()).unwrap_or_default();
        match (self.brotli, self.gzip) {
            (Some(bytes), _) if accepts(takes, "br") => (bytes, Some("br")),
            (_, Some(bytes)) if accepts(takes, "gzip") => (bytes, Some("gzip")),
            _ => (self.plain, None),
        }
    }
}

/// Whether an `Accept-Encoding` names a coding and does not refuse it with `q=0`.
fn accepts(header: &str, coding: &str) -> bool {
    header.split(',').any(|part| {
        let mut words = part.split(';').map(str::trim);
        words.next() == Some(coding) && !words.any(|word| matches!(word, "q=0" | "q=0.0" | "q=0.00" | "q=0.000"))
    })
}

fn collect(folder: &'static Dir<'static>, files: &mut BTreeMap<String, Asset>) {
    for file in folder.files() {
        let path = file.path().to_string_lossy().into_owned();
        let ending = path.rsplit('.').next().unwrap_or_default();
        let Some((_, kind)) = TYPES.iter().find(|(known, _)| *known == ending) else { continue };
        let sum = hex::encode(ring::digest::digest(&ring::digest::SHA256, file.contents()));
        let Ok(tag) = HeaderValue::from_str(&format!("\"{}\"", &sum[..32])) else { continue };
        let compressed = |with: &str| DIST.get_file(format!("{path}.{with}")).map(include_dir::File::contents);
        let asset =
            Asset { kind: HeaderValue::from_static(kind), tag, plain: file.contents(), brotli: compressed("br"), gzip: compressed("gz") };
        files.insert(path, asset);
    }
    for below in folder.dirs() {
        collect(below, files);
    }
}

#[cfg(test)]
mod tests {
    use super::accepts;

    #[test]
    fn a_coding_is_taken_when_it_is_named_and_not_refused() {
        for (header, coding, expected) in [
            ("gzip, deflate, br", "br", true),
            ("gzip;q=1.0, br;q=0.9", "br", true),
            ("br;q=0", "br", false),
            ("br; q=0", "br", false),
            ("gzip", "br", false),
            ("", "gzip", false),
            ("x-br", "br", false),
        ] {
            assert_eq!(accepts(header, coding), expected, "{header:?} {coding}");
        }
    }
}
