//! `cxbox user`: before the first start and while the appliance serves.

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use super::support::{Appliance, Setup, binary, until};

const PASSWORD: &str = "correct horse battery";

fn user(data: &Path, args: &[&str], stdin: &str) -> Output {
    let mut command = Command::new(binary());
    command.arg("user").args(args).arg("--data-dir").arg(data);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(stdin.as_bytes()).unwrap();
    child.wait_with_output().unwrap()
}

fn add(data: &Path, name: &str, role: &str) -> Output {
    user(data, &["add", name, "--email", &format!("{name}@example.com"), "--role", role, "--password-stdin"], &format!("{PASSWORD}\n"))
}

fn said(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

/// People need no engine: it is enough that the API answers.
async fn start(setup: Setup) -> Appliance {
    let appliance = setup.launch();
    let http = appliance.http();
    until("the API answers", Duration::from_secs(30), || async { http.get("/healthz").await.ok().filter(|reply| reply.status == 200) })
        .await;
    appliance
}

async fn sign_in(appliance: &Appliance, name: &str, password: &str) -> u16 {
    let body = serde_json::json!({ "email": format!("{name}@example.com"), "password": password });
    appliance.http().post("/api/v1/auth/login", &body).await.unwrap().status.as_u16()
}

#[tokio::test]
async fn people_are_added_before_the_first_start_and_while_serving() {
    let setup = Setup::new();
    let early = add(setup.data.path(), "early", "super_admin");
    assert!(early.status.success() && said(&early).contains("super_admin"), "{}", said(&early));
    let appliance = start(setup).await;
    assert!(!appliance.data().join("secrets/setup_token").exists(), "a box with people needs no setup token");
    assert_eq!(sign_in(&appliance, "early", PASSWORD).await, 200);
    let late = add(appliance.data(), "late", "admin");
    assert!(late.status.success(), "{}", said(&late));
    assert_eq!(sign_in(&appliance, "late", PASSWORD).await, 200);
    let twice = add(appliance.data(), "late", "admin");
    assert!(!twice.status.success() && said(&twice).contains("taken"), "{}", said(&twice));
    let list = said(&user(appliance.data(), &["list"], ""));
    assert!(list.contains("early@example.com") && list.contains("late@example.com"), "{list}");
    assert!(!list.contains("argon2") && !list.contains(PASSWORD));
}

#[tokio::test]
async fn passwords_and_activity_are_changed_on_both_ways() {
    let setup = Setup::new();
    assert!(add(setup.data.path(), "root", "super_admin").status.success());
    assert!(add(setup.data.path(), "anna", "agent").status.success());
    assert!(user(setup.data.path(), &["deactivate", "ANNA"], "").status.success());
    let appliance = start(setup).await;
    assert_eq!(sign_in(&appliance, "anna", PASSWORD).await, 401);
    assert!(user(appliance.data(), &["activate", "anna@example.com"], "").status.success());
    assert!(user(appliance.data(), &["passwd", "anna", "--password-stdin"], "another good one").status.success());
    assert_eq!(sign_in(&appliance, "anna", "another good one").await, 200);
    let last = user(appliance.data(), &["deactivate", "root"], "");
    assert!(!last.status.success() && said(&last).contains("last"), "{}", said(&last));
}

#[test]
fn bad_arguments_are_refused_in_words_and_leave_nobody_behind() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path();
    let args = ["add", "anna", "--email", "anna@example.com", "--role"];
    let cases: [(Vec<&str>, &str, &str); 5] = [
        ([&args[..], &["owner", "--password-stdin"]].concat(), PASSWORD, "super_admin"),
        ([&args[..], &["admin"]].concat(), PASSWORD, "--password-stdin"),
        ([&args[..], &["admin", "--password-stdin"]].concat(), "", "password"),
        ([&args[..], &["admin", "--password-stdin"]].concat(), "short", "8 to 1024"),
        (vec!["passwd", "nobody", "--password-stdin"], PASSWORD, "nobody"),
    ];
    for (args, stdin, words) in cases {
        let output = user(data, &args, stdin);
        assert!(!output.status.success() && said(&output).contains(words), "{args:?}: {}", said(&output));
    }
    assert_eq!(said(&user(data, &["list"], "")), "");
}
