//! Whether what a bot reaches over HTTP can be reached: tools, pre-fetch, push.

use std::collections::{BTreeMap, BTreeSet};

use http::HeaderName;

use super::super::body::BotBody;
use super::super::tool::Tool;
use super::{LONGEST_MESSAGE, Refusals, schema};
use crate::base::mapping::Templates;
use crate::contract::config::WireSecret;
use crate::contract::crm::{CrmPrefetch, PostCallPush, PushAuth};
use crate::contract::mcp::McpServer;

/// Most tools of one bot.
const MOST_TOOLS: usize = 50;
/// Most headers of one request.
const MOST_HEADERS: usize = 50;
/// Most parameters of a pre-fetch.
const MOST_PARAMS: usize = 100;
/// Most fields of a push.
const MOST_FIELDS: usize = 500;
/// Longest text with variables.
const LONGEST_TEMPLATE: usize = 10_000;
/// Longest URL.
const LONGEST_URL: usize = 2_000;
/// Most servers of one bot.
const MOST_SERVERS: usize = 10;
/// Most tools that may be named of one server.
const MOST_NAMED: usize = 100;
/// Names that every bot knows already.
const BUILT_IN: [&str; 6] = ["end_call", "transfer", "transfer_to_user", "send_dtmf", "search_knowledge", "schedule_callback"];
/// Headers that belong to the connection.
const NOT_OURS: [&str; 6] = ["connection", "content-length", "host", "te", "transfer-encoding", "upgrade"];

pub(super) fn links_hold(body: &BotBody, no: &mut Refusals) {
    no.unless(body.tools.len() <= MOST_TOOLS, "tools", format!("must have at most {MOST_TOOLS} tools"));
    let mut names = BTreeSet::new();
    for (n, tool) in body.tools.iter().enumerate() {
        tool_holds(&format!("tools[{n}]"), tool, &mut names, no);
    }
    no.unless(body.mcp_servers.len() <= MOST_SERVERS, "mcp_servers", format!("must have at most {MOST_SERVERS} servers"));
    let mut servers = BTreeSet::new();
    for (n, server) in body.mcp_servers.iter().enumerate() {
        server_holds(&format!("mcp_servers[{n}]"), server, &mut servers, no);
    }
    if let Some(prefetch) = &body.crm_prefetch {
        prefetch_holds(prefetch, no);
    }
    if let Some(push) = &body.post_call_push {
        push_holds(push, no);
    }
}

fn tool_holds<'a>(path: &str, tool: &'a Tool, names: &mut BTreeSet<&'a str>, no: &mut Refusals) {
    let is_name = (1..=64).contains(&tool.name.len()) && tool.name.bytes().all(|b| b.is_ascii_alphanumeric() || b"_-".contains(&b));
    no.unless(is_name, format!("{path}.name"), "must be 1 to 64 letters, digits, _ and -");
    no.unless(!BUILT_IN.contains(&tool.name.as_str()), format!("{path}.name"), "is the name of a tool that every bot has");
    no.unless(names.insert(&tool.name), format!("{path}.name"), format!("'{}' is used twice", tool.name));
    let fine = !tool.description.trim().is_empty() && tool.description.len() <= LONGEST_MESSAGE;
    no.unless(fine, format!("{path}.description"), format!("must have 1 to {LONGEST_MESSAGE} bytes: models choose by it"));
    no.unless(tool.filler.len() <= LONGEST_MESSAGE, format!("{path}.filler"), format!("must have at most {LONGEST_MESSAGE} bytes"));
    no.unless((500..=60_000).contains(&tool.timeout_ms), format!("{path}.timeout_ms"), "must be 500 to 60000");
    url_holds(path, &tool.url, no);
    headers_hold(path, &tool.headers, no);
    if let Some((within, sentence)) = schema::fault(&tool.parameters) {
        no.add(format!("{path}.parameters{within}"), sentence);
    }
}

