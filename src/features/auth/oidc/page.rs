//! The pages of the identity provider: made from templates that escape what they show, with a policy that lets nothing else in.

use std::sync::Arc;

use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use http::{HeaderValue, StatusCode, header};
use minijinja::{Environment, Value, context};

use super::error::unstored;
use crate::base::{Context, Result};

const STYLE: &str = include_str!("../../../../assets/pages/style.css");

/// What the operator calls the box, and whom people may ask for help; read anew for each page.
pub(in crate::features::auth) struct Brand {
    pub(in crate::features::auth) name: String,
    pub(in crate::features::auth) support_email: String,
    /// URL of its picture; empty when there is none.
    pub(in crate::features::auth) logo: String,
    /// Where that comes from, for the policy.
    pub(in crate::features::auth) logo_origin: Option<String>,
}

type BrandNow = Arc<dyn Fn() -> Brand + Send + Sync>;

/// The pages. Cheap to clone.
#[derive(Clone)]
pub(in crate::features::auth) struct Pages {
    brand: BrandNow,
    templates: Arc<Environment<'static>>,
    style_hash: Arc<str>,
}

/// What the sign-in page shows.
#[derive(Debug, Default)]
pub(super) struct LoginPage<'a> {
    /// What the person signs in to.
    pub(super) client: &'a str,
    /// The sealed request.
    pub(super) request: &'a str,
    /// What stands in the field of the name already.
    pub(super) username: &'a str,
    /// What went wrong.
    pub(super) fault: Option<&'a str>,
    /// What a sign-in with a password will do besides.
    pub(super) note: Option<&'a str>,
    /// Another identity provider: what it is called and where it begins.
    pub(super) foreign: Option<(String, String)>,
    /// Where the form may lead in the end.
    pub(super) leads_to: &'a str,
}

impl Pages {
    pub(in crate::features::auth) fn new(brand: BrandNow) -> Result<Self> {
        let mut templates = Environment::new();
        for (name, text) in [
            ("frame.html", include_str!("../../../../assets/pages/frame.html")),
            ("login.html", include_str!("../../../../assets/pages/login.html")),
            ("notice.html", include_str!("../../../../assets/pages/notice.html")),
            ("logout.html", include_str!("../../../../assets/pages/logout.html")),
        ] {
            templates.add_template(name, text).context("a page's template is broken")?;
        }
        templates.add_global("style", Value::from_safe_string(STYLE.to_owned()));
        let digest = ring::digest::digest(&ring::digest::SHA256, STYLE.as_bytes());
        Ok(Self { brand, templates: Arc::new(templates), style_hash: BASE64_STANDARD.encode(digest).into() })
    }

    /// The page that asks for name and password.
    pub(super) fn login(&self, status: StatusCode, page: &LoginPage<'_>) -> Result<Response> {
        let foreign = page.foreign.as_ref().map(|(name, href)| context! { name => name, href => href });
        let values = context! {
            client => page.client, request => page.request, username => page.username, fault => page.fault, note => page.note, foreign => foreign,
        };
        self.page(status, "login.html", values, page.leads_to)
    }

    /// A page that says one thing.
    pub(in crate::features::auth) fn notice(&self, status: StatusCode, title: &str, text: &str) -> Result<Response> {
        self.page(status, "notice.html", context! { title, text }, "")
    }

    /// The page that asks whether to sign out.
    pub(super) fn logout(&self, action: &str, fields: &[(&str, &str)]) -> Result<Response> {
        let fields: Vec<Value> = fields.iter().map(|(name, value)| context! { name => *name, value => *value }).collect();
        self.page(StatusCode::OK, "logout.html", context! { action => action, fields => fields }, "")
    }

    fn page(&self, status: StatusCode, name: &str, values: Value, leads_to: &str) -> Result<Response> {
        let template = self.templates.get_template(name).context("a page's template is missing")?;
        let brand = (self.brand)();
        let values =
            context! { brand => context! { name => brand.name, support_email => brand.support_email, logo => brand.logo }, ..values };
        let html = template.render(values).context("a page could not be made")?;
        let pictures = brand.logo_origin.map(|origin| format!(" img-src {origin};")).unwrap_or_default();
        let policy = format!(
            "default-src 'none'; style-src 'sha256-{}';{pictures} form-action 'self' {leads_to}; frame-ancestors 'none'; base-uri 'none'",
            self.style_hash
        );
        let mut response = (status, html).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
        headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_str(&policy).context("a page's policy cannot be sent")?);
        headers.insert(header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
        Ok(unstored(response))
    }
}

#[cfg(test)]
mod tests {
    use http_body_util::BodyExt as _;

    use super::*;

    #[tokio::test]
    async fn what_comes_from_outside_is_escaped_and_the_policy_names_the_style() {
        let bad = "\"><script>alert(1)</script>";
        let pages =
            Pages::new(Arc::new(|| Brand { name: bad.to_owned(), support_email: bad.to_owned(), logo: bad.to_owned(), logo_origin: None }))
                .unwrap();
        let page = LoginPage {
            client: bad,
            request: bad,
            username: bad,
            fault: Some(bad),
            leads_to: "https://app.example",
            ..LoginPage::default()
        };
        let response = pages.login(StatusCode::OK, &page).unwrap();
        let policy = response.headers()["content-security-policy"].to_str().unwrap().to_owned();
        assert!(policy.contains("default-src 'none'") && policy.contains("form-action 'self' https://app.example;"), "{policy}");
        let html = String::from_utf8(response.into_body().collect().await.unwrap().to_bytes().to_vec()).unwrap();
        assert!(!html.contains("<script"), "{html}");
        assert!(html.contains("&lt;script&gt;"));
        let style = html.split("<style>").nth(1).and_then(|rest| rest.split("</style>").next()).unwrap();
        let digest = BASE64_STANDARD.encode(ring::digest::digest(&ring::digest::SHA256, style.as_bytes()));
        assert!(policy.contains(&format!("'sha256-{digest}'")), "the style in the page is the one the policy names");
    }
}
