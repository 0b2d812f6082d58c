//! How much room the disk of the data folder has, and when that is too little to take on more.

use std::path::Path;

use crate::base::{Context, Error, Result};

/// Least free bytes for new recordings and outbound calls.
const LEAST_BYTES: u64 = 512 * 1024 * 1024;
/// Least free part of the disk, in percent.
const LEAST_PERCENT: u64 = 5;

/// Room of a file system.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Space {
    /// Bytes this program may still write.
    pub free: u64,
    /// Size in bytes.
    pub total: u64,
}

impl Space {
    /// Asks the file system that holds this path.
    pub fn of(path: &Path) -> Result<Self> {
        let stat = rustix::fs::statvfs(path).context("cannot ask how full the disk is")?;
        Ok(Self { free: stat.f_bavail.saturating_mul(stat.f_frsize), total: stat.f_blocks.saturating_mul(stat.f_frsize) })
    }

    /// Whether there is too little room for new recordings and outbound calls.
    pub fn is_low(self) -> bool {
        self.free < LEAST_BYTES || self.free < self.total / 100 * LEAST_PERCENT
    }

    /// Refuses work that would fill the disk.
    pub fn check(path: &Path) -> Result<()> {
        let space = Self::of(path)?;
        if space.is_low() {
            return Err(Error::disk_full(format!("the disk is almost full: {} MB are free", space.free / (1024 * 1024))));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn little_room_is_told_by_bytes_and_by_part() {
        let gb = 1024 * 1024 * 1024;
        for (free, total, is_low) in [(10 * gb, 100 * gb, false), (4 * gb, 100 * gb, true), (gb / 4, gb, true), (gb, 2 * gb, false)] {
            assert_eq!(Space { free, total }.is_low(), is_low, "{free} of {total}");
        }
        assert!(Space::of(Path::new("/")).expect("a disk").total > 0);
    }
}
