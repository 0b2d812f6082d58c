//! Offline speech: flite and pocketsphinx in a worker process of this same program, and the engine's side of it.
//!
//! C code can crash. So it runs in a child that answers framed requests on its standard input; when it dies, the engine starts another
//! and repeats the request once. No call ends because of it.

mod cache;
mod client;
mod ffi;
mod fold;
mod frame;
mod grammar;
mod listener;
mod model;
mod process;
mod worker;

pub use client::{SpeechSettings, SpeechWorkers};
pub use worker::run as run_worker;
