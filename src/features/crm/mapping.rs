//! From a bot's mapping and the names of a call to what is sent: the body, and the request around it. Pure.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Map, Value};
use std::collections::BTreeSet;
use std::sync::Arc;

use crate::base::mapping::{Names, Templates, one_token, text_of};
use crate::base::{Context, Error, Result};
use crate::contract::crm::{PostCallPush, PushAuth, PushFormat, PushMethod};

/// Largest body of a push, in bytes.
const MOST_BODY: usize = 8 * 1024 * 1024;

/// A push as it leaves.
#[derive(Debug, Clone)]
pub(super) struct Prepared {
    pub(super) method: &'static str,
    pub(super) url: String,
    /// Those with secrets too; never shown.
    pub(super) headers: Vec<(String, String)>,
    pub(super) content_type: &'static str,
    pub(super) bytes: Vec<u8>,
}

/// What came of a mapping.
#[derive(Debug, Clone, Default)]
pub(super) struct Mapped {
    /// The fields of the CRM, nested as their names say.
    pub(super) body: Map<String, Value>,
    /// The same under the names as they are written.
    pub(super) flat: Vec<(String, Value)>,
    /// Tokens that stood for nothing; they are empty in the body.
    pub(super) unresolved: BTreeSet<String>,
    /// Fields that could not be made, and why.
    pub(super) problems: Vec<(String, String)>,
}

/// Fills every field of a mapping.
pub(super) fn map(push: &PostCallPush, names: &Arc<Names>, templates: &Templates) -> Mapped {
    let mut mapped = Mapped::default();
    for (key, template) in &push.key_mapper {
        let typed = one_token(template).filter(|_| push.preserve_types).and_then(|name| names.find(name));
        let value = match typed {
            Some(value) => Ok(value.clone()),
            None => templates.fill(template, names).map(|filled| {
                mapped.unresolved.extend(filled.missing);
                Value::String(filled.text)
            }),
        };
        let placed = value.and_then(|value| {
            put(&mut mapped.body, key, value.clone())?;
            mapped.flat.push((key.clone(), value));
            Ok(())
        });
        if let Err(error) = placed {
            mapped.problems.push((key.clone(), error.message().to_owned()));
        }
    }
    mapped
}

/// The request of a push. Fails when a field cannot be made, so that no CRM gets half of a call.
pub(super) fn prepare(push: &PostCallPush, push_id: &str, names: &Arc<Names>, templates: &Templates) -> Result<Prepared> {
    let mapped = map(push, names, templates);
    if let Some((field, problem)) = mapped.problems.first() {
        return Err(Error::invalid(format!("key_mapper.{field}: {problem}")));
    }
    let (content_type, bytes) = body(push.body_format, &mapped)?;
    if bytes.len() > MOST_BODY {
        return Err(Error::invalid("the body is larger than 8 MB"));
    }
    let mut headers: Vec<(String, String)> =
        push.headers.iter().filter(|(name, _)| !is_ours(name)).map(|(name, value)| (name.clone(), value.0.clone())).collect();
    headers.extend(proof(&push.auth));
    headers.push(("X-CXB-Push-Id".to_owned(), push_id.to_owned()));
    let url = templates.fill_url(&push.url, names).map_err(|error| Error::invalid(format!("url: {}", error.message())))?.text;
    Ok(Prepared { method: method(push.method), url, headers, content_type, bytes })
}

pub(super) fn method(method: PushMethod) -> &'static str {
    match method {
        PushMethod::Post => "POST",
        PushMethod::Put => "PUT",
        PushMethod::Patch => "PATCH",
    }
}

fn body(format: PushFormat, mapped: &Mapped) -> Result<(&'static str, Vec<u8>)> {
    Ok(match format {
        PushFormat::Json => ("application/json", serde_json::to_vec(&mapped.body).context("cannot write the body of a push")?),
        PushFormat::Form => {
            ("application/x-www-form-urlencoded", form(mapped.flat.iter().map(|(key, value)| (key, text_of(value)))).into_bytes())
        }
    })
}

/// Pairs as a form or a query.
pub(super) fn form<K: AsRef<str>, V: AsRef<str>>(pairs: impl Iterator<Item = (K, V)>) -> String {
    let mut form = String::new();
    for (key, value) in pairs {
        if !form.is_empty() {
            form.push('&');
        }
        encode(&mut form, key.as_ref());
        form.push('=');
        encode(&mut form, value.as_ref());
    }
    form
}

fn encode(into: &mut String, text: &str) {
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' => into.push(char::from(byte)),
            b' ' => into.push('+'),
            _ => into.push_str(&format!("%{byte:02X}")),
        }
    }
}

/// The header by which the box proves who it is.
fn proof(auth: &PushAuth) -> Option<(String, String)> {
    match auth {
        PushAuth::None {} => None,
        PushAuth::Bearer { token } => Some(("Authorization".to_owned(), format!("Bearer {}", token.0))),
        PushAuth::Basic { username, password } => {
            let pair = BASE64_STANDARD.encode(format!("{username}:{}", password.0));
            Some(("Authorization".to_owned(), format!("Basic {pair}")))
        }
        PushAuth::Header { name, value } => Some((name.clone(), value.0.clone())),
    }
}

/// Headers that a push sets itself.
fn is_ours(name: &str) -> bool {
    ["content-type", "content-length", "transfer-encoding", "host", "connection", "x-cxb-push-id"]
        .iter()
        .any(|ours| name.eq_ignore_ascii_case(ours))
}

