//! The peers the box depends on: engines, carriers, models, object store, mail server.

use std::collections::BTreeMap;
use std::time::Duration;

use futures_util::future::join_all;

use super::live::Doctor;
use super::model::Finding;
use super::{change_settings, show_settings};
use crate::base::page::{MAX_LIMIT, Page};
use crate::base::{Error, Result};
use crate::features::bots::Endpoint;
use crate::features::carriers::{CarrierView, CheckedView, Verdict as TrunkVerdict};
use crate::platform::objects::S3;

/// How long a peer may take.
const WITHIN: Duration = Duration::from_secs(5);
/// How long the engines may take to ask a trunk.
const TRUNK_WITHIN: Duration = Duration::from_secs(8);
/// Results that may wait at the engine: they come in bursts when calls end together.
const MANY_RESULTS: u32 = 20;
/// Where providers are that bots name without an address.
const PUBLIC: [(&str, &str); 5] = [
    ("openai", "https://api.openai.com"),
    ("deepgram", "https://api.deepgram.com"),
    ("elevenlabs", "https://api.elevenlabs.io"),
    ("cartesia", "https://api.cartesia.ai"),
    ("gemini", "https://generativelanguage.googleapis.com"),
];

impl Doctor {
    /// All of them at once.
    pub(super) async fn peers(&self) -> Vec<Finding> {
        let (engines, trunks, models, store, mail) =
            tokio::join!(self.engines(), self.trunks(), self.models(), self.object_store(), self.mail_server());
        let mut findings = engines;
        findings.extend(trunks);
        findings.extend(models);
        findings.extend([store, mail]);
        findings
    }

    /// Each listed engine; or, of the built-in one, what its own report says beyond that it is there.
    async fn engines(&self) -> Vec<Finding> {
        if self.0.settings.current().fleet.hosts.is_empty() {
            let health = tokio::time::timeout(WITHIN, self.0.fleet.local_health()).await;
            let Ok(Ok(health)) = health else { return Vec::new() };
            return vec![speech(health.speech_ready), spool(health.spooled)];
        }
        let Ok(hosts) = tokio::time::timeout(TRUNK_WITHIN, self.0.fleet.status()).await else {
            let fix = show_settings("fleet");
            return vec![Finding::broken("engines", "an engine of the fleet does not say how it is", fix)];
        };
        hosts.iter().map(|host| engine(&host.url, &host.status, host.total_available)).collect()
    }

    /// Every active carrier, asked anew.
    async fn trunks(&self) -> Vec<Finding> {
        let carriers = match self.0.carriers.list(Page { limit: MAX_LIMIT, offset: 0 }).await {
            Ok((carriers, _)) => carriers,
            Err(error) => return vec![Finding::broken("trunk", error.message().to_owned(), "systemctl restart cxbox")],
        };
        let active: Vec<_> = carriers.into_iter().filter(|carrier| carrier.body.is_active).collect();
        if active.is_empty() {
            return vec![Finding::ok("trunk", "no carrier is set up")];
        }
        join_all(active.iter().map(|carrier| self.trunk(carrier))).await
    }

    async fn trunk(&self, carrier: &CarrierView) -> Finding {
        match tokio::time::timeout(TRUNK_WITHIN, self.0.carriers.check(carrier.id.clone())).await {
            Ok(Ok(checked)) => trunk(carrier, &checked),
            Ok(Err(error)) => Finding::broken("trunk", format!("{}: {}", carrier.body.name, error.message()), check_again(carrier)),
            Err(_) => Finding::watch("trunk", format!("{}: no engine said in time how it is", carrier.body.name), check_again(carrier)),
        }
    }

    /// Each place that models of active bots are at.
    async fn models(&self) -> Vec<Finding> {
        let endpoints = match self.0.bots.endpoints().await {
            Ok(endpoints) => endpoints,
            Err(error) => return vec![Finding::broken("model", error.message().to_owned(), "systemctl restart cxbox")],
        };
        let places = places(&endpoints, &self.0.settings.current().providers.openai_base_url);
        if places.is_empty() {
            return vec![Finding::ok("model", "every active bot works with what is in the box")];
        }
        let look = |(url, users): (String, Vec<String>)| async move {
            let users = users.join(", ");
            let reached = tokio::time::timeout(WITHIN, self.0.net.reaches_url(&url)).await;
            match reached {
                Ok(Ok(())) => Finding::ok("model", format!("{url} takes connections ({users})")),
                Ok(Err(error)) => Finding::broken("model", format!("{url} ({users}): {error}"), format!("curl -sv {url}")),
                Err(_) => Finding::broken("model", format!("{url} ({users}) does not answer"), format!("curl -sv {url}")),
            }
        };
        join_all(places.into_iter().map(look)).await
    }

