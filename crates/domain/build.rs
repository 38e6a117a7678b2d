//! Derives the table that folds text for search from ICU4X (`build/folding`).

#[path = "build/folding/mod.rs"]
mod folding;

use std::{env, error::Error, fs, path::PathBuf};

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo:rerun-if-changed=build");
    println!("cargo:rerun-if-changed=src/text/cell.rs");
    let out = PathBuf::from(env::var("OUT_DIR")?);
    fs::write(out.join("folding.rs"), folding::source()?)?;
    Ok(())
}
