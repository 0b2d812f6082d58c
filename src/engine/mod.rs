//! Live media, the second process: SIP, RTP, speech and models. It knows the control plane only through `contract`.
//!
//! `sip` knows no audio, `media` knows no SIP; only `call` knows both.

pub mod call;
pub mod detect;
pub mod link;
pub mod media;
pub mod pipeline;
pub mod providers;
pub mod reach;
pub mod run;
pub mod sip;
pub mod speech;
pub mod tools;
pub mod trunks;
