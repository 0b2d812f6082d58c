//! For every route that takes a JSON body: a body that it accepts on a furnished box, who sends it, and what is answered.

use serde_json::{Value, json};

use super::dialling::wish;
use super::{Furnished, PASSWORD, make};

/// Who asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asker {
    /// A super_admin.
    Root,
    /// An agent with a password.
    Alex,
    /// Nobody who is known.
    Nobody,
    /// The engine.
    Engine,
}

/// A request that is in order.
#[derive(Debug, Clone)]
pub struct Ask {
    pub asker: Asker,
    pub path: String,
    pub body: Value,
    /// What comes back.
    pub status: u16,
}

/// The request for a route such as `POST /api/v1/bots`; `n` tells names and numbers of several apart. None: nobody has said what this route
/// takes.
pub fn ask(box_: &Furnished, route: &str, n: usize) -> Option<Ask> {
    let (asker, body, status) = of_people(route, n)
        .or_else(|| of_settings(box_, route, n))
        .or_else(|| of_bots(box_, route))
        .or_else(|| of_calls(route))
        .or_else(|| of_trunks(box_, route, n))
        .or_else(|| of_engines(box_, route, n))?;
    let path = route.split_once(' ')?.1;
    let path = match route {
        // Only while a call runs.
        "PUT /api/v1/calls/{session_id}/recording" => path.replace("{session_id}", box_.id("/api/v1/engine/calls/")),
        _ => box_.path(path),
    };
    Some(Ask { asker, path, body, status })
}

type Sent = (Asker, Value, u16);

fn root(body: Value, status: u16) -> Option<Sent> {
    Some((Asker::Root, body, status))
}

fn person(n: usize, kind: &str) -> Value {
    json!({ "name": format!("{kind}-{n}"), "email": format!("{kind}-{n}@x.test"), "password": PASSWORD, "role": "agent" })
}

fn of_people(route: &str, n: usize) -> Option<Sent> {
    match route {
        "POST /api/v1/api-keys" => root(json!({ "name": "other", "kind": "vx" }), 201),
        "PATCH /api/v1/api-keys/{id}" => root(json!({ "name": "renamed" }), 200),
        "POST /api/v1/auth/login" => Some((Asker::Nobody, json!({ "email": "alex@x.test", "password": PASSWORD }), 200)),
        "PUT /api/v1/auth/me" => Some((Asker::Alex, json!({ "phone": "+15551234567" }), 200)),
        "PUT /api/v1/auth/me/password" => {
            Some((Asker::Alex, json!({ "current_password": PASSWORD, "new_password": "another good one" }), 204))
        }
        "POST /api/v1/auth/register" => root(person(n, "registered"), 201),
        "POST /api/v1/users" => root(person(n, "person"), 201),
        "PUT /api/v1/users/{id}" => root(json!({ "phone": "+15551234567" }), 200),
        "POST /api/v1/users/{id}/reset-password" => root(json!({ "new_password": "yet another one" }), 204),
        "POST /api/v1/users/{id}/foreign-identities" => root(json!({ "issuer": "https://login.example", "subject": "7" }), 204),
        "POST /api/v1/oidc/clients" => root(json!({ "redirect_uris": ["https://app.example/back"] }), 201),
        "PATCH /api/v1/oidc/clients/{client_id}" => root(json!({ "description": "The app." }), 200),
        "POST /api/v1/setup" => Some((
            Asker::Nobody,
            make::with(json!({ "token": "guess", "name": "boss" }), json!({ "email": "b@x.test", "password": PASSWORD })),
            410,
        )),
        // Whom the walk has registered by now.
        "POST /api/v1/phones" => root(json!({ "user": "registered-0" }), 201),
        _ => None,
    }
}

