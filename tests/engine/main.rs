//! The engine from outside: speech through the real worker process, calls over real SIP and RTP on loopback.
#![expect(clippy::unwrap_used, reason = "test helpers")]

mod speech;
