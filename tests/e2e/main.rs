//! End to end: the real program, both processes, real sockets. `CXBOX_BIN` names the binary; without it the test profile's own is used.

#![expect(clippy::unwrap_used, clippy::print_stderr, unreachable_pub, reason = "test helpers")]

mod baresip;
mod codecs;
mod come_back;
mod console_bind;
mod demo;
mod durability;
mod figures;
mod full_disk;
mod inbound;
mod killed_calls;
mod knowledge;
mod lifecycle;
mod oidc_peers;
mod outbound;
mod packaging;
#[path = "../peers/peers.rs"]
mod peers;
mod phones;
mod quick_start;
mod quiet_log;
mod recovery;
mod remote_engine;
mod replay;
mod schemathesis;
mod shutdown;
mod soak;
mod socket;
mod static_binary;
mod support;
mod sync_order;
mod transfers;
mod trunks;
mod units;
mod user_cli;
mod webhook_peers;
