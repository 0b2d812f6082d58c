//! Which process holds a port, as far as this one may see. Blocking.

use std::collections::HashSet;
use std::fmt;
use std::path::Path;

/// How a port is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Use {
    Tcp,
    Udp,
}

/// A process that holds a port.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Holder {
    pid: u32,
    name: String,
    /// Its unit of systemd.
    unit: Option<String>,
}

impl Holder {
    /// The command that makes the port free.
    pub(super) fn ends_with(&self) -> String {
        match &self.unit {
            Some(unit) => format!("systemctl disable --now {unit}"),
            None => format!("kill {}", self.pid),
        }
    }
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (process {})", self.name, self.pid)
    }
}

/// Who holds it. `None` when nobody does, or when the processes of others cannot be seen.
pub(super) fn of(port: u16, how: Use) -> Option<Holder> {
    let tables = match how {
        Use::Tcp => ["/proc/net/tcp", "/proc/net/tcp6"],
        Use::Udp => ["/proc/net/udp", "/proc/net/udp6"],
    };
    let texts = tables.iter().filter_map(|table| std::fs::read_to_string(table).ok());
    let sockets: HashSet<String> = texts.flat_map(|text| inodes(&text, port, how)).map(|inode| format!("socket:[{inode}]")).collect();
    if sockets.is_empty() {
        return None;
    }
    let processes = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    let found = processes.filter_map(|entry| entry.file_name().to_string_lossy().parse::<u32>().ok());
    found.into_iter().find(|pid| has_one(*pid, &sockets)).map(described)
}

/// The sockets of a table of the kernel that are bound to a port; of TCP only those that listen.
fn inodes(table: &str, port: u16, how: Use) -> Vec<String> {
    let wanted = format!(":{port:04X}");
    let rows = table.lines().skip(1).map(|line| line.split_whitespace().collect::<Vec<_>>());
    let fits = |row: &Vec<&str>| row.len() > 9 && row[1].ends_with(&wanted) && (how == Use::Udp || row[3] == "0A");
    rows.filter(fits).map(|row| row[9].to_owned()).collect()
}

fn has_one(pid: u32, sockets: &HashSet<String>) -> bool {
    let open = std::fs::read_dir(format!("/proc/{pid}/fd")).into_iter().flatten().flatten();
    open.into_iter().any(|entry| std::fs::read_link(entry.path()).is_ok_and(|to| sockets.contains(to.to_string_lossy().as_ref())))
}

fn described(pid: u32) -> Holder {
    let read = |name: &str| std::fs::read_to_string(Path::new("/proc").join(pid.to_string()).join(name)).unwrap_or_default();
    Holder { pid, name: read("comm").trim().to_owned(), unit: unit_of(&read("cgroup")) }
}

fn unit_of(groups: &str) -> Option<String> {
    let last = groups.lines().filter_map(|line| line.trim().rsplit('/').next());
    last.into_iter().find(|name| name.ends_with(".service")).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_process_that_listens_is_found_and_named() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("bound").port();
        let found = of(port, Use::Tcp).expect("somebody");
        assert_eq!(found.pid, std::process::id());
        assert!(!found.name.is_empty() && found.to_string().contains(&found.pid.to_string()));
        let socket = std::net::UdpSocket::bind("127.0.0.1:0").expect("a port");
        let port = socket.local_addr().expect("bound").port();
        assert_eq!(of(port, Use::Udp).expect("somebody").pid, std::process::id());
        drop(socket);
        assert_eq!(of(port, Use::Udp), None);
    }

    #[test]
    fn a_unit_is_stopped_and_another_process_is_ended() {
        let unit = unit_of("0::/system.slice/kamailio.service\n");
        assert_eq!(unit.as_deref(), Some("kamailio.service"));
        assert_eq!(unit_of("0::/user.slice/user-0.slice/session-3.scope"), None);
        let holder = |unit| Holder { pid: 7, name: "kamailio".to_owned(), unit };
        assert_eq!(holder(unit).ends_with(), "systemctl disable --now kamailio.service");
        assert_eq!(holder(None).ends_with(), "kill 7");
    }
}
