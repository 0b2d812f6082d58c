//! Machinery under every feature: configuration, database, outbox, HTTP, network, logs. It knows no feature.

pub mod access;
pub mod audit;
pub mod bulletin;
pub mod config;
pub mod data_dir;
pub mod db;
pub mod embed;
pub mod http;
pub mod mail;
pub mod memory;
pub mod net;
pub mod objects;
pub mod outbox;
pub mod process;
pub mod sandbox;
pub mod secrets;
pub mod space;
pub mod telemetry;
pub mod tls;
