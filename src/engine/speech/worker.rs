//! The speech worker: reads requests on its standard input, answers on its standard output, ends when the engine closes the pipe.

use std::fs::File;
use std::io::{self, BufReader};

use rustix::stdio::{dup2_stdout, stdout};

use super::ffi::Flite;
use super::frame::{self, Reply, Request};
use super::listener::Listener;
use crate::base::{Context, Error, Result};

/// Answers until the engine is gone. An error means that what came in was not a request; the engine starts another worker then.
///
/// # Errors
/// When the pipe holds garbage or the voice cannot be made ready.
pub fn run() -> Result<()> {
    let mut answers = keep_output_clean()?;
    let mut requests = BufReader::new(io::stdin().lock());
    let mut worker = Worker { flite: Flite::new().ok_or_else(|| Error::internal("the voice slt does not start"))?, listener: None };
    while let Some((request, samples)) = frame::read::<Request>(&mut requests).context("the engine sent something else than a request")? {
        let (reply, sound) = worker.answer(request, &samples);
        frame::write(&mut answers, &reply, &sound).context("the engine is gone")?;
    }
    Ok(())
}

/// Takes the pipe to the engine for the answers alone: whatever the C libraries print must not come between them.
fn keep_output_clean() -> Result<File> {
    let answers = rustix::io::dup(stdout()).context("cannot keep the pipe to the engine")?;
    let nowhere = File::options().write(true).open("/dev/null").context("cannot open /dev/null")?;
    dup2_stdout(&nowhere).context("cannot silence the speech libraries")?;
    Ok(File::from(answers))
}

struct Worker {
    flite: Flite,
    /// Loaded with the first transcription: a box whose bots only speak never pays for the model.
    listener: Option<Listener>,
}

impl Worker {
    fn answer(&mut self, request: Request, samples: &[i16]) -> (Reply, Vec<i16>) {
        match request {
            Request::Speak { text, voice } => self.speak(&text, &voice),
            Request::Transcribe { rate, phrases } => match self.transcribe(samples, rate, phrases) {
                Ok(reply) => (reply, Vec::new()),
                Err(error) => (Reply::Failed { message: error.to_string() }, Vec::new()),
            },
        }
    }

    fn speak(&self, text: &str, voice: &str) -> (Reply, Vec<i16>) {
        if !matches!(voice, "" | "slt") {
            return (Reply::Failed { message: format!("flite has no voice {voice}; it has slt") }, Vec::new());
        }
        match self.flite.speak(text) {
            Some((rate, samples)) => (Reply::Spoken { rate }, samples),
            None => (Reply::Failed { message: "flite made no sound of this sentence".to_owned() }, Vec::new()),
        }
    }

    fn transcribe(&mut self, samples: &[i16], rate: u32, phrases: Vec<String>) -> Result<Reply> {
        let listener = match &mut self.listener {
            Some(listener) => listener,
            none => none.insert(Listener::new()?),
        };
        listener.transcribe(&self.flite, samples, rate, phrases)
    }
}
