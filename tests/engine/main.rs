//! The engine from outside: speech through the real worker process, calls over real SIP and RTP on loopback.
#![expect(clippy::unwrap_used, clippy::expect_used, unreachable_pub, reason = "test helpers")]

mod announcements;
mod answering;
mod browser;
mod calls;
mod card_numbers;
mod crash;
mod faults;
mod inside;
mod link;
mod mcp;
mod outcomes;
mod patience;
#[expect(dead_code, reason = "shared with the end-to-end tests, which use all of it")]
#[path = "../peers/peers.rs"]
mod peers;
mod phone;
mod phones;
mod realtime;
mod socket;
mod speech;
mod streams;
mod support;
mod tools;
mod transfers;
mod turns;
mod wire;
mod written;
