//! A call, from INVITE to result: the only part of the engine that knows both SIP and sound.
