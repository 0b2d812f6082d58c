//! House rules that run: floors, slices, circles, file headers, sizes, paths named in the architecture text.

#![expect(clippy::unwrap_used, reason = "test helpers")]

#[path = "tidy/circles.rs"]
mod circles;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// The floors in order; a file uses its own floor and lower ones. `features` and `engine` stand side by side.
const FLOORS: &[(&str, &[&str])] = &[
    ("base", &["base"]),
    ("contract", &["base", "contract"]),
    ("platform", &["base", "contract", "platform"]),
    ("features", &["base", "contract", "platform", "features"]),
    ("engine", &["base", "contract", "platform", "engine"]),
    ("app", &["base", "contract", "platform", "features", "app"]),
    ("cli", &["base", "contract", "platform", "features", "engine", "app", "lab", "cli"]),
    ("lab", &["base", "contract", "platform", "engine", "lab"]),
];

/// Which slices of the control plane a slice may use.
const SLICES: &[(&str, &[&str])] = &[
    ("settings", &[]),
    ("audit", &[]),
    ("auth", &["settings"]),
    ("fleet", &["settings"]),
    ("knowledge", &["settings"]),
    ("bots", &["knowledge"]),
    ("carriers", &["fleet", "bots", "settings"]),
    ("permit", &["carriers", "settings"]),
    ("phones", &["auth"]),
    ("numbers", &["bots", "carriers", "phones", "settings", "permit"]),
    ("calls", &["bots", "numbers", "carriers", "fleet", "settings", "permit"]),
    ("crm", &["calls", "bots", "settings", "recordings"]),
    ("recordings", &["calls", "fleet", "settings"]),
    ("backups", &["recordings", "settings"]),
    ("transcripts", &["calls", "settings"]),
    ("outbound", &["calls", "bots", "carriers", "fleet", "settings", "permit"]),
    ("mail", &["auth", "calls", "settings"]),
    ("webhooks", &["calls", "transcripts"]),
    ("runtime", &["bots", "numbers", "phones", "fleet", "knowledge", "calls", "crm", "settings", "carriers", "outbound", "permit"]),
    ("browser_calls", &["bots", "numbers", "calls", "fleet", "settings"]),
    ("socket_calls", &["bots", "fleet"]),
    ("privacy", &["settings", "bots", "calls", "transcripts", "outbound", "permit", "webhooks", "mail", "crm"]),
    ("ops", &["settings", "fleet", "calls", "recordings", "backups", "bots", "carriers", "permit"]),
    ("console", &["settings"]),
];

/// Parts of the engine that must not know each other.
const ENGINE_STRANGERS: &[(&str, &[&str])] = &[
    ("sip", &["media", "call", "pipeline", "providers", "link"]),
    ("media", &["sip", "call", "pipeline", "providers", "link", "webrtc"]),
    ("webrtc", &["media", "call", "pipeline", "providers", "link"]),
    ("socket", &["media", "call", "pipeline", "providers", "link", "webrtc"]),
    ("providers", &["sip", "call", "pipeline", "link"]),
    ("pipeline", &["sip", "call", "link"]),
    ("speech", &["sip", "call", "pipeline", "link"]),
];

/// Longest file, in lines. A file that needs more holds more than one subject.
const MOST_LINES: usize = 400;

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn files_below(folder: &Path, ending: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).into_iter().flatten() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files_below(&path, ending));
        } else if path.to_string_lossy().ends_with(ending) {
            found.push(path);
        }
    }
    found.sort();
    found
}

/// A source file: its path below `src/` and its text without comments.
fn sources() -> Vec<(String, String)> {
    let src = root().join("src");
    files_below(&src, ".rs")
        .into_iter()
        .map(|path| (path.strip_prefix(&src).unwrap().display().to_string(), fs::read_to_string(&path).unwrap()))
        .collect()
}

fn code_lines(text: &str) -> impl Iterator<Item = &str> {
    text.lines().filter(|line| !line.trim_start().starts_with("//"))
}

/// All `crate::a::b` paths of a file as (a, b), braces included.
fn crate_paths(text: &str) -> BTreeSet<(String, String)> {
    let code = code_lines(text).collect::<Vec<_>>().join("\n");
    let mut found = BTreeSet::new();
    for (at, _) in code.match_indices("crate::") {
        let rest = &code[at + "crate::".len()..];
        let first = word(rest);
        let after = &rest[first.len()..];
        let Some(after) = after.strip_prefix("::") else {
            found.insert((first, String::new()));
            continue;
        };
        match after.strip_prefix('{') {
            Some(list) => {
                for item in list.split('}').next().unwrap_or_default().split(',') {
                    found.insert((first.clone(), word(item.trim())));
                }
            }
            None => {
                found.insert((first, word(after)));
            }
        }
    }
    found
}

fn word(text: &str) -> String {
    text.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect()
}

fn report(rule: &str, broken: &[String]) {
    assert!(broken.is_empty(), "{rule}:\n  {}", broken.join("\n  "));
}

#[test]
fn floors_hold() {
    let mut broken = Vec::new();
    for (file, text) in sources() {
        let Some(floor) = file.split('/').next().filter(|f| !f.ends_with(".rs")) else { continue };
        let allowed = FLOORS.iter().find(|(name, _)| *name == floor).map(|(_, allowed)| *allowed);
        let Some(allowed) = allowed else {
            broken.push(format!("{file}: the floor {floor} is not in the table"));
            continue;
        };
        for (used, _) in crate_paths(&text) {
            if FLOORS.iter().any(|(name, _)| *name == used) && !allowed.contains(&used.as_str()) {
                broken.push(format!("{file} uses {used}"));
            }
        }
    }
    report("a file uses only its own floor and lower ones", &broken);
}

