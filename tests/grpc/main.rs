//! The ledger as a client sees it: a server on a port of its own, and the generated client.

mod ending;
mod errors;
mod failing;
mod reads;
mod running;
