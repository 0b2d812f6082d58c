//! Who uses whom among the files of `src`, read off the paths in their code, and where that goes in a circle.
//!
//! A folder's `mod.rs` may put its files together and give them what they share; only files beside each other must not need each other.

use std::collections::{BTreeMap, BTreeSet};

/// Modules by their path, such as `features::mail::jobs`, with what their files say.
struct Code {
    modules: BTreeMap<String, Module>,
    /// What a module passes on under a name of its own.
    passed_on: BTreeMap<String, String>,
}

struct Module {
    file: String,
    /// Paths from the root of all code that stand in it.
    paths: BTreeSet<String>,
}

/// Each circle in words: which files, and what they need of each other.
pub(crate) fn circles(sources: &[(String, String)]) -> Vec<String> {
    let code = read(sources);
    let uses = knotted(code.uses());
    let mut told = Vec::new();
    let mut seen = BTreeSet::new();
    for module in uses.keys() {
        let circle: BTreeSet<&String> = reached(&uses, module).into_iter().filter(|other| reached(&uses, other).contains(module)).collect();
        if circle.is_empty() || !seen.insert(circle.clone()) {
            continue;
        }
        let needs = circle
            .iter()
            .flat_map(|from| uses[*from].iter().filter(|(to, _)| circle.contains(to)).map(move |(to, names)| (from, to, names)));
        let needs = needs.map(|(from, to, names)| format!("{} needs {names} of {}", code.modules[*from].file, code.modules[to].file));
        told.push(needs.collect::<Vec<_>>().join("\n    "));
    }
    told
}

type Uses = BTreeMap<String, BTreeMap<String, String>>;

/// Only those modules that use some and are used by some of the others: all circles lie among them.
fn knotted(mut uses: Uses) -> Uses {
    loop {
        let used: BTreeSet<String> = uses.values().flat_map(BTreeMap::keys).cloned().collect();
        let kept: BTreeSet<String> = uses.keys().filter(|module| used.contains(*module)).cloned().collect();
        let before = (uses.len(), uses.values().map(BTreeMap::len).sum::<usize>());
        uses.retain(|module, _| kept.contains(module));
        uses.values_mut().for_each(|to| to.retain(|module, _| kept.contains(module)));
        uses.retain(|_, to| !to.is_empty());
        if (uses.len(), uses.values().map(BTreeMap::len).sum::<usize>()) == before {
            return uses;
        }
    }
}

/// All that a module leads to.
fn reached<'a>(uses: &'a Uses, from: &str) -> BTreeSet<&'a String> {
    let mut found = BTreeSet::new();
    let mut left: Vec<&String> = uses.get(from).into_iter().flat_map(BTreeMap::keys).collect();
    while let Some(next) = left.pop() {
        if found.insert(next) {
            left.extend(uses.get(next).into_iter().flat_map(BTreeMap::keys));
        }
    }
    found
}

impl Code {
    /// Which other modules each uses, and what of them.
    fn uses(&self) -> Uses {
        let mut uses = Uses::new();
        for (name, module) in &self.modules {
            for path in &module.paths {
                let Some(to) = self.home(path) else { continue };
                let is_above = name == to || name.strip_prefix(to).is_some_and(|rest| rest.starts_with("::"));
                if !is_above {
                    let what = path.rsplit("::").next().unwrap_or_default();
                    let names = uses.entry(name.clone()).or_default().entry(to.to_owned()).or_default();
                    names.push_str(if names.is_empty() { "" } else { ", " });
                    names.push_str(what);
                }
            }
        }
        uses
    }

    /// The module in which what a path names is made.
    fn home(&self, path: &str) -> Option<&str> {
        let mut path = path.to_owned();
        // Passed on from module to module a few times at most.
        for _ in 0..8 {
            let Some((name, to)) =
                prefixes(&path).take_while(|name| !self.modules.contains_key(*name)).find_map(|name| self.passed_on.get_key_value(name))
            else {
                break;
            };
            path = format!("{to}{}", &path[name.len()..]);
        }
        prefixes(&path).find_map(|name| self.modules.get_key_value(name)).map(|(name, _)| name.as_str())
    }
}

/// A path, then the path without its last word, and so on.
fn prefixes(path: &str) -> impl Iterator<Item = &str> {
    std::iter::successors(Some(path), |path| path.rsplit_once("::").map(|(rest, _)| rest))
}

fn read(sources: &[(String, String)]) -> Code {
    let roots: Vec<&str> = sources.iter().filter_map(|(file, _)| file.strip_suffix("/lib.rs")).collect();
    let name_of = |file: &str| {
        let name = file.trim_end_matches(".rs");
        name.trim_end_matches("/mod").trim_end_matches("/lib").replace('/', "::")
    };
    let names: BTreeSet<String> = sources.iter().map(|(file, _)| name_of(file)).collect();
    let mut code = Code { modules: BTreeMap::new(), passed_on: BTreeMap::new() };
    for (file, text) in sources.iter().filter(|(file, _)| file.contains('/')) {
        let name = name_of(file);
        let root = roots.iter().find(|root| file.starts_with(&format!("{root}/"))).map_or_else(String::new, |root| root.replace('/', "::"));
        let (used, rest) = uses_of(&bare(text));
        let mut paths = BTreeSet::new();
        for (path, own_name, is_passed_on) in used {
            let Some(path) = absolute(&path, &name, &root, &names) else { continue };
            let own_name = if own_name == "self" { path.rsplit("::").next().unwrap_or_default() } else { own_name.as_str() };
            if is_passed_on {
                code.passed_on.insert(format!("{name}::{own_name}"), path);
            } else {
                paths.insert(path);
            }
        }
        paths.extend(paths_of(&rest).iter().filter_map(|path| absolute(path, &name, &root, &names)));
        code.modules.insert(name, Module { file: file.clone(), paths });
    }
    code
}