    async fn object_store(&self) -> Finding {
        let s3 = match self.0.recordings.s3() {
            Ok(Some(s3)) => s3,
            Ok(None) => return Finding::ok("object_store", "recordings lie on local disk alone"),
            Err(error) => return Finding::broken("object_store", error.message().to_owned(), show_settings("storage")),
        };
        let probed = tokio::time::timeout(WITHIN, probe(&s3, &format!("doctor/{}", self.0.random.hex::<6>()))).await;
        match probed.unwrap_or_else(|_| Err(Error::unavailable("the object store does not answer"))) {
            Ok(()) => Finding::ok("object_store", format!("{} takes and gives objects, also in part", s3.location())),
            Err(error) => Finding::broken("object_store", format!("{}: {}", s3.location(), error.message()), show_settings("storage")),
        }
    }

    async fn mail_server(&self) -> Finding {
        let settings = self.0.settings.current();
        if !settings.mail.is_on() {
            return Finding::ok("mail_server", "no mail is sent");
        }
        let (host, port) = (&settings.mail.host, settings.mail.port);
        match self.0.net.reaches(host, port).await {
            Ok(()) => Finding::ok("mail_server", format!("{host}:{port} takes connections")),
            Err(error) => Finding::broken("mail_server", format!("{host}:{port}: {error}"), show_settings("mail")),
        }
    }
}

fn speech(is_ready: bool) -> Finding {
    match is_ready {
        true => Finding::ok("speech", "the built-in models speak and listen"),
        false => Finding::broken("speech", "no speech worker runs: built-in voices are silent", "systemctl restart cxbox-engine"),
    }
}

fn spool(n: u32) -> Finding {
    if n >= MANY_RESULTS {
        return Finding::watch("engine_link", format!("{n} results of calls wait at the engine"), "journalctl -u cxbox-engine -n 100");
    }
    Finding::ok("engine_link", format!("{n} results of calls wait at the engine"))
}

fn engine(url: &str, status: &str, available: u32) -> Finding {
    let name = "engine_link";
    match status {
        "ok" => Finding::ok(name, format!("{url} can take {available} calls")),
        "draining" => Finding::watch(name, format!("{url} takes no more calls"), "systemctl restart cxbox-engine  # on that machine"),
        "unreachable" => Finding::broken(name, format!("{url} does not answer"), format!("curl -sv {url}/health/fleet")),
        other => Finding::broken(name, format!("{url} is {other}"), format!("curl -sv {url}/health/fleet")),
    }
}

