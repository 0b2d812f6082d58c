//! Fills texts with values: tokens are looked up, everything else is run by minijinja with fuel and a limit on what it writes.

use std::collections::BTreeSet;
use std::fmt;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use minijinja::value::{Enumerator, Object, ObjectRepr, Serde};
use minijinja::{Environment, ErrorKind, State, UndefinedBehavior, Value};

use super::filters;
use super::names::{Names, text_of};
use super::source::{LOOK_UP, is_code, is_name, readable};
use crate::base::{Error, Result};

/// Longest text that a template with more than tokens may make, in bytes.
pub(super) const MOST_OUTPUT: usize = 4 * 1024 * 1024;
/// Steps a template may take, while the values it works on are short.
const MOST_FUEL: u64 = 20_000;
/// Steps that every template may take.
const LEAST_FUEL: u64 = 500;
/// Bytes that a template may touch in all: each step may touch the longest value once.
const WORK: u64 = 256 * 1024 * 1024;

/// What came of a template.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filled {
    /// The text; nothing stands where a name meant nothing.
    pub text: String,
    /// The names that meant nothing.
    pub missing: BTreeSet<String>,
}

/// The engine. Cheap to clone.
#[derive(Clone)]
pub struct Templates {
    plain: Arc<Environment<'static>>,
    of_urls: Arc<Environment<'static>>,
}

impl fmt::Debug for Templates {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Templates")
    }
}

impl Default for Templates {
    fn default() -> Self {
        Self { plain: Arc::new(environment(false)), of_urls: Arc::new(environment(true)) }
    }
}

impl Templates {
    /// Fills a template. Fails when it cannot be read, does not end, or makes too long a text.
    pub fn fill(&self, template: &str, names: &Arc<Names>) -> Result<Filled> {
        run(&self.plain, template, names, |text| text.to_owned())
    }

    /// Fills a URL: what names stand for is percent-encoded, so that it can be a part of a path or a query and nothing else.
    pub fn fill_url(&self, template: &str, names: &Arc<Names>) -> Result<Filled> {
        run(&self.of_urls, template, names, percent_encoded)
    }

    /// Says what is wrong with a template before it is needed.
    pub fn check(&self, template: &str) -> Result<()> {
        if !is_code(template) || one_token(template).is_some() {
            return Ok(());
        }
        let source = readable(template)?;
        self.plain.template_from_str(&source).map(drop).map_err(|error| refused(&error))
    }
}

/// The name in a template that is one token and nothing else.
pub fn one_token(template: &str) -> Option<&str> {
    let inner = template.trim().strip_prefix("{{")?.strip_suffix("}}")?.trim();
    is_name(inner).then_some(inner)
}

fn run(environment: &Environment<'static>, template: &str, names: &Arc<Names>, written: fn(&str) -> String) -> Result<Filled> {
    if !is_code(template) {
        return Ok(Filled { text: template.to_owned(), ..Filled::default() });
    }
    if let Some(name) = one_token(template) {
        return Ok(match names.find(name) {
            Some(value) => Filled { text: written(&text_of(value)), ..Filled::default() },
            None => Filled { text: String::new(), missing: BTreeSet::from([name.to_owned()]) },
        });
    }
    let source = readable(template)?;
    let mut environment = environment.clone();
    let longest = u64::try_from(names.longest()).unwrap_or(u64::MAX).max(1);
    environment.set_fuel(Some((WORK / longest).clamp(LEAST_FUEL, MOST_FUEL)));
    let missing = Missing::default();
    let root = Value::from_object(Root { names: names.clone(), missing: missing.clone() });
    let mut out = Bounded(Vec::new());
    let compiled = environment.template_from_str(&source).map_err(|error| refused(&error))?;
    compiled.render_captured_to(root, &mut out).map_err(|error| refused(&error))?;
    let text = String::from_utf8(out.0).map_err(|_| Error::invalid("the template made a text that is not UTF-8"))?;
    Ok(Filled { text, missing: missing.take() })
}

