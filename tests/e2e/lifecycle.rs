//! Start, stop, crash and adoption: neither process is orphaned for good, and a crash of one costs nothing in the other.

use std::process::Stdio;
use std::time::Duration;

use serde_json::json;

use super::support::{Appliance, Setup, binary, until};

const SOON: Duration = Duration::from_secs(20);

#[tokio::test]
async fn it_becomes_ready_and_sigterm_ends_both_processes_with_exit_0() {
    let mut appliance = Appliance::start().await;
    let engine = appliance.engine_pid().await.expect("an engine runs");
    assert!(appliance.terminate().await.success());
    until("the engine is gone too", SOON, || async { (!std::path::Path::new(&format!("/proc/{engine}")).exists()).then_some(()) }).await;
}

#[tokio::test]
async fn the_data_folder_has_the_documented_shape_and_is_private() {
    use std::os::unix::fs::PermissionsExt;
    let appliance = Appliance::start().await;
    for name in ["main.db", "search", "recordings", "transcripts", "prompts", "secrets", "spool", "backups", "tls", "run"] {
        assert!(appliance.data().join(name).exists(), "{name}");
    }
    let mode = |path: &str| std::fs::metadata(appliance.data().join(path)).unwrap().permissions().mode() & 0o777;
    for secret in ["secrets/cxbcore_secret", "secrets/setup_token", "secrets/master.key"] {
        assert_eq!(mode(secret), 0o600, "{secret}");
    }
    assert_eq!(mode("run/control.sock"), 0o600);
}

#[tokio::test]
async fn a_weak_secret_stops_the_start_with_exit_78_and_a_way_to_mend_it() {
    for (name, value) in [("JWT_SECRET", "changeme"), ("CXBCORE_SECRET", ""), ("JWT_SECRET", "short-secret-1234")] {
        let setup = Setup::new().env(name, value);
        let output = setup.command().stdout(Stdio::piped()).stderr(Stdio::piped()).output().unwrap();
        assert_eq!(output.status.code(), Some(78), "{name}={value:?}");
        let text = String::from_utf8_lossy(&output.stderr);
        assert!(text.contains(name) && text.contains("32"), "{text}");
    }
}

#[tokio::test]
async fn an_unknown_key_in_the_config_is_named_with_a_suggestion() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("config.toml");
    std::fs::write(&file, "[server]\ndrain_second = 3\n").unwrap();
    let output = std::process::Command::new(binary()).args(["config", "check", "--config"]).arg(&file).output().unwrap();
    assert!(!output.status.success());
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(text.contains("drain_second") && text.contains("drain_seconds"), "{text}");
}

#[test]
fn every_setting_is_shown_with_where_it_comes_from_and_no_secret_with_it() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("config.toml");
    std::fs::write(&file, "[server]\ndrain_seconds = 7\n[mail]\npassword = \"canary-password\"\n").unwrap();
    let show = |more: &[&str]| {
        let mut command = std::process::Command::new(binary());
        command.args(["config", "show"]).args(more).arg("--config").arg(&file).env("CXBOX_SERVER__LOW_SPACE_MB", "9");
        let output = command.output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    };
    let shown = show(&["--origin"]);
    let line =
        |key: &str| shown.lines().find(|line| line.starts_with(&format!("{key} = "))).unwrap_or_else(|| panic!("no {key} in {shown}"));
    assert_eq!(line("server.drain_seconds"), format!("server.drain_seconds = 7  # {}", file.display()));
    assert_eq!(line("server.low_space_mb"), "server.low_space_mb = 9  # environment CXBOX_SERVER__LOW_SPACE_MB");
    assert_eq!(line("server.max_connections"), "server.max_connections = 1024  # default");
    assert!(line("mail.password").contains('•') && !shown.contains("canary"), "{}", line("mail.password"));
    assert!(shown.lines().count() > 60 && shown.lines().all(|line| line.contains("  # ")), "{shown}");
    assert!(!show(&[]).contains("  # "), "origins only when they are asked for");
}

#[tokio::test]
async fn a_killed_engine_is_back_within_seconds_while_the_api_answers() {
    let appliance = Appliance::start().await;
    let first = appliance.engine_pid().await.expect("an engine runs");
    Appliance::signal(first, "-KILL");
    let health = appliance.http().get("/healthz").await.unwrap();
    assert_eq!((health.status.as_u16(), &health.headers["cache-control"]), (200, &http::HeaderValue::from_static("no-store")));
    until("another engine runs", SOON, || async { appliance.engine_pid().await.filter(|pid| *pid != first) }).await;
    appliance.ready().await;
}

/// R72: health tells the truth also about an engine that lives and does nothing.
#[tokio::test]
async fn an_engine_that_hangs_makes_the_box_unready_and_it_is_ready_again_once_it_goes_on() {
    let appliance = Appliance::start().await;
    let http = appliance.http();
    let engine = appliance.engine_pid().await.expect("an engine runs");
    Appliance::signal(engine, "-STOP");
    let refused = until("/readyz is 503", Duration::from_secs(10), || async { http.get("/readyz").await.ok().filter(|r| r.status == 503) });
    assert_eq!(refused.await.json()["reasons"][0], "the engine does not answer");
    assert_eq!(http.get("/healthz").await.unwrap().status, 200, "the control plane itself lives");
    Appliance::signal(engine, "-CONT");
    appliance.ready().await;
    assert_eq!(appliance.engine_pid().await, Some(engine), "it is the same engine");
}

#[tokio::test]
async fn a_killed_serve_finds_and_adopts_the_running_engine() {
    let appliance = Appliance::start().await;
    let engine = appliance.engine_pid().await.expect("an engine runs");
    let setup = appliance.kill();
    let appliance = setup.start().await;
    assert_eq!(appliance.engine_processes(), vec![engine], "the same engine and no other");
}

#[tokio::test]
async fn an_orphaned_engine_without_calls_ends_by_itself() {
    let appliance = Appliance::start().await;
    let engine = appliance.engine_pid().await.expect("an engine runs");
    let setup = appliance.kill();
    until("the idle engine has ended", Duration::from_secs(60), || async {
        (!std::path::Path::new(&format!("/proc/{engine}")).exists()).then_some(())
    })
    .await;
    let appliance = setup.start().await;
    assert_eq!(appliance.engine_processes().len(), 1);
}

#[tokio::test]
async fn setup_makes_the_first_admin_once() {
    let appliance = Appliance::start().await;
    let token = std::fs::read_to_string(appliance.data().join("secrets/setup_token")).unwrap();
    let http = appliance.http();
    let body = json!({ "token": token.trim(), "name": "anna", "email": "anna@example.com", "password": "correct horse battery" });
    http.post_ok("/api/v1/setup", &body, 201).await;
    assert_eq!(http.post("/api/v1/setup", &body).await.unwrap().status, 410);
    let admin = appliance.super_admin().await;
    assert!(admin.get_ok("/api/v1/auth/me").await["email"].is_string());
    assert!(!appliance.log().contains(token.trim()), "the token is not in the log");
    assert!(appliance.pid() > 0 && appliance.engine().get("/version").await.unwrap().status == 200);
}
