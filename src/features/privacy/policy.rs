//! Which calls lose what, from the settings and what bots say otherwise. Pure.

use std::time::Duration;

use crate::base::Millis;
use crate::base::id::BotId;
use crate::features::bots::BotRetention;
use crate::features::calls::Class;
use crate::features::settings::Retention;

const DAY: Duration = Duration::from_secs(86_400);

/// Calls that lose something of a class.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Rule {
    pub(super) class: Class,
    /// One bot, or all bots but these.
    pub(super) bots: Bots,
    /// Calls that began before this moment.
    pub(super) before: Millis,
}

/// Bots a rule is about.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Bots {
    One(BotId),
    AllBut(Vec<BotId>),
}

/// All rules at a moment. A class that is kept for ever has none; a bot with a time of its own is left out of the common rule.
pub(super) fn rules(settings: &Retention, bots: &[(BotId, BotRetention)], now: Millis) -> Vec<Rule> {
    let mut rules = Vec::new();
    for class in Class::ALL {
        let mut others = Vec::new();
        for (bot, own) in bots {
            let Some(days) = of_bot(own, class) else { continue };
            others.push(bot.clone());
            rules.extend(before(now, days).map(|before| Rule { class, bots: Bots::One(bot.clone()), before }));
        }
        rules.extend(before(now, common(settings, class)).map(|before| Rule { class, bots: Bots::AllBut(others), before }));
    }
    rules
}

/// The moment so many days ago; none for 0 days, which means for ever.
pub(super) fn before(now: Millis, days: u32) -> Option<Millis> {
    (days > 0).then(|| now.minus(DAY * days))
}

fn common(settings: &Retention, class: Class) -> u32 {
    match class {
        Class::Audio => settings.audio_days,
        Class::Transcript => settings.transcript_days,
        Class::Analysis => settings.analysis_days,
        Class::Metadata => settings.metadata_days,
    }
}

fn of_bot(own: &BotRetention, class: Class) -> Option<u32> {
    match class {
        Class::Audio => own.audio_days,
        Class::Transcript => own.transcript_days,
        Class::Analysis => own.analysis_days,
        Class::Metadata => own.metadata_days,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bots_own_time_takes_the_place_of_the_common_one() {
        let settings = Retention {
            audio_days: 30,
            transcript_days: 0,
            analysis_days: 0,
            metadata_days: 400,
            consent_days: 0,
            trace_days: 0,
            trace_mb: 1,
        };
        let short = BotRetention { audio_days: Some(1), ..BotRetention::default() };
        let ever = BotRetention { audio_days: Some(0), ..BotRetention::default() };
        let bots = [(BotId::from("a"), short), (BotId::from("b"), ever)];
        let now = Millis(86_400_000 * 1000);
        let day = |n: i64| Millis(86_400_000 * n);
        let others = Bots::AllBut(vec![BotId::from("a"), BotId::from("b")]);
        assert_eq!(
            rules(&settings, &bots, now),
            [
                Rule { class: Class::Audio, bots: Bots::One(BotId::from("a")), before: day(999) },
                Rule { class: Class::Audio, bots: others, before: day(970) },
                Rule { class: Class::Metadata, bots: Bots::AllBut(vec![]), before: day(600) },
            ]
        );
    }
}