fn server_holds<'a>(path: &str, server: &'a McpServer, names: &mut BTreeSet<&'a str>, no: &mut Refusals) {
    let is_name = (1..=32).contains(&server.name.len()) && server.name.bytes().all(|b| b.is_ascii_alphanumeric() || b"_-".contains(&b));
    no.unless(is_name, format!("{path}.name"), "must be 1 to 32 letters, digits, _ and -");
    no.unless(names.insert(&server.name), format!("{path}.name"), format!("'{}' is used twice", server.name));
    no.unless(!server.url.contains("{{"), format!("{path}.url"), "may hold no variables");
    url_holds(path, &server.url, no);
    headers_hold(path, &server.headers, no);
    let fine = (1..=MOST_NAMED).contains(&server.tools.len());
    no.unless(fine, format!("{path}.tools"), format!("must name 1 to {MOST_NAMED} tools, or * for all"));
    for (n, tool) in server.tools.iter().enumerate() {
        let fine = (1..=128).contains(&tool.len()) && !tool.chars().any(|c| c.is_control() || c.is_whitespace());
        no.unless(fine, format!("{path}.tools[{n}]"), "must be the name of a tool, or *");
    }
    no.unless((500..=60_000).contains(&server.timeout_ms), format!("{path}.timeout_ms"), "must be 500 to 60000");
    no.unless(server.filler.len() <= LONGEST_MESSAGE, format!("{path}.filler"), format!("must have at most {LONGEST_MESSAGE} bytes"));
}

fn prefetch_holds(prefetch: &CrmPrefetch, no: &mut Refusals) {
    let path = "crm_prefetch";
    url_holds(path, &prefetch.url, no);
    headers_hold(path, &prefetch.headers, no);
    no.unless((500..=10_000).contains(&prefetch.timeout_ms), "crm_prefetch.timeout_ms", "must be 500 to 10000");
    templates_hold("crm_prefetch.params", &prefetch.params, MOST_PARAMS, no);
    let response = &prefetch.response_path;
    let fine = response.len() <= 200 && (response.is_empty() || response.split('.').all(|part| !part.is_empty()));
    no.unless(fine, "crm_prefetch.response_path", "must be names with dots between them, such as data.customer, or empty");
}

fn push_holds(push: &PostCallPush, no: &mut Refusals) {
    let path = "post_call_push";
    url_holds(path, &push.url, no);
    headers_hold(path, &push.headers, no);
    match &push.auth {
        PushAuth::None {} => {}
        PushAuth::Bearer { token } => value_holds("post_call_push.auth.token", token, no),
        PushAuth::Basic { username, password } => {
            let fine = (1..=255).contains(&username.len()) && !username.contains(':') && !username.chars().any(char::is_control);
            no.unless(fine, "post_call_push.auth.username", "must be one line of 1 to 255 bytes without a colon");
            let fine = password.0.len() <= 4_096 && !password.0.chars().any(char::is_control);
            no.unless(fine, "post_call_push.auth.password", "must be one line of at most 4096 bytes");
        }
        PushAuth::Header { name, value } => {
            header_name_holds("post_call_push.auth.name", name, no);
            value_holds("post_call_push.auth.value", value, no);
        }
    }
    no.unless((500..=60_000).contains(&push.timeout_ms), "post_call_push.timeout_ms", "must be 500 to 60000");
    no.unless((1..=10).contains(&push.max_attempts), "post_call_push.max_attempts", "must be 1 to 10");
    let fine = push.backoff.len() <= 10 && push.backoff.iter().all(|seconds| *seconds <= 86_400);
    no.unless(fine, "post_call_push.backoff", "must be at most 10 pauses of at most 86400 seconds");
    for (n, word) in push.retry_on.iter().enumerate() {
        let is_status = word.parse::<u16>().is_ok_and(|status| (400..600).contains(&status));
        let fine = is_status || ["network", "4xx", "5xx"].contains(&word.as_str());
        no.unless(fine, format!("post_call_push.retry_on[{n}]"), "must be network, 4xx, 5xx or a status from 400 to 599");
    }
    templates_hold("post_call_push.key_mapper", &push.key_mapper, MOST_FIELDS, no);
    for field in push.key_mapper.keys() {
        let path = format!("post_call_push.key_mapper.{field}");
        let parts: Vec<_> = field.split('.').collect();
        no.unless(
            parts.iter().all(|part| !part.is_empty()) && parts.len() <= 8,
            path.as_str(),
            "must be names with dots between them, at most 8",
        );
        let inside = format!("{field}.");
        let holds_another = push.key_mapper.keys().any(|other| other.starts_with(&inside));
        no.unless(!holds_another, path, "is a field of its own and holds other fields too");
    }
}

