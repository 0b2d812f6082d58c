//! Documents from URLs: asked politely, through the guard, again when their time has come.

use std::time::Duration;

use super::documents::begin_again;
use super::documents_store::{self as documents, Fetched, StoredDocument};
use super::format::Format;
use super::robots;
use super::service::Knowledge;
use super::work::{IndexJob, Step, go_on};
use crate::base::{Error, Result};
use crate::platform::db::Tx;
use crate::platform::net::{Answer, Failure, NetError, Request, Target};
use crate::platform::outbox::{self, Job, Outcome};

/// How long one URL may take, with all of its bytes.
const WITHIN: Duration = Duration::from_secs(60);
/// Redirects that are followed; each target is guarded anew.
const MOST_REDIRECTS: usize = 5;
/// Documents that are asked again in one go.
const AT_ONCE: u32 = 20;

/// What asking a URL came to.
enum Asked {
    /// It answers.
    Answer(Box<Answer>, String),
    /// Nothing changed since last time.
    Unchanged,
    /// It will not do: a reason.
    Refused(String),
}

/// Begins a new round of documents whose time has come. Says how many those are.
pub(super) fn refresh_due(tx: &Tx<'_>) -> Result<usize> {
    let ids = documents::due_for_refresh(tx, AT_ONCE)?;
    for id in &ids {
        // Counted from now, whatever comes of it.
        documents::note_unchanged(tx, id)?;
        if let Some(document) = documents::find(tx, id)? {
            begin_again(tx, &document)?;
        }
    }
    Ok(ids.len())
}

impl Knowledge {
    /// Fetches a document. What is the same as last time is not read again.
    pub(super) async fn fetch(&self, job: &Job, body: &IndexJob, document: StoredDocument) -> Result<Outcome> {
        let Some(url) = document.view.url.clone() else { return Ok(self.give_up(job, body, "has no URL").await) };
        match self.ask(&url, &document).await? {
            Asked::Refused(reason) => Ok(self.give_up(job, body, &reason).await),
            Asked::Unchanged => self.unchanged(job, body).await,
            Asked::Answer(answer, at) => self.take(job, body, document, *answer, &at).await,
        }
    }

    async fn unchanged(&self, job: &Job, body: &IndexJob) -> Result<Outcome> {
        let (id, round, job_id) = (body.document_id.clone(), body.round, job.id);
        let write = move |tx: &Tx<'_>| {
            documents::note_unchanged(tx, &id)?;
            documents::set_indexed(tx, &id, round)?;
            outbox::done(tx, job_id)
        };
        self.inner.db.write(write).await?;
        self.tell(&body.document_id).await;
        Ok(Outcome::Written)
    }

    /// Stores what came, and has it read unless it is what was there.
    async fn take(&self, job: &Job, body: &IndexJob, document: StoredDocument, mut answer: Answer, at: &str) -> Result<Outcome> {
        let content_type = answer.header("content-type").unwrap_or_default().to_owned();
        let Some(format) = format_of(&content_type, at) else {
            let reason =
                format!("cannot be read: its URL answers with {}", if content_type.is_empty() { "no type" } else { &content_type });
            return Ok(self.give_up(job, body, &reason).await);
        };
        let header = |name: &str| answer.header(name).filter(|value| value.len() <= 200).map(str::to_owned);
        let (etag, last_modified) = (header("etag"), header("last-modified"));
        let mut file = self.inner.files.begin(self.most_bytes()).await?;
        loop {
            match answer.chunk().await {
                Ok(Some(part)) => match file.write(&part).await {
                    Err(error) if error.stable_code() == "too_large" => {
                        return Ok(self.give_up(job, body, error.message().trim_start_matches("the document ")).await);
                    }
                    other => other?,
                },
                Ok(None) => break,
                Err(error) => return Err(unreachable(&error)),
            }
        }
        let (sha256, size) = (file.sha256(), file.size());
        if document.view.sha256.as_deref() == Some(sha256.as_str()) && document.view.n_chunks > 0 {
            return self.unchanged(job, body).await;
        }
        file.keep(&self.inner.files, &body.document_id).await?;
        let (job, next) = (job.clone(), IndexJob { step: Step::Read, n: 0, ..body.clone() });
        self.inner
            .db
            .write(move |tx| {
                let fetched = Fetched { format, size, sha256: &sha256, etag: etag.as_deref(), last_modified: last_modified.as_deref() };
                documents::note_fetch(tx, &next.document_id, &fetched)?;
                go_on(tx, &job, &next)
            })
            .await?;
        Ok(Outcome::Written)
    }

    /// Asks a URL and whatever it redirects to, as far as the sites' `robots.txt` let us.
    async fn ask(&self, url: &str, document: &StoredDocument) -> Result<Asked> {
        let mut url = url.to_owned();
        for _ in 0..=MOST_REDIRECTS {
            let target = match Target::read(&url) {
                Ok(target) => target,
                Err(error) => return Ok(Asked::Refused(format!("cannot be fetched: {}", error.message()))),
            };
            if let Some(reason) = self.forbidden(&target).await? {
                return Ok(Asked::Refused(reason));
            }
            let mut request = asking(&url);
            // What was not taken in is wanted whole.
            if document.view.n_chunks > 0 {
                let known = [("if-none-match", &document.etag), ("if-modified-since", &document.last_modified)];
                for (name, value) in known.iter().filter_map(|(name, value)| value.as_ref().map(|value| (name, value))) {
                    request = request.header(name, value);
                }
            }
            let answer = match self.inner.net.guarded(request, WITHIN).await {
                Ok(answer) => answer,
                Err(error) if is_final(&error) => return Ok(Asked::Refused(format!("cannot be fetched: {}", error.message()))),
                Err(error) => return Err(unreachable(&error)),
            };
            match answer.status {
                200..=299 => return Ok(Asked::Answer(Box::new(answer), url)),
                304 => return Ok(Asked::Unchanged),
                300..=399 => match answer.header("location").and_then(|to| joined(&url, &target, to)) {
                    Some(to) => url = to,
                    None => return Ok(Asked::Refused("cannot be fetched: its URL leads nowhere".to_owned())),
                },
                408 | 425 | 429 | 500..=599 => return Err(Error::upstream(format!("its URL answered with status {}", answer.status))),
                status => return Ok(Asked::Refused(format!("cannot be fetched: its URL answered with status {status}"))),
            }
        }
        Ok(Asked::Refused("cannot be fetched: its URL redirects without end".to_owned()))
    }

    /// Why a site does not want this path fetched; `None` when it does not mind.
    async fn forbidden(&self, target: &Target) -> Result<Option<String>> {
        let scheme = if target.tls { "https" } else { "http" };
        let url = format!("{scheme}://{}/robots.txt", target.authority);
        let answer = match self.inner.net.guarded(asking(&url), WITHIN).await {
            Ok(answer) => answer,
            Err(error) if is_final(&error) => return Ok(Some(format!("cannot be fetched: {}", error.message()))),
            Err(error) => return Err(unreachable(&error)),
        };
        match answer.status {
            200..=299 => {}
            500..=599 => return Err(Error::upstream(format!("robots.txt of its site answered with status {}", answer.status))),
            // None there, or none for us: everything is allowed (RFC 9309, 2.3.1.3).
            _ => return Ok(None),
        }
        let mut answer = answer;
        let (bytes, _) = answer.first(robots::MOST_BYTES).await.map_err(|error| unreachable(&error))?;
        let allowed = robots::allows(&String::from_utf8_lossy(&bytes), &target.path);
        Ok((!allowed).then(|| "is not fetched: robots.txt of its site asks not to".to_owned()))
    }
}

