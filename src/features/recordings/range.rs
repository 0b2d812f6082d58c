//! Which bytes of a recording a request asks for (RFC 9110 §14), decided without touching the file.

/// What to answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wanted {
    /// 200 and everything.
    Whole,
    /// 206 and the bytes from `start` to `end`, both included.
    Part { start: u64, end: u64 },
    /// 416: nothing of it exists.
    Nothing,
}

/// Reads `Range` and `If-Range` for an object of `size` bytes that is now called `etag`. What is not one clean byte range is ignored, as
/// the RFC allows: then the whole object is sent.
pub(super) fn wanted(range: Option<&str>, if_range: Option<&str>, etag: &str, size: u64) -> Wanted {
    let Some(range) = range else { return Wanted::Whole };
    if if_range.is_some_and(|tag| tag.trim() != etag) {
        return Wanted::Whole;
    }
    let Some((unit, spec)) = range.split_once('=') else { return Wanted::Whole };
    let Some((first, last)) = spec.trim().split_once('-').filter(|_| unit.trim().eq_ignore_ascii_case("bytes")) else {
        return Wanted::Whole;
    };
    match (number(first), number(last)) {
        (Some(Number::Some(start)), Some(Number::Some(end))) if start > end => Wanted::Whole,
        (Some(Number::Some(start)), Some(_)) if start >= size => Wanted::Nothing,
        (Some(Number::Some(start)), Some(Number::Some(end))) => Wanted::Part { start, end: end.min(size - 1) },
        (Some(Number::Some(start)), Some(Number::Empty)) => Wanted::Part { start, end: size - 1 },
        (Some(Number::Empty), Some(Number::Some(0))) => Wanted::Nothing,
        (Some(Number::Empty), Some(Number::Some(_))) if size == 0 => Wanted::Nothing,
        (Some(Number::Empty), Some(Number::Some(n_last))) => Wanted::Part { start: size.saturating_sub(n_last), end: size - 1 },
        _ => Wanted::Whole,
    }
}

enum Number {
    Empty,
    Some(u64),
}

/// Digits only; a number too large for us is larger than any object.
fn number(text: &str) -> Option<Number> {
    let text = text.trim();
    if text.is_empty() {
        return Some(Number::Empty);
    }
    text.bytes().all(|b| b.is_ascii_digit()).then(|| Number::Some(text.parse().unwrap_or(u64::MAX)))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn asked(range: &str, size: u64) -> Wanted {
        wanted(Some(range), None, "\"e\"", size)
    }

    #[test]
    fn one_range_is_served_and_anything_else_is_the_whole() {
        assert_eq!(asked("bytes=0-0", 10), Wanted::Part { start: 0, end: 0 });
        assert_eq!(asked("bytes=4-", 10), Wanted::Part { start: 4, end: 9 });
        assert_eq!(asked("bytes=-3", 10), Wanted::Part { start: 7, end: 9 });
        assert_eq!(asked("bytes=-30", 10), Wanted::Part { start: 0, end: 9 });
        assert_eq!(asked("bytes=2-99999999999999999999999", 10), Wanted::Part { start: 2, end: 9 });
        for nothing in ["bytes=10-", "bytes=10-12", "bytes=-0", "bytes=99999999999999999999999-"] {
            assert_eq!(asked(nothing, 10), Wanted::Nothing, "{nothing}");
        }
        for whole in ["bytes=5-2", "bytes=0-1,4-5", "bytes=a-b", "items=0-1", "bytes", "bytes=-", "bytes=--1", "bytes=+1-2"] {
            assert_eq!(asked(whole, 10), Wanted::Whole, "{whole}");
        }
        assert_eq!(asked("bytes=0-", 0), Wanted::Nothing);
        assert_eq!(wanted(None, None, "\"e\"", 10), Wanted::Whole);
    }

    #[test]
    fn a_changed_recording_is_sent_whole() {
        assert_eq!(wanted(Some("bytes=0-1"), Some("\"e\""), "\"e\"", 10), Wanted::Part { start: 0, end: 1 });
        assert_eq!(wanted(Some("bytes=0-1"), Some("\"other\""), "\"e\"", 10), Wanted::Whole);
        assert_eq!(wanted(Some("bytes=0-1"), Some("W/\"e\""), "\"e\"", 10), Wanted::Whole);
    }

    proptest! {
        #[test]
        fn a_part_always_lies_inside(range in "bytes=[0-9]{0,6}-[0-9]{0,6}", size in 0u64..200_000) {
            if let Wanted::Part { start, end } = asked(&range, size) {
                prop_assert!(start <= end && end < size);
            }
        }

        #[test]
        fn no_header_is_fatal(range in ".{0,40}", tag in ".{0,10}", size in any::<u64>()) {
            let _ = wanted(Some(&range), Some(&tag), "\"e\"", size);
            let _ = asked(&format!("bytes={range}"), size);
        }
    }
}
