//! `cxbox lab phone`: a scripted telephone. The steps are taken in the order of the flags, or come from a file.

use std::net::SocketAddr;
use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Arg, ArgAction, ArgMatches, Command};

use crate::base::{Clock, Context, Error, Random, Result};
use crate::engine::speech::{SpeechSettings, SpeechWorkers};
use crate::lab::phone::{self, Line, LineOptions, Report, Script, Step, Target};

/// Flags of `cxbox lab phone`.
#[derive(clap::Args)]
pub(super) struct Args {
    /// Whom to call, such as sip:100@127.0.0.1:5060 (;transport=tcp for TCP).
    #[arg(long, value_name = "URI")]
    call: Option<Target>,
    /// Wait to be called at this address instead.
    #[arg(long, value_name = "ADDRESS", conflicts_with = "call")]
    listen: Option<SocketAddr>,
    /// Own SIP address when calling.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:0")]
    bind: SocketAddr,
    /// Ports for RTP.
    #[arg(long, value_name = "FIRST-LAST", default_value = "40000-40999", value_parser = ports)]
    rtp_ports: RangeInclusive<u16>,
    /// A script in TOML or JSON; flags add to it.
    #[arg(long, value_name = "FILE")]
    script: Option<PathBuf>,
    /// Caller's number.
    #[arg(long, default_value = "")]
    from: String,
    /// Stereo recording of the call: left what was heard, right what was said.
    #[arg(long, value_name = "FILE")]
    record: Option<PathBuf>,
    /// Called: milliseconds of ringing before the answer.
    #[arg(long, default_value_t = 0)]
    ring_ms: u64,
    /// Called: refuse with this SIP status.
    #[arg(long, value_name = "STATUS")]
    reject: Option<u16>,
    /// User name for a digest challenge.
    #[arg(long)]
    username: Option<String>,
    /// Password for a digest challenge.
    #[arg(long, env = "CXBOX_LAB_PASSWORD", hide_env_values = true)]
    password: Option<String>,
    /// Print the report as JSON.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    steps: Steps,
}

/// The steps given as flags, in the order in which they were given.
struct Steps(Vec<Step>);

/// Names of the step flags, what they take, and what they do.
const STEPS: &[(&str, &str, &str)] = &[
    ("say", "TEXT", "Step: speak a line to its end"),
    ("play", "FILE", "Step: play a sound file (WAV) to its end; of a stereo recording the left side"),
    ("dtmf", "KEYS", "Step: press keys"),
    ("expect-speech", "MS", "Step: hear speech within so many milliseconds"),
    ("wait-silence", "MS", "Step: wait until nothing was heard for so many milliseconds"),
    ("pause", "MS", "Step: do nothing for so many milliseconds"),
    ("expect-hangup", "MS", "Step: the far end hangs up within so many milliseconds"),
    ("hangup", "", "Step: hang up"),
];

