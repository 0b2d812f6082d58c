//! The guard's table: what must be refused without sending anything, and what may pass.

use std::net::IpAddr;

use super::corpus::{BAD_PORTS, INTERNAL, UNREADABLE};
use super::failure::Failure;
use super::guard::{Class, Guard};
use super::url::{Host, Target};

/// URLs that may be reached.
#[rustfmt::skip]
const PUBLIC: &[&str] = &[
    "http://example.com/", "https://example.com", "HTTPS://Example.COM/Path?q=1#part", "http://example.com./", "http://example.com?x=1",
    "http://example.com:80/", "https://example.com:443/", "https://example.com:8443/", "http://example.com:1024/", "http://example.com:65535/",
    "http://8.8.8.8/", "http://1.1.1.1:8080/", "http://100.63.255.255/", "http://100.128.0.0/", "http://172.15.0.1/", "http://172.32.0.1/",
    "http://192.0.1.1/", "http://198.17.0.1/", "http://198.20.0.1/", "http://223.255.255.255/", "http://[2606:4700::1111]/",
    "https://[2001:4860:4860::8888]:8443/x", "http://[2a00:1450::1]/", "http://xn--exmple-cua.com/", "http://a_b.example.com/", "http://0x.example.com/",
];

fn guard(allow: &[&str]) -> Guard {
    Guard::new(allow).expect("a guard")
}

fn refusal(guard: &Guard, url: &str) -> Option<Failure> {
    Target::read(url).and_then(|target| guard.check_target(&target, Class::Guarded)).err().map(|error| error.class)
}

#[test]
fn the_table_has_the_entries_it_promises() {
    assert!(INTERNAL.len() + UNREADABLE.len() + BAD_PORTS.len() >= 200);
}

#[test]
fn internal_addresses_are_blocked() {
    let guard = guard(&[]);
    for url in INTERNAL {
        assert_eq!(refusal(&guard, url), Some(Failure::Blocked), "{url}");
    }
}

#[test]
fn what_can_be_misread_is_not_read() {
    let guard = guard(&[]);
    for url in UNREADABLE {
        assert_eq!(refusal(&guard, url), Some(Failure::BadUrl), "{url:?}");
    }
}

#[test]
fn ports_of_other_protocols_are_blocked() {
    let guard = guard(&["0.0.0.0/0"]);
    for url in BAD_PORTS {
        assert_eq!(refusal(&guard, url), Some(Failure::Blocked), "{url}");
    }
}

#[test]
fn the_public_internet_is_open() {
    let guard = guard(&[]);
    for url in PUBLIC {
        assert_eq!(refusal(&guard, url), None, "{url}");
    }
}

#[test]
fn an_entry_opens_what_it_names_and_no_more() {
    // Entry, address, opened.
    let table = [
        ("10.1.0.0/16", "10.1.2.3", true),
        ("10.1.0.0/16", "10.2.0.1", false),
        ("10.1.2.3", "10.1.2.3", true),
        ("10.1.2.3/32", "10.1.2.4", false),
        ("192.168.0.0/16", "192.168.5.5", true),
        ("fd00::/8", "fd00::7", true),
        ("fd00::/8", "fd00:ec2::254", false),
        ("fd00:ec2::254/128", "fd00:ec2::254", true),
        ("127.0.0.0/8", "127.0.0.1", true),
        ("127.0.0.0/8", "::1", true),
        ("127.0.0.1", "127.0.0.1", true),
        ("127.0.0.1", "127.0.0.2", false),
        ("127.0.0.1", "::1", false),
        ("::1", "::1", true),
        ("0.0.0.0/0", "10.0.0.1", true),
        ("0.0.0.0/0", "127.0.0.1", false),
        ("0.0.0.0/0", "169.254.169.254", false),
        ("0.0.0.0/0", "0.0.0.0", false),
        ("0.0.0.0/0", "224.0.0.1", false),
        ("::/0", "::1", false),
        ("::/0", "fd00::1", true),
        ("::/0", "fe80::1", false),
        ("::/0", "::ffff:127.0.0.1", false),
        ("::/0", "64:ff9b::7f00:1", false),
        ("::/0", "2002:7f00:1::1", false),
        ("169.254.0.0/16", "169.254.1.1", true),
        ("169.254.0.0/16", "169.254.169.254", false),
        ("169.254.169.254/32", "169.254.169.254", true),
        ("100.64.0.0/10", "100.100.100.200", false),
        ("100.64.0.0/10", "100.64.0.1", true),
        ("127.0.0.0/8", "::ffff:127.0.0.1", false),
        ("10.0.0.0/8", "::ffff:10.0.0.1", false),
    ];
    for (entry, address, opened) in table {
        let address: IpAddr = address.parse().expect("an address");
        assert_eq!(guard(&[entry]).check_address(address, &[], Class::Guarded).is_ok(), opened, "{entry} for {address}");
    }
    assert!(Guard::new(&["10.0.0.0/33"]).is_err());
    assert!(Guard::new(&["lan"]).is_err());
}

#[test]
fn the_machines_own_addresses_stay_closed_unless_named_exactly() {
    let own: IpAddr = "10.1.0.5".parse().expect("an address");
    assert!(guard(&["10.1.0.0/16"]).check_address(own, &[own], Class::Guarded).is_err());
    assert!(guard(&["10.1.0.5/32"]).check_address(own, &[own], Class::Guarded).is_ok());
    let public: IpAddr = "8.8.4.4".parse().expect("an address");
    assert!(guard(&[]).check_address(public, &[public], Class::Guarded).is_err());
}

#[test]
fn operators_reach_the_local_network_but_never_link_local_addresses() {
    let guard = guard(&["169.254.169.254/32"]);
    for address in ["10.0.0.1", "127.0.0.1", "192.168.1.1", "::1", "fd00::1", "8.8.8.8", "2606:4700::1111", "::ffff:127.0.0.1"] {
        let address: IpAddr = address.parse().expect("an address");
        assert!(guard.check_address(address, &[address], Class::Operator).is_ok(), "{address}");
    }
    for address in [
        "169.254.169.254",
        "169.254.1.1",
        "fe80::1",
        "fd00:ec2::254",
        "0.0.0.0",
        "224.0.0.1",
        "255.255.255.255",
        "::ffff:169.254.169.254",
        "100.100.100.200",
    ] {
        let address: IpAddr = address.parse().expect("an address");
        assert!(guard.check_address(address, &[], Class::Operator).is_err(), "{address}");
    }
}

#[test]
fn a_url_is_read_into_its_parts() {
    let target = Target::read("HTTPS://Example.COM.:8443/a/b?c=d#e").expect("a target");
    assert_eq!((target.tls, target.port, target.path.as_str(), target.authority.as_str()), (true, 8443, "/a/b?c=d", "example.com:8443"));
    assert_eq!(target.host, Host::Name("example.com".into()));
    assert_eq!(Target::read("http://[2606:4700::1]?x").expect("a target").path, "/?x");
    assert_eq!(Target::read("http://[2606:4700::1]:81").expect("a target").authority, "[2606:4700::1]:81");
}
