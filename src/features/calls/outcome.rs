//! What a call's end means: the status of seed 000, the outcome word and the state of an outbound call (contract §2.18).

use super::model::{CallStatus, CodebStatus};

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

/// The last state of an outbound call. One that an operator ended stays cancelled.
pub(super) fn codeb_status_of(outcome: &str) -> CodebStatus {
    match outcome {
        "cancelled" => CodebStatus::Cancelled,
        "voicemail" | "no-answer" | "busy" | "rejected" | "failed" => CodebStatus::EndedFailedFinal,
        _ => CodebStatus::EndedSuccess,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_way_to_end_has_its_status_outcome_and_state() {
        use CallStatus::{Completed, Failed, Voicemail};
        use CodebStatus::{EndedFailedFinal as Final, EndedSuccess as Success};
        for (by, status, outcome, state) in [
            (Some("bot"), Completed, "finished", Success),
            (Some("customer"), Completed, "far-hangup", Success),
            (Some("timeout"), Completed, "max-duration", Success),
            (Some("RNR"), Completed, "far-hangup", Success),
            (Some("voicemail"), Voicemail, "voicemail", Final),
            (Some("no_answer"), Failed, "no-answer", Final),
            (Some("rejected"), Failed, "rejected", Final),
            (Some("error"), Failed, "failed", Final),
            (Some("outside_hours"), Completed, "failed", Final),
            (Some("a new word"), Completed, "finished", Success),
            (None, Completed, "finished", Success),
        ] {
            assert_eq!((status_of(by), outcome_of(by, false)), (status, outcome), "{by:?}");
            assert_eq!(codeb_status_of(outcome), state, "{by:?}");
        }
        assert_eq!(outcome_of(Some("bot"), true), "transferred-to-vnum");
        assert_eq!(outcome_of(Some("error"), true), "failed");
        assert_eq!(codeb_status_of("cancelled"), CodebStatus::Cancelled);
    }
}
