//! `cxbox lab replay`: plays the caller of a stored call to another version of its bot and shows both calls side by side.
//!
//! The running box holds the second call itself, from its recogniser to its voice: its engine calls a telephone of this command on loopback,
//! which plays the caller's side of the recording. No carrier is used, and nothing is carried out that tools ask for.

use std::net::SocketAddr;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use serde_json::{Map, Value, json};

use super::folder::{Folder, Served};
use crate::base::page::percent_encode;
use crate::base::{Clock, Context, Error, Random, Result};
use crate::engine::speech::{SpeechSettings, SpeechWorkers};
use crate::lab::phone::{self, Line, LineOptions, Report, Script, Step};
use crate::lab::replay::{Comparison, compare};
use crate::lab::wave::Stereo;
use crate::platform::data_dir::DataDir;
use crate::platform::net::Request;

/// Largest recording that is fetched.
const MOST_BYTES: usize = 512 * 1024 * 1024;
/// How long the bot may go on speaking once the caller has said everything.
const QUIET_MS: u64 = 2_500;
/// How long the result of the second call may take to arrive.
const RESULT_WITHIN: Duration = Duration::from_secs(60);
/// Pause between two looks.
const PAUSE: Duration = Duration::from_millis(250);

/// Flags of `cxbox lab replay`.
#[derive(clap::Args)]
pub(super) struct Args {
    /// The stored call: its session id.
    call: String,
    /// The version that is to answer: `draft`, `published` or a number.
    #[arg(long, value_name = "VERSION", default_value = "published")]
    bot: String,
    /// The data folder of the running box.
    #[arg(long, env = "CXBOX_DATA_DIR", default_value = "/var/lib/cxbox")]
    data_dir: PathBuf,
    /// Ports for RTP of the telephone.
    #[arg(long, value_name = "FIRST-LAST", default_value = "40000-40999", value_parser = super::lab_phone::ports)]
    rtp_ports: RangeInclusive<u16>,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
}

/// Replays the call. Ends with 0, whether the answers are the same or not.
#[expect(clippy::print_stdout, reason = "the answer to the user's question")]
pub(super) fn run(args: &Args) -> Result<ExitCode> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().context("cannot start")?;
    let found = runtime.block_on(replay(args))?;
    match args.json {
        true => println!("{}", serde_json::to_string(&found).context("cannot write the comparison")?),
        false => println!("{found}"),
    }
    Ok(ExitCode::SUCCESS)
}

async fn replay(args: &Args) -> Result<Comparison> {
    if !args.data_dir.is_dir() {
        return Err(Error::not_found(format!("{} is not there", args.data_dir.display())));
    }
    let data = DataDir::open(&args.data_dir)?;
    let Folder::Served(served) = Folder::open(&data).await? else {
        return Err(Error::conflict("nobody serves this data folder: start the box, it holds the call"));
    };
    let original = call(&served, &args.call).await?;
    let bot_id = original["bot_id"].as_str().ok_or_else(|| Error::conflict("this call had no bot"))?.to_owned();
    let workshop = Workshop::make(&Random::system())?;
    let sound = recording(&served, &args.call, &workshop.0).await?;
    let again = held(&served, args, &bot_id, &original, sound).await?;
    Ok(compare(&original, &again))
}

/// A temporary folder, removed at the end.
struct Workshop(PathBuf);

impl Workshop {
    fn make(random: &Random) -> Result<Self> {
        use std::os::unix::fs::DirBuilderExt as _;
        let path = std::env::temp_dir().join(format!("cxbox-replay-{}", random.hex::<6>()));
        std::fs::DirBuilder::new().mode(0o700).create(&path).context("cannot make a temporary folder")?;
        Ok(Self(path))
    }
}

