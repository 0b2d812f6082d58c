//! The endpoints of the identity provider: one row each, served under `/oauth2/v1/<name>`, `/oidc.ashx/<name>` and
//! `/oidc.ashx?action=<name>` (contract 4.20).

use std::future::Future;
use std::pin::Pin;

use axum::extract::{FromRequest as _, Query, Request, State};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodFilter, MethodRouter, on};
use http::{HeaderValue, Method, StatusCode, header};
use serde::Deserialize;
use utoipa::openapi::path::{HttpMethod, OperationBuilder, ParameterBuilder, ParameterIn, PathItem, Paths};
use utoipa::openapi::request_body::RequestBodyBuilder;
use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::openapi::{ContentBuilder, ResponseBuilder};
use utoipa_axum::router::OpenApiRouter;

use super::asked::Asked;
use super::{authorize, discovery, end_session, key_routes, token_endpoint, tokens_about, userinfo};
use crate::base::Error;
use crate::features::auth::foreign;
use crate::features::auth::service::Auth;
use crate::platform::http::ApiError;

type Answering = Pin<Box<dyn Future<Output = Response> + Send>>;

/// One endpoint.
struct Endpoint {
    names: &'static [&'static str],
    well_known: Option<&'static str>,
    methods: &'static [Method],
    does: &'static str,
    fields: &'static [&'static str],
    run: fn(Auth, Asked) -> Answering,
}

const GET: &[Method] = &[Method::GET];
const POST: &[Method] = &[Method::POST];
const BOTH: &[Method] = &[Method::GET, Method::POST];

macro_rules! run {
    ($handler:path) => {
        |auth, asked| Box::pin($handler(auth, asked))
    };
}

const AUTHORIZE_FIELDS: &[&str] = &[
    "client_id",
    "redirect_uri",
    "response_type",
    "scope",
    "state",
    "nonce",
    "code_challenge",
    "code_challenge_method",
    "prompt",
    "max_age",
    "login_hint",
];
const TOKEN_FIELDS: &[&str] = &[
    "grant_type",
    "client_id",
    "client_secret",
    "code",
    "redirect_uri",
    "code_verifier",
    "refresh_token",
    "username",
    "password",
    "scope",
];

/// All of them.
static ENDPOINTS: &[Endpoint] = &[
    Endpoint {
        names: &["discovery"],
        well_known: Some("openid-configuration"),
        methods: GET,
        does: "What this identity provider can do",
        fields: &[],
        run: run!(discovery::discovery),
    },
    Endpoint {
        names: &["jwks"],
        well_known: Some("jwks.json"),
        methods: GET,
        does: "The public keys that verify this box's tokens",
        fields: &[],
        run: run!(discovery::jwks),
    },
    Endpoint {
        names: &["authorize"],
        well_known: None,
        methods: BOTH,
        does: "Signs a person in and sends the browser back to the client with a code (PKCE with S256)",
        fields: AUTHORIZE_FIELDS,
        run: run!(authorize::authorize),
    },
    Endpoint {
        names: &["login"],
        well_known: None,
        methods: POST,
        does: "What the sign-in page sends",
        fields: &["request", "username", "password"],
        run: run!(authorize::login),
    },
    Endpoint {
        names: &["token"],
        well_known: None,
        methods: POST,
        does: "Gives tokens for a code, a refresh token, or (codeb-admin only) a password",
        fields: TOKEN_FIELDS,
        run: run!(token_endpoint::token),
    },
    Endpoint {
        names: &["userinfo"],
        well_known: None,
        methods: BOTH,
        does: "What the bearer of an access token may know about the person behind it",
        fields: &["access_token"],
        run: run!(userinfo::userinfo),
    },
    Endpoint {
        names: &["introspect"],
        well_known: None,
        methods: POST,
        does: "Whether a token holds, and what it is (RFC 7662)",
        fields: &["token", "token_type_hint", "client_id", "client_secret"],
        run: run!(tokens_about::introspect),
    },
    Endpoint {
        names: &["revoke"],
        well_known: None,
        methods: POST,
        does: "Ends a token and everything made from the same grant (RFC 7009)",
        fields: &["token", "token_type_hint", "client_id", "client_secret"],
        run: run!(tokens_about::revoke),
    },
    Endpoint {
        names: &["logout", "end_session", "end-session"],
        well_known: None,
        methods: BOTH,
        does: "Signs the browser out",
        fields: &["id_token_hint", "client_id", "post_logout_redirect_uri", "state"],
        run: run!(end_session::end_session),
    },
    Endpoint {
        names: &["foreign"],
        well_known: None,
        methods: GET,
        does: "Begins a sign-in with the other identity provider",
        fields: &["request"],
        run: run!(foreign::begin),
    },
    Endpoint {
        names: &["foreign-callback"],
        well_known: None,
        methods: GET,
        does: "Where the other identity provider sends the browser back to",
        fields: &["state", "code", "iss", "error"],
        run: run!(foreign::callback),
    },
];

