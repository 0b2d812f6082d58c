//! `espeak-ng`: speech in many languages from the program of that name, when it is installed. It is run as a child, never linked.

use std::io;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use tokio::io::AsyncWriteExt;
use tokio::process::Command;

use super::wave::read_wave;
use super::{ProviderError, Soon, Tts, Verdict};
use crate::base::Clock;
use crate::engine::media::Clip;

/// Longest time one sentence may take.
const WITHIN: Duration = Duration::from_secs(10);

/// Words per minute; the program's own 175 is hurried on a telephone.
const SPEED: &str = "150";

/// One voice.
pub struct Espeak {
    program: PathBuf,
    voice: String,
    clock: Clock,
}

impl Espeak {
    /// A voice such as `de` or `en-us+f3`; when empty, the language's.
    pub fn new(program: impl Into<PathBuf>, voice: &str, language: &str, clock: Clock) -> Self {
        let voice = if voice.is_empty() { language.to_ascii_lowercase() } else { voice.to_owned() };
        Self { program: program.into(), voice, clock }
    }

    async fn run(&self, sentence: &str) -> Result<Vec<u8>, ProviderError> {
        let mut child = Command::new(&self.program)
            .args(["--stdin", "--stdout", "-b", "1", "-s", SPEED])
            .arg("-v")
            .arg(&self.voice)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .map_err(|error| self.missing(&error))?;
        if let Some(mut text) = child.stdin.take() {
            // A program that closes its input early says so by its exit status.
            let _ = text.write_all(sentence.as_bytes()).await;
        }
        let output = child.wait_with_output().await.map_err(|error| failed(Verdict::Retry, format!("espeak-ng broke off: {error}")))?;
        if !output.status.success() {
            return Err(failed(
                Verdict::GiveUp,
                format!("espeak-ng refused: voice {} or text not accepted ({})", self.voice, output.status),
            ));
        }
        Ok(output.stdout)
    }

    fn missing(&self, error: &io::Error) -> ProviderError {
        let hint = if error.kind() == io::ErrorKind::NotFound { ": install it with `apt-get install espeak-ng`" } else { "" };
        failed(Verdict::GiveUp, format!("{} cannot be run ({error}){hint}", self.program.display()))
    }
}

impl Tts for Espeak {
    fn speak<'a>(&'a self, sentence: &'a str) -> Soon<'a, Result<Clip, ProviderError>> {
        Box::pin(async move {
            let wave = tokio::select! {
                wave = self.run(sentence) => wave?,
                () = self.clock.sleep(WITHIN) => return Err(failed(Verdict::Retry, "espeak-ng took too long".to_owned())),
            };
            read_wave(&wave).ok_or_else(|| failed(Verdict::GiveUp, "espeak-ng gave no sound".to_owned()))
        })
    }
}

fn failed(verdict: Verdict, message: String) -> ProviderError {
    ProviderError { verdict, message }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn script(folder: &tempfile::TempDir, text: &str) -> PathBuf {
        let path = folder.path().join("espeak-ng");
        fs::write(&path, text).expect("the folder is ours");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("the file is ours");
        path
    }

    #[tokio::test]
    async fn a_missing_program_names_its_package() {
        let espeak = Espeak::new("/nonexistent/espeak-ng", "", "de-DE", Clock::system());
        let error = espeak.speak("Guten Tag").await.expect_err("there is none");
        assert_eq!(error.verdict, Verdict::GiveUp);
        assert!(error.message.contains("apt-get install espeak-ng"), "{}", error.message);
    }

    #[tokio::test]
    async fn text_goes_by_standard_input_and_a_refusal_is_an_error() {
        let folder = tempfile::tempdir().expect("a folder");
        let refuses = Espeak::new(script(&folder, "#!/bin/sh\nexit 1\n"), "xx", "de", Clock::system());
        assert_eq!(refuses.speak("hello").await.expect_err("refused").verdict, Verdict::GiveUp);
        let nonsense = Espeak::new(script(&folder, "#!/bin/sh\ncat\n"), "xx", "de", Clock::system());
        assert!(nonsense.speak("$(id) --help").await.expect_err("no wave").message.contains("no sound"));
    }
}
