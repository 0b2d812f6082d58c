//! Paging: `limit` and `offset` in, the one list envelope out (seed 002, Conventions; decision 9).

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// Rows asked for when the caller names no number.
pub const DEFAULT_LIMIT: u32 = 50;
/// The most rows one answer carries.
pub const MAX_LIMIT: u32 = 500;

/// The paging part of a query string. Texts, because nonsense is clamped and never refused (decision 28).
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct PageQuery {
    /// Rows to return: 1 to 500, 50 if absent or unreadable.
    pub limit: Option<String>,
    /// Rows to skip: 0 if absent or unreadable.
    pub offset: Option<String>,
}

/// Which rows are wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Page {
    /// 1 to [`MAX_LIMIT`].
    pub limit: u32,
    /// Rows before the first one.
    pub offset: u32,
}

impl From<&PageQuery> for Page {
    fn from(query: &PageQuery) -> Self {
        let number = |text: &Option<String>| text.as_deref().and_then(|t| t.trim().parse::<i64>().ok());
        let limit =
            number(&query.limit).filter(|n| *n >= 1).map_or(DEFAULT_LIMIT, |n| u32::try_from(n).unwrap_or(MAX_LIMIT).min(MAX_LIMIT));
        let offset =
            number(&query.offset).filter(|n| *n >= 0).map_or(0, |n| u32::try_from(n).unwrap_or(i32::MAX as u32).min(i32::MAX as u32));
        Self { limit, offset }
    }
}

/// One page of a list.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Listing<T> {
    /// The rows.
    pub data: Vec<T>,
    /// Rows that match, on all pages.
    pub total: u64,
    /// The limit that was applied.
    pub limit: u32,
    /// The offset that was applied.
    pub offset: u32,
    /// Relative URL of the next page with all filters kept; null on the last page.
    pub next: Option<String>,
}

impl<T> Listing<T> {
    /// Wraps one page. `path` and `filters` (name and value, unencoded) make the link to the next one.
    pub fn new(data: Vec<T>, total: u64, page: Page, path: &str, filters: &[(&str, Option<&str>)]) -> Self {
        let end = u64::from(page.offset) + data.len() as u64;
        let next = (end < total && !data.is_empty()).then(|| next_link(path, filters, page));
        Self { data, total, limit: page.limit, offset: page.offset, next }
    }
}

fn next_link(path: &str, filters: &[(&str, Option<&str>)], page: Page) -> String {
    let mut query: Vec<String> =
        filters.iter().filter_map(|(name, value)| value.map(|value| format!("{name}={}", percent_encode(value)))).collect();
    query.push(format!("limit={}", page.limit));
    query.push(format!("offset={}", u64::from(page.offset) + u64::from(page.limit)));
    format!("{path}?{}", query.join("&"))
}

/// Percent-encodes everything but the unreserved characters of RFC 3986.
pub fn percent_encode(text: &str) -> String {
    text.bytes().fold(String::with_capacity(text.len()), |mut out, byte| {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => out.push(char::from(byte)),
            _ => out.push_str(&format!("%{byte:02X}")),
        }
        out
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(limit: &str, offset: &str) -> Page {
        Page::from(&PageQuery { limit: Some(limit.into()), offset: Some(offset.into()) })
    }

    #[test]
    fn nonsense_is_clamped() {
        assert_eq!(page("0", "-1"), Page { limit: 50, offset: 0 });
        assert_eq!(page("many", "x"), Page { limit: 50, offset: 0 });
        assert_eq!(page("100000", "99999999999999"), Page { limit: 500, offset: i32::MAX as u32 });
        assert_eq!(Page::from(&PageQuery::default()), Page { limit: 50, offset: 0 });
    }

    #[test]
    fn the_next_link_keeps_filters_and_ends_on_the_last_page() {
        let list = Listing::new(vec![1, 2], 3, Page { limit: 2, offset: 0 }, "/api.ashx/v1/calls", &[("status", Some("a,b")), ("q", None)]);
        assert_eq!(list.next.as_deref(), Some("/api.ashx/v1/calls?status=a%2Cb&limit=2&offset=2"));
        assert_eq!(Listing::new(vec![3], 3, Page { limit: 2, offset: 2 }, "/x", &[]).next, None);
    }
}
