//! Which address is what: a file, an old page, or a screen of the console.

use axum::extract::Request;
use axum::response::{Html, IntoResponse, Redirect, Response};
use http::{HeaderMap, HeaderValue, Method, header};

use super::assets::Assets;
use crate::base::{Context, Error, Random};
use crate::platform::http::ApiResult;

/// Pages the older platform's users have as bookmarks, and the screens that took their place.
const OLD_PAGES: &[(&str, &str)] = &[
    ("/api-keys-admin.html", "/api-keys"),
    ("/webhooks-admin.html", "/webhooks"),
    ("/outbound-ai-monitor.html", "/outbound"),
    ("/virtual-numbers.html", "/numbers"),
    ("/status.html", "/status"),
];

/// The page where a sign-in ends; the console reads the code from its address.
const CALLBACK: &str = "/oidc-callback.html";
/// The page where a browser calls a virtual number; it is for visitors too.
const ROOM: &str = "/room.html";

/// First parts of paths that belong to programs: a browser that strays there gets the API's own 404.
const OF_PROGRAMS: &[&str] = &["api", "api.ashx", "oidc.ashx", "oauth2", ".well-known", "livekit", "assets", "metrics"];

/// Stands in the built page where each answer puts its own nonce.
const NONCE_MARK: &str = "__NONCE__";

/// `pictures` is where the brand's picture comes from; from nowhere else outside this box anything is loaded.
pub(super) fn answer(assets: &Assets, random: &Random, pictures: Option<String>, request: &Request) -> ApiResult<Response> {
    let path = request.uri().path();
    if matches!(*request.method(), Method::GET | Method::HEAD) {
        if let Some((_, screen)) = OLD_PAGES.iter().find(|(old, _)| *old == path) {
            return Ok(Redirect::to(screen).into_response());
        }
        if let Some(file) = assets.find(path.trim_start_matches('/'), request.headers()) {
            return Ok(file);
        }
        if is_screen(path, request.headers()) {
            return page(assets, random, pictures);
        }
    }
    Err(Error::not_found("there is nothing at this path").into())
}

/// Whether a request is a browser that opens a screen. Programs, which do not ask for HTML, get a 404 for what is not there.
fn is_screen(path: &str, headers: &HeaderMap) -> bool {
    let mut parts = path.trim_start_matches('/').split('/');
    let first = parts.next().unwrap_or_default();
    let last = path.rsplit('/').next().unwrap_or_default();
    if first.is_empty() || [CALLBACK, ROOM].contains(&path) {
        return true;
    }
    let wants_html = headers.get(header::ACCEPT).and_then(|kinds| kinds.to_str().ok()).is_some_and(|kinds| kinds.contains("text/html"));
    wants_html && !OF_PROGRAMS.contains(&first) && !last.contains('.')
}

/// The console's page. Styles that its parts write at run time carry the nonce of this answer; nothing else inline is allowed.
fn page(assets: &Assets, random: &Random, pictures: Option<String>) -> ApiResult<Response> {
    let (nonce, pictures) = (random.hex::<16>(), pictures.map(|origin| format!(" {origin}")).unwrap_or_default());
    let mut response = Html(assets.page().replace(NONCE_MARK, &nonce)).into_response();
    let policy = format!(
        "default-src 'none'; script-src 'self'; style-src 'self' 'nonce-{nonce}'; img-src 'self' data:{pictures}; font-src 'self'; \
         connect-src 'self'; media-src 'self' blob:; manifest-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'"
    );
    let policy = HeaderValue::from_str(&policy).context("the policy is not a header")?;
    response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, policy);
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}

#[cfg(test)]
mod tests {
    use http::{HeaderMap, HeaderValue, header};

    use super::is_screen;

    #[test]
    fn a_browser_gets_screens_and_a_program_gets_404() {
        let browser = HeaderMap::from_iter([(header::ACCEPT, HeaderValue::from_static("text/html,application/xhtml+xml,*/*;q=0.8"))]);
        let program = HeaderMap::from_iter([(header::ACCEPT, HeaderValue::from_static("*/*"))]);
        for (path, in_browser, in_program) in [
            ("/", true, true),
            ("/calls", true, false),
            ("/calls/sess_1", true, false),
            ("/oidc-callback.html", true, true),
            ("/room.html", true, true),
            ("/nothing.php", false, false),
            ("/api/v1/nowhere", false, false),
            ("/api.ashx/v1/nowhere", false, false),
            ("/api-keys", true, false),
            ("/.well-known/nothing", false, false),
            ("/assets/gone-123.js", false, false),
        ] {
            assert_eq!(is_screen(path, &browser), in_browser, "{path} in a browser");
            assert_eq!(is_screen(path, &program), in_program, "{path} in a program");
        }
    }
}
