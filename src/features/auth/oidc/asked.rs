//! A request to the identity provider: its parameters from the query or the form, the headers that matter, where it came from.

use std::net::{IpAddr, Ipv4Addr};

use axum::Form;
use axum::extract::{FromRequest, Query, Request};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use http::{HeaderMap, Method, header};

use super::error::OAuthError;
use crate::base::{Error, Result};
use crate::platform::access::Peer;

/// The parameter that names the endpoint under the older address.
pub(super) const ACTION: &str = "action";

/// What was asked.
pub(in crate::features::auth) struct Asked {
    fields: Vec<(String, String)>,
    headers: HeaderMap,
    /// The address login limits count by; none over the control socket. Whoever comes from nowhere shares one address.
    pub(in crate::features::auth) ip: Option<IpAddr>,
}

impl<S: Send + Sync> FromRequest<S> for Asked {
    type Rejection = OAuthError;

    async fn from_request(request: Request, state: &S) -> Result<Self, OAuthError> {
        let ip = request.extensions().get::<Peer>().map_or(Some(Ipv4Addr::UNSPECIFIED.into()), |peer| peer.ip());
        let headers = request.headers().clone();
        let is_post = request.method() == Method::POST;
        let is_bare = !headers.contains_key(header::CONTENT_TYPE);
        let mut fields = if is_post && is_bare {
            Vec::new()
        } else if is_post {
            let form = Form::<Vec<(String, String)>>::from_request(request, state).await;
            form.map_err(|_| OAuthError::request("the body must be a form (application/x-www-form-urlencoded)"))?.0
        } else {
            let query = Query::<Vec<(String, String)>>::try_from_uri(request.uri());
            query.map_err(|_| OAuthError::request("the query cannot be read"))?.0
        };
        fields.retain(|(name, value)| name != ACTION && !value.is_empty());
        Ok(Self { fields, headers, ip })
    }
}

impl Asked {
    /// A parameter. One without a value counts as absent; one given twice is refused (RFC 6749, section 3.1).
    pub(super) fn one(&self, name: &str) -> Result<Option<&str>, OAuthError> {
        let mut values = self.fields.iter().filter(|(known, _)| known == name);
        match (values.next(), values.next()) {
            (Some(_), Some(_)) => Err(OAuthError::request(format!("{name} is given twice"))),
            (value, _) => Ok(value.map(|(_, value)| value.as_str())),
        }
    }

    /// A parameter that must be there.
    pub(super) fn needed(&self, name: &str) -> Result<&str, OAuthError> {
        self.one(name)?.ok_or_else(|| OAuthError::request(format!("{name} is missing")))
    }

    /// A parameter, refused in the program's own words.
    pub(in crate::features::auth) fn wish(&self, name: &str) -> Result<Option<&str>> {
        self.one(name).map_err(|error| Error::invalid(error.sentence))
    }

    /// A parameter that must be there, refused in the program's own words.
    pub(in crate::features::auth) fn wanted(&self, name: &str) -> Result<&str> {
        self.needed(name).map_err(|error| Error::invalid(error.sentence))
    }

    /// The first cookie of this name.
    pub(in crate::features::auth) fn cookie(&self, name: &str) -> Option<&str> {
        let all = self.headers.get_all(header::COOKIE).iter().filter_map(|line| line.to_str().ok());
        let mut pairs = all.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
        pairs.find(|(known, _)| *known == name).map(|(_, value)| value)
    }

    /// The token of a bearer header.
    pub(super) fn bearer(&self) -> Option<&str> {
        self.scheme("bearer")
    }

    /// Name and secret of a basic header, each form-encoded as RFC 6749, section 2.3.1, has it. `Some(None)`: one that cannot be read.
    pub(super) fn basic(&self) -> Option<Option<(String, String)>> {
        let text = self.scheme("basic")?;
        let decoded = BASE64_STANDARD.decode(text).ok().and_then(|bytes| String::from_utf8(bytes).ok());
        Some(decoded.and_then(|text| {
            let (name, secret) = text.split_once(':')?;
            Some((form_decoded(name), form_decoded(secret)))
        }))
    }

    fn scheme(&self, wanted: &str) -> Option<&str> {
        let (scheme, rest) = self.headers.get(header::AUTHORIZATION)?.to_str().ok()?.trim().split_once(' ')?;
        scheme.eq_ignore_ascii_case(wanted).then(|| rest.trim())
    }
}

fn form_decoded(text: &str) -> String {
    let mut pairs = openidconnect::url::form_urlencoded::parse(text.as_bytes());
    pairs.next().map_or_else(String::new, |(name, _)| name.into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn asked(method: &str, uri: &str, headers: &[(&str, &str)], body: &str) -> Result<Asked, OAuthError> {
        let mut request = Request::builder().method(method).uri(uri);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        Asked::from_request(request.body(axum::body::Body::from(body.to_owned())).unwrap(), &()).await
    }

    #[tokio::test]
    async fn parameters_come_from_the_query_or_the_form_and_count_once() {
        let get = asked("GET", "/x?action=token&a=1&b=&c=1&c=2", &[], "").await.unwrap();
        assert_eq!((get.one("a").unwrap(), get.one("b").unwrap(), get.one("action").unwrap()), (Some("1"), None, None));
        assert!(get.one("c").is_err() && get.needed("b").is_err());
        let form = [("content-type", "application/x-www-form-urlencoded")];
        let post = asked("POST", "/x?a=query", &form, "a=x+y%26").await.unwrap();
        assert_eq!(post.one("a").unwrap(), Some("x y&"));
        assert!(asked("POST", "/x", &[("content-type", "application/json")], "{}").await.is_err());
        assert!(asked("POST", "/x", &[], "").await.unwrap().one("a").unwrap().is_none());
    }

    #[tokio::test]
    async fn cookies_and_authorizations_are_read() {
        let headers = [("cookie", "a=1; b=two"), ("authorization", "Basic YSUyMGI6czplY3JldCUyQg==")];
        let asked = asked("GET", "/x", &headers, "").await.unwrap();
        assert_eq!((asked.cookie("b"), asked.cookie("c"), asked.bearer()), (Some("two"), None, None));
        assert_eq!(asked.basic(), Some(Some(("a b".to_owned(), "s:ecret+".to_owned()))));
    }
}
