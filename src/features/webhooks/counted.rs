//! The figure of deliveries: what attempts came to.

use super::retry::Next;

const FIGURE: &str = "cxbox_webhook_deliveries_total";
/// What an attempt can come to.
const RESULTS: [&str; 3] = ["delivered", "retrying", "parked"];

/// Counts an attempt by what follows from it.
pub(super) fn count(next: &Next) {
    let [delivered, retrying, parked] = RESULTS;
    let result = match next {
        Next::Delivered => delivered,
        Next::Again(_) => retrying,
        Next::GiveUp | Next::GiveUpAndPause => parked,
    };
    metrics::counter!(FIGURE, "result" => result).increment(1);
}

/// Makes the counters: one that is not there cannot be seen to rise.
pub(super) fn begin() {
    for result in RESULTS {
        metrics::counter!(FIGURE, "result" => result).increment(0);
    }
}
