//! A result is acknowledged only after it is on disk (R2), as the kernel sees it: a crash of the program alone could not show that.

use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::time::Duration;

use serde_json::json;

use super::support::{Setup, binary, until};

/// Results that are posted: some in the gate, a thousand with `CXBOX_SOAK=1`.
fn n_results() -> usize {
    if std::env::var_os("CXBOX_SOAK").is_some_and(|soak| soak == "1") { 1000 } else { 60 }
}

fn session(n: usize) -> String {
    format!("synced-{n:04}-result")
}

/// A program that runs the one under test, under its own process id, with a tracer beside it that writes down what is written and synced.
fn traced(folder: &Path, trace: &Path) -> std::path::PathBuf {
    let script = folder.join("traced");
    let calls = "trace=fsync,fdatasync,pwrite64,write,writev,sendto,sendmsg";
    let line = format!("exec strace -D -f -y -s 8192 -e {calls} -o '{}' '{}' \"$@\"", trace.display(), binary().display());
    std::fs::write(&script, format!("#!/bin/sh\n{line}\n")).unwrap();
    std::fs::set_permissions(&script, std::fs::Permissions::from_mode(0o755)).unwrap();
    script
}

/// The line on which a call that began on this line has ended well.
fn ended(lines: &[&str], began: usize) -> Option<usize> {
    if !lines[began].ends_with("<unfinished ...>") {
        return lines[began].ends_with(" = 0").then_some(began);
    }
    let thread = lines[began].split(' ').next()?;
    let resumed = |line: &&str| line.starts_with(&format!("{thread} ")) && line.contains("sync resumed>");
    let at = lines[began..].iter().position(resumed)? + began;
    lines[at].ends_with(" = 0").then_some(at)
}

/// The sessions that are named on a line.
fn named(line: &str) -> impl Iterator<Item = &str> {
    line.match_indices("synced-").filter_map(|(at, _)| line.get(at..at + session(0).len())).filter(|name| name.ends_with("-result"))
}

/// What is wrong with the order in which results were written, synced and acknowledged.
fn faults(lines: &[&str], sessions: &[String]) -> Vec<String> {
    let (mut written, mut answered, mut syncs) = (BTreeMap::new(), BTreeMap::new(), Vec::new());
    for (at, line) in lines.iter().enumerate() {
        let is_wal = line.contains("/main.db-wal>");
        if is_wal && line.contains(" pwrite64(") {
            for name in named(line) {
                written.entry(name).or_insert(at);
            }
        } else if is_wal && line.contains("sync(") {
            syncs.extend(ended(lines, at).map(|end| (at, end)));
        } else if line.contains("HTTP/1.1 200") {
            for name in named(line) {
                answered.entry(name).or_insert(at);
            }
        }
    }
    let fault = |name: &String| match (written.get(name.as_str()), answered.get(name.as_str())) {
        (Some(written), Some(answered)) => {
            let is_synced = syncs.iter().any(|(began, end)| began > written && end < answered);
            (!is_synced).then(|| format!("{name} was written on line {written}, acknowledged on {answered}, and not synced in between"))
        }
        found => Some(format!("{name} is missing in the trace (written, acknowledged: {found:?})")),
    };
    sessions.iter().filter_map(fault).collect()
}

#[tokio::test]
async fn every_acknowledged_result_was_synced_before_its_answer_left() {
    let folder = tempfile::tempdir().unwrap();
    let trace = folder.path().join("trace.txt");
    let mut appliance = Setup::new().running(&traced(folder.path(), &trace)).start().await;
    let engine = appliance.engine();
    // Four at a time, so that some share a commit.
    for first in (0..n_results()).step_by(4) {
        let post = |n: usize| {
            let body = json!({ "session_id": session(n), "disconnected_by": "bot" });
            let engine = engine.clone();
            async move { engine.post_ok("/api/v1/call-results", &body, 200).await }
        };
        tokio::join!(post(first), post(first + 1), post(first + 2), post(first + 3));
    }
    assert!(appliance.terminate().await.success());
    let text = until("the tracer has written everything down", Duration::from_secs(30), || async {
        let text = String::from_utf8_lossy(&std::fs::read(&trace).unwrap_or_default()).into_owned();
        text.lines().any(|line| line.starts_with(&format!("{} ", appliance.pid())) && line.contains("+++ exited with 0")).then_some(text)
    })
    .await;
    let lines: Vec<&str> = text.lines().collect();
    let faults = faults(&lines, &(0..n_results()).map(session).collect::<Vec<_>>());
    assert!(faults.is_empty(), "{} of {}: {faults:#?}", faults.len(), n_results());
}

#[test]
fn an_answer_before_its_sync_would_be_noticed() {
    let written = "7 pwrite64(14</d/main.db-wal>, \"synced-0001-result\", 4096, 0) = 4096";
    let answered = "8 writev(9<socket:[1]>, [{iov_base=\"HTTP/1.1 200 OK synced-0001-result\"}], 1) = 90";
    let (began, other, done) = ("7 fsync(14</d/main.db-wal> <unfinished ...>", "8 write(4<x>, \"\", 8) = 8", "7 <... fsync resumed>) = 0");
    let whole = "7 fsync(14</d/main.db-wal>) = 0";
    for good in [vec![written, whole, answered], vec![written, began, other, done, answered]] {
        assert!(faults(&good, &[session(1)]).is_empty(), "{good:?}");
    }
    let of_another_file = "7 fsync(14</d/main.db>) = 0";
    let failed = "7 fsync(14</d/main.db-wal>) = -1 EIO (Input/output error)";
    for bad in [
        vec![written, answered, whole],
        vec![whole, written, answered],
        vec![written, began, other, answered, done],
        vec![written, of_another_file, answered],
        vec![written, failed, answered],
        vec![written, whole],
    ] {
        assert_eq!(faults(&bad, &[session(1)]).len(), 1, "{bad:?}");
    }
}
