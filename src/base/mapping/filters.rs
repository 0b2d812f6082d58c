//! The filters and tests that mappings have: those of minijinja that cannot grow a text without end, and three of our own.

use minijinja::value::ValueKind;
use minijinja::{Environment, Error, ErrorKind, Value, filters, functions, tests};

/// Longest text that `join` makes.
const MOST_JOINED: usize = 256 * 1024;

/// Gives an empty environment what mappings may use.
pub(super) fn furnish(environment: &mut Environment<'static>) {
    environment.add_filter("abs", filters::abs);
    environment.add_filter("capitalize", filters::capitalize);
    environment.add_filter("default", filters::default);
    environment.add_filter("first", filters::first);
    environment.add_filter("float", filters::float);
    environment.add_filter("int", filters::int);
    environment.add_filter("join", join);
    environment.add_filter("json", json);
    environment.add_filter("last", filters::last);
    environment.add_filter("length", filters::length);
    environment.add_filter("lower", filters::lower);
    environment.add_filter("round", filters::round);
    environment.add_filter("trim", filters::trim);
    environment.add_filter("truncate", truncate);
    environment.add_filter("upper", filters::upper);
    environment.add_test("defined", tests::is_defined);
    environment.add_test("none", tests::is_none);
    environment.add_test("undefined", tests::is_undefined);
    environment.add_function("range", functions::range);
}

/// The items of a list, one after the other.
fn join(value: Value, between: Option<String>) -> Result<String, Error> {
    let between = between.unwrap_or_default();
    let mut joined = String::new();
    for (n, item) in value.try_iter()?.enumerate() {
        if n > 0 {
            joined.push_str(&between);
        }
        joined.push_str(&text(&item)?);
        if joined.len() > MOST_JOINED {
            return Err(Error::new(ErrorKind::InvalidOperation, "the joined text is too long"));
        }
    }
    Ok(joined)
}

/// A value as JSON.
fn json(value: Value) -> Result<String, Error> {
    serde_json::to_string(&value).map_err(|cause| Error::new(ErrorKind::BadSerialization, "cannot be written as JSON").with_source(cause))
}

/// The first characters of a text.
fn truncate(value: Value, most: usize) -> Result<String, Error> {
    Ok(text(&value)?.chars().take(most).collect())
}

/// A value as it reads in a text: nothing for what is not there, lists and objects as JSON.
pub(super) fn text(value: &Value) -> Result<String, Error> {
    match value.kind() {
        ValueKind::Undefined | ValueKind::None => Ok(String::new()),
        ValueKind::Bool | ValueKind::Seq | ValueKind::Iterable => json(value.clone()),
        // Also for maps: what is looked into has a text of its own.
        _ => Ok(value.to_string()),
    }
}
