//! The quick starts of the manual and of the README, run letter by letter: only addresses are replaced by free ones.

use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use super::support::{Appliance, Hooks, Peer, binary, free_port, free_range};

const MANUAL: &str = include_str!("../../assets/docs/rest-v1.md");
const README: &str = include_str!("../../README.md");
const HEADING: &str = "## From nothing to a verified webhook";

/// The shell blocks below a heading, one after the other.
fn shell(text: &str, heading: &str) -> String {
    let (_, section) = text.split_once(&format!("{heading}\n")).unwrap_or_else(|| panic!("no section {heading}"));
    let section = section.split("\n## ").next().unwrap();
    let blocks: Vec<_> = section.split("```sh\n").skip(1).map(|block| block.split("```").next().unwrap()).collect();
    assert!(!blocks.is_empty(), "no commands below {heading}");
    blocks.concat()
}

/// Puts another text in the place of one that must be there.
#[track_caller]
fn put(script: &str, printed: &str, used: &str) -> String {
    assert!(script.contains(printed), "{printed} is not in\n{script}");
    script.replace(printed, used)
}

/// Runs a script in a folder with `cxbox` on the path; what it starts ends with it. What it printed on standard output.
fn run(folder: &Path, script: &str) -> String {
    let bin = folder.join("bin");
    std::fs::create_dir_all(&bin).unwrap();
    std::os::unix::fs::symlink(binary().canonicalize().unwrap(), bin.join("cxbox")).unwrap();
    let path = format!("{}:{}", bin.display(), std::env::var_os("PATH").unwrap().to_string_lossy());
    let whole = format!("set -euo pipefail\ntrap 'kill $(jobs -p) 2>/dev/null || :; wait || :' EXIT\n{script}\n");
    let file = |name: &str| std::fs::File::create(folder.join(name)).unwrap();
    let status = Command::new("timeout")
        .args(["--kill-after=30", "240", "bash", "-c", &whole])
        .current_dir(folder)
        .env("PATH", path)
        .stdin(Stdio::null())
        .stdout(file("stdout.txt"))
        .stderr(file("stderr.txt"))
        .status()
        .unwrap();
    let read = |name: &str| std::fs::read_to_string(folder.join(name)).unwrap();
    assert!(status.success(), "the commands ended with {status}:\n{}\n{}", read("stdout.txt"), read("stderr.txt"));
    read("stdout.txt")
}

/// The transcript that was printed last; something that ran beside it may have said more afterwards.
fn transcript(printed: &str) -> Value {
    let begins = printed.rfind("{\"callId\"").unwrap_or_else(|| panic!("no transcript in\n{printed}"));
    serde_json::Deserializer::from_str(&printed[begins..]).into_iter::<Value>().next().unwrap().unwrap()
}

#[test]
fn the_six_steps_of_the_manual_work_as_they_are_printed() {
    let (http, sip, phone, receiver, rtp) = (free_port(), free_port(), free_port(), free_port(), free_range(100));
    let mut script = shell(MANUAL, HEADING);
    for (printed, used) in [
        ("127.0.0.1:8080", format!("127.0.0.1:{http}")),
        ("127.0.0.1:5060", format!("127.0.0.1:{sip}")),
        ("127.0.0.1:5090", format!("127.0.0.1:{phone}")),
        ("127.0.0.1:9000", format!("127.0.0.1:{receiver}")),
        ("\"127.0.0.1\", 9000", format!("\"127.0.0.1\", {receiver}")),
        ("20000-20999", format!("{rtp}-{}", rtp + 99)),
    ] {
        script = put(&script, printed, &used);
    }
    let folder = tempfile::tempdir().unwrap();
    let printed = run(folder.path(), &script);
    for event in ["call.answered", "call.started", "outbound-ai.finished", "transcript.saved"] {
        assert!(printed.contains(&format!("verified {event} ")), "{event} was not verified in\n{printed}");
    }
    assert!(!printed.contains("FORGED") && printed.contains("CodeB Platform REST API"), "{printed}");
    let transcript = transcript(&printed);
    assert!(transcript["turns"].as_array().is_some_and(|turns| turns.iter().any(|turn| turn["speaker"] == "AI")), "{transcript}");
}

#[tokio::test]
async fn the_six_steps_of_the_readme_work_as_they_are_printed() {
    let phone = free_port();
    let mut hooks = Hooks::away();
    hooks.listen().await;
    let appliance = Appliance::start().await;
    let admin = appliance.super_admin().await;
    let carrier = json!({
        "name": "Phone", "sip_address": format!("127.0.0.1:{phone}"), "transport": "udp", "inbound_auth_mode": "ip",
        "inbound_allowed_addresses": ["127.0.0.1"], "options_interval_seconds": 0
    });
    admin.post_ok("/api/v1/carriers", &carrier, 201).await;
    let called = ["lab", "phone", "--listen", &format!("127.0.0.1:{phone}"), "--expect-speech", "20000", "--pause", "1000", "--hangup"];
    let called = Peer::start(&binary().display().to_string(), &called.map(str::to_owned));
    let bearer = admin.header("authorization").trim_start_matches("Bearer ").to_owned();
    let helper = README.lines().find(|line| line.starts_with("api() {")).expect("the README defines api");
    let wait = "until [ \"$(curl -s -H \"Authorization: Bearer $TOKEN\" $BOX/api.ashx/v1/calls/$CALL | jq -r .transcriptPath)\" ]; do sleep 0.2; done";
    let steps = put(&shell(README, HEADING), "https://hooks.example.com/codeb", &hooks.url());
    let steps = put(&steps, "\n# 5 ", &format!("\n{wait}\n# 5 "));
    let script = format!("BOX=http://{}\nTOKEN={bearer}\n{helper}\n{steps}", appliance.setup.http);
    let folder = tempfile::tempdir().unwrap();
    let printed = tokio::task::spawn_blocking(move || run(folder.path(), &script)).await.unwrap();
    called.ended().await.expect_success();
    assert!(printed.contains("CodeB Platform REST API") && printed.contains("\"secret\":\""), "{printed}");
    let transcript = transcript(&printed);
    assert_eq!(transcript["phone"], "+15551234567");
    assert!(transcript["turns"].as_array().is_some_and(|turns| !turns.is_empty()), "{transcript}");
    let told: Vec<_> = hooks.taken().iter().map(|taken| taken.body["event"].clone()).collect();
    assert!(told.contains(&json!("outbound-ai.finished")) && told.contains(&json!("transcript.saved")), "{told:?}");
}
