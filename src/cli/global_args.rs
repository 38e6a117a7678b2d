//! The flags every verb takes: where the server is, and in which form to answer.

use clap::Args;

use super::{DEFAULT_LISTEN, access_args::AccessArgs, output::OutputFormat};

/// The flags every verb takes.
#[derive(Args, Debug, Clone)]
#[command(next_help_heading = "Global options")]
pub(crate) struct GlobalArgs {
    /// Format of the answer.
    #[arg(long, global = true, value_enum, default_value_t = OutputFormat::Table, value_name = "FORM")]
    pub(crate) output: OutputFormat,
    /// Server that client verbs call.
    #[arg(long, global = true, env = "DETENTE_SERVER", default_value_t = format!("http://{DEFAULT_LISTEN}"),
          value_name = "URL")]
    pub(crate) server: String,
    #[command(flatten)]
    pub(crate) access: AccessArgs,
    /// Preferred language of claims and names in tables (BCP 47).
    #[arg(long, global = true, env = "DETENTE_LANG", default_value = "en", value_name = "LANG")]
    pub(crate) lang: String,
    /// Show whole claim ids in tables and not only their end.
    #[arg(long, global = true)]
    pub(crate) full_ids: bool,
}
