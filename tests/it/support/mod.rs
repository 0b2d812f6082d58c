//! What tests stand on: the application, its callers, their answers.

mod app;
mod client;
mod people;
mod receiver;

pub use app::TestApp;
pub use client::{Answer, Client};
pub use receiver::{Received, Receiver};
