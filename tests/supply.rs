//! What the product is made of: no banned crate, no unknown licence, no foreign source. Read from `cargo metadata`, so nothing is fetched.

#![expect(clippy::unwrap_used, reason = "test helpers")]

use std::process::Command;

use serde_json::Value;

/// Crates that would bring a second TLS library, a C++ build or a dynamic dependency.
const BANNED: &[&str] =
    &["openssl-sys", "openssl", "native-tls", "aws-lc-sys", "aws-lc-rs", "aws-lc-fips-sys", "cmake", "bindgen", "zstd-sys"];

/// Licences that go with a product under MIT or Apache-2.0. A crate needs one of them in its expression's every alternative we rely on.
const LICENCES: &[&str] = &[
    "MIT",
    "Apache-2.0",
    "Apache-2.0 WITH LLVM-exception",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "ISC",
    "Zlib",
    "Unicode-3.0",
    "CC0-1.0",
    "MIT-0",
    "Unlicense",
    "BSL-1.0",
    "0BSD",
    "CDLA-Permissive-2.0",
    "MPL-2.0",
];

/// Lowest versions that are free of a known fault.
const MINIMUM: &[(&str, (u64, u64, u64))] = &[("rusqlite", (0, 40, 0)), ("rustls", (0, 23, 18)), ("ring", (0, 17, 12))];

/// The packages that are built into the product: what its dependency graph reaches without dev-dependencies.
fn packages() -> Vec<Value> {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--locked", "--offline", "--filter-platform", "x86_64-unknown-linux-gnu"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    assert!(output.status.success(), "cargo metadata failed: {}", String::from_utf8_lossy(&output.stderr));
    let metadata: Value = serde_json::from_slice(&output.stdout).unwrap();
    metadata["packages"].as_array().unwrap().clone()
}

fn name(package: &Value) -> &str {
    package["name"].as_str().unwrap()
}

#[test]
fn no_banned_crate_is_in_the_tree() {
    let found: Vec<String> = packages().iter().map(|p| name(p).to_owned()).filter(|n| BANNED.contains(&n.as_str())).collect();
    assert!(found.is_empty(), "banned crates: {found:?}");
}

#[test]
fn every_crate_comes_from_the_registry() {
    let foreign: Vec<String> = packages()
        .iter()
        .filter(|p| !["cxbox", "cxbox-kernels"].contains(&name(p)) && !p["source"].as_str().is_some_and(|s| s.starts_with("registry+")))
        .map(|p| name(p).to_owned())
        .collect();
    assert!(foreign.is_empty(), "crates from elsewhere: {foreign:?}");
}

/// Whether an SPDX expression can be satisfied with the allowed licences: every `AND` part needs one allowed `OR` alternative.
fn permitted(expression: &str) -> bool {
    let plain = expression.replace(['(', ')'], " ").replace('/', " OR ");
    plain.split(" AND ").all(|part| part.split(" OR ").any(|licence| LICENCES.contains(&licence.trim())))
}

#[test]
fn every_licence_is_one_we_may_ship() {
    let unknown: Vec<String> = packages()
        .iter()
        .filter(|p| !p["license"].as_str().is_some_and(permitted))
        .map(|p| format!("{}: {}", name(p), p["license"].as_str().unwrap_or("none named")))
        .collect();
    assert!(unknown.is_empty(), "licences to look at: {unknown:#?}");
}

#[test]
fn no_crate_is_older_than_a_known_fault() {
    for (wanted, minimum) in MINIMUM {
        for package in packages().iter().filter(|p| name(p) == *wanted) {
            let version = package["version"].as_str().unwrap();
            let mut parts = version.split(['.', '-', '+']).map(|part| part.parse::<u64>().unwrap_or(0));
            let found = (parts.next().unwrap_or(0), parts.next().unwrap_or(0), parts.next().unwrap_or(0));
            assert!(found >= *minimum, "{wanted} {version} is older than {minimum:?}");
        }
    }
}
