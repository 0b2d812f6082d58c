//! What a mail says. Pure: a call and the settings in, a letter out.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use minijinja::{Environment, context};

use super::model::StoredMail;
use crate::base::{Context as _, Millis, Result};
use crate::contract::turn::Role;
use crate::features::calls::CallRecord;
use crate::features::settings::SettingsDoc;
use crate::platform::mail::Letter;

/// Names of the templates; the ending makes the engine escape what is put into the HTML.
const TEXT: &str = "mail_outcome.txt";
const HTML: &str = "mail_outcome.html";

/// Writes letters.
pub(super) struct Writer {
    templates: Environment<'static>,
}

impl Writer {
    /// A writer with the templates that come with the program.
    pub(super) fn new() -> Result<Self> {
        let mut templates = Environment::new();
        templates.add_template(TEXT, include_str!("../../../assets/pages/mail_outcome.txt")).context("the template of mails is broken")?;
        templates.add_template(HTML, include_str!("../../../assets/pages/mail_outcome.html")).context("the template of mails is broken")?;
        Ok(Self { templates })
    }

    /// The mail about a call that is over.
    pub(super) fn outcome(&self, mail: &StoredMail, call: &CallRecord, settings: &SettingsDoc, now: Millis) -> Result<Letter> {
        let brand = &settings.brand;
        let phone = call.to_number.as_deref().unwrap_or_default();
        let name = call.display_name.as_deref().filter(|name| !name.is_empty()).unwrap_or(phone);
        let whom = if name == phone { phone.to_owned() } else { format!("{name} ({phone})") };
        let outcome = outcome_words(call.outcome.as_deref().unwrap_or_default());
        let zone = &settings.outbound.timezone;
        let values = context! {
            brand => context! { name => brand.name.as_str(), logo => brand.logo.as_str(), support_email => brand.support_email.as_str() },
            whom => whom.as_str(),
            outcome => outcome.as_str(),
            call_id => call.public_id(),
            started => shown(call.answered_at.or(call.started_at).or(call.dispatched_at).unwrap_or(call.created_at), zone),
            duration => if call.was_answered() { duration(call.talk_seconds()) } else { String::new() },
            attempt => call.attempt,
            retries_left => call.retries_left,
            error => call.error_detail.as_deref().unwrap_or_default(),
            lines => lines(call, name),
        };
        let render = |name: &str| -> Result<String> {
            let template = self.templates.get_template(name).context("the template of mails is missing")?;
            template.render(&values).context("the mail cannot be written")
        };
        Ok(Letter { subject: format!("Call to {whom}: {outcome}"), ..frame(settings, mail, now, render(TEXT)?, render(HTML)?) })
    }
}

fn frame(settings: &SettingsDoc, mail: &StoredMail, now: Millis, text: String, html: String) -> Letter {
    Letter {
        id: format!("{}-{}", mail.view.id, mail.round),
        date: now,
        from_name: settings.brand.name.clone(),
        from: settings.mail.from.clone(),
        to: mail.view.to.clone(),
        reply_to: settings.brand.support_email.clone(),
        subject: String::new(),
        text,
        html,
    }
}

/// A mail that only shows that mail works.
pub(super) fn try_out(id: String, to: String, settings: &SettingsDoc, now: Millis) -> Letter {
    let sentence = format!("This mail was sent to try out the mail server of {}. It works.", settings.brand.name);
    Letter {
        id,
        date: now,
        from_name: settings.brand.name.clone(),
        from: settings.mail.from.clone(),
        to,
        reply_to: settings.brand.support_email.clone(),
        subject: "The mail server works".to_owned(),
        html: "<p>This mail was sent to try out the mail server. It works.</p>".to_owned(),
        text: sentence,
    }
}

/// The one place that decides what of a conversation goes into a mail: the turns of the call's result, as far as it is one whose transcript
/// is kept. The result holds them when the call is over, so no mail waits for the transcript's file, and one without turns goes out without.
fn lines(call: &CallRecord, name: &str) -> Vec<minijinja::Value> {
    if !call.save_transcript {
        return Vec::new();
    }
    let speaker = |role: Role| match role {
        Role::Assistant => Some("AI".to_owned()),
        Role::User => Some(name.to_owned()),
        Role::Tool => None,
    };
    let turns = call.turns().into_iter();
    turns.filter_map(|turn| Some(context! { speaker => speaker(turn.role)?, text => turn.content })).collect()
}

/// The outcome in a few words for people.
fn outcome_words(outcome: &str) -> String {
    match outcome {
        "finished" => "the conversation came to its end",
        "far-hangup" => "the other side hung up",
        "max-duration" => "the longest time for a call was reached",
        "empty-room" => "nobody spoke",
        "voicemail" => "an answering machine took the call",
        "no-answer" => "nobody answered",
        "busy" => "the line was busy",
        "rejected" => "the call was declined",
        "cancelled" => "the call was cancelled",
        "failed" => "the call failed",
        "" => "the call is over",
        transferred if transferred.starts_with("transferred") => "the call was handed on",
        other => other,
    }
    .to_owned()
}

fn shown(at: Millis, zone: &TimeZone) -> String {
    let local = Timestamp::from_millisecond(at.0).map(|at| at.to_zoned(zone.clone()));
    local.map_or_else(|_| String::new(), |at| at.strftime("%-d %B %Y, %H:%M %Z").to_string())
}

fn duration(seconds: u64) -> String {
    format!("{}:{:02} min", seconds / 60, seconds % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_and_outcomes_are_words_for_people() {
        assert_eq!(duration(145), "2:25 min");
        let malta = TimeZone::get("Europe/Malta").unwrap();
        assert_eq!(shown(Millis(1_780_315_200_000), &malta), "1 June 2026, 14:00 CEST");
        for (outcome, words) in [("no-answer", "nobody answered"), ("transferred-to-vnum", "the call was handed on"), ("odd", "odd")] {
            assert_eq!(outcome_words(outcome), words);
        }
    }
}
