//! What a caller of a load is: packets that come and go, and what is found out by them.

/// Bytes of µ-law in a packet.
pub(super) const PACKET: usize = 160;
/// Nanoseconds.
pub(super) const MILLISECOND: u64 = 1_000_000;

/// What was found on one call. Times in milliseconds.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Found {
    /// From the first sound of an interruption to the bot's last.
    pub(super) took_ms: Vec<f64>,
    /// Interruptions after which the bot went on speaking to the end of the caller's words.
    pub(super) n_ignored: u32,
    /// From the last sound of the caller's words to the first of the bot's answer.
    pub(super) answers_ms: Vec<f64>,
    /// Words that were not answered.
    pub(super) n_unanswered: u32,
    /// Noises that were made while the bot spoke.
    pub(super) n_disturbances: u32,
    /// Noises after which the bot did not go on.
    pub(super) n_false: u32,
}

/// A caller, packet by packet. Moments are nanoseconds of a clock that only goes on.
pub(super) trait Acts: Send {
    /// A packet of the bot came.
    fn hear(&mut self, is_loud: bool, at: u64);
    /// The next 20 ms of sound to send, if there are any now; else the noise of the line is sent.
    fn speak(&mut self, at: u64) -> Option<&[u8]>;
    /// What was found.
    fn finish(self: Box<Self>) -> Found;
}
