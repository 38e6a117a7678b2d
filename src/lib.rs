//! Detente keeps an append-only, versioned record of claims about relationships and answers: what was the state at any
//! date, as known at any date, who says so?

pub mod cli;
pub mod config;
pub mod demo;
pub mod grpc;
pub mod http;
mod operator;
pub mod page;
pub mod server;
pub mod telemetry;
