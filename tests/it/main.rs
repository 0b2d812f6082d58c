//! The control plane in process: real SQLite, real HTTP over loopback, a clock that tests move.

#![expect(clippy::unwrap_used, clippy::expect_used, unreachable_pub, reason = "test helpers")]

mod auth;
mod bad_tokens;
mod bots;
mod call_results;
mod carriers;
mod codeb_access;
mod inbound_routes;
mod inbound_routes_lines;
mod limits;
mod live;
mod mail;
mod numbers;
mod numbers_modes;
mod oidc_clients;
mod oidc_code;
mod oidc_foreign;
mod oidc_keys;
mod oidc_tokens;
mod openapi;
mod ops;
mod outbound;
mod outbound_gate;
mod outbound_life;
mod outbound_once;
mod permit;
mod phones;
mod recordings;
mod rest_v1;
mod rest_v1_bearers;
mod runtime;
mod settings;
mod shares;
mod supervisor;
mod support;
mod transcripts;
mod users_and_keys;
mod walk;
mod webhooks;
mod webhooks_hostile;
mod webhooks_pull;
mod webhooks_recovery;
mod webhooks_ssrf;
mod webhooks_verify;
mod wiring;
