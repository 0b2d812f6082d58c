//! Whether the ports are free that the box wants; only when nobody serves. Blocking.

use std::io;
use std::net::{IpAddr, SocketAddr, TcpListener, UdpSocket};

use super::holder::{self, Use};
use super::model::Finding;
use crate::platform::config::{Config, PortRange};

pub(super) fn look(config: &Config) -> Vec<Finding> {
    let sip = config.engine.sip;
    let mut wanted = vec![("port_http", config.server.http, Use::Tcp), ("port_sip", sip, Use::Udp), ("port_sip", sip, Use::Tcp)];
    wanted.extend(config.console.bind.map(|at| ("port_console", at, Use::Tcp)));
    wanted.extend(config.metrics.bind.map(|at| ("port_metrics", at, Use::Tcp)));
    let mut findings: Vec<_> = wanted.into_iter().map(|(name, at, how)| finding(name, at, how, bind(at, how))).collect();
    findings.push(audio(sip.ip(), config.engine.rtp_ports));
    findings
}

fn bind(at: SocketAddr, how: Use) -> io::Result<()> {
    match how {
        Use::Tcp => TcpListener::bind(at).map(drop),
        Use::Udp => UdpSocket::bind(at).map(drop),
    }
}

fn finding(name: &str, at: SocketAddr, how: Use, outcome: io::Result<()>) -> Finding {
    let word = if how == Use::Tcp { "TCP" } else { "UDP" };
    let Err(cause) = outcome else { return Finding::ok(name, format!("{at} ({word}) is free")) };
    if cause.kind() == io::ErrorKind::AddrInUse {
        let table = if how == Use::Tcp { "-tlpn" } else { "-ulpn" };
        return match holder::of(at.port(), how) {
            Some(holder) => Finding::broken(name, format!("{at} ({word}) is held by {holder}"), holder.ends_with()),
            None => Finding::broken(
                name,
                format!("{at} ({word}) is held by another process"),
                format!("sudo ss {table} 'sport = :{}'", at.port()),
            ),
        };
    }
    let key = match name {
        "port_http" => "server.http",
        "port_console" => "console.bind",
        "port_metrics" => "metrics.bind",
        _ => "engine.sip",
    };
    Finding::broken(name, format!("{at} ({word}) cannot be had: {cause}"), format!("cxbox config show --origin | grep {key}"))
}

/// The ports for audio: a few that others hold are passed over in calls, so they are only to be watched.
fn audio(ip: IpAddr, ports: PortRange) -> Finding {
    let is_taken = |port: &u16| UdpSocket::bind(SocketAddr::new(ip, *port)).is_err();
    let taken: Vec<u16> = (ports.first..=ports.last).filter(is_taken).collect();
    let Some(first) = taken.first() else { return Finding::ok("port_rtp", format!("the UDP ports {ports} are free")) };
    let all = usize::from(ports.last - ports.first) + 1;
    let holder = holder::of(*first, Use::Udp);
    let by = holder.as_ref().map_or_else(String::new, |holder| format!(", {first} by {holder}"));
    let fix = holder.map_or_else(|| "cxbox config show --origin | grep rtp_ports".to_owned(), |holder| holder.ends_with());
    let said = format!("{} of the {all} UDP ports {ports} are held by others{by}", taken.len());
    if taken.len() * 2 > all { Finding::broken("port_rtp", said, fix) } else { Finding::watch("port_rtp", said, fix) }
}

#[cfg(test)]
mod tests {
    use super::super::model::Verdict;
    use super::*;

    #[test]
    fn a_port_that_is_held_names_the_process_that_holds_it() {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let at = listener.local_addr().expect("bound");
        let found = finding("port_http", at, Use::Tcp, bind(at, Use::Tcp));
        assert_eq!(found.verdict, Verdict::Broken);
        assert!(found.message.contains(&format!("(process {})", std::process::id())), "{}", found.message);
        drop(listener);
        assert_eq!(finding("port_http", at, Use::Tcp, bind(at, Use::Tcp)).verdict, Verdict::Ok);
        let foreign: SocketAddr = "192.0.2.1:0".parse().expect("an address");
        let found = finding("port_sip", foreign, Use::Udp, bind(foreign, Use::Udp));
        assert_eq!((found.verdict, found.fix.as_deref()), (Verdict::Broken, Some("cxbox config show --origin | grep engine.sip")));
    }

    #[test]
    fn audio_ports_that_others_hold_are_counted() {
        let held = UdpSocket::bind("127.0.0.1:0").expect("a port");
        let port = held.local_addr().expect("bound").port();
        let found = audio(held.local_addr().expect("bound").ip(), PortRange { first: port, last: port });
        assert_eq!(found.verdict, Verdict::Broken);
        assert!(found.message.starts_with("1 of the 1 UDP ports"), "{}", found.message);
    }
}
