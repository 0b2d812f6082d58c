//! Whether a flow can run.

use std::collections::BTreeSet;

use super::{LONGEST_MESSAGE, Refusals};
use crate::contract::flow::{Flow, FlowToolName, Intent};

/// Most intents a flow may have; the recogniser's grammar grows with them.
const MOST_INTENTS: usize = 200;
/// Most phrases one intent may have.
const MOST_PHRASES: usize = 100;

pub(super) fn flow_runs(flow: &Flow, has_targets: bool, no: &mut Refusals) {
    no.unless(!flow.fallback.trim().is_empty(), "flow.fallback", "must not be empty");
    no.unless(flow.intents.len() <= MOST_INTENTS, "flow.intents", format!("must have at most {MOST_INTENTS} intents"));
    let (mut ids, mut digits) = (BTreeSet::new(), BTreeSet::new());
    for (n, intent) in flow.intents.iter().enumerate() {
        let at = |field: &str| format!("flow.intents[{n}].{field}");
        no.unless(!intent.id.trim().is_empty(), at("id"), "must not be empty");
        no.unless(ids.insert(intent.id.as_str()), at("id"), format!("'{}' is used twice", intent.id));
        if let Some(keys) = &intent.digits {
            let fine = !keys.is_empty() && keys.len() <= 32 && keys.bytes().all(|b| b.is_ascii_digit() || b"*#".contains(&b));
            no.unless(fine, at("digits"), "must be 1 to 32 of 0-9, * and #");
            no.unless(digits.insert(keys.as_str()), at("digits"), format!("'{keys}' belongs to another intent already"));
        }
        intent_runs(intent, has_targets, &at, no);
    }
}

fn intent_runs(intent: &Intent, has_targets: bool, at: &dyn Fn(&str) -> String, no: &mut Refusals) {
    no.unless(!intent.phrases.is_empty() || intent.digits.is_some(), at("phrases"), "needs a phrase, or digits beside it");
    no.unless(intent.phrases.len() <= MOST_PHRASES, at("phrases"), format!("must have at most {MOST_PHRASES} phrases"));
    for (n, phrase) in intent.phrases.iter().enumerate() {
        let fine = phrase.chars().any(char::is_alphanumeric) && phrase.len() <= 200;
        no.unless(fine, at(&format!("phrases[{n}]")), "must have words, and at most 200 bytes");
    }
    no.unless(intent.reply.len() <= LONGEST_MESSAGE, at("reply"), format!("must have at most {LONGEST_MESSAGE} bytes"));
    no.unless(!intent.reply.trim().is_empty() || intent.tool.is_some(), at("reply"), "must not be empty unless there is a tool");
    if let Some(tool) = &intent.tool {
        let named = tool.target.as_deref().is_some_and(|target| !target.trim().is_empty());
        let fine = tool.name != FlowToolName::Transfer || named || has_targets;
        no.unless(fine, at("tool.target"), "is needed for a transfer");
    }
}
