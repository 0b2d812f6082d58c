//! `/api/v1/manual`: the manual that comes with the program, as the console's reader takes it.

use axum::Json;
use include_dir::{Dir, include_dir};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

static MANUAL: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/assets/docs");

/// The route of the manual. It is public: it tells nothing about this box.
pub fn routes() -> OpenApiRouter {
    OpenApiRouter::new().routes(routes!(manual))
}

/// The manual of this version.
#[derive(Serialize, ToSchema)]
struct Manual {
    data: Vec<Chapter>,
}

/// One page of it.
#[derive(Serialize, ToSchema)]
struct Chapter {
    /// Its name in addresses, such as `webhooks`.
    slug: String,
    /// Its first heading.
    title: String,
    /// The whole page in Markdown.
    text: String,
}

/// All pages of the manual.
#[utoipa::path(get, path = "/api/v1/manual", tag = "console", responses((status = 200, body = Manual)))]
async fn manual() -> Json<Manual> {
    let mut data: Vec<_> = MANUAL.files().filter_map(chapter).collect();
    data.sort_by(|a, b| a.slug.cmp(&b.slug));
    Json(Manual { data })
}

fn chapter(file: &include_dir::File<'_>) -> Option<Chapter> {
    let slug = file.path().to_str()?.strip_suffix(".md")?.to_lowercase();
    let text = file.contents_utf8()?.to_owned();
    let title = text.lines().find_map(|line| line.strip_prefix("# ")).unwrap_or(&slug).trim().to_owned();
    Some(Chapter { slug, title, text })
}
