//! Generated requests, good and bad, against the served description: no answer is a fault of ours, and each is as described.

use std::process::Command;

use serde_json::json;

use crate::peers;
use crate::support::{Appliance, Http};

/// Routes that would end the session of whoever asks, that never end, whose bodies are sound, or plain text (no text is of a wrong type).
const LEFT_OUT: &[&str] = &[
    "/api/v1/auth/me/password",
    "/api/v1/users/{id}/deactivate",
    "/api/v1/users/{id}/reset-password",
    "/api/v1/events/stream",
    "/api/v1/engine/recordings/{key}",
    "/api/v1/do-not-call/import",
];

const CHECKS: &str = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance,\
                      response_headers_conformance,unsupported_method,allow_header_conformance,negative_data_rejection";

fn schemathesis(appliance: &Appliance, bearer: Option<&str>) -> Command {
    let url = format!("http://{}", appliance.setup.http);
    let mut command = peers::tool("schemathesis");
    command.current_dir(appliance.data()).args(["run", &format!("{url}/openapi.json"), "--url", &url]);
    command.args(["--phases", "examples,coverage,fuzzing,stateful", "--max-examples", "6", "--seed", "20261121", "--checks", CHECKS]);
    command.args(["--continue-on-failure", "--no-color", "--generation-database", "none"]);
    for path in LEFT_OUT {
        command.args(["--exclude-path", path]);
    }
    if let Some(bearer) = bearer {
        command.args(["--header", &format!("Authorization: Bearer {bearer}")]);
    }
    command
}

/// How many requests were made.
fn n_cases(report: &str) -> u32 {
    let line = report.lines().skip_while(|line| !line.starts_with("Test cases:")).nth(1).unwrap_or_default();
    line.split_whitespace().next().and_then(|n| n.parse().ok()).unwrap_or_else(|| panic!("no number of cases in\n{report}"))
}

fn hammer(appliance: &Appliance, bearer: Option<&str>) -> u32 {
    let output = peers::run(schemathesis(appliance, bearer), "");
    n_cases(&String::from_utf8_lossy(&output.stdout))
}

async fn bearer_of(root: &Http, appliance: &Appliance, name: &str, role: &str) -> String {
    let user = json!({ "name": name, "email": format!("{name}@example.com"), "role": role, "password": "correct horse battery" });
    root.post_ok("/api/v1/users", &user, 201).await;
    let form = format!("grant_type=password&client_id=codeb-admin&username={name}&password=correct+horse+battery&scope=openid");
    let reply = appliance.http().send(http::Method::POST, "/oidc.ashx/token", "application/x-www-form-urlencoded", form).await.unwrap();
    reply.json()["access_token"].as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn generated_requests_find_no_fault_whoever_makes_them() {
    let appliance = Appliance::start().await;
    let root = appliance.super_admin().await;
    let chief = bearer_of(&root, &appliance, "sue", "super_admin").await;
    let agent = bearer_of(&root, &appliance, "gus", "agent").await;
    let mut n = 0;
    for bearer in [Some(chief.as_str()), Some(&agent), None] {
        n += hammer(&appliance, bearer);
    }
    assert!(n >= 5_000, "only {n} requests were made");
    assert_eq!(appliance.http().get("/readyz").await.unwrap().status, 200);
}
