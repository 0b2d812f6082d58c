//! The addresses of this machine, as the kernel lists them: a wide allow-list entry must not open the box itself.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// The machine's addresses at this moment. Empty where the kernel does not tell.
pub(super) fn addresses() -> Vec<IpAddr> {
    let read = |path: &str| std::fs::read_to_string(path).unwrap_or_default();
    let mut found = local_v4(&read("/proc/net/fib_trie"));
    found.extend(local_v6(&read("/proc/net/if_inet6")));
    found
}

/// The /32 entries marked `host LOCAL` of `/proc/net/fib_trie`.
fn local_v4(table: &str) -> Vec<IpAddr> {
    let mut found = Vec::new();
    let mut last: Option<Ipv4Addr> = None;
    for line in table.lines().map(str::trim) {
        if let Some(address) = line.strip_prefix("|-- ") {
            last = address.parse().ok();
        } else if line == "/32 host LOCAL"
            && let Some(address) = last.map(IpAddr::V4)
            && !found.contains(&address)
        {
            found.push(address);
        }
    }
    found
}

/// The first column of `/proc/net/if_inet6`.
fn local_v6(table: &str) -> Vec<IpAddr> {
    table
        .lines()
        .filter_map(|line| u128::from_str_radix(line.split_whitespace().next()?, 16).ok())
        .map(|n| Ipv6Addr::from(n).into())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kernels_tables_are_read() {
        let trie = "Local:\n     |-- 127.0.0.0\n        /8 host LOCAL\n     |-- 10.1.0.5\n        /32 host LOCAL\n     |-- 10.1.0.255\n        /32 link BROADCAST\n";
        assert_eq!(local_v4(trie), [IpAddr::from([10, 1, 0, 5])]);
        let list = "fd000000000000000000000000000002 04 40 00 82     eth0\n00000000000000000000000000000001 01 80 10 80       lo\n";
        assert_eq!(local_v6(list), ["fd00::2".parse::<IpAddr>().expect("v6"), "::1".parse().expect("v6")]);
    }
}
