//! A browser without JavaScript: it keeps cookies and fills in forms.

use std::collections::BTreeMap;

use openidconnect::url::{Url, form_urlencoded};

use super::client::{Answer, Client};

/// One browser with its cookies.
pub struct Browser {
    client: Client,
    pub cookies: BTreeMap<String, String>,
}

impl Browser {
    pub fn new(client: Client) -> Self {
        Self { client, cookies: BTreeMap::new() }
    }

    /// Opens a path, with the cookies it has; keeps those it is given.
    pub async fn get(&mut self, path: &str) -> Answer {
        let answer = self.with_cookies().get(path).await;
        self.keep(&answer);
        answer
    }

    /// Sends a form.
    pub async fn post(&mut self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let answer = self.with_cookies().form(path, &form(fields)).await;
        self.keep(&answer);
        answer
    }

    /// Fills in the sign-in page and sends it.
    pub async fn sign_in(&mut self, page: &Answer, name: &str, password: &str) -> Answer {
        let request = field(page, "request");
        self.post("/oauth2/v1/login", &[("request", &request), ("username", name), ("password", password)]).await
    }

    fn with_cookies(&self) -> Client {
        let cookies: Vec<String> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        if cookies.is_empty() { self.client.clone() } else { self.client.with_header("cookie", &cookies.join("; ")) }
    }

    fn keep(&mut self, answer: &Answer) {
        for cookie in answer.headers.get_all("set-cookie") {
            let pair = cookie.to_str().unwrap().split(';').next().unwrap();
            let (name, value) = pair.split_once('=').unwrap();
            if value.is_empty() {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
    }
}

/// The value of a hidden field of a page.
#[track_caller]
pub fn field(page: &Answer, name: &str) -> String {
    let text = page.text();
    let start = format!("name=\"{name}\" value=\"");
    let rest = text.split(&start).nth(1).unwrap_or_else(|| panic!("no field {name} in {text}"));
    unescaped(rest.split('"').next().unwrap())
}

/// The target of the link with this class.
#[track_caller]
pub fn link(page: &Answer, class: &str) -> String {
    let text = page.text();
    let rest = text.split(&format!("class=\"{class}\" href=\"")).nth(1).unwrap_or_else(|| panic!("no link {class} in {text}"));
    unescaped(rest.split('"').next().unwrap())
}

fn unescaped(text: &str) -> String {
    text.replace("&#x2f;", "/").replace("&quot;", "\"").replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
}

/// Fields as a form or a query.
pub fn form(fields: &[(&str, &str)]) -> String {
    form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish()
}

/// Where a redirect leads: the address without its query, and the query.
#[track_caller]
pub fn led_to(answer: &Answer) -> (String, BTreeMap<String, String>) {
    assert_eq!(answer.status, 303, "{}", answer.text());
    let url = Url::parse(answer.header("location")).unwrap();
    let query = url.query_pairs().into_owned().collect();
    let mut bare = url.clone();
    bare.set_query(None);
    (bare.into(), query)
}
