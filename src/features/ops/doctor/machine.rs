//! The machine: its clock, memory, open files, and what it tells others of its address and ports. Blocking.

use std::net::IpAddr;

use super::model::Finding;
use crate::base::{Clock, Millis};
use crate::platform::config::Config;
use crate::platform::data_dir::DataDir;

/// 2026-01-01: no clock that is right says less.
const NOT_BEFORE: Millis = Millis(1_767_225_600_000);
/// Memory that must be free for calls and speech.
const LEAST_MEMORY_MB: u64 = 256;
/// Open files that a busy box needs.
const LEAST_FILES: u64 = 1024;

pub(super) fn look(data: &DataDir, config: &Config, clock: &Clock) -> Vec<Finding> {
    vec![time(data, clock), memory(), files(), address(config), rtp(config)]
}

/// The clock is not before this program was made, nor before what the folder holds.
fn time(data: &DataDir, clock: &Clock) -> Finding {
    let now = clock.now();
    let written = std::fs::metadata(data.main_db()).and_then(|file| file.modified()).ok();
    let written = written.and_then(|at| at.duration_since(std::time::UNIX_EPOCH).ok()).map_or(0, |at| at.as_millis());
    let is_before = u128::try_from(now.0).is_ok_and(|now| now + 60_000 < written);
    if now < NOT_BEFORE || is_before {
        return Finding::broken("clock", format!("the clock says {now}, which is over already"), "timedatectl set-ntp true");
    }
    Finding::ok("clock", format!("it says {now}"))
}

fn memory() -> Finding {
    let text = std::fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix("MemAvailable:"));
    let available = line.and_then(|rest| rest.trim().trim_end_matches(" kB").parse::<u64>().ok()).map(|kb| kb / 1024);
    match available {
        Some(mb) if mb < LEAST_MEMORY_MB => Finding::watch("memory", format!("{mb} MB are free"), "ps -eo rss,comm --sort=-rss | head"),
        Some(mb) => Finding::ok("memory", format!("{mb} MB are free")),
        None => Finding::ok("memory", "the machine does not say"),
    }
}

fn files() -> Finding {
    let limit = rustix::process::getrlimit(rustix::process::Resource::Nofile).current;
    match limit {
        Some(limit) if limit < LEAST_FILES => {
            Finding::watch("open_files", format!("the limit is {limit}"), "systemctl edit cxbox  # [Service] LimitNOFILE=65536")
        }
        Some(limit) => Finding::ok("open_files", format!("the limit is {limit}")),
        None => Finding::ok("open_files", "there is no limit"),
    }
}

/// The address that other SIP systems are told to send sound to.
fn address(config: &Config) -> Finding {
    let advertised = config.engine.advertise_address.to_string();
    let is_local_only = config.engine.sip.ip().is_loopback();
    match advertised.parse::<IpAddr>() {
        Ok(ip) if (ip.is_loopback() && !is_local_only) || ip.is_unspecified() => Finding::broken(
            "advertise_address",
            format!("callers would send their voice to {ip}, which is no address of this machine for them"),
            "cxbox config show --origin | grep advertise_address",
        ),
        Ok(ip) => Finding::ok("advertise_address", format!("callers send their voice to {ip}")),
        Err(_) if advertised.is_empty() => Finding::ok("advertise_address", "callers send their voice to the address they called"),
        Err(_) => Finding::broken(
            "advertise_address",
            format!("{advertised} is no address"),
            "cxbox config show --origin | grep advertise_address",
        ),
    }
}

fn rtp(config: &Config) -> Finding {
    let ports = config.engine.rtp_ports;
    let room = (u32::from(ports.last) - u32::from(ports.first)).div_ceil(2);
    let wanted = config.engine.max_concurrent_calls;
    if room < wanted {
        return Finding::watch(
            "rtp_ports",
            format!("the ports {ports} carry {room} calls, {wanted} are allowed"),
            "cxbox config show --origin | grep -e rtp_ports -e max_concurrent_calls",
        );
    }
    Finding::ok("rtp_ports", format!("the ports {ports} carry {room} calls"))
}
