//! What the upkeep of trunks works with, and what it finds.

use std::net::IpAddr;
use std::sync::Arc;

use crate::base::{Clock, Random};
use crate::contract::trunk::TrunkState;
use crate::engine::link::Control;
use crate::engine::link::trunks::TrunkWatch;
use crate::engine::sip::SipStack;

/// What upkeep needs.
#[derive(Clone)]
pub struct Upkeep {
    /// The control plane.
    pub control: Control,
    /// The list of trunks.
    pub trunks: TrunkWatch,
    /// SIP.
    pub sip: Arc<dyn SipStack>,
    /// Time.
    pub clock: Clock,
    /// Randomness, for Call-IDs.
    pub random: Random,
}

/// A trunk that was asked just now.
#[derive(Debug, Clone)]
pub struct Checked {
    /// How it is.
    pub state: TrunkState,
    /// Where it is, if its name is known.
    pub peer: Option<IpAddr>,
}
