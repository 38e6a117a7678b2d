//! The common parts of the behaviour tests: makers of claims, ledgers to try them on, and a model to hold the answers
//! against.
//!
//! `make` writes commands in a few words, `home` opens ledgers and records, `demo` serves the demo, `ask` puts
//! questions, `random` makes histories and filters from a seed, `follow` follows the log in process and `watched` over
//! a socket, `told` plays histories in which claims are about one another, `hooked` is a journal that waits or fails on
//! demand, `oracle` is the brute-force model and `compare` asks ledger and model the same.
#![allow(dead_code, reason = "every test crate uses its own part of this")]

pub(crate) mod again;
pub(crate) mod ask;
pub(crate) mod compare;
pub(crate) mod demo;
pub(crate) mod follow;
pub(crate) mod home;
pub(crate) mod hooked;
pub(crate) mod make;
pub(crate) mod oracle;
pub(crate) mod random;
pub(crate) mod told;
pub(crate) mod watched;