fn of_settings(box_: &Furnished, route: &str, n: usize) -> Option<Sent> {
    let base = box_.id("/api/v1/knowledge-bases/");
    match route {
        "PUT /api/v1/settings/{section}" => {
            root(json!({ "host": "127.0.0.1", "port": 2525, "from": "box@example.com", "security": "off" }), 200)
        }
        // The server is named by the next route.
        "POST /api/v1/settings/mail/test" => root(json!({ "to": "ada@example.com" }), 409),
        "POST /api/v1/backups" => root(json!({}), 202),
        "POST /api/v1/fleet/drain" => root(json!({ "url": "https://nobody.example" }), 404),
        "POST /api/v1/knowledge-bases" => root(json!({ "name": format!("Base {n}") }), 201),
        "PATCH /api/v1/knowledge-bases/{kb_id}" => root(json!({ "description": "What is sold." }), 200),
        "POST /api/v1/knowledge-bases/search" => root(json!({ "query": "when are you open", "kb_ids": [base] }), 200),
        "POST /api/v1/knowledge-bases/{kb_id}/documents/from-url" => root(json!({ "url": "https://shop.example/page" }), 201),
        "PATCH /api/v1/knowledge-bases/{kb_id}/documents/{document_id}" => root(json!({ "name": "hours.md" }), 200),
        "PUT /api/v1/prompts/{slug}" => root(json!({ "text": "Remind them." }), 200),
        "POST /api/v1/webhooks" => root(json!({ "url": "https://hooks.example.com/other", "events": ["*"] }), 201),
        "PUT /api/v1/webhooks/{id}" => root(json!({ "url": "https://hooks.example.com/in", "events": ["*"] }), 200),
        "PATCH /api/v1/webhooks/{id}" => root(json!({ "description": "The desk's." }), 200),
        "POST /api/v1/webhooks/{id}/recover" => root(json!({ "since": "2026-06-01T00:00:00Z" }), 200),
        "POST /api/v1/do-not-call" => root(json!({ "phone": "+15550000003" }), 201),
        "POST /api/v1/whitelist" => root(json!({ "phone": "+15550000004" }), 201),
        "POST /api/v1/outbound-gate/check" => root(json!({ "phone": "+15551234567" }), 200),
        "POST /api/v1/erasures" => root(json!({ "phone": "+15559990000" }), 200),
        _ => None,
    }
}

fn of_bots(box_: &Furnished, route: &str) -> Option<Sent> {
    let turn = json!({ "role": "user", "content": "hello" });
    let push = json!({ "url": "https://crm.example/calls", "key_mapper": { "id": "{{result.call_id}}" } });
    let dialout = json!({ "bot_id": box_.id("/api/v1/bots/"), "to_number": "+15551234567" });
    match route {
        "POST /api/v1/bots" => root(make::bot("Berta"), 201),
        "POST /api/v1/bots/import" => root(json!({ "format": "cxbox-bot", "format_version": 1, "bot": make::bot("Imported") }), 201),
        "PUT /api/v1/bots/{id}" => root(make::bot("Anna the second"), 200),
        "PUT /api/v1/bots/{id}/draft" => root(make::bot("Anna the third"), 200),
        "POST /api/v1/bots/{id}/publish" => root(json!({ "note": "better" }), 200),
        "POST /api/v1/bots/{id}/rollback" => root(json!({ "version": 1 }), 200),
        "POST /api/v1/bots/{id}/clone" => root(json!({ "name": "Clara" }), 201),
        "POST /api/v1/bots/{id}/browser-call" => root(json!({ "sdp": "v=0 an offer" }), 201),
        "POST /api/v1/bots/{id}/crm-preview" => root(json!({ "session_id": "sess-1", "post_call_push": push }), 200),
        "POST /api/v1/bots/{id}/test-call" => root(json!({ "to": "+15551234567" }), 201),
        "POST /api/v1/bots/{id}/test-chat" => root(json!({ "turns": [turn] }), 200),
        "POST /api/v1/sip/dialout" => root(dialout, 200),
        _ => None,
    }
}

fn of_calls(route: &str) -> Option<Sent> {
    let from_browser = json!({ "number": "100", "sdp": "v=0 an offer" });
    match route {
        "POST /api.ashx/v1/calls" => root(wish(json!({ "scheduleAtUtc": "2026-06-03T12:00:00Z" })), 200),
        "POST /api/v1/browser-calls" => root(from_browser, 201),
        "POST /api/v1/public/browser-calls" => Some((Asker::Nobody, from_browser, 201)),
        "PUT /api/v1/calls/{session_id}/legal-hold" => root(json!({ "reason": "case 7" }), 200),
        "POST /api/v1/calls/{session_id}/notes" => root(json!({ "text": "Call again." }), 201),
        "PUT /api/v1/calls/{session_id}/recording" => root(json!({ "is_paused": true }), 200),
        "PUT /api/v1/calls/{session_id}/tags" => root(json!({ "tags": ["important"] }), 200),
        "POST /api/v1/recordings/{session_id}/signed-url" => root(json!({ "minutes": 5 }), 201),
        "POST /api/v1/transcripts/{call_id}/shares" => root(json!({ "ttl_hours": 1 }), 201),
        _ => None,
    }
}

