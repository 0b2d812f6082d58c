//! The credentials inside a bot: where they lie, how they are sealed, masked, kept and left out.

use std::collections::BTreeMap;

use super::body::BotBody;
use crate::base::id::BotId;
use crate::base::seal::Sealer;
use crate::base::{Error, Result, secret};
use crate::contract::config::{ProviderSpec, WireSecret};
use crate::contract::crm::PushAuth;

/// Headers that say nothing secret; the values of all others are treated as credentials.
const HARMLESS_HEADERS: [&str; 6] = ["accept", "accept-language", "cache-control", "content-language", "content-type", "user-agent"];

/// One credential of a bot.
struct Slot<'a> {
    /// Path of its field.
    path: String,
    /// Where it is sent. A masked text does not stand for a key that went elsewhere.
    goes_to: String,
    secret: &'a mut WireSecret,
}

/// Seals the credentials of a body. A masked one is replaced by one of the sealed bodies in `old`, as long as it goes to the same place.
pub(super) fn seal(sealer: &Sealer, id: &BotId, body: &mut BotBody, old: &[&BotBody]) -> Result<()> {
    drop_empty_keys(body);
    let mut stored = Vec::new();
    for old in old {
        for slot in slots(&mut (*old).clone()) {
            stored.push((slot.path, slot.goes_to, sealer.open(id.as_str(), &slot.secret.0)?));
        }
    }
    for slot in slots(body) {
        if slot.secret.0.contains('•') {
            slot.secret.0 = kept(&slot, &stored)?;
        }
        slot.secret.0 = sealer.seal(id.as_str(), &slot.secret.0)?;
    }
    Ok(())
}

/// The stored credential that a masked text stands for: the one of the same field, else one that goes to the same place.
fn kept(slot: &Slot<'_>, stored: &[(String, String, String)]) -> Result<String> {
    let shown = |(_, _, plain): &&(String, String, String)| secret::mask(plain) == slot.secret.0;
    let fits = |found: &&(String, String, String)| shown(found) && found.1 == slot.goes_to;
    let found = stored.iter().filter(fits).find(|(path, ..)| *path == slot.path).or_else(|| stored.iter().find(fits));
    let Some((_, _, plain)) = found else {
        let sentence = match stored.iter().any(|one| shown(&one)) {
            true => "must be sent in full when it goes to another place",
            false => "there is no stored key that this masked text stands for",
        };
        return Err(Error::invalid(format!("{}: {sentence}", slot.path)).field(&slot.path, sentence));
    };
    Ok(plain.clone())
}

/// Makes the credentials of a stored body readable.
pub(super) fn open(sealer: &Sealer, id: &BotId, body: &mut BotBody) -> Result<()> {
    for slot in slots(body) {
        slot.secret.0 = sealer.open(id.as_str(), &slot.secret.0)?;
    }
    Ok(())
}

/// Shows of the credentials of an opened body only what tells them apart.
pub(super) fn mask(body: &mut BotBody) {
    for slot in slots(body) {
        slot.secret.0 = secret::mask(&slot.secret.0);
    }
}

/// Takes the credentials out of a body and says where they were.
pub(super) fn strip(body: &mut BotBody) -> Vec<String> {
    let paths = slots(body).into_iter().filter(|slot| !slot.secret.0.is_empty());
    let paths = paths
        .map(|slot| {
            slot.secret.0.clear();
            slot.path
        })
        .collect();
    drop_empty_keys(body);
    paths
}

/// The headers and proofs of a body that have no value.
pub(super) fn empty(body: &BotBody) -> Vec<String> {
    let mut body = body.clone();
    slots(&mut body).into_iter().filter(|slot| slot.secret.0.is_empty()).map(|slot| slot.path).collect()
}

/// Whether a body has a credential at a path.
pub(super) fn has(body: &BotBody, path: &str) -> bool {
    slots(&mut body.clone()).iter().any(|slot| slot.path == path)
}

/// An empty key of a provider is none.
fn drop_empty_keys(body: &mut BotBody) {
    let BotBody { stt, llm, tts, stt_fallbacks, llm_fallbacks, tts_fallbacks, .. } = body;
    let listed = [stt_fallbacks, llm_fallbacks, tts_fallbacks].into_iter().flatten();
    for provider in [stt, llm, tts].into_iter().chain(listed) {
        provider.api_key = provider.api_key.take().filter(|key| !key.0.is_empty());
    }
}

/// All credentials of a body, in the order of its fields.
fn slots(body: &mut BotBody) -> Vec<Slot<'_>> {
    let BotBody { stt, llm, tts, stt_fallbacks, llm_fallbacks, tts_fallbacks, tools, mcp_servers, crm_prefetch, post_call_push, .. } = body;
    let mut found = Vec::new();
    for (name, provider, fallbacks) in [("stt", stt, stt_fallbacks), ("llm", llm, llm_fallbacks), ("tts", tts, tts_fallbacks)] {
        found.extend(of_provider(name.to_owned(), provider));
        let fallbacks = fallbacks.iter_mut().enumerate();
        found.extend(fallbacks.filter_map(|(n, provider)| of_provider(format!("{name}_fallbacks[{n}]"), provider)));
    }
    for (n, tool) in tools.iter_mut().enumerate() {
        found.extend(of_headers(format!("tools[{n}]"), &tool.url, &mut tool.headers));
    }
    for (n, server) in mcp_servers.iter_mut().enumerate() {
        found.extend(of_headers(format!("mcp_servers[{n}]"), &server.url, &mut server.headers));
    }
    if let Some(prefetch) = crm_prefetch {
        found.extend(of_headers("crm_prefetch".to_owned(), &prefetch.url, &mut prefetch.headers));
    }
    if let Some(push) = post_call_push {
        let goes_to = origin(&push.url);
        found.extend(of_headers("post_call_push".to_owned(), &push.url, &mut push.headers));
        let proof = match &mut push.auth {
            PushAuth::None {} => None,
            PushAuth::Bearer { token } => Some(("token", token)),
            PushAuth::Basic { password, .. } => Some(("password", password)),
            PushAuth::Header { value, .. } => Some(("value", value)),
        };
        found.extend(proof.map(|(field, secret)| Slot { path: format!("post_call_push.auth.{field}"), goes_to, secret }));
    }
    found
}