/// What a carrier's check by every engine comes to: it works if it works for one of them.
fn trunk(carrier: &CarrierView, checked: &[CheckedView]) -> Finding {
    let rank = |verdict: TrunkVerdict| match verdict {
        TrunkVerdict::Ok => 0,
        TrunkVerdict::Nat => 1,
        TrunkVerdict::Refused => 2,
        TrunkVerdict::Unreachable => 3,
        TrunkVerdict::Unknown => 4,
    };
    let name = &carrier.body.name;
    let Some(best) = checked.iter().min_by_key(|view| rank(view.verdict)) else {
        return Finding::watch("trunk", format!("{name}: there is no engine to ask it"), check_again(carrier));
    };
    let said = format!("{name}: {}", best.findings.join(" "));
    match best.verdict {
        TrunkVerdict::Ok => Finding::ok("trunk", said),
        TrunkVerdict::Nat => {
            let seen = best.trunk.as_ref().and_then(|view| view.seen_as.as_deref()).and_then(|at| at.parse::<std::net::SocketAddr>().ok());
            let address = seen.map_or_else(|| "ADDRESS".to_owned(), |at| at.ip().to_canonical().to_string());
            Finding::watch("trunk", said, change_settings("sip", &format!(r#"{{"external_address":"{address}"}}"#)))
        }
        TrunkVerdict::Unknown => Finding::watch("trunk", said, check_again(carrier)),
        TrunkVerdict::Refused | TrunkVerdict::Unreachable => Finding::broken("trunk", said, check_again(carrier)),
    }
}

fn check_again(carrier: &CarrierView) -> String {
    let path = format!("BASE/api/v1/carriers/{}/check", carrier.id);
    format!("curl -X POST -H 'Authorization: Bearer TOKEN' {path}  # or the page Carriers of the console, to change it")
}

/// The root of each address that models are at, and who needs it.
fn places(endpoints: &[Endpoint], openai: &str) -> BTreeMap<String, Vec<String>> {
    let mut places: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for endpoint in endpoints {
        let public = PUBLIC.iter().find(|(name, _)| *name == endpoint.provider).map(|(_, url)| (*url).to_owned());
        let is_defaulted = endpoint.provider == "openai" && !endpoint.has_key && !openai.is_empty();
        let url = endpoint.base_url.clone().or_else(|| is_defaulted.then(|| openai.to_owned())).or(public);
        let Some(url) = url else { continue };
        let users = places.entry(root_of(&url)).or_default();
        let user = format!("{} of {}", endpoint.role, endpoint.bot);
        if !users.contains(&user) {
            users.push(user);
        }
    }
    places
}

/// `wss://host/path` is asked for as `https://host`.
fn root_of(url: &str) -> String {
    let url = url.replacen("wss://", "https://", 1).replacen("ws://", "http://", 1);
    let (scheme, rest) = url.split_once("://").unwrap_or(("https", &url));
    format!("{scheme}://{}", rest.split('/').next().unwrap_or_default())
}

/// Puts a small object, reads a part of it back and removes it.
async fn probe(s3: &S3, key: &str) -> Result<()> {
    s3.put(key, b"0123456789").await?;
    let answer = s3.read(key, Some((2, 4))).await?.ok_or_else(|| Error::unavailable("what was put is not there"))?;
    let is_part = answer.status == 206;
    let bytes = answer.bytes(64).await?;
    s3.delete(key).await?;
    if is_part && bytes.as_ref() == b"234" { Ok(()) } else { Err(Error::unavailable("ranges are not answered as they should be")) }
}

#[cfg(test)]
mod tests {
    use super::super::model::Verdict;
    use super::*;

    #[test]
    fn each_place_is_asked_once_and_names_who_needs_it() {
        let one = |role, provider: &str, base_url: Option<&str>, has_key| Endpoint {
            bot: "Anna".to_owned(),
            role,
            provider: provider.to_owned(),
            base_url: base_url.map(str::to_owned),
            has_key,
        };
        let all = [
            one("stt", "pocketsphinx", None, false),
            one("llm", "openai", Some("http://10.0.0.5:11434/v1"), false),
            one("tts", "openai", Some("http://10.0.0.5:11434/v1"), false),
            one("llm", "openai", None, false),
            one("tts", "openai", None, true),
            one("stt", "deepgram", None, true),
            one("llm", "voices", Some("wss://rt.example.com/x/y"), true),
        ];
        let found: Vec<_> = places(&all, "http://lan:8000/v1").into_iter().collect();
        let expected = [
            ("http://10.0.0.5:11434", vec!["llm of Anna", "tts of Anna"]),
            ("http://lan:8000", vec!["llm of Anna"]),
            ("https://api.deepgram.com", vec!["stt of Anna"]),
            ("https://api.openai.com", vec!["tts of Anna"]),
            ("https://rt.example.com", vec!["llm of Anna"]),
        ];
        assert_eq!(found, expected.map(|(url, users)| (url.to_owned(), users.into_iter().map(str::to_owned).collect())));
        assert!(places(&all[..1], "").is_empty());
    }

    #[test]
    fn an_engine_is_judged_by_what_it_says() {
        for (status, verdict) in
            [("ok", Verdict::Ok), ("draining", Verdict::Watch), ("unreachable", Verdict::Broken), ("inconsistent", Verdict::Broken)]
        {
            let found = engine("https://10.0.0.7:7443", status, 3);
            assert_eq!((found.verdict, found.fix.is_some()), (verdict, verdict != Verdict::Ok), "{status}");
        }
        assert_eq!((speech(true).verdict, speech(false).verdict), (Verdict::Ok, Verdict::Broken));
        assert_eq!((spool(0).verdict, spool(MANY_RESULTS).verdict), (Verdict::Ok, Verdict::Watch));
    }
}