fn of_trunks(box_: &Furnished, route: &str, n: usize) -> Option<Sent> {
    let number = json!({ "name": format!("number {n}"), "number": format!("20{n}"), "bot_id": box_.id("/api/v1/bots/") });
    let carrier = make::with(make::quick_carrier(), json!({ "name": format!("Carrier {n}"), "sip_address": format!("127.0.0.1:510{n}") }));
    let second = make::with(make::quick_carrier(), json!({ "name": "Second", "sip_address": "127.0.0.1:5091" }));
    let routes = ["+15551110000", "+15552220000", "+15552220001"].map(|did| json!({ "did": did }));
    match route {
        "POST /api.ashx/v1/inbound-routes" => root(json!({ "did": format!("+1555222000{n}"), "user": "desk" }), 201),
        "PUT /api.ashx/v1/inbound-routes/{did}" => root(json!({ "user": "alex" }), 200),
        // Those that are there, and those that the walk has made by now.
        "PUT /api/v1/inbound-routes/order" => root(json!({ "routes": routes }), 200),
        "POST /api/v1/numbers" => root(number, 201),
        "PUT /api/v1/numbers/{id}" => root(make::with(number, json!({ "name": "desk", "number": "100", "visibility": "public" })), 200),
        "POST /api/v1/carriers" => root(carrier, 201),
        "PUT /api/v1/carriers/{id}" => root(second, 200),
        "POST /api/v1/carriers/{id}/dids" => root(json!({ "number": "+442071838751" }), 201),
        "PUT /api/v1/carriers/{id}/dids/{did_id}" => root(json!({ "number": "+442071838750", "label": "Front desk" }), 200),
        _ => None,
    }
}

fn of_engines(box_: &Furnished, route: &str, n: usize) -> Option<Sent> {
    let now = box_.desk.app.clock.now();
    let session = box_.id("/api/v1/engine/calls/");
    let engine = |body: Value, status: u16| Some((Asker::Engine, body, status));
    let inbound = json!({ "call_id": format!("vnum{n:012}"), "did": "100", "from_number": "+15550001111", "headers": {} });
    let line = json!({ "at": now, "level": "info", "session_id": session, "text": "It rings." });
    let telephone = json!({
        "aor": "alex", "contact": "sip:alex@127.0.0.1:5999", "source": "127.0.0.1:5999", "registered_at": now, "expires_at": now
    });
    match route {
        "POST /api/v1/call-results" => engine(json!({ "session_id": format!("other-{n}"), "disconnected_by": "bot" }), 200),
        "POST /api/v1/cdr" => engine(json!({ "stream_id": "stream-1", "talktime": 5 }), 200),
        "POST /api/v1/engine/calls/{session_id}/callback" => engine(json!({ "time": "15:30" }), 200),
        "POST /api/v1/engine/calls/{session_id}/carrier" => engine(json!({ "carrier_id": box_.id("/api/v1/carriers/") }), 204),
        "POST /api/v1/engine/calls/{session_id}/events" => {
            engine(json!({ "seq": n + 1, "at": now, "type": "answered", "answer_ms": 4100 }), 200)
        }
        "POST /api/v1/engine/calls/{session_id}/leg" => engine(json!({ "phone": "+15551112222" }), 204),
        "POST /api/v1/engine/inbound" => engine(inbound, 200),
        "POST /api/v1/engine/logs" => engine(json!({ "lines": [line] }), 200),
        "PUT /api/v1/engine/registrations" => engine(json!({ "registrations": [telephone] }), 204),
        "PUT /api/v1/engine/trunks/state" => engine(json!({ "engine": "one", "states": [] }), 204),
        "POST /api/v1/knowledge/search" => engine(json!({ "bot_id": box_.id("/api/v1/bots/"), "query": "opening hours" }), 200),
        _ => None,
    }
}
