//! baresip as a telephone: its own folder and ports on loopback, driven over its TCP control module.

use std::fmt::Write as _;
use std::path::Path;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::peer::Peer;
use super::ports::{free_port, free_range, until};
use super::sound::{Wave, wav};

/// A running baresip.
pub struct Baresip {
    peer: Peer,
    folder: tempfile::TempDir,
    control: TcpStream,
    events: String,
    /// Where it takes calls.
    pub sip_port: u16,
}

impl Baresip {
    /// Starts it as the telephone of +15557654321; it answers every call by itself.
    pub async fn start() -> Self {
        Self::with(false, |port| format!("<sip:+15557654321@127.0.0.1:{port}>;regint=0;answermode=auto;audio_codecs=pcmu\n")).await
    }

    /// Starts it with one codec, such as `opus`; it says this (mono, 16 kHz) once a call is up. `more`: parameters of its account, such as
    /// `;mediaenc=srtp-mand`.
    pub async fn speaking(codec: &str, says: &[i16], more: &str) -> Self {
        // Its Opus has two sides, and its sound must have as many.
        let n_sides = if codec == "opus" { 2 } else { 1 };
        let sound = Sound { rate: 16_000, says: Some(wav(says, 16_000, n_sides)), modules: &[codec, "srtp"] };
        let account = |port: u16| {
            let name = if codec == "opus" { "opus/48000/2" } else { codec };
            format!("<sip:+15557654321@127.0.0.1:{port}>;regint=0;answermode=auto;audio_codecs={name}{more}\n")
        };
        Self::sounding(&sound, account).await
    }

    /// What it has decoded of the far end, at 16 kHz.
    pub fn decoded(&self) -> Vec<i16> {
        let dumps = std::fs::read_dir(self.folder.path()).unwrap().flatten().map(|entry| entry.path());
        let dump = dumps.filter(|path| path.to_string_lossy().ends_with("-dec.wav")).last();
        dump.map(|path| Wave::read(&std::fs::read(path).unwrap()).side_at_16k(0)).unwrap_or_default()
    }

    /// Starts it as the telephone of a person, which registers with `server` and answers every call by itself. A loud one hums.
    pub async fn registering(server: &str, user: &str, password: &str, is_loud: bool) -> Self {
        let account = format!("<sip:{user}@{server}>;auth_pass={password};regint=60;answermode=auto;audio_codecs=pcmu\n");
        Self::with(is_loud, |_| account).await
    }

    async fn with(is_loud: bool, account: impl FnOnce(u16) -> String) -> Self {
        // 400 Hz, loud enough to be taken for somebody.
        let hum = || wav(&(0..8000 * 20).map(|n| if n / 10 % 2 == 0 { 6000 } else { -6000 }).collect::<Vec<i16>>(), 8000, 1);
        Self::sounding(&Sound { rate: 8000, says: is_loud.then(hum), modules: &[] }, account).await
    }

    async fn sounding(sound: &Sound<'_>, account: impl FnOnce(u16) -> String) -> Self {
        let folder = tempfile::tempdir().unwrap();
        // It takes TLS on the port after SIP's, whether asked to or not.
        let (sip_port, _tls_port, control_port, rtp) = (free_port(), free_port(), free_port(), free_range(100));
        configure(folder.path(), sound, sip_port, control_port, rtp);
        std::fs::write(folder.path().join("accounts"), account(sip_port)).unwrap();
        let peer = Peer::start("baresip", &["-f".to_owned(), folder.path().display().to_string()]);
        let control = until("baresip takes commands", Duration::from_secs(20), || async {
            TcpStream::connect(("127.0.0.1", control_port)).await.ok()
        })
        .await;
        Self { peer, folder, control, events: String::new(), sip_port }
    }

    /// Sends a command of its menu, such as `dial` with an address.
    pub async fn command(&mut self, command: &str, parameters: &str) {
        let json = serde_json::json!({ "command": command, "params": parameters, "token": "test" }).to_string();
        self.control.write_all(format!("{}:{json},", json.len()).as_bytes()).await.unwrap();
    }

    /// Waits until it reports an event, such as `CALL_ESTABLISHED`; each is waited for once.
    pub async fn event(&mut self, name: &str) {
        let needle = format!("\"{name}\"");
        let heard = tokio::time::timeout(Duration::from_secs(30), async {
            let mut buffer = [0; 4096];
            loop {
                if let Some(at) = self.events.find(&needle) {
                    self.events.drain(..at + needle.len());
                    return;
                }
                let n = self.control.read(&mut buffer).await.unwrap();
                assert!(n > 0, "baresip closed its control connection: {}", self.peer.output());
                self.events.push_str(&String::from_utf8_lossy(&buffer[..n]));
            }
        });
        assert!(heard.await.is_ok(), "baresip did not report {name}: {}\n{}", self.events, self.peer.output());
    }

    /// Whether what it has heard so far is louder than this somewhere.
    pub fn has_heard(&self, level: u16) -> bool {
        let dumps = std::fs::read_dir(self.folder.path()).unwrap().flatten().map(|entry| entry.path());
        let heard = dumps.filter(|path| path.to_string_lossy().ends_with("-dec.wav")).map(|path| std::fs::read(path).unwrap_or_default());
        let is_loud = |two: &[u8]| i16::from_le_bytes([two[0], two[1]]).unsigned_abs() > level;
        heard.into_iter().any(|bytes| bytes.get(44..).unwrap_or_default().chunks_exact(2).any(is_loud))
    }

    /// Whether it has printed or reported this.
    pub fn said(&self, words: &str) -> bool {
        self.peer.output().contains(words) || self.events.contains(words)
    }
}

/// What it hears with and what it says.
struct Sound<'a> {
    /// Samples per second of both.
    rate: u32,
    /// A WAV file; silence without one.
    says: Option<Vec<u8>>,
    /// Its modules beside those it always has.
    modules: &'a [&'a str],
}

fn configure(folder: &Path, sound: &Sound<'_>, sip_port: u16, control_port: u16, rtp: u16) {
    let (silence, says) = (folder.join("silence.wav"), folder.join("sound.wav"));
    let rate = sound.rate;
    let quiet = wav(&vec![0; rate as usize * 20], rate, 1);
    std::fs::write(&says, sound.says.as_ref().unwrap_or(&quiet)).unwrap();
    std::fs::write(&silence, quiet).unwrap();
    let (says, silence) = (says.display(), silence.display());
    let heard = folder.join("heard.wav");
    let mut config = format!(
        "poll_method epoll\nsip_listen 127.0.0.1:{sip_port}\ncall_local_timeout 120\ncall_max_calls 4\naudio_player aufile,{}\n\
         audio_source aufile,{says}\naudio_alert aufile,{silence}\nausrc_srate {rate}\nauplay_srate {rate}\naudio_channels 1\n\
         rtp_ports {rtp}-{}\nnet_interface 127.0.0.1\nmodule_path /usr/lib/baresip/modules\nctrl_tcp_listen 127.0.0.1:{control_port}\nsnd_path {}\n",
        heard.display(),
        rtp + 98,
        folder.display()
    );
    // Codecs and ciphers come before the accounts that name them.
    let usual = ["stdio", "g711", "aufile", "sndfile", "account", "menu", "ctrl_tcp", "uuid"];
    for module in sound.modules.iter().chain(&usual) {
        writeln!(config, "module {module}.so").unwrap();
    }
    std::fs::write(folder.join("config"), config).unwrap();
    std::fs::write(folder.join("contacts"), "").unwrap();
}