impl Drop for Workshop {
    fn drop(&mut self) {
        // What is left in the folder for temporary files goes with it.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

async fn call(served: &Served, session_id: &str) -> Result<Value> {
    served.ask(Ok(Request::get(format!("/api/v1/calls/{}", percent_encode(session_id))))).await
}

/// Fetches the recording of the call. Fails when it cannot be heard.
async fn recording(served: &Served, session_id: &str, folder: &Path) -> Result<PathBuf> {
    let answer = served.send(Request::get(format!("/api/v1/recordings/{}", percent_encode(session_id)))).await?;
    let bytes = answer.bytes(MOST_BYTES).await.context("cannot read the recording")?;
    if Stereo::read(&bytes).is_none_or(|sound| sound.left.is_empty()) {
        return Err(Error::conflict("the recording of this call is no WAV file with a caller's side"));
    }
    let path = folder.join("call.wav");
    std::fs::write(&path, &bytes).context("cannot keep the recording for the replay")?;
    Ok(path)
}

/// Has the box hold the call, and gives it as it was stored.
async fn held(served: &Served, args: &Args, bot_id: &str, original: &Value, sound: PathBuf) -> Result<Value> {
    let clock = Clock::system();
    let program = std::env::current_exe().context("cannot find this program")?;
    let workers = SpeechWorkers::new(SpeechSettings::new(program), clock.clone());
    let options = LineOptions { sip: SocketAddr::from(([127, 0, 0, 1], 0)), rtp_ports: args.rtp_ports.clone(), realtime: false };
    let mut line = Line::open(options, &Random::system()).await?;
    let order = json!({
        "to": format!("sip:replay@{}", line.address()), "version": args.bot, "rehearsal": true, "variables": variables(original),
    });
    let path = format!("/api/v1/bots/{}/test-call", percent_encode(bot_id));
    let script = Script { steps: vec![Step::Play(sound), Step::WaitSilence(QUIET_MS), Step::HangUp], ..Script::default() };
    let ordered = async { served.ask::<Value>(Request::post(path).json(&order)).await };
    // An order that is refused ends the waiting.
    let (report, ordered) = tokio::try_join!(phone::run(&script, &mut line, &workers, &clock), ordered)?;
    line.close().await;
    let session_id = ordered["session_id"].as_str().unwrap_or_default().to_owned();
    came_about(&report)?;
    stored(served, &session_id, &clock).await
}

/// What the first call knew before it began, without the switches that only steer.
fn variables(original: &Value) -> Map<String, Value> {
    let mut event = original["connected_event"].as_object().cloned().unwrap_or_default();
    event.retain(|name, _| !name.starts_with('_'));
    event.insert("_skip_post_push".to_owned(), json!(true));
    // The CRM is not asked again: what it said then is what the second call knows.
    match original["crm_data"].as_object() {
        Some(said) => event.insert("_mock_crm".to_owned(), json!(said)),
        None => event.insert("_skip_prefetch".to_owned(), json!(true)),
    };
    event
}

fn came_about(report: &Report) -> Result<()> {
    if report.answered_ms.is_some() {
        return Ok(());
    }
    Err(Error::unavailable("the engine did not call the telephone of this command: look at the log of the engine"))
}

async fn stored(served: &Served, session_id: &str, clock: &Clock) -> Result<Value> {
    let until = clock.monotonic() + RESULT_WITHIN;
    loop {
        let found = call(served, session_id).await?;
        if found["completed_at"].is_string() {
            return Ok(found);
        }
        if clock.monotonic() >= until {
            return Err(Error::unavailable(format!("the result of the call {session_id} does not arrive")));
        }
        clock.sleep(PAUSE).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_second_call_knows_what_the_first_one_knew_and_tells_nobody() {
        let original = json!({ "connected_event": { "name": "Ada", "_skip_prefetch": true }, "crm_data": { "tier": "gold" } });
        let expected = json!({ "name": "Ada", "_skip_post_push": true, "_mock_crm": { "tier": "gold" } });
        assert_eq!(Value::Object(variables(&original)), expected);
        assert_eq!(Value::Object(variables(&json!({}))), json!({ "_skip_post_push": true, "_skip_prefetch": true }));
    }
}
