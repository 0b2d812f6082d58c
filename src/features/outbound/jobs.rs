//! The handlers of the jobs of this slice.

use std::pin::Pin;
use std::sync::Arc;

use serde::de::DeserializeOwned;

use super::service::Orders;
use super::work::{DIAL, WATCH};
use crate::platform::outbox::{Handler, Job, Outcome};

/// The handlers of this slice, by kind.
pub fn handlers(orders: &Orders) -> Vec<(&'static str, Handler)> {
    let (dialling, watching) = (orders.clone(), orders.clone());
    vec![
        (DIAL, handler(move |body, n_tries| -> Running { Box::pin(dialling.clone().run_dial(body, n_tries)) })),
        (WATCH, handler(move |body, _| -> Running { Box::pin(watching.clone().run_watch(body)) })),
    ]
}

type Running = Pin<Box<dyn Future<Output = Outcome> + Send>>;

fn handler<B: DeserializeOwned>(run: impl Fn(B, u32) -> Running + Send + Sync + 'static) -> Handler {
    Arc::new(move |job: Job| match serde_json::from_value(job.body) {
        Ok(body) => run(body, job.attempt),
        Err(_) => Box::pin(async { Outcome::Park { error: "the job names no order".to_owned() } }),
    })
}
