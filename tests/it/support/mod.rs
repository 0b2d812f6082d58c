//! What tests stand on: the application, its callers, their answers.

mod app;
mod client;
mod people;

pub use app::TestApp;
pub use client::{Answer, Client};
