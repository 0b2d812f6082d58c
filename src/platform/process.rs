//! What the service manager is told: ready, status, alive, stopping. Without systemd nothing happens.

use std::time::Duration;

use sd_notify::NotifyState;
use tracing::debug;

/// The process serves now.
pub fn say_ready(status: &str) {
    say(&[NotifyState::Ready, NotifyState::Status(status)]);
}

/// What the process is doing, for `systemctl status`.
pub fn say_status(status: &str) {
    say(&[NotifyState::Status(status)]);
}

/// The process ends in order.
pub fn say_stopping() {
    say(&[NotifyState::Stopping]);
}

/// Tells the watchdog that the process lives, at half the interval it asks for. Ends at once when no watchdog asks.
pub async fn feed_watchdog() {
    let Some(interval) = sd_notify::watchdog_enabled() else { return };
    let mut tick = tokio::time::interval((interval / 2).max(Duration::from_millis(100)));
    loop {
        tick.tick().await;
        say(&[NotifyState::Watchdog]);
    }
}

fn say(states: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(states) {
        debug!("The service manager could not be told: {error}");
    }
}
