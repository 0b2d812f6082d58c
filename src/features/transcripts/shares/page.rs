//! The page behind a link: HTML without scripts, for eyes on any screen; and the same for programs.

use std::fmt;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use minijinja::{Environment, context};
use serde::Serialize;
use utoipa::ToSchema;

use crate::base::secret::sha256;
use crate::base::{Context as _, Error, Millis, Result};
use crate::features::settings::Brand;
use crate::features::transcripts::document::{Document, Line};

/// The template's name; its ending makes the engine escape what is put in.
const TEMPLATE: &str = "share.html";
const STYLE: &str = include_str!("../../../../assets/pages/share.css");

/// Makes the pages.
pub(super) struct Pages {
    templates: Environment<'static>,
    /// Only the page's own style may run, by its hash.
    policy: String,
}

/// A shared transcript: what was said, and no more of who is behind it than the conversation tells.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct SharedTranscript {
    /// Who was called, or the number that was reached, by name.
    title: String,
    /// When the call began.
    #[schema(value_type = String, format = DateTime)]
    started_utc: Millis,
    /// Start to end in whole seconds.
    duration_sec: u64,
    /// What was said, in order of time.
    turns: Vec<Line>,
}

impl From<Document> for SharedTranscript {
    fn from(document: Document) -> Self {
        let title = title(&document);
        Self { title, started_utc: document.started_utc, duration_sec: document.duration_sec, turns: document.turns }
    }
}

/// A name, never a number: the link may travel further than its maker meant it to.
fn title(document: &Document) -> String {
    let is_number = |name: &str| name.trim_start_matches('+').bytes().all(|byte| byte.is_ascii_digit());
    let name = document.display_name.as_deref().or(document.number_name.as_deref()).unwrap_or_default();
    if is_number(name) { "a call".to_owned() } else { name.to_owned() }
}

impl Pages {
    pub(super) fn new() -> Result<Self> {
        let mut templates = Environment::new();
        templates
            .add_template(TEMPLATE, include_str!("../../../../assets/pages/share.html"))
            .context("the page of shares cannot be read")?;
        let hash = BASE64_STANDARD.encode(sha256(STYLE));
        let policy = format!("default-src 'none'; style-src 'sha256-{hash}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'");
        Ok(Self { templates, policy })
    }

    /// The content security policy of every page: besides its own style, only the brand's picture is loaded.
    pub(super) fn policy(&self, brand: &Brand) -> String {
        brand.picture_origin().map_or_else(|| self.policy.clone(), |origin| format!("{}; img-src {origin}", self.policy))
    }

    /// The page of a transcript.
    pub(super) fn transcript(&self, brand: &Brand, document: &Document) -> Result<String> {
        let turns: Vec<_> = document
            .turns
            .iter()
            .map(|line| context! { is_ai => line.speaker == "AI", speaker => line.speaker.as_str(), at => document.clock_of(line), text => line.text.as_str() })
            .collect();
        let (minutes, seconds) = (document.duration_sec / 60, document.duration_sec % 60);
        let said = context! {
            title => title(document), turns => turns, day => shown(document.started_utc), duration => format!("{minutes}:{seconds:02}"),
        };
        self.render(brand, said)
    }

    /// The page in place of a transcript that cannot be shown.
    pub(super) fn refusal(&self, brand: &Brand, error: &Error) -> Result<String> {
        self.render(brand, context! { refusal => error.message() })
    }

    fn render(&self, brand: &Brand, said: minijinja::Value) -> Result<String> {
        let values = context! {
            brand => brand.name.as_str(), logo => brand.logo.as_str(), support => brand.support_email.as_str(), style => STYLE, ..said
        };
        let template = self.templates.get_template(TEMPLATE).context("the page of shares is missing")?;
        template.render(values).context("the page of shares cannot be made")
    }
}

impl fmt::Debug for Pages {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Pages")
    }
}

/// `1 January 2026, 12:00 UTC`.
fn shown(at: Millis) -> String {
    jiff::Timestamp::from_millisecond(at.0).map_or_else(|_| String::new(), |at| at.strftime("%-d %B %Y, %H:%M UTC").to_string())
}
