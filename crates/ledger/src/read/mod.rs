//! The record as seen at a cut: which claims match, how surely, and how they are rendered.

pub mod cut;
pub(crate) mod evaluation;
pub(crate) mod horizon;
pub(crate) mod list_bound;
pub mod reader;
pub(crate) mod record;
pub(crate) mod register;
pub(crate) mod render;
pub(crate) mod sight;
pub(crate) mod suppose;
