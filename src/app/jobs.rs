//! Who runs which jobs, and who tidies up what: one line per kind.

use std::collections::HashMap;
use std::future::Future;
use std::sync::Arc;

use super::compose::Handles;
use crate::features::{backups, calls, crm, knowledge, mail, outbound, privacy, recordings, transcripts, webhooks};
use crate::platform::outbox::{Chore, Handler, Job, Outcome, Upkeep};

/// All kinds of jobs and their handlers.
pub(super) fn all(handles: &Handles) -> HashMap<&'static str, Handler> {
    let hooks = handles.webhooks.clone();
    let mut all: HashMap<_, _> = transcripts::handlers(&handles.transcripts).into_iter().collect();
    all.extend(outbound::handlers(&handles.orders));
    all.extend(mail::handlers(&handles.mails));
    all.extend(privacy::handlers(&handles.privacy));
    all.extend(recordings::handlers(&handles.recordings));
    all.extend(backups::handlers(&handles.backups));
    all.extend(crm::handlers(&handles.crm));
    all.extend(knowledge::handlers(&handles.knowledge));
    all.insert(webhooks::JOB, handler(move |job| deliver(hooks.clone(), job)));
    all
}

/// What is tidied up now and then.
pub(super) fn chores(handles: &Handles) -> Vec<Chore> {
    vec![
        webhooks::chore(),
        recordings::chore(&handles.recordings),
        recordings::erasure(),
        privacy::chore(&handles.privacy),
        backups::chore(&handles.backups),
        backups::ledger_chore(&handles.backups),
        knowledge::chore(),
    ]
}

/// What is kept up beside facts.
pub(super) fn upkeep() -> Vec<Upkeep> {
    calls::upkeep().into()
}

async fn deliver(hooks: webhooks::Webhooks, job: Job) -> Outcome {
    hooks.deliver(job).await
}

fn handler<F, R>(run: F) -> Handler
where
    F: Fn(Job) -> R + Send + Sync + 'static,
    R: Future<Output = Outcome> + Send + 'static,
{
    Arc::new(move |job| Box::pin(run(job)))
}