fn environment(is_url: bool) -> Environment<'static> {
    let mut environment = Environment::empty();
    environment.set_undefined_behavior(UndefinedBehavior::Chainable);
    environment.set_recursion_limit(32);
    environment.set_formatter(move |out, _, value| {
        let text = filters::text(value)?;
        Ok(out.write_str(&if is_url { percent_encoded(&text) } else { text })?)
    });
    filters::furnish(&mut environment);
    environment.add_function(LOOK_UP, look_up);
    environment
}

/// A name that stands for itself, or for what a loop has put in its first part.
fn look_up(state: &mut State<'_, '_>, name: &str) -> Result<Value, minijinja::Error> {
    let (first, rest) = name.split_once('.').unwrap_or((name, ""));
    let known = state.lookup(first).filter(|value| !value.is_undefined());
    if let Some(value) = known.filter(|value| value.downcast_object_ref::<Place>().is_none()) {
        let parts = rest.split('.').filter(|part| !part.is_empty());
        return parts.into_iter().try_fold(value, |value, part| value.get_attr(part));
    }
    match state.lookup(ROOT).as_ref().and_then(|root| root.downcast_object_ref::<Place>()) {
        Some(place) => Ok(place.root.value(name).unwrap_or(Value::UNDEFINED)),
        None => Ok(Value::UNDEFINED),
    }
}

/// Under this name a template's own root is found again.
const ROOT: &str = "__root";

/// The names that meant nothing to one template.
#[derive(Debug, Clone, Default)]
struct Missing(Arc<Mutex<BTreeSet<String>>>);

impl Missing {
    fn note(&self, name: &str) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(name.to_owned());
    }

    fn take(&self) -> BTreeSet<String> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// What stands above all names of a template.
#[derive(Debug, Clone)]
struct Root {
    names: Arc<Names>,
    missing: Missing,
}

impl Root {
    /// What a name stands for, noted if it stands for nothing.
    fn value(&self, name: &str) -> Option<Value> {
        let full = self.names.full(name).unwrap_or_else(|| name.to_owned());
        let has_more = !self.names.below(&full).is_empty();
        match self.names.find(&full) {
            Some(serde_json::Value::Null) => Some(Value::from(())),
            Some(value) if !has_more => Some(Value::from(Serde(value))),
            Some(_) => Some(self.place(&full)),
            None if has_more => Some(self.place(&full)),
            None => {
                self.missing.note(name);
                None
            }
        }
    }

    fn place(&self, name: &str) -> Value {
        Value::from_object(Place { root: self.clone(), name: name.to_owned() })
    }
}

impl Object for Root {
    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        let name = key.as_str()?;
        match name {
            ROOT => Some(self.place("")),
            "range" | LOOK_UP => None,
            _ if Names::is_namespace(name) => Some(self.place(name)),
            _ => self.value(name),
        }
    }
}

/// A name with more names below it: it can be looked into, listed, and written as the text it has itself.
#[derive(Debug, Clone)]
struct Place {
    root: Root,
    name: String,
}

impl Object for Place {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Map
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        self.root.value(&format!("{}.{}", self.name, key.as_str()?))
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::Values(self.root.names.below(&self.name).into_iter().map(Value::from).collect())
    }

    fn render(self: &Arc<Self>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.root.names.find(&self.name).map_or(Ok(()), |value| f.write_str(&text_of(value)))
    }
}

/// Takes so many bytes and no more.
struct Bounded(Vec<u8>);

impl io::Write for Bounded {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.0.len() + bytes.len() > MOST_OUTPUT {
            return Err(io::Error::other("the text is too long"));
        }
        self.0.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn percent_encoded(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => encoded.push(char::from(byte)),
            _ => encoded.push_str(&format!("%{byte:02X}")),
        }
    }
    encoded
}

fn refused(error: &minijinja::Error) -> Error {
    let sentence = match error.kind() {
        ErrorKind::OutOfFuel => "the template does not end in time".to_owned(),
        ErrorKind::WriteFailure => "the template makes too long a text".to_owned(),
        kind => match error.detail() {
            Some(detail) => format!("the template cannot be used: {kind}: {detail}"),
            None => format!("the template cannot be used: {kind}"),
        },
    };
    Error::invalid(sentence)
}
