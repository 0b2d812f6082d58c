//! Transcripts: a text file with a JSON sidecar for every conversation that is to be kept, their list and search, and links that share one.
//!
//! Owns the tables `transcripts`, `transcript_words`, `transcript_index`, `transcript_days`, `shares` and `share_views`, and the folder of
//! transcript files. Hears of calls that are over; announces `TranscriptSaved` and what happens to shares.

mod codeb_routes;
mod document;
mod forget_store;
mod jobs;
mod key;
mod list_store;
mod model;
mod reactions;
mod service;
mod shares;
mod source;
mod store;
#[cfg(test)]
mod tests;

use utoipa_axum::router::OpenApiRouter;

use crate::platform::access::{Permission, Role};

pub use document::{Document, Line};
pub use forget_store::forget;
pub use jobs::{TRANSCRIPT_WRITE, handlers};
pub use model::{Filter, TranscriptItem};
pub use reactions::subscriptions;
pub use service::{Transcripts, TranscriptsSetup};
pub use shares::{NewShare, ShareMade, ShareView, Shares, SharesSetup, share_event};

/// May read transcripts and see which links were made.
pub enum ReadTranscripts {}

impl Permission for ReadTranscripts {
    const RANK: Role = Role::Admin;
}

/// May make links and take them back.
pub enum ShareTranscripts {}

impl Permission for ShareTranscripts {
    const RANK: Role = Role::Admin;
}

/// The routes of both surfaces, and the public pages of shares.
pub fn routes(transcripts: Transcripts, shares: Shares) -> OpenApiRouter {
    codeb_routes::routes(transcripts).merge(shares::routes(shares))
}
