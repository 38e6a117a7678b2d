//! x
use crate::cli::{Failure, ServeArgs};
pub(super) async fn run(_args: ServeArgs) -> Result<(), Failure> { Err(Failure::Usage(String::new())) }