/// Routes of the identity provider.
pub(in crate::features::auth) fn routes(auth: Auth) -> OpenApiRouter {
    let mut router = OpenApiRouter::new();
    for endpoint in ENDPOINTS {
        let by_name = endpoint.names.iter().flat_map(|name| [format!("/oauth2/v1/{name}"), format!("/oidc.ashx/{name}")]);
        let paths: Vec<String> = by_name.chain(endpoint.well_known.map(|name| format!("/.well-known/{name}"))).collect();
        router = router.routes((Vec::new(), endpoint.paths(&paths), endpoint.router()));
    }
    router.routes((Vec::new(), by_action_paths(), by_action_router())).merge(key_routes::routes()).with_state(auth)
}

impl Endpoint {
    fn router(&'static self) -> MethodRouter<Auth> {
        self.methods.iter().fold(MethodRouter::new(), |router, method| {
            let filter = if *method == Method::GET { MethodFilter::GET } else { MethodFilter::POST };
            router.merge(on(filter, |State(auth): State<Auth>, asked: Asked| (self.run)(auth, asked)))
        })
    }

    fn paths(&self, paths: &[String]) -> Paths {
        let mut all = Paths::new();
        for path in paths {
            for method in self.methods {
                let kind = if *method == Method::GET { HttpMethod::Get } else { HttpMethod::Post };
                let item = PathItem::new(kind, operation(self.does, self.fields, kind_of(method)));
                match all.paths.get_mut(path) {
                    Some(known) => known.merge_operations(item),
                    None => drop(all.paths.insert(path.clone(), item)),
                }
            }
        }
        all
    }
}

/// How parameters travel.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Travel {
    Query,
    Form,
}

fn kind_of(method: &Method) -> Travel {
    if *method == Method::GET { Travel::Query } else { Travel::Form }
}

fn operation(does: &str, fields: &[&str], travel: Travel) -> OperationBuilder {
    let text = || ObjectBuilder::new().schema_type(Type::String);
    let mut operation = OperationBuilder::new().tag("oidc").summary(Some(does));
    if travel == Travel::Query {
        for field in fields {
            operation = operation.parameter(ParameterBuilder::new().name(*field).parameter_in(ParameterIn::Query).schema(Some(text())));
        }
    } else {
        let form = fields.iter().fold(ObjectBuilder::new(), |form, field| form.property(*field, text()));
        let content = ContentBuilder::new().schema(Some(form.build())).build();
        operation = operation.request_body(Some(RequestBodyBuilder::new().content("application/x-www-form-urlencoded", content).build()));
    }
    for (status, words) in [
        ("200", "Done"),
        ("303", "The browser goes elsewhere"),
        ("400", "The request is at fault"),
        ("401", "A proof is missing or does not hold"),
        ("403", "The proof does not reach this far"),
        ("404", "There is nothing here"),
        ("429", "Too many failures from this address"),
    ] {
        operation = operation.response(status, ResponseBuilder::new().description(words).build());
    }
    operation
}

fn by_action_paths() -> Paths {
    let mut item =
        PathItem::new(HttpMethod::Get, operation("Any endpoint that takes GET, by the parameter `action`", &["action"], Travel::Query));
    let action = ParameterBuilder::new()
        .name("action")
        .parameter_in(ParameterIn::Query)
        .schema(Some(ObjectBuilder::new().schema_type(Type::String)));
    let post = operation("Any endpoint that takes POST, by the parameter `action`", TOKEN_FIELDS, Travel::Form).parameter(action);
    item.merge_operations(PathItem::new(HttpMethod::Post, post));
    let mut paths = Paths::new();
    paths.paths.insert("/oidc.ashx".to_owned(), item);
    paths
}

fn by_action_router() -> MethodRouter<Auth> {
    on(MethodFilter::GET, by_action).on(MethodFilter::POST, by_action)
}

/// `?action=` of the older address.
#[derive(Deserialize)]
struct Action {
    action: Option<String>,
}

async fn by_action(State(auth): State<Auth>, Query(query): Query<Action>, request: Request) -> Response {
    let name = query.action.unwrap_or_default();
    let Some(endpoint) = ENDPOINTS.iter().find(|endpoint| endpoint.names.contains(&name.as_str())) else {
        return ApiError(Error::not_found(format!("the identity provider has no endpoint {name:?}"))).into_response();
    };
    if !endpoint.methods.contains(request.method()) {
        let allow = endpoint.methods.iter().map(Method::as_str).collect::<Vec<_>>().join(",");
        let mut response = StatusCode::METHOD_NOT_ALLOWED.into_response();
        if let Ok(allow) = HeaderValue::from_str(&allow) {
            response.headers_mut().insert(header::ALLOW, allow);
        }
        return response;
    }
    match Asked::from_request(request, &()).await {
        Ok(asked) => (endpoint.run)(auth, asked).await,
        Err(error) => error.into_response(),
    }
}
