//! Whether a code or a refresh token may be turned into tokens. Pure: rows and the present moment in, a verdict out.

use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use subtle::ConstantTimeEq as _;

use crate::base::Millis;
use crate::base::id::UserId;

/// How long a code holds.
pub(super) const CODE_LIFE: Duration = Duration::from_secs(60);
/// How long a refresh token may be repeated after its first use: an answer may have been lost, or two tabs may have asked at once.
pub(super) const GRACE: Duration = Duration::from_secs(30);
/// How long a refresh token holds unused.
pub(super) const REFRESH_LIFE: Duration = Duration::from_secs(30 * 86_400);
/// How long a grant with refresh tokens lasts, however often they are used.
pub(super) const GRANT_LIFE: Duration = Duration::from_secs(180 * 86_400);

/// What a person let a client do.
#[derive(Debug, Clone)]
pub(in crate::features::auth) struct Grant {
    pub(in crate::features::auth) id: String,
    pub(in crate::features::auth) user_id: UserId,
    pub(in crate::features::auth) epoch: i64,
    pub(in crate::features::auth) client_id: String,
    pub(in crate::features::auth) scope: String,
    pub(in crate::features::auth) signed_in_at: Millis,
    pub(super) ends_at: Millis,
    pub(super) is_revoked: bool,
}

/// A code as stored.
#[derive(Debug, Clone)]
pub(super) struct Code {
    pub(super) grant_id: String,
    pub(super) redirect_uri: String,
    pub(super) challenge: String,
    pub(super) nonce: Option<String>,
    pub(super) expires_at: Millis,
    pub(super) used_at: Option<Millis>,
}

/// A refresh token as stored.
#[derive(Debug, Clone)]
pub(super) struct Refresh {
    pub(super) grant_id: String,
    pub(super) expires_at: Millis,
    pub(super) used_at: Option<Millis>,
}

/// What somebody with a code says.
#[derive(Debug, Clone)]
pub(super) struct Redemption {
    pub(super) client_id: String,
    pub(super) redirect_uri: String,
    pub(super) verifier: String,
}

/// What to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// Make tokens.
    Give,
    /// Say no.
    Refuse,
    /// Say no, and end the grant with everything made from it: somebody has what is not theirs.
    Revoke,
}

/// A code holds once, for a minute, for the client, address and verifier it was made for. Anything else with a genuine code is a leak.
pub(super) fn redeem(code: &Code, grant: &Grant, said: &Redemption, now: Millis) -> Verdict {
    let fits = grant.client_id == said.client_id && code.redirect_uri == said.redirect_uri && proves(&code.challenge, &said.verifier);
    if code.used_at.is_some() || !fits {
        Verdict::Revoke
    } else if grant.is_revoked || code.expires_at <= now {
        Verdict::Refuse
    } else {
        Verdict::Give
    }
}

/// A refresh token holds once; a repeat within the grace gives tokens of the same family, a later one ends the family.
pub(super) fn rotate(token: &Refresh, grant: &Grant, client_id: &str, now: Millis) -> Verdict {
    if grant.client_id != client_id || grant.is_revoked || grant.ends_at <= now || token.expires_at <= now {
        return Verdict::Refuse;
    }
    match token.used_at {
        Some(used_at) if now.since(used_at) > GRACE => Verdict::Revoke,
        _ => Verdict::Give,
    }
}

/// PKCE with S256 (RFC 7636, section 4.6).
fn proves(challenge: &str, verifier: &str) -> bool {
    let digest = ring::digest::digest(&ring::digest::SHA256, verifier.as_bytes());
    is_verifier(verifier) && BASE64_URL_SAFE_NO_PAD.encode(digest).as_bytes().ct_eq(challenge.as_bytes()).into()
}

/// 43 to 128 unreserved characters.
fn is_verifier(text: &str) -> bool {
    (43..=128).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._~".contains(&b))
}

/// Whether a text can be the S256 challenge of a verifier: 32 bytes in URL-safe base64.
pub(super) fn is_challenge(text: &str) -> bool {
    BASE64_URL_SAFE_NO_PAD.decode(text).is_ok_and(|bytes| bytes.len() == 32)
}

