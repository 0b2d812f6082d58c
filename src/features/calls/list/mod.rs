//! Lists of calls: which ones, how many, in which order. Totals are exact and no list reads a million rows.
//!
//! Calls that are alike in everything a filter knows are of one *kind*; counting adds up kinds and days. What was said and all numbers stand
//! in a full-text index beside words for the same filters. A call that has just changed waits in a queue and is looked at directly.

mod filter;
mod find_store;
mod key_store;
mod kinds_store;
mod queue_store;
mod span;
mod texts_store;
mod words;

pub(super) use filter::{Filter, ListQuery, Sort, given, refused, text};
pub(super) use find_store::{Reader, page, whole};
pub(super) use queue_store::{ANALYSIS, HELD, RECORDING, TRANSCRIPT, list_some, requeue};
