//! Live media, the second process: SIP, RTP, speech and models. It knows the control plane only through `contract`.
//!
//! `sip` knows no audio, `media` knows no SIP; only `call` knows both. `webrtc` gives calls from browsers the same two faces: a leg and plain RTP.

pub mod call;
pub mod detect;
pub mod link;
pub mod media;
pub mod pipeline;
pub mod providers;
pub mod reach;
pub mod run;
pub mod sip;
pub mod socket;
pub mod speech;
pub mod srtp;
pub mod tools;
pub mod trunks;
pub mod webrtc;
