//! The time of the media thread, in nanoseconds: read without the process's clock, because it paces packets and stamps reports.

use rustix::thread::ClockId;
use rustix::time::Timespec;

/// Nanoseconds of the monotonic clock.
pub(super) fn now() -> u64 {
    nanoseconds(rustix::time::clock_gettime(ClockId::Monotonic))
}

/// Nanoseconds since 1970.
pub(super) fn unix_now() -> u64 {
    nanoseconds(rustix::time::clock_gettime(ClockId::Realtime))
}

fn nanoseconds(time: Timespec) -> u64 {
    u64::try_from(time.tv_sec).unwrap_or(0) * 1_000_000_000 + u64::try_from(time.tv_nsec).unwrap_or(0)
}
