//! Takes lines about calls off the log on their way to standard error, for whoever keeps them beside the calls.

use std::fmt::{Debug, Write as _};

use tokio::sync::mpsc;
use tracing::field::{Field, Visit};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::Context;

use super::redact::redact;
use crate::base::Clock;
use crate::base::id::SessionId;
use crate::contract::log::LogLine;

/// Lines that may wait; more are only in the log.
const WAITING: usize = 1024;
/// The field that names a call.
const CALL: &str = "call.id";

/// The layer.
pub(super) struct Tap {
    clock: Clock,
    lines: mpsc::Sender<LogLine>,
}

impl Tap {
    /// The layer, and where its lines come out.
    pub(super) fn new(clock: Clock) -> (Self, mpsc::Receiver<LogLine>) {
        let (lines, out) = mpsc::channel(WAITING);
        (Self { clock, lines }, out)
    }
}

impl<S: Subscriber> Layer<S> for Tap {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let level = match *event.metadata().level() {
            Level::ERROR => "error",
            Level::WARN => "warn",
            Level::INFO => "info",
            _ => return,
        };
        let mut seen = Seen::default();
        event.record(&mut seen);
        let Some(call) = seen.call else { return };
        let text = redact(&format!("{}{}", seen.sentence, seen.fields)).into_owned();
        // A full queue loses the line here, not in the log.
        let _ = self.lines.try_send(LogLine { at: self.clock.now(), level: level.to_owned(), session_id: SessionId(call), text });
    }
}

/// What an event says.
#[derive(Default)]
struct Seen {
    call: Option<String>,
    sentence: String,
    fields: String,
}

impl Visit for Seen {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.record_debug(field, &format_args!("{value}"));
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        match field.name() {
            CALL => self.call = Some(format!("{value:?}")),
            "message" => self.sentence = format!("{value:?}"),
            // Writing to a text cannot fail.
            name => drop(write!(self.fields, " {name}={value:?}")),
        }
    }
}

#[cfg(test)]
mod tests {
    use tracing_subscriber::layer::SubscriberExt as _;

    use super::*;
    use crate::base::Millis;

    #[test]
    fn only_lines_about_calls_come_out_with_numbers_made_unreadable() {
        let (tap, mut lines) = Tap::new(Clock::manual(Millis(7)));
        tracing::subscriber::with_default(tracing_subscriber::registry().with(tap), || {
            let id = SessionId::from("s-1");
            tracing::warn!(call.id = %id, n = 3, "Call to +15551234567 broke");
            tracing::info!("nothing about a call");
            tracing::debug!(call.id = %id, "too much");
        });
        let line = lines.try_recv().expect("a line");
        assert_eq!((line.at, line.level.as_str(), line.session_id.as_str()), (Millis(7), "warn", "s-1"));
        assert!(line.text.ends_with("broke n=3") && !line.text.contains("5551234567"), "{}", line.text);
        assert!(lines.try_recv().is_err());
    }
}
