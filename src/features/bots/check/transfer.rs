//! Whether a call can be handed on to the targets of a bot.

use std::collections::BTreeSet;

use super::super::body::BotBody;
use super::super::tool::{TransferKind, TransferMethod, TransferTarget};
use super::Refusals;
use crate::base::phone::is_e164;

/// Most targets, and most named numbers.
const MOST_TARGETS: usize = 200;

pub(super) fn transfers_hold(body: &BotBody, no: &mut Refusals) {
    no.unless(body.transfer_numbers.len() <= MOST_TARGETS, "transfer_numbers", format!("must have at most {MOST_TARGETS} numbers"));
    for (name, value) in &body.transfer_numbers {
        let path = format!("transfer_numbers.{name}");
        no.unless((1..=64).contains(&name.trim().len()), path.as_str(), "must have a name of 1 to 64 bytes");
        no.unless(is_dialled(value), path, "must be a number or a SIP URI");
    }
    no.unless(body.transfer_targets.len() <= MOST_TARGETS, "transfer_targets", format!("must have at most {MOST_TARGETS} targets"));
    let mut ids = BTreeSet::new();
    let mut has_default = false;
    for (n, target) in body.transfer_targets.iter().enumerate() {
        let at = |field: &str| format!("transfer_targets[{n}].{field}");
        no.unless(is_word(&target.id), at("id"), "must be one line of 1 to 64 bytes");
        no.unless(ids.insert(target.id.to_lowercase()), at("id"), format!("'{}' is used twice", target.id));
        no.unless(
            target.label.len() <= 200 && !target.label.chars().any(char::is_control),
            at("label"),
            "must be one line of at most 200 bytes",
        );
        kind_fits(target, &at, no);
        let fits = !target.attended || target.method == TransferMethod::LivekitSipRefer;
        no.unless(fits, at("attended"), "only livekit_sip_refer can call the target first");
        let fine = target.briefing.len() <= 500 && !target.briefing.chars().any(char::is_control);
        no.unless(fine, at("briefing"), "must be one line of at most 500 bytes");
        if target.is_default {
            no.unless(!has_default, at("is_default"), "another target is the default already");
            no.unless(target.enabled, at("is_default"), "a target that is switched off cannot be the default");
            has_default = true;
        }
    }
}

fn kind_fits(target: &TransferTarget, at: &dyn Fn(&str) -> String, no: &mut Refusals) {
    let kinds = target.method.kinds();
    if !kinds.contains(&target.kind) {
        let words: Vec<_> = kinds.iter().map(|kind| kind.word()).collect();
        no.add(at("type"), format!("the method {} reaches {}, not {}", target.method.word(), words.join(", "), target.kind.word()));
        return;
    }
    let sentence = match target.kind {
        TransferKind::Extension => "must be an extension: letters, digits and + * # - _ .",
        TransferKind::SipUri => "must be a SIP URI such as sip:desk@example.org",
        TransferKind::TelUri => "must be a tel: URI such as tel:+15550100",
        TransferKind::PhoneNumber => "must be an international number such as +15550100",
        TransferKind::AgentQueue => "must be the name of a queue, of 1 to 64 bytes",
    };
    no.unless(value_fits(target.kind, &target.value), at("value"), sentence);
}

fn value_fits(kind: TransferKind, value: &str) -> bool {
    let rest = |scheme: &str| value.get(..scheme.len()).filter(|start| start.eq_ignore_ascii_case(scheme)).map(|_| &value[scheme.len()..]);
    match kind {
        TransferKind::Extension => {
            (1..=64).contains(&value.len()) && value.bytes().all(|b| b.is_ascii_alphanumeric() || b"+*#-_.".contains(&b))
        }
        TransferKind::SipUri => is_dialled(value) && rest("sip:").or_else(|| rest("sips:")).is_some_and(|rest| !rest.is_empty()),
        TransferKind::TelUri => rest("tel:").is_some_and(|number| {
            let digits = number.strip_prefix('+').unwrap_or(number);
            (1..=32).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit() || b"-.()".contains(&b))
        }),
        TransferKind::PhoneNumber => is_e164(value),
        TransferKind::AgentQueue => is_word(value),
    }
}

fn is_word(text: &str) -> bool {
    (1..=64).contains(&text.trim().len()) && text.len() <= 64 && !text.chars().any(char::is_control)
}

/// What may stand in a REFER: nothing that could end the header or the URI.
fn is_dialled(value: &str) -> bool {
    let is_bad = |c: char| c.is_control() || c.is_whitespace() || "<>\"".contains(c);
    (1..=256).contains(&value.len()) && !value.chars().any(is_bad)
}
