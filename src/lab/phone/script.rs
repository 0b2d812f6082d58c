//! What the phone does on a call, step by step, and whom it calls.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::base::{Context as _, Error, Result};
use crate::contract::trunk::Transport;
use crate::engine::media::Clip;
use crate::engine::speech::SpeechWorkers;
use crate::lab::wave::Stereo;

/// One call's worth of doing. Without a target the phone waits to be called.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Script {
    /// Whom to call, such as `sip:100@127.0.0.1:5060;transport=tcp`.
    pub target: Option<Target>,
    /// User part to show as caller; `phone` if empty.
    pub from: String,
    /// Called: milliseconds of ringing before it answers.
    pub ring_ms: u64,
    /// Called: refuses with this SIP status instead of answering.
    pub reject: Option<u16>,
    /// Called or calling: milliseconds to wait for a call or an answer; 30 s if 0.
    pub within_ms: u64,
    /// Calling: gives up (CANCEL) when it has not been answered for so many milliseconds.
    pub cancel_ms: Option<u64>,
    /// User name for a digest challenge.
    pub username: Option<String>,
    /// Password for a digest challenge.
    #[serde(skip_serializing)]
    pub password: Option<String>,
    /// Stereo recording of what the phone heard (left) and said (right).
    pub record: Option<PathBuf>,
    /// What it does once the call is up. After the last step it hangs up.
    pub steps: Vec<Step>,
}

/// One thing the phone does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    /// Speaks a line to its end.
    Say(String),
    /// Plays a sound file (WAV) to its end; of a stereo recording the left side, the caller.
    Play(PathBuf),
    /// Presses keys.
    Keys(String),
    /// Expects to hear speech within so many milliseconds.
    ExpectSpeech(u64),
    /// Waits until nothing has been heard for so many milliseconds (at most two minutes).
    WaitSilence(u64),
    /// Does nothing for so many milliseconds.
    Pause(u64),
    /// Hangs up.
    HangUp,
    /// Expects the far end to hang up within so many milliseconds.
    ExpectHangUp(u64),
}

/// Whom to call.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Target {
    /// User part.
    pub user: String,
    /// `host:port`.
    pub address: String,
    /// UDP or TCP.
    pub transport: Transport,
}

impl TryFrom<String> for Target {
    type Error = Error;

    fn try_from(text: String) -> Result<Self> {
        text.parse()
    }
}

impl std::str::FromStr for Target {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let wrong = || Error::invalid("the address to call must read like sip:100@127.0.0.1:5060, with ;transport=tcp for TCP");
        let rest = text.strip_prefix("sip:").ok_or_else(wrong)?;
        let (address, parameters) = rest.split_once(';').unwrap_or((rest, ""));
        let transport = match parameters {
            "" | "transport=udp" => Transport::Udp,
            "transport=tcp" => Transport::Tcp,
            _ => return Err(wrong()),
        };
        let (user, host) = address.rsplit_once('@').filter(|(user, host)| !user.is_empty() && !host.is_empty()).ok_or_else(wrong)?;
        let has_port = host.rsplit_once(':').is_some_and(|(_, port)| port.parse::<u16>().is_ok());
        let address = if has_port { host.to_owned() } else { format!("{host}:5060") };
        Ok(Self { user: user.to_owned(), address, transport })
    }
}

/// The lines and files of a script as sound, in order; made before the call, so that no step waits for the voice.
pub(super) async fn synthesise(script: &Script, workers: &SpeechWorkers) -> Result<Vec<Clip>> {
    let mut clips = Vec::new();
    for step in &script.steps {
        match step {
            Step::Say(text) => {
                let clip = workers.speak("slt", text).await;
                clips.push(clip.map_err(|error| Error::unavailable(format!("the phone cannot speak: {}", error.message)))?);
            }
            Step::Play(path) => clips.push(read_clip(path)?),
            _ => {}
        }
    }
    Ok(clips)
}

fn read_clip(path: &Path) -> Result<Clip> {
    let bytes = std::fs::read(path).context(format!("cannot read {}", path.display()))?;
    let sound = Stereo::read(&bytes);
    sound.map(|sound| sound.left_clip()).ok_or_else(|| Error::invalid(format!("{} is no WAV file of 16-bit PCM or µ-law", path.display())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read() {
        for (text, expected) in [
            ("sip:100@127.0.0.1:5070", Some(("100", "127.0.0.1:5070", Transport::Udp))),
            ("sip:bot@pbx.example;transport=tcp", Some(("bot", "pbx.example:5060", Transport::Tcp))),
            ("sip:127.0.0.1:5070", None),
            ("tel:100", None),
            ("sip:@host", None),
            ("sip:100@host;transport=tls", None),
        ] {
            let read = text.parse::<Target>().ok();
            assert_eq!(read.as_ref().map(|t| (t.user.as_str(), t.address.as_str(), t.transport)), expected, "{text}");
        }
    }

    #[test]
    fn a_script_is_read_from_toml() {
        let script: Script = toml::from_str(
            "target = \"sip:100@127.0.0.1:5060\"\nsteps = [{ expect_speech = 3000 }, { wait_silence = 500 }, { say = \"hello\" }, { keys = \"12#\" }, \"hang_up\"]",
        )
        .expect("a script");
        assert_eq!(script.steps.len(), 5);
        assert_eq!(script.steps[2], Step::Say("hello".to_owned()));
        assert!(toml::from_str::<Script>("steps = [{ shout = 1 }]").is_err());
    }
}