impl clap::Args for Steps {
    fn augment_args(command: Command) -> Command {
        STEPS.iter().fold(command, |command, (name, value, help)| {
            let arg = Arg::new(*name).long(*name).help(*help);
            command.arg(if value.is_empty() {
                arg.action(ArgAction::Append).num_args(0).default_missing_value("")
            } else {
                arg.action(ArgAction::Append).value_name(*value)
            })
        })
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl clap::FromArgMatches for Steps {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let mut found = Vec::new();
        for (name, _, _) in STEPS {
            let values = matches.get_many::<String>(name).into_iter().flatten();
            for (place, value) in matches.indices_of(name).into_iter().flatten().zip(values) {
                found.push((place, step(name, value)?));
            }
        }
        found.sort_by_key(|(place, _)| *place);
        Ok(Self(found.into_iter().map(|(_, step)| step).collect()))
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

fn step(name: &str, value: &str) -> Result<Step, clap::Error> {
    let ms = || {
        let wrong = format!("--{name} takes milliseconds, not {value:?}\n");
        value.parse::<u64>().map_err(|_| clap::Error::raw(clap::error::ErrorKind::ValueValidation, wrong))
    };
    Ok(match name {
        "say" => Step::Say(value.to_owned()),
        "play" => Step::Play(value.into()),
        "dtmf" => Step::Keys(value.to_owned()),
        "expect-speech" => Step::ExpectSpeech(ms()?),
        "wait-silence" => Step::WaitSilence(ms()?),
        "pause" => Step::Pause(ms()?),
        "expect-hangup" => Step::ExpectHangUp(ms()?),
        _ => Step::HangUp,
    })
}

pub(super) fn ports(text: &str) -> Result<RangeInclusive<u16>, &'static str> {
    let wrong = "must read like 40000-40999";
    let (first, last) = text.split_once('-').ok_or(wrong)?;
    Ok(first.parse().map_err(|_| wrong)?..=last.parse().map_err(|_| wrong)?)
}

/// Makes or takes one call. The exit code is 0 only if every step went as the script expects.
pub(super) fn run(args: Args) -> Result<ExitCode> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().context("cannot start")?;
    let report = runtime.block_on(call(&args))?;
    print(&report, args.json)?;
    Ok(if report.ok { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

async fn call(args: &Args) -> Result<Report> {
    let script = read(args)?;
    let clock = Clock::system();
    let program = std::env::current_exe().context("cannot find this program")?;
    let workers = SpeechWorkers::new(SpeechSettings::new(program), clock.clone());
    let options = LineOptions { sip: args.listen.unwrap_or(args.bind), rtp_ports: args.rtp_ports.clone(), realtime: true };
    let mut line = Line::open(options, &Random::system()).await?;
    let report = phone::run(&script, &mut line, &workers, &clock).await;
    line.close().await;
    report
}

fn read(args: &Args) -> Result<Script> {
    let mut script = match &args.script {
        None => Script::default(),
        Some(path) => {
            let doing = || format!("cannot read the script {}", path.display());
            let text = std::fs::read_to_string(path).context(doing())?;
            if text.trim_start().starts_with('{') {
                serde_json::from_str(&text).context(doing())?
            } else {
                toml::from_str(&text).context(doing())?
            }
        }
    };
    if args.listen.is_some() {
        script.target = None;
    } else if args.call.is_some() {
        script.target.clone_from(&args.call);
    }
    if script.target.is_none() && args.listen.is_none() {
        return Err(Error::invalid("say whom to call (--call URI) or where to be called (--listen ADDRESS)"));
    }
    if !args.from.is_empty() {
        script.from.clone_from(&args.from);
    }
    script.record = args.record.clone().or(script.record);
    script.ring_ms = script.ring_ms.max(args.ring_ms);
    script.reject = args.reject.or(script.reject);
    script.username = args.username.clone().or(script.username);
    script.password = args.password.clone().or(script.password);
    script.steps.extend(args.steps.0.iter().cloned());
    Ok(script)
}

#[expect(clippy::print_stdout, reason = "the report is what the user asked for")]
fn print(report: &Report, json: bool) -> Result<()> {
    if json {
        println!("{}", serde_json::to_string(report).context("cannot write the report")?);
        return Ok(());
    }
    let ms = |value: Option<u64>| value.map_or_else(|| "-".to_owned(), |ms| format!("{ms} ms"));
    println!(
        "answered after {}, first speech {} later, heard {:.1} s of speech",
        ms(report.answered_ms),
        ms(report.first_audio_ms),
        report.heard_seconds
    );
    for step in &report.steps {
        println!("{} {:>7} ms  {:?} ({} ms)", if step.ok { "ok    " } else { "FAILED" }, step.at_ms, step.step, step.took_ms);
    }
    for barge_in in &report.barge_in_ms {
        println!("the far end fell silent {barge_in} ms after it was spoken to");
    }
    println!(
        "ended by {:?} after {}; packets: {} sent, {} received, {} lost",
        report.ended_by,
        ms(report.up_ms),
        report.n_sent,
        report.n_received,
        report.n_lost
    );
    Ok(())
}
