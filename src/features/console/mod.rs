//! The console: what a browser loads from this box, the old pages' addresses, and the manual. Owns no tables.

mod assets;
mod pages;
mod routes;

pub use routes::routes;

use std::sync::Arc;

use axum::extract::Request;
use axum::response::Response;

use crate::base::Random;
use crate::features::settings::Settings;
use crate::platform::http::ApiResult;

/// The embedded console. Cheap to clone.
#[derive(Clone)]
pub struct Console {
    assets: Arc<assets::Assets>,
    random: Random,
    settings: Settings,
}

impl Console {
    /// The console as it was built into this program.
    pub fn new(random: Random, settings: Settings) -> Self {
        Self { assets: Arc::new(assets::Assets::embedded()), random, settings }
    }

    /// Answers a request no route has taken: a file of the console, one of the old pages, or the console itself for a browser. All else is 404.
    ///
    /// # Errors
    /// Not found, for what is neither.
    #[expect(clippy::needless_pass_by_value, reason = "a fallback owns its request")]
    pub fn answer(&self, request: Request) -> ApiResult<Response> {
        pages::answer(&self.assets, &self.random, self.settings.current().brand.picture_origin(), &request)
    }
}
