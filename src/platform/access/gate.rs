//! The one gate in front of all routes: it finds the caller, the handler's proof of permission decides.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;

use super::caller::Authenticate;
use crate::base::Error;

/// A proof was given and does not hold. Kept for the handler's permission, so that a stale token does no harm on a public route.
#[derive(Debug, Clone)]
pub struct Refusal(Arc<Error>);

impl Refusal {
    /// The same refusal once more, for the answer.
    pub(super) fn to_error(&self) -> Error {
        let error = Error::new(self.0.kind(), self.0.message().to_owned()).code(self.0.stable_code());
        match self.0.retry_after_seconds() {
            Some(seconds) => error.retry_after(seconds),
            None => error,
        }
    }
}

/// Middleware (`axum::middleware::from_fn_with_state`): puts the `Caller`, or the `Refusal`, into the request's extensions.
pub async fn gate(State(authenticate): State<Arc<dyn Authenticate>>, request: Request, next: Next) -> Response {
    let (mut parts, body) = request.into_parts();
    match authenticate.authenticate(&parts).await {
        Ok(Some(caller)) => {
            parts.extensions.insert(caller);
        }
        Ok(None) => {}
        Err(error) => {
            parts.extensions.insert(Refusal(Arc::new(error)));
        }
    }
    next.run(Request::from_parts(parts, body)).await
}
