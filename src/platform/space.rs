//! How much room the disk of the data folder has, and when that is too little to take on more.

use std::path::{Path, PathBuf};

use crate::base::{Context, Error, Result};

const MB: u64 = 1024 * 1024;

/// Room of a file system.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Space {
    /// Bytes this program may still write.
    pub free: u64,
    /// Size in bytes.
    pub total: u64,
}

/// Room that must stay free: whichever of the two is more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reserve {
    /// In megabytes.
    pub mb: u64,
    /// In percent of the disk.
    pub percent: u64,
}

impl Space {
    /// Whether less than the reserve is free.
    fn is_below(self, reserve: Reserve) -> bool {
        self.free < reserve.mb.saturating_mul(MB).max(self.total / 100 * reserve.percent)
    }
}

/// The disk of a folder and what must stay free on it. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Disk {
    folder: PathBuf,
    reserve: Reserve,
}

impl Disk {
    /// The disk that holds this folder.
    pub fn of(folder: &Path, reserve: Reserve) -> Self {
        Self { folder: folder.to_owned(), reserve }
    }

    /// Its room, asked anew each time.
    pub fn space(&self) -> Result<Space> {
        let stat = rustix::fs::statvfs(&self.folder).context("cannot ask how full the disk is")?;
        Ok(Space { free: stat.f_bavail.saturating_mul(stat.f_frsize), total: stat.f_blocks.saturating_mul(stat.f_frsize) })
    }

    /// Refuses work that would eat into the reserve: calls that are placed, recordings that come in. `DiskFull` (507).
    pub fn check(&self) -> Result<()> {
        let space = self.space()?;
        if space.is_below(self.reserve) {
            return Err(Error::disk_full(format!("the disk is almost full: {} MB are free", space.free / MB)).retry_after(60));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn little_room_is_told_by_bytes_and_by_part() {
        let gb = 1024 * MB;
        let usual = Reserve { mb: 512, percent: 5 };
        let cases = [(10 * gb, 100 * gb, false), (4 * gb, 100 * gb, true), (gb / 4, gb, true), (gb, 2 * gb, false)];
        for (free, total, is_low) in cases {
            assert_eq!(Space { free, total }.is_below(usual), is_low, "{free} of {total}");
        }
        let small = Reserve { mb: 8, percent: 0 };
        assert!(Space { free: 7 * MB, total: 64 * MB }.is_below(small) && !Space { free: 8 * MB, total: 64 * MB }.is_below(small));
        assert!(Disk::of(Path::new("/"), usual).space().expect("a disk").total > 0);
    }
}
