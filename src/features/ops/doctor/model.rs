//! What the doctor finds. Pure.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// How well a part of the box is. The order counts: the worst of all is the verdict on the box.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// It is well.
    Ok,
    /// It works, and will not for ever.
    Watch,
    /// It does not work.
    Broken,
}

/// One part of the box.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Finding {
    /// Which part, such as `database`.
    pub name: String,
    /// How well it is.
    pub verdict: Verdict,
    /// What was found, in a sentence.
    pub message: String,
    /// The command that mends it; null when there is nothing to mend.
    pub fix: Option<String>,
}

impl Finding {
    /// A part that is well.
    pub fn ok(name: &str, message: impl Into<String>) -> Self {
        Self { name: name.to_owned(), verdict: Verdict::Ok, message: message.into(), fix: None }
    }

    /// A part that works and needs an eye.
    pub fn watch(name: &str, message: impl Into<String>, fix: impl Into<String>) -> Self {
        Self { name: name.to_owned(), verdict: Verdict::Watch, message: message.into(), fix: Some(fix.into()) }
    }

    /// A part that does not work.
    pub fn broken(name: &str, message: impl Into<String>, fix: impl Into<String>) -> Self {
        Self { name: name.to_owned(), verdict: Verdict::Broken, message: message.into(), fix: Some(fix.into()) }
    }
}

/// The box as a whole.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Diagnosis {
    /// The worst of all findings.
    pub verdict: Verdict,
    /// Version of the program that looked.
    pub version: String,
    /// Every part, the worst first.
    pub findings: Vec<Finding>,
}

impl Diagnosis {
    /// The same with more findings.
    #[must_use]
    pub fn with(mut self, more: Vec<Finding>) -> Self {
        self.findings.extend(more);
        Self::of(self.findings)
    }

    /// Sums the findings up.
    pub(super) fn of(mut findings: Vec<Finding>) -> Self {
        findings.sort_by_key(|finding| std::cmp::Reverse(finding.verdict));
        let verdict = findings.first().map_or(Verdict::Ok, |finding| finding.verdict);
        Self { verdict, version: env!("CARGO_PKG_VERSION").to_owned(), findings }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worst_finding_is_the_verdict_and_stands_first() {
        let of = |findings: Vec<Finding>| Diagnosis::of(findings).verdict;
        assert_eq!(of(vec![]), Verdict::Ok);
        assert_eq!(of(vec![Finding::ok("a", "well"), Finding::watch("b", "soon", "look")]), Verdict::Watch);
        let all = Diagnosis::of(vec![Finding::ok("a", "well"), Finding::watch("b", "soon", "look"), Finding::broken("c", "no", "mend")]);
        assert_eq!((all.verdict, all.findings[0].name.as_str()), (Verdict::Broken, "c"));
    }
}
