//! What tests stand on: the application, its callers, their answers.

mod app;
pub mod bodies;
pub mod browser;
mod client;
pub mod crm;
pub mod dialling;
mod fake_engine;
pub mod files;
pub mod forge;
mod furnished;
pub mod make;
mod people;
mod ports;
mod receiver;
pub mod s3;
mod smtp;

pub use app::TestApp;
pub use browser::Browser;
pub use client::{Answer, Client};
pub use dialling::Dialling;
pub use fake_engine::{Answering, FakeEngine};
pub use furnished::{Furnished, PASSWORD};
pub use ports::free_port;
pub use receiver::{Received, Receiver};
pub use smtp::{Does, MailSink, Manner, Taken};