/// A path from the root of all code, if it leads to code of ours.
fn absolute(path: &str, module: &str, root: &str, names: &BTreeSet<String>) -> Option<String> {
    let join =
        |base: &str, rest: &str| if base.is_empty() || rest.is_empty() { format!("{base}{rest}") } else { format!("{base}::{rest}") };
    let (first, mut rest) = path.split_once("::").unwrap_or((path, ""));
    let path = match first {
        "crate" => join(root, rest),
        "self" => join(module, rest),
        "super" => {
            let mut base = module.rsplit_once("::").map_or("", |(base, _)| base);
            while let Some(after) = rest.strip_prefix("super::") {
                (base, rest) = (base.rsplit_once("::").map_or("", |(base, _)| base), after);
            }
            join(base, rest)
        }
        _ if names.contains(&join(module, first)) => join(module, path),
        _ => return None,
    };
    Some(path.trim_end_matches("::self").to_owned())
}

/// Code without comments, texts and characters, as far as its tests.
fn bare(text: &str) -> String {
    let text = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default().as_bytes();
    let (mut bare, mut at) = (Vec::with_capacity(text.len()), 0);
    while at < text.len() {
        let rest = &text[at..];
        let raw = rest.strip_prefix(b"r").map_or(0, |hashes| hashes.iter().take_while(|byte| **byte == b'#').count());
        let is_word = at > 0 && is_letter(text[at - 1]);
        if rest.starts_with(b"//") {
            at += rest.iter().position(|byte| *byte == b'\n').unwrap_or(rest.len());
        } else if rest[0] == b'r' && !is_word && rest.get(1 + raw) == Some(&b'"') {
            let end: Vec<u8> = [b"\"".as_slice(), &b"#".repeat(raw)].concat();
            let body = &rest[2 + raw..];
            at += 2 + raw + body.windows(end.len()).position(|bytes| bytes == end).unwrap_or(body.len()) + end.len();
        } else if rest[0] == b'"' {
            at += 1 + length_of_text(&rest[1..]);
        } else if rest[0] == b'\'' && (rest.get(1) == Some(&b'\\') || rest.get(2) == Some(&b'\'')) {
            at += 3 + rest.iter().skip(3).position(|byte| *byte == b'\'').map_or(0, |n| if rest[1] == b'\\' { n + 1 } else { 0 });
        } else {
            // What is not ASCII stands in no path.
            bare.push(if rest[0].is_ascii() { rest[0] } else { b' ' });
            at += 1;
        }
    }
    String::from_utf8_lossy(&bare).into_owned()
}

/// Bytes to the end of a text, its closing mark included.
fn length_of_text(text: &[u8]) -> usize {
    let mut at = 0;
    while at < text.len() && text[at] != b'"' {
        at += if text[at] == b'\\' { 2 } else { 1 };
    }
    at + 1
}

fn is_letter(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

/// The paths of all `use`, each with the name it has here and whether it is passed on; and the code without them.
fn uses_of(bare: &str) -> (Vec<(String, String, bool)>, String) {
    let (mut uses, mut rest, mut left) = (Vec::new(), String::new(), bare);
    while let Some(at) = left.find("use ") {
        let (before, after) = (&left[..at], &left[at + "use ".len()..]);
        rest.push_str(before);
        left = after;
        if before.bytes().last().is_some_and(is_letter) {
            continue;
        }
        let line = before.rsplit('\n').next().unwrap_or_default().trim_start();
        let (list, after) = after.split_once(';').unwrap_or((after, ""));
        left = after;
        for path in unfolded(list) {
            let (path, name) = path.split_once(" as ").map_or((path.as_str(), None), |(path, name)| (path, Some(name.trim())));
            let name = name.unwrap_or_else(|| path.rsplit("::").next().unwrap_or_default());
            uses.push((path.trim().to_owned(), name.to_owned(), line.starts_with("pub")));
        }
    }
    rest.push_str(left);
    (uses, rest)
}

/// `a::{b, c::{d, e}}` as `a::b`, `a::c::d`, `a::c::e`.
fn unfolded(list: &str) -> Vec<String> {
    let list = list.trim();
    let Some((head, inner)) = list.split_once('{') else { return vec![list.to_owned()] };
    let inner = inner.rsplit_once('}').map_or(inner, |(inner, _)| inner);
    let (mut depth, mut parts) = (0, vec![String::new()]);
    for letter in inner.chars() {
        depth += i32::from(letter == '{') - i32::from(letter == '}');
        match parts.last_mut() {
            Some(part) if letter != ',' || depth > 0 => part.push(letter),
            _ => parts.push(String::new()),
        }
    }
    parts
        .iter()
        .filter(|part| !part.trim().is_empty())
        .flat_map(|part| unfolded(part))
        .map(|part| format!("{}{part}", head.trim()))
        .collect()
}

/// Paths that stand in the code, such as `super::store::find`.
fn paths_of(bare: &str) -> BTreeSet<String> {
    let bytes = bare.as_bytes();
    let mut paths = BTreeSet::new();
    let mut at = 0;
    while at < bytes.len() {
        let length = bytes[at..].iter().take_while(|byte| is_letter(**byte) || **byte == b':').count();
        let word = bare[at..at + length].trim_end_matches(':');
        if word.contains("::") && !word.starts_with(':') {
            paths.insert(word.to_owned());
        }
        at += length.max(1);
    }
    paths
}