#[test]
fn slices_use_only_what_the_table_allows() {
    let mut broken = Vec::new();
    for (file, text) in sources() {
        let mut parts = file.split('/');
        if parts.next() != Some("features") {
            continue;
        }
        let Some(slice) = parts.next().filter(|s| !s.ends_with(".rs")) else { continue };
        let Some((_, allowed)) = SLICES.iter().find(|(name, _)| *name == slice) else {
            broken.push(format!("{file}: the slice {slice} is not in the table"));
            continue;
        };
        for (floor, used) in crate_paths(&text) {
            if floor == "features" && used != slice && !allowed.contains(&used.as_str()) {
                broken.push(format!("{file} uses features::{used}"));
            }
        }
    }
    report("a slice uses only slices the table allows", &broken);
}

#[test]
fn parts_of_the_engine_that_must_not_know_each_other_do_not() {
    let mut broken = Vec::new();
    for (file, text) in sources() {
        let mut parts = file.split('/');
        if parts.next() != Some("engine") {
            continue;
        }
        let Some(part) = parts.next() else { continue };
        let strangers = ENGINE_STRANGERS.iter().find(|(name, _)| *name == part.trim_end_matches(".rs")).map_or(&[][..], |(_, s)| s);
        for (floor, used) in crate_paths(&text) {
            // The traits of `providers` speak of clips; the sound types lie in `engine::media`.
            if floor == "engine" && strangers.contains(&used.as_str()) {
                broken.push(format!("{file} uses engine::{used}"));
            }
        }
    }
    report("sip knows no audio, audio knows no SIP, providers and pipeline know neither calls nor SIP", &broken);
}

#[test]
fn files_do_not_need_each_other_in_a_circle() {
    let rule = "no circle between files: move what both need into a third one that needs neither, \
        or put the two together in one that needs both";
    report(rule, &circles::circles(&sources()));
}

#[test]
fn sql_stands_only_in_stores() {
    let mut broken = Vec::new();
    for (file, text) in sources() {
        let may = file.ends_with("store.rs")
            || file.starts_with("platform/db/")
            || file.starts_with("platform/outbox/")
            || file.starts_with("platform/audit");
        let code = text.split("#[cfg(test)]").next().unwrap_or_default().to_owned();
        let has_sql = code_lines(&code).any(|line| {
            ["\"select ", "\"insert into ", "\"update ", "\"delete from "].iter().any(|verb| line.contains(verb) && !line.contains("clap"))
        });
        if has_sql && !may {
            broken.push(file);
        }
    }
    report("SQL stands only in store.rs, *_store.rs, platform/db, platform/outbox, platform/audit", &broken);
}

#[test]
fn every_file_says_what_it_is_for() {
    let broken: Vec<String> = sources().into_iter().filter(|(_, text)| !text.starts_with("//! ")).map(|(file, _)| file).collect();
    report("line 1 of every file is `//!` and a sentence", &broken);
}

#[test]
fn no_file_is_a_dread_to_open() {
    let mut files = sources();
    let tests = root().join("tests");
    files.extend(files_below(&tests, ".rs").into_iter().map(|path| (path.display().to_string(), fs::read_to_string(&path).unwrap())));
    let broken: Vec<String> = files
        .into_iter()
        .filter_map(|(file, text)| Some((file, text.lines().count())).filter(|(_, n)| *n > MOST_LINES))
        .map(|(file, n)| format!("{file}: {n} lines"))
        .collect();
    report(&format!("no file has more than {MOST_LINES} lines"), &broken);
}

#[test]
fn paths_named_in_the_architecture_exist() {
    let text = fs::read_to_string(root().join("src/ARCHITECTURE.md")).unwrap();
    let mut broken = Vec::new();
    for piece in text.split('`').skip(1).step_by(2) {
        let is_path = piece.contains('/') && !piece.contains([' ', '{', '<', '*', ':']) && !piece.starts_with(['/', '.']);
        let is_ours =
            ["base/", "contract/", "platform/", "features/", "engine/", "lab/", "app/", "cli/", "tests/", "assets/", "packaging/", "src/"]
                .iter()
                .any(|p| piece.starts_with(p));
        if is_path && is_ours && !root().join(piece).exists() && !root().join("src").join(piece).exists() {
            broken.push(piece.to_owned());
        }
    }
    report("paths named in src/ARCHITECTURE.md exist", &broken);
}

#[test]
fn the_top_level_holds_only_what_the_user_fixed() {
    let allowed = ["Cargo.toml", "Cargo.lock", "src", "assets", "packaging", "tests", "install.sh", "README.md", "target"];
    let broken: Vec<String> = fs::read_dir(root())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
        .filter(|name| !name.starts_with('.') && !allowed.contains(&name.as_str()))
        .collect();
    report("the top level holds nothing else", &broken);
}

#[test]
fn tests_do_not_sleep_and_are_not_switched_off() {
    let mut broken = Vec::new();
    for path in files_below(&root().join("tests"), ".rs").into_iter().chain(files_below(&root().join("src"), ".rs")) {
        let text = fs::read_to_string(&path).unwrap();
        let in_tests = path.starts_with(root().join("tests"));
        let bad = [concat!("#[", "ignore"), concat!("thread::", "sleep("), concat!("tokio::time::", "sleep(")];
        for needle in bad {
            if text.contains(needle) && (in_tests || needle.starts_with("#[")) {
                broken.push(format!("{}: {needle}", path.display()));
            }
        }
    }
    report("tests wait for conditions, and all of them run", &broken);
}
