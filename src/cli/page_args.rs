//! The flags that ask for one page of a list instead of all of it.

use clap::Args;

/// One page instead of all.
#[derive(Args, Debug, Clone, Default)]
#[command(next_help_heading = "Paging (default: all pages, as one answer)")]
pub(crate) struct PageArgs {
    /// The most entries of a single page, at most 1000.
    #[arg(long, value_name = "N")]
    pub(crate) page_size: Option<u32>,
    /// Token of the previous page, to read the single page after it.
    #[arg(long, value_name = "TOKEN")]
    pub(crate) page_token: Option<String>,
}

impl PageArgs {
    /// Returns true if one page is wanted, not all.
    pub(crate) fn one(&self) -> bool {
        self.page_size.is_some() || self.page_token.is_some()
    }
}
