//! The text of a template before minijinja reads it: only what there is, and every name as a name. Pure.

use super::names::Names;
use crate::base::{Error, Result};

/// Longest template, in bytes.
pub(super) const LONGEST: usize = 8 * 1024;
/// The statements that there are. Others could keep or multiply what they make.
const STATEMENTS: [&str; 6] = ["if", "elif", "else", "endif", "for", "endfor"];
/// Operators that make texts longer, in one template.
const MOST_GROWING: usize = 16;
/// Looks a name up whose spelling minijinja would read as arithmetic.
pub(super) const LOOK_UP: &str = "token";

/// Whether there is anything to fill in a template.
pub(super) fn is_code(template: &str) -> bool {
    ["{{", "{%", "{#"].iter().any(|sign| template.contains(sign))
}

/// Whether a text is a name and nothing else.
pub(super) fn is_name(text: &str) -> bool {
    text.chars().any(char::is_alphanumeric) && text.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | '.'))
}

/// Whether minijinja reads a name as we do: words joined by dots, the first one a namespace or the only one.
fn is_plain(name: &str) -> bool {
    let is_word = |word: &str| {
        word.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_') && word.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
    };
    name.split('.').all(is_word) && name.split_once('.').is_none_or(|(first, _)| Names::is_namespace(first))
}

/// The template as minijinja is to read it: only what there is, and names that it would misread as look-ups.
pub(super) fn readable(template: &str) -> Result<String> {
    if template.len() > LONGEST {
        return Err(Error::invalid(format!("the template has more than {LONGEST} bytes")));
    }
    let mut n_growing = 0;
    for code in template.split("{%").skip(1) {
        let word = code.trim_start_matches(['-', '+']).trim_start();
        let word: String = word.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
        if !STATEMENTS.contains(&word.as_str()) {
            return Err(Error::invalid(format!("the template uses '{word}'; there are only {}", STATEMENTS.join(", "))));
        }
        n_growing += growing(code.split("%}").next().unwrap_or_default());
    }
    let mut source = String::with_capacity(template.len());
    let mut rest = template;
    while let Some(start) = rest.find("{{") {
        let Some(length) = rest[start..].find("}}") else { break };
        let inner = &rest[start + 2..start + length];
        n_growing += growing(inner);
        source.push_str(&rest[..start]);
        match inner.trim() {
            name if is_name(name) && !is_plain(name) => source.push_str(&format!("{{{{ {LOOK_UP}(\"{name}\") }}}}")),
            _ => source.push_str(&rest[start..start + length + 2]),
        }
        rest = &rest[start + length + 2..];
    }
    if n_growing > MOST_GROWING {
        return Err(Error::invalid("the template joins too many texts"));
    }
    source.push_str(rest);
    Ok(source)
}

fn growing(code: &str) -> usize {
    code.chars().filter(|c| matches!(c, '~' | '+' | '*')).count()
}