fn templates_hold(path: &str, templates: &BTreeMap<String, String>, most: usize, no: &mut Refusals) {
    no.unless(templates.len() <= most, path, format!("must have at most {most} fields"));
    let engine = Templates::default();
    for (name, template) in templates {
        if let Err(fault) = engine.check(template) {
            no.add(format!("{path}.{name}"), fault.message());
        }
        let fine = (1..=200).contains(&name.len()) && !name.chars().any(char::is_control);
        no.unless(fine, format!("{path}.{name}"), "must have a name of 1 to 200 bytes");
        no.unless(template.len() <= LONGEST_TEMPLATE, format!("{path}.{name}"), format!("must have at most {LONGEST_TEMPLATE} bytes"));
    }
}

/// A URL whose path and query may hold variables; its host may not, so that no variable chooses where credentials go.
fn url_holds(path: &str, url: &str, no: &mut Refusals) {
    let path = format!("{path}.url");
    if url.len() > LONGEST_URL {
        return no.add(path, format!("must have at most {LONGEST_URL} bytes"));
    }
    let after = url.find("://").map_or(0, |at| at + 3);
    let host = url[after..].split(['/', '?', '#']).next().unwrap_or_default();
    no.unless(!host.contains('@'), path.as_str(), "must hold no user and password: use a header");
    no.unless(!host.contains('{'), path.as_str(), "may hold variables in its path and query only");
    no.unless(host.contains(['@', '{']) || is_http_url(&without_variables(url)), path, "must be an http or https URL");
}

/// The text with something harmless in place of each variable.
fn without_variables(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("{{") {
        let Some((_, after)) = after.split_once("}}") else { break };
        out.push_str(before);
        out.push('0');
        rest = after;
    }
    out.push_str(rest);
    out
}

/// Whether a text is an absolute URL that HTTP can reach.
pub(super) fn is_http_url(text: &str) -> bool {
    text.parse::<http::Uri>()
        .is_ok_and(|uri| matches!(uri.scheme_str(), Some("http" | "https")) && uri.host().is_some_and(|host| !host.is_empty()))
}

fn headers_hold(path: &str, headers: &BTreeMap<String, WireSecret>, no: &mut Refusals) {
    no.unless(headers.len() <= MOST_HEADERS, format!("{path}.headers"), format!("must have at most {MOST_HEADERS} headers"));
    for (name, value) in headers {
        let path = format!("{path}.headers.{name}");
        header_name_holds(&path, name, no);
        value_holds(&path, value, no);
    }
}

fn header_name_holds(path: &str, name: &str, no: &mut Refusals) {
    no.unless(name.len() <= 100 && HeaderName::from_bytes(name.as_bytes()).is_ok(), path, "must be the name of a header");
    no.unless(!NOT_OURS.contains(&name.to_ascii_lowercase().as_str()), path, "belongs to the connection and cannot be set");
}

fn value_holds(path: &str, value: &WireSecret, no: &mut Refusals) {
    let is_masked = value.0.contains('•');
    let fine = value.0.len() <= 4_096 && (is_masked || value.0.bytes().all(|b| b == b' ' || b.is_ascii_graphic()));
    no.unless(fine, path, "must be one line of at most 4096 printable ASCII characters");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_may_stand_behind_the_host_only() {
        for (url, fine) in [
            ("https://shop.test/orders/{{id}}?x={{ call.name }}", true),
            ("http://10.0.0.5:8080", true),
            ("https://{{host}}/x", false),
            ("https://user:pass@shop.test/", false),
            ("https://shop.test/ x", false),
            ("ftp://shop.test/", false),
            ("//shop.test", false),
            ("", false),
        ] {
            let mut no = Refusals::default();
            url_holds("p", url, &mut no);
            assert_eq!(no.into_result().is_ok(), fine, "{url}");
        }
    }
}
