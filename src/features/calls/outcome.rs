//! What a call's end means: the status of seed 000 and the outcome word (contract §2.18).

use super::model::CallStatus;

/// Status for CXB. Whatever is not a failure or an answering machine was held, also when nothing was said about it.
pub(super) fn status_of(disconnected_by: Option<&str>) -> CallStatus {
    match disconnected_by {
        Some("error" | "no_answer" | "rejected") => CallStatus::Failed,
        Some("voicemail") => CallStatus::Voicemail,
        _ => CallStatus::Completed,
    }
}

/// The outcome word, where the engine sent none.
pub(super) fn outcome_of(disconnected_by: Option<&str>, was_transferred: bool) -> &'static str {
    match disconnected_by {
        Some("error" | "outside_hours") => "failed",
        Some("no_answer") => "no-answer",
        Some("rejected") => "rejected",
        Some("voicemail") => "voicemail",
        Some("timeout") => "max-duration",
        _ if was_transferred => "transferred-to-vnum",
        Some("customer" | "RNR") => "far-hangup",
        _ => "finished",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_way_to_end_has_its_status_and_outcome() {
        use CallStatus::{Completed, Failed, Voicemail};
        for (by, status, outcome) in [
            (Some("bot"), Completed, "finished"),
            (Some("customer"), Completed, "far-hangup"),
            (Some("timeout"), Completed, "max-duration"),
            (Some("RNR"), Completed, "far-hangup"),
            (Some("voicemail"), Voicemail, "voicemail"),
            (Some("no_answer"), Failed, "no-answer"),
            (Some("rejected"), Failed, "rejected"),
            (Some("error"), Failed, "failed"),
            (Some("outside_hours"), Completed, "failed"),
            (Some("a new word"), Completed, "finished"),
            (None, Completed, "finished"),
        ] {
            assert_eq!((status_of(by), outcome_of(by, false)), (status, outcome), "{by:?}");
        }
        assert_eq!(outcome_of(Some("bot"), true), "transferred-to-vnum");
        assert_eq!(outcome_of(Some("error"), true), "failed");
    }
}
