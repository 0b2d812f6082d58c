//! The tools a language model is offered, in the form the chat API has for them. No I/O.

use serde_json::{Value, json};

use crate::contract::callback::CallbackOffer;
use crate::contract::config::CallConfig;

/// Ends the call after what the bot says.
pub const END_CALL: &str = "end_call";
/// Hands the caller on (contract §1.A.6).
pub const TRANSFER: &str = "transfer_to_user";
/// Presses keys for a machine at the far end.
pub const SEND_DTMF: &str = "send_dtmf";

/// Has the caller called back at another time.
pub const SCHEDULE_CALLBACK: &str = "schedule_callback";
/// Names that no tool of a bot may have.
pub(super) const BUILT_IN: [&str; 6] = [END_CALL, TRANSFER, "transfer", SEND_DTMF, "search_knowledge", SCHEDULE_CALLBACK];

/// All tools of a call: hanging up and keys always, transferring when the bot has somewhere to transfer to, and what the bot declares.
pub fn offered(config: &CallConfig) -> Vec<Value> {
    let nothing = json!({ "type": "object", "properties": {}, "additionalProperties": false });
    let keys = json!({
        "type": "object",
        "properties": { "digits": { "type": "string", "description": "Keys in order: 0-9, *, #", "pattern": "^[0-9*#]{1,32}$" } },
        "required": ["digits"],
        "additionalProperties": false,
    });
    let mut tools = vec![
        function(END_CALL, "End the call. Say goodbye first.", &nothing),
        function(SEND_DTMF, "Press telephone keys, for an automatic menu at the other end.", &keys),
    ];
    tools.extend(transfer(config));
    tools.extend(config.callback.as_ref().map(callback));
    tools.extend(config.tools.iter().filter_map(declared));
    tools
}

/// Handing on, to the targets by their names: the model never sees a number it could change.
fn transfer(config: &CallConfig) -> Option<Value> {
    let is_enabled = |target: &&Value| target.get("enabled").and_then(Value::as_bool).unwrap_or(true);
    let name = |target: &Value| ["id", "name"].iter().find_map(|key| target.get(*key)?.as_str().map(str::to_owned));
    let listed = config.transfer_targets.iter().filter(is_enabled).filter_map(name);
    let targets: Vec<String> = config.transfer_numbers.keys().cloned().chain(listed).collect();
    let parameters = json!({
        "type": "object",
        "properties": { "target": { "type": "string", "enum": targets }, "reason": { "type": "string", "description": "Why, in a few words" } },
        "required": ["target"],
        "additionalProperties": false,
    });
    (!targets.is_empty()).then(|| function(TRANSFER, "Connect the caller with somebody else. Tell the caller first.", &parameters))
}

/// Being called back, with the time it is there: a model knows no clock.
fn callback(offer: &CallbackOffer) -> Value {
    let CallbackOffer { time_zone, local_time } = offer;
    let description = format!(
        "Plan a call back to the person on this call, when they ask for one. Agree on day and time first. This call began on {local_time} where they are ({time_zone})."
    );
    let parameters = json!({
        "type": "object",
        "properties": {
            "time": { "type": "string", "description": "Their local time, such as 2026-11-27T15:30" },
            "reason": { "type": "string", "description": "What about, in a few words" },
        },
        "required": ["time"],
        "additionalProperties": false,
    });
    function(SCHEDULE_CALLBACK, &description, &parameters)
}

fn declared(tool: &Value) -> Option<Value> {
    let name = tool.get("name")?.as_str()?;
    let description = tool.get("description").and_then(Value::as_str).unwrap_or_default();
    let parameters = tool.get("parameters").cloned().unwrap_or_else(|| json!({ "type": "object", "properties": {} }));
    Some(function(name, description, &parameters))
}

fn function(name: &str, description: &str, parameters: &Value) -> Value {
    json!({ "type": "function", "function": { "name": name, "description": description, "parameters": parameters } })
}