fn asking(url: &str) -> Request {
    Request::get(url).within(WITHIN).header("user-agent", robots::AGENT).header("accept", "text/html, text/*, application/*")
}

/// Failures that no second attempt mends.
fn is_final(error: &NetError) -> bool {
    matches!(error.class, Failure::BadUrl | Failure::Blocked)
}

fn unreachable(error: &NetError) -> Error {
    Error::upstream(format!("cannot be fetched: {}", error.message()))
}

/// The format of an answer: what its type says, or what its URL ends in where the type says little.
fn format_of(content_type: &str, url: &str) -> Option<Format> {
    let path = url.split(['?', '#']).next().unwrap_or_default();
    let of_name = Format::of_name(path).ok();
    match Format::of_content_type(content_type) {
        Some(Format::Txt) => Some(of_name.filter(|format| matches!(format, Format::Md | Format::Csv)).unwrap_or(Format::Txt)),
        None if content_type.is_empty() || content_type.starts_with("application/octet-stream") => of_name,
        found => found,
    }
}

/// Where a redirect leads.
fn joined(url: &str, target: &Target, to: &str) -> Option<String> {
    let scheme = if target.tls { "https" } else { "http" };
    let made = match to {
        _ if to.starts_with("http://") || to.starts_with("https://") => to.to_owned(),
        _ if to.starts_with("//") => format!("{scheme}:{to}"),
        _ if to.starts_with('/') => format!("{scheme}://{}{to}", target.authority),
        _ => {
            let base = url.split(['?', '#']).next()?;
            format!("{}/{to}", base.rsplit_once('/')?.0)
        }
    };
    Some(made.split('#').next()?.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_type_of_an_answer_goes_before_the_name_where_it_says_something() {
        for (content_type, url, expected) in [
            ("text/html; charset=utf-8", "https://a/b.pdf", Some(Format::Html)),
            ("application/pdf", "https://a/", Some(Format::Pdf)),
            ("text/plain", "https://a/readme.md?x=1", Some(Format::Md)),
            ("application/octet-stream", "https://a/b.docx", Some(Format::Docx)),
            ("", "https://a/b", None),
            ("image/png", "https://a/b.txt", None),
        ] {
            assert_eq!(format_of(content_type, url), expected, "{content_type} {url}");
        }
    }

    #[test]
    fn redirects_lead_from_where_they_stand() {
        let url = "https://a.example/x/y?z=1";
        let target = Target::read(url).unwrap();
        for (to, expected) in [
            ("http://b.example/", "http://b.example/"),
            ("//b.example/c", "https://b.example/c"),
            ("/c#d", "https://a.example/c"),
            ("c", "https://a.example/x/c"),
        ] {
            assert_eq!(joined(url, &target, to).as_deref(), Some(expected), "{to}");
        }
    }
}