fn of_provider(path: String, provider: &mut ProviderSpec) -> Option<Slot<'_>> {
    let ProviderSpec { provider: kind, base_url, api_key, .. } = provider;
    let goes_to = format!("{kind} {}", base_url.as_deref().unwrap_or_default());
    Some(Slot { path: format!("{path}.api_key"), goes_to, secret: api_key.as_mut()? })
}

fn of_headers<'a>(path: String, url: &str, headers: &'a mut BTreeMap<String, WireSecret>) -> impl Iterator<Item = Slot<'a>> + use<'a> {
    let goes_to = origin(url);
    headers.iter_mut().filter(|(name, _)| !HARMLESS_HEADERS.contains(&name.to_ascii_lowercase().as_str())).map(move |(name, secret)| Slot {
        path: format!("{path}.headers.{name}"),
        goes_to: goes_to.clone(),
        secret,
    })
}

/// Scheme, host and port of a URL, as text.
fn origin(url: &str) -> String {
    let after = url.find("://").map_or(0, |at| at + 3);
    let end = url[after..].find(['/', '?', '#']).map_or(url.len(), |at| after + at);
    url[..end].to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Random;
    use serde_json::{Value, json};

    fn body(change: Value) -> BotBody {
        let mut body = json!({
            "name": "Anna",
            "llm": { "provider": "openai", "api_key": "sk-0123456789abcdef", "base_url": "http://a/v1" },
            "llm_fallbacks": [{ "provider": "openai", "api_key": "sk-fedcba9876543210", "base_url": "http://b/v1" }],
            "tools": [{ "name": "look", "description": "Looks.", "url": "https://shop.test/x",
                "headers": { "Authorization": "Bearer 0123456789", "Accept": "application/json" } }],
            "crm_prefetch": { "url": "https://crm.test/p", "headers": { "X-Key": "prefetch-key-0001" } },
            "post_call_push": { "url": "https://crm.test/q", "auth": { "type": "basic", "username": "u", "password": "push-password-1" } }
        });
        body.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        serde_json::from_value(body).unwrap()
    }

    #[test]
    fn every_credential_is_found_sealed_masked_and_opened() {
        let (sealer, id) = (Sealer::new(&[7; 32], Random::seeded(1)).unwrap(), BotId::from("bot_1"));
        let plain = body(json!({}));
        let mut sealed = plain.clone();
        seal(&sealer, &id, &mut sealed, &[]).unwrap();
        let text = serde_json::to_string(&sealed).unwrap();
        for secret in ["0123456789", "fedcba", "prefetch-key", "push-password"] {
            assert!(!text.contains(secret), "{secret}: {text}");
        }
        assert!(text.contains("application/json"), "a harmless header stays readable");
        let mut opened = sealed.clone();
        open(&sealer, &id, &mut opened).unwrap();
        assert_eq!(opened, plain);
        let mut masked = opened.clone();
        mask(&mut masked);
        assert_eq!(masked.tools[0].headers["Authorization"].0, "Bear••••6789");
        // What was read may be sent back, its lists in another order.
        masked.tools.insert(0, body(json!({})).tools[0].clone());
        masked.tools[0].name = "first".to_owned();
        let stored = sealed.clone();
        seal(&sealer, &id, &mut masked, &[&stored]).unwrap();
        open(&sealer, &id, &mut masked).unwrap();
        assert_eq!(masked.tools[1].headers, plain.tools[0].headers);
    }

    #[test]
    fn a_masked_text_does_not_lead_a_key_to_another_place() {
        let (sealer, id) = (Sealer::new(&[7; 32], Random::seeded(1)).unwrap(), BotId::from("bot_1"));
        let mut stored = body(json!({}));
        seal(&sealer, &id, &mut stored, &[]).unwrap();
        let elsewhere = json!({ "crm_prefetch": { "url": "https://evil.test/p", "headers": { "X-Key": "pref••••0001" } } });
        let mut moved = body(elsewhere);
        let refused = seal(&sealer, &id, &mut moved, &[&stored]).unwrap_err();
        assert_eq!(refused.fields()[0].field, "crm_prefetch.headers.X-Key");
        let same = json!({ "crm_prefetch": { "url": "https://crm.test/other", "headers": { "X-Key": "pref••••0001" } } });
        seal(&sealer, &id, &mut body(same), &[&stored]).unwrap();
    }

    #[test]
    fn a_file_holds_no_credential() {
        let mut stripped = body(json!({}));
        let paths = strip(&mut stripped);
        assert_eq!(
            paths,
            [
                "llm.api_key",
                "llm_fallbacks[0].api_key",
                "tools[0].headers.Authorization",
                "crm_prefetch.headers.X-Key",
                "post_call_push.auth.password"
            ]
        );
        assert_eq!(empty(&stripped), paths[2..], "what has a place but no value");
        assert!(stripped.llm.api_key.is_none());
    }
}
