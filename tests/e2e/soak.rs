//! Calls over and over: what an engine holds when they are over does not grow with them. `tests/bench/soak.sh` does it for hours.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use cxbox::base::Clock;
use cxbox::lab::ai::{AiOptions, Delays, RunningAi};
use serde_json::{Value, json};

use super::support::{Appliance, binary, stage, until};

/// Calls at once in each round.
const CALLS: usize = 8;
/// Rounds that fill what a process fills once: caches, pools, the allocator's arenas.
const WARM_UP: usize = 3;
/// Rounds after which it must hold no more.
const ROUNDS: usize = 4;
/// What a process that leaks nothing may hold more all the same: a page table, a torn arena. Far less than these calls' sound alone.
const SLACK_KB: u64 = 8 * 1024;
/// The same of open files and threads: a connection to a model that is kept open, a thread of a pool.
const SLACK: usize = 8;

/// What a process holds: memory in KB, open files, threads.
#[derive(Debug, Clone, Copy)]
struct Held {
    kb: u64,
    files: usize,
    threads: usize,
}

fn held(pid: u32) -> Held {
    let process = Path::new("/proc").join(pid.to_string());
    let text = std::fs::read_to_string(process.join("smaps_rollup")).unwrap();
    let pss = text.lines().find_map(|line| line.strip_prefix("Pss:")).unwrap();
    let n = |folder: &str| std::fs::read_dir(process.join(folder)).unwrap().count();
    Held { kb: pss.split_whitespace().next().unwrap().parse().unwrap(), files: n("fd"), threads: n("task") }
}

/// Calls that talk with the bot, all at once.
async fn round(to: String) -> Value {
    let calls = CALLS.to_string();
    let arguments = ["lab", "load", &to, "--calls", &calls, "--rate", "8", "--seconds", "5", "--talk", "when are you open", "--json"];
    let mut command = Command::new(binary());
    command.args(arguments);
    let done = tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap();
    assert!(done.status.success(), "{}{}", String::from_utf8_lossy(&done.stdout), String::from_utf8_lossy(&done.stderr));
    serde_json::from_slice(&done.stdout).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn round_after_round_of_conversations_leaves_no_memory_file_or_thread_behind() {
    let script = json!({ "fallback": "We are open from nine to five.", "transcripts": ["could you please tell me when you are open"] });
    let ms = |ms: u64| Some(Duration::from_millis(ms));
    let delays = Delays { stt: ms(50), llm: ms(50), tts: ms(50) };
    let options = AiOptions { script: serde_json::from_value(script).unwrap(), delays, ..AiOptions::default() };
    let ai = RunningAi::start("127.0.0.1:0".parse().unwrap(), options, Clock::system()).await.unwrap();
    let model = json!({ "provider": "openai", "base_url": ai.base_url(), "model": "lab" });
    let bot = json!({
        "name": "Soak", "status": "active", "language": "en-US", "timezone": "UTC", "disclosure": false, "opening_message": "Hello.",
        "system_prompt": "Answer.", "recording_mode": "announce", "recording_notice": "Recorded.", "stt": model, "llm": model, "tts": model,
    });
    let appliance = Appliance::start().await;
    let admin = appliance.super_admin().await;
    stage::set(&admin, "127.0.0.1:9", "udp", &bot).await;
    let engine = appliance.engine_pid().await.expect("an engine runs");
    let to = format!("sip:+15551230000@{}", appliance.setup.sip);
    let (mut after, mut n_answers) = (Vec::new(), 0);
    for n in 1..=WARM_UP + ROUNDS {
        n_answers += round(to.clone()).await["n_answers"].as_u64().unwrap();
        until("every call has its result", Duration::from_secs(30), || async {
            let list = admin.get_ok("/api/v1/calls?status=completed&limit=1").await;
            (list["total"] == n * CALLS).then_some(())
        })
        .await;
        after.push(held(engine));
    }
    assert!(n_answers >= (WARM_UP + ROUNDS) as u64, "the bot talked: {n_answers} answers");
    let before = after[WARM_UP - 1];
    let last = after[after.len() - 2..].iter().min_by_key(|held| held.kb).unwrap();
    assert!(last.kb <= before.kb + SLACK_KB, "memory grows: {after:?}");
    assert!(last.files <= before.files + SLACK && last.threads <= before.threads + SLACK, "files or threads stay: {after:?}");
}
