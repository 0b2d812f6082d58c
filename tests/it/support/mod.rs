//! What tests stand on: the application, its callers, their answers.

mod app;
mod client;
mod fake_engine;
pub mod make;
mod people;
mod ports;
mod receiver;

pub use app::TestApp;
pub use client::{Answer, Client};
pub use fake_engine::FakeEngine;
pub use receiver::{Received, Receiver};
