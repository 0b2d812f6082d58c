//! Ids of transcripts: they sort by the moment a call began, so that lists and searches are in order without looking anything up.

use crate::base::Millis;

/// Calls of one millisecond and direction that are kept apart.
const SLOTS: i64 = 1024;
/// Ids of one millisecond: the slots of both directions.
const PER_MILLI: i64 = 2 * SLOTS;
const DAY_MS: i64 = 86_400_000;

/// The lowest id of a moment.
pub(super) fn first_at(at: Millis) -> i64 {
    at.0.saturating_mul(PER_MILLI)
}

/// The lowest and the highest id of a moment and direction.
pub(super) fn range_at(at: Millis, is_outbound: bool) -> (i64, i64) {
    let first = first_at(at).saturating_add(i64::from(is_outbound));
    (first, first.saturating_add(PER_MILLI - 2))
}

/// The id after one, of the same direction.
pub(super) fn after(id: i64) -> i64 {
    id.saturating_add(2)
}

/// The day (UTC) of a moment, counted from the epoch, as the database's triggers count it.
pub(super) fn day_of(at: Millis) -> i64 {
    at.0 / DAY_MS
}

/// The lowest id of a day.
pub(super) fn first_of_day(day: i64) -> i64 {
    first_at(Millis(day.saturating_mul(DAY_MS)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_sort_by_moment_and_know_their_direction() {
        let noon = Millis(1_780_315_200_000);
        let (first, last) = range_at(noon, true);
        assert_eq!((first & 1, last & 1, last - first), (1, 1, 2046));
        assert_eq!((range_at(noon, false).0 & 1, after(first)), (0, first + 2));
        let (next, _) = range_at(Millis(noon.0 + 1), false);
        assert!(last < next && first_at(noon) <= first);
        assert_eq!(first >> 11, noon.0);
    }

    #[test]
    fn a_day_begins_with_its_first_millisecond() {
        let midnight = Millis(20_605 * DAY_MS);
        assert_eq!((day_of(midnight), day_of(Millis(midnight.0 - 1))), (20_605, 20_604));
        assert_eq!(first_of_day(20_605), first_at(midnight));
    }
}
