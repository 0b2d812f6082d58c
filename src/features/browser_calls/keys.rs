//! Keys to what is said on a call from a browser: whoever started it gets one, and nobody else can make one. Nothing is kept for that.

use ring::hmac;

use crate::base::Random;
use crate::base::id::SessionId;

/// Makes keys and knows them again, until the program ends.
pub(super) struct Keys(hmac::Key);

impl Keys {
    /// Keys of this run.
    pub(super) fn new(random: &Random) -> Self {
        Self(hmac::Key::new(hmac::HMAC_SHA256, &random.bytes::<32>()))
    }

    /// The key to one call.
    pub(super) fn to(&self, session_id: &SessionId) -> String {
        hex::encode(hmac::sign(&self.0, session_id.as_str().as_bytes()).as_ref())
    }

    /// Whether a key is the one to a call.
    pub(super) fn opens(&self, session_id: &SessionId, key: &str) -> bool {
        hex::decode(key).is_ok_and(|key| hmac::verify(&self.0, session_id.as_str().as_bytes(), &key).is_ok())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_opens_its_own_call_in_its_own_run() {
        let (keys, other_run) = (Keys::new(&Random::system()), Keys::new(&Random::system()));
        let (one, two) = (SessionId::from("s-1"), SessionId::from("s-2"));
        let key = keys.to(&one);
        assert!(keys.opens(&one, &key) && !keys.opens(&two, &key) && !other_run.opens(&one, &key));
        for wrong in ["", "0", "zz", &key[1..], &format!("{key}00")] {
            assert!(!keys.opens(&one, wrong), "{wrong}");
        }
    }
}
