//! Figures of calls over time: how many there were, how they went, how long callers waited for answers.
//!
//! A call is counted once, when it is over, into a quarter of an hour; buckets of any zone add up quarters. What is corrected or removed later
//! changes no figure, so statistics outlive the calls they were made of. Upkeep of the outbox counts, a moment after a call's end.

mod buckets;
mod counting_store;
mod routes;
mod slots_store;
mod tally;
mod waits;

pub(super) use counting_store::count_some;
pub(super) use routes::routes;
