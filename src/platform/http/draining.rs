//! The end of the program, as a long answer sees it.

use axum::Extension;
use tokio_util::sync::CancellationToken;

/// In each request's extensions: answers that go on and on must end when it begins.
#[derive(Debug, Clone)]
pub struct Draining(CancellationToken);

impl Draining {
    /// Begins when the token is cancelled.
    pub fn new(token: CancellationToken) -> Self {
        Self(token)
    }

    /// Waits until the program drains.
    pub async fn begun(&self) {
        self.0.cancelled().await;
    }

    /// Waits until the program drains, as a route is told of it; for ever where nobody tells.
    pub async fn of(told: Option<Extension<Self>>) {
        match told {
            Some(Extension(draining)) => draining.begun().await,
            None => std::future::pending().await,
        }
    }
}