/// Puts a value where its dotted name says. A name that is a value already cannot hold others.
fn put(object: &mut Map<String, Value>, name: &str, value: Value) -> Result<()> {
    let (first, rest) = match name.split_once('.') {
        None => (name, None),
        Some((first, rest)) => (first, Some(rest)),
    };
    let taken = || Error::invalid(format!("{first} is a field of its own and cannot hold others"));
    match rest {
        None if object.contains_key(first) => Err(taken()),
        None => {
            object.insert(first.to_owned(), value);
            Ok(())
        }
        Some(rest) => match object.entry(first).or_insert_with(|| Value::Object(Map::new())) {
            Value::Object(inner) => put(inner, rest, value),
            _ => Err(taken()),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn push(change: Value) -> PostCallPush {
        let mut body = json!({ "url": "https://crm.example/calls/{{call.ref}}" });
        body.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        serde_json::from_value(body).unwrap()
    }

    fn names() -> Arc<Names> {
        let mut names = Names::default();
        names.set("call", "ref", "a b/7");
        names.set("call", "name", "Ada");
        names.set("system", "timezone", "UTC");
        names.set("result", "call_duration_seconds", 42);
        names.set("result", "turns", json!([{ "role": "user", "content": "Yes" }]));
        names.set("analysis", "score", 9.5);
        names.set("analysis", "remarks", "");
        Arc::new(names)
    }

    fn body_of(change: Value) -> Value {
        Value::Object(map(&push(change), &names(), &Templates::default()).body)
    }

    #[test]
    fn dots_nest_and_types_stay_only_where_it_is_asked_for() {
        let mapper = json!({ "customer.id": "{{call.ref}}", "customer.talk.seconds": "{{result.call_duration_seconds}}",
            "score": " {{ analysis.score }} ", "turns": "{{result.turns}}", "line": "{{name}}: {{analysis.score}}!", "gone": "{{result.nothing}}" });
        assert_eq!(
            body_of(json!({ "key_mapper": mapper })),
            json!({ "customer": { "id": "a b/7", "talk": { "seconds": "42" } }, "score": "9.5",
                "turns": r#"[{"role":"user","content":"Yes"}]"#, "line": "Ada: 9.5!", "gone": "" })
        );
        let typed =
            body_of(json!({ "preserve_types": true, "key_mapper": { "n": "{{result.call_duration_seconds}}", "t": "{{result.turns}}",
            "s": "{{result.call_duration_seconds}} s" } }));
        assert_eq!(typed, json!({ "n": 42, "t": [{ "role": "user", "content": "Yes" }], "s": "42 s" }));
    }

    #[test]
    fn conditions_and_loops_are_there_and_what_is_unresolved_is_named() {
        let mapped = map(
            &push(json!({ "key_mapper": {
                "said": "{% for turn in result.turns %}{{ turn.role }}: {{ turn.content }};{% endfor %}",
                "good": "{% if analysis.score > 7 %}yes{% else %}no{% endif %}",
                "flat": "{{score}}", "dash": "{{call.sip_header_x-ref}}", "remarks": "{{analysis.remarks}}"
            } })),
            &names(),
            &Templates::default(),
        );
        assert_eq!(Value::Object(mapped.body), json!({ "said": "user: Yes;", "good": "yes", "flat": "", "dash": "", "remarks": "" }));
        assert_eq!(mapped.unresolved.into_iter().collect::<Vec<_>>(), ["call.sip_header_x-ref", "score"]);
    }

    #[test]
    fn a_field_that_cannot_be_made_stops_the_push_and_is_named() {
        for (mapper, field, said) in [
            (json!({ "a": "1", "a.b": "2" }), "a.b", "field of its own"),
            (json!({ "x": "{% for a in range(100000) %}{% for b in range(100000) %}{{b}}{% endfor %}{% endfor %}" }), "x", "does not end"),
            (json!({ "x": "{{ call." }), "x", "cannot be used"),
            (json!({ "x": "{% set a = 1 %}" }), "x", "'set'"),
        ] {
            let push = push(json!({ "key_mapper": mapper }));
            let mapped = map(&push, &names(), &Templates::default());
            assert_eq!(mapped.problems[0].0, field);
            assert!(mapped.problems[0].1.contains(said), "{:?}", mapped.problems);
            assert!(prepare(&push, "s", &names(), &Templates::default()).is_err());
        }
    }

    #[test]
    fn a_push_carries_its_proof_its_id_and_a_url_nobody_can_break_out_of() {
        for (auth, header, value) in [
            (json!({ "type": "bearer", "token": "t" }), "Authorization", "Bearer t"),
            (json!({ "type": "basic", "username": "u", "password": "p" }), "Authorization", "Basic dTpw"),
            (json!({ "type": "header", "name": "X-Api-Key", "value": "k" }), "X-Api-Key", "k"),
        ] {
            let push = push(json!({ "auth": auth, "headers": { "X-Team": "sales", "host": "evil" }, "key_mapper": { "a": "1" } }));
            let made = prepare(&push, "s-1", &names(), &Templates::default()).unwrap();
            assert_eq!(made.url, "https://crm.example/calls/a%20b%2F7");
            let expected = [("X-Team", "sales"), (header, value), ("X-CXB-Push-Id", "s-1")];
            assert_eq!(made.headers, expected.map(|(name, value)| (name.to_owned(), value.to_owned())));
        }
        let made = prepare(
            &push(json!({ "body_format": "form", "key_mapper": { "c.id": "{{call.ref}}", "é": "1&2" } })),
            "s",
            &names(),
            &Templates::default(),
        );
        assert_eq!(made.unwrap().bytes, b"c.id=a+b%2F7&%C3%A9=1%262");
    }
}
