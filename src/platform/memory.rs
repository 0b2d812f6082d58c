//! Memory that was freed and is still held by the allocator.

/// Bytes from which on a piece of memory is asked of the operating system by itself, and given back as soon as it is freed. Without a
/// fixed border the allocator raises it with every large piece that is freed, and keeps what comes later.
const LARGE: libc::c_int = 256 * 1024;

/// Makes large pieces of memory go back when they are freed. Call it once, before there are threads.
pub fn settle() {
    #[expect(unsafe_code, reason = "the function takes two whole numbers and may be called at any time; what it refuses changes nothing")]
    unsafe {
        libc::mallopt(libc::M_MMAP_THRESHOLD, LARGE);
    }
}

/// Gives freed memory back to the operating system. For after work that took much and is over; it takes some milliseconds.
pub fn give_back() {
    #[expect(unsafe_code, reason = "the function takes no pointer and may be called at any time from any thread")]
    unsafe {
        libc::malloc_trim(0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resident_kb() -> u64 {
        let status = std::fs::read_to_string("/proc/self/status").unwrap();
        let line = status.lines().find(|line| line.starts_with("RssAnon:")).unwrap();
        line.split_whitespace().nth(1).unwrap().parse().unwrap()
    }

    #[test]
    fn what_was_freed_between_pieces_that_stay_goes_back() {
        // Every hundredth piece stays: without help the memory between them is kept.
        let pieces: Vec<Vec<u8>> = (0..60_000).map(|_| vec![1_u8; 4_000]).collect();
        let stay: Vec<Vec<u8>> = pieces.into_iter().step_by(100).collect();
        let before = resident_kb();
        give_back();
        let after = resident_kb();
        assert!(after + 50_000 < before, "{before} kB before, {after} kB after, {} pieces stay", stay.len());
    }
}
