//! What a site's `robots.txt` (RFC 9309) lets us fetch. Pure.

/// The name we look for in it.
pub(super) const AGENT: &str = "cxbox";
/// Most of a file that is read.
pub(super) const MOST_BYTES: usize = 512 * 1024;

/// Whether a path (with its query) may be fetched. The longest rule that fits decides; of equals, permission.
pub(super) fn allows(robots: &str, path: &str) -> bool {
    let mut best: Option<(usize, bool)> = None;
    for (rule, allowed) in rules(robots) {
        if rule.is_empty() || !fits(&rule, path) {
            continue;
        }
        let decides = best.is_none_or(|(length, was_allowed)| rule.len() > length || (rule.len() == length && allowed && !was_allowed));
        if decides {
            best = Some((rule.len(), allowed));
        }
    }
    best.is_none_or(|(_, allowed)| allowed)
}

/// The rules for us: those of the groups that name us, else those for everybody.
fn rules(robots: &str) -> Vec<(String, bool)> {
    let (mut ours, mut everybodys, mut names_us) = (Vec::new(), Vec::new(), false);
    let (mut is_ours, mut is_everybodys, mut in_names) = (false, false, false);
    for line in robots.lines() {
        let line = line.split('#').next().unwrap_or_default();
        let Some((key, value)) = line.split_once(':') else { continue };
        let (key, value) = (key.trim().to_ascii_lowercase(), value.trim());
        match key.as_str() {
            "user-agent" => {
                if !in_names {
                    (is_ours, is_everybodys, in_names) = (false, false, true);
                }
                is_ours |= value.eq_ignore_ascii_case(AGENT);
                is_everybodys |= value == "*";
                names_us |= is_ours;
            }
            "allow" | "disallow" => {
                in_names = false;
                let rule = (value.to_owned(), key == "allow");
                if is_ours {
                    ours.push(rule.clone());
                }
                if is_everybodys {
                    everybodys.push(rule);
                }
            }
            _ => {}
        }
    }
    if names_us { ours } else { everybodys }
}

/// Whether a rule fits: `*` is any run of characters, `$` at its end is the end of the path.
fn fits(rule: &str, path: &str) -> bool {
    let (rule, is_anchored) = rule.strip_suffix('$').map_or((rule, false), |rule| (rule, true));
    let mut parts = rule.split('*');
    let Some(mut rest) = path.strip_prefix(parts.next().unwrap_or_default()) else { return false };
    let parts: Vec<&str> = parts.collect();
    for (n, part) in parts.iter().enumerate() {
        if is_anchored && n + 1 == parts.len() {
            return rest.ends_with(part);
        }
        match rest.find(part) {
            Some(at) => rest = &rest[at + part.len()..],
            None => return false,
        }
    }
    !is_anchored || rest.is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_rule_of_our_group_decides() {
        let robots = "User-agent: *\nDisallow: /private\nAllow: /private/open\nDisallow: /*.pdf$\n\nUser-agent: other\nUser-agent: CXBox\nDisallow: /only-us\n";
        for (path, allowed) in [("/private/x", true), ("/only-us/x", false), ("/a.pdf", true)] {
            assert_eq!(allows(robots, path), allowed, "{path}");
        }
        let for_all = robots.split("\n\nUser-agent: other").next().unwrap();
        for (path, allowed) in [("/private/x", false), ("/private/open/x", true), ("/a.pdf", false), ("/a.pdf?x", true), ("/", true)] {
            assert_eq!(allows(for_all, path), allowed, "{path}");
        }
        assert!(allows("", "/x") && allows("User-agent: *\nDisallow:", "/x") && !allows("User-agent: *\nDisallow: /", "/x"));
    }
}
