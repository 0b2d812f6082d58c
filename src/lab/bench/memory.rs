//! How much memory a process holds.

/// What the process holds for itself, in kilobytes: its private pages and its share of the others; 0 when it is gone or hidden.
pub(super) fn held_kb(pid: u32) -> u64 {
    let text = std::fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).unwrap_or_default();
    pss(&text)
}

fn pss(text: &str) -> u64 {
    let line = text.lines().find_map(|line| line.strip_prefix("Pss:"));
    line.and_then(|rest| rest.split_whitespace().next()?.parse().ok()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_share_of_a_process_is_read() {
        assert_eq!(pss("00400000-7ffe [rollup]\nRss:    9000 kB\nPss:    7234 kB\nPss_Dirty: 1 kB\n"), 7234);
        assert_eq!(pss(""), 0);
        assert!(held_kb(std::process::id()) > 1_000);
    }
}