/// The scopes of `asked` if all of them are in `granted`; all of `granted` if nothing is asked.
pub(super) fn narrowed(granted: &str, asked: Option<&str>) -> Option<String> {
    let Some(asked) = asked else { return Some(granted.to_owned()) };
    let all: Vec<&str> = granted.split(' ').collect();
    asked.split_whitespace().all(|one| all.contains(&one)).then(|| asked.split_whitespace().collect::<Vec<_>>().join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    // The example of RFC 7636, appendix B.
    const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
    const NOW: Millis = Millis(1_000_000);

    fn grant() -> Grant {
        Grant {
            id: "grt_1".into(),
            user_id: UserId::from("usr_1"),
            epoch: 0,
            client_id: "app".into(),
            scope: "openid".into(),
            signed_in_at: NOW,
            ends_at: NOW.plus(GRANT_LIFE),
            is_revoked: false,
        }
    }

    fn code() -> Code {
        let (redirect_uri, challenge) = ("https://app/cb".into(), CHALLENGE.into());
        Code { grant_id: "grt_1".into(), redirect_uri, challenge, nonce: None, expires_at: NOW.plus(CODE_LIFE), used_at: None }
    }

    fn said() -> Redemption {
        Redemption { client_id: "app".into(), redirect_uri: "https://app/cb".into(), verifier: VERIFIER.into() }
    }

    #[test]
    fn a_code_holds_once_for_a_minute_and_for_whom_it_was_made() {
        assert_eq!(redeem(&code(), &grant(), &said(), NOW), Verdict::Give);
        let last = NOW.plus(CODE_LIFE).minus(Duration::from_millis(1));
        assert_eq!(redeem(&code(), &grant(), &said(), last), Verdict::Give);
        assert_eq!(redeem(&code(), &grant(), &said(), NOW.plus(CODE_LIFE)), Verdict::Refuse);
        assert_eq!(redeem(&code(), &Grant { is_revoked: true, ..grant() }, &said(), NOW), Verdict::Refuse);
        assert_eq!(redeem(&Code { used_at: Some(NOW), ..code() }, &grant(), &said(), NOW), Verdict::Revoke);
        let long = "a".repeat(129);
        let leaks = [
            Redemption { client_id: "other".into(), ..said() },
            Redemption { redirect_uri: "https://app/cb/".into(), ..said() },
            Redemption { redirect_uri: String::new(), ..said() },
            Redemption { verifier: String::new(), ..said() },
            Redemption { verifier: CHALLENGE.into(), ..said() },
            Redemption { verifier: format!("{VERIFIER}a"), ..said() },
            Redemption { verifier: VERIFIER[..42].into(), ..said() },
            Redemption { verifier: long, ..said() },
        ];
        for said in leaks {
            assert_eq!(redeem(&code(), &grant(), &said, NOW), Verdict::Revoke, "{said:?}");
        }
    }

    #[test]
    fn a_refresh_token_rotates_with_a_grace_and_a_late_repeat_ends_the_family() {
        let token = Refresh { grant_id: "grt_1".into(), expires_at: NOW.plus(REFRESH_LIFE), used_at: None };
        let used = |ago: Duration| Refresh { used_at: Some(NOW.minus(ago)), ..token.clone() };
        let second = Duration::from_secs(1);
        let table = [
            (token.clone(), grant(), "app", Verdict::Give),
            (used(Duration::ZERO), grant(), "app", Verdict::Give),
            (used(GRACE), grant(), "app", Verdict::Give),
            (used(GRACE + second), grant(), "app", Verdict::Revoke),
            (used(GRACE + second), grant(), "other", Verdict::Refuse),
            (token.clone(), grant(), "other", Verdict::Refuse),
            (token.clone(), Grant { is_revoked: true, ..grant() }, "app", Verdict::Refuse),
            (token.clone(), Grant { ends_at: NOW, ..grant() }, "app", Verdict::Refuse),
            (Refresh { expires_at: NOW, ..token.clone() }, grant(), "app", Verdict::Refuse),
        ];
        for (n, (token, grant, client_id, expected)) in table.into_iter().enumerate() {
            assert_eq!(rotate(&token, &grant, client_id, NOW), expected, "row {n}");
        }
    }

    #[test]
    fn scopes_are_narrowed_and_never_widened() {
        let table = [
            (None, Some("openid email")),
            (Some("openid"), Some("openid")),
            (Some("email  openid"), Some("email openid")),
            (Some("openid phone"), None),
        ];
        for (asked, expected) in table {
            assert_eq!(narrowed("openid email", asked).as_deref(), expected, "{asked:?}");
        }
    }

    #[test]
    fn a_challenge_is_32_bytes() {
        assert!(is_challenge(CHALLENGE));
        for bad in ["", "short", &CHALLENGE[..42], &format!("{CHALLENGE}A"), "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw+cM"] {
            assert!(!is_challenge(bad), "{bad}");
        }
    }
}
