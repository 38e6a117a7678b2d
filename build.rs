//! Compiles the proto files with protox, so that a machine needs no protoc, and keeps the descriptor set with its
//! comments for reflection and for JSON.

use std::{env, error::Error, fs, path::PathBuf};

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo:rerun-if-changed=proto");
    let out = PathBuf::from(env::var("OUT_DIR")?);
    let mut compiler = protox::Compiler::new(["proto"])?;
    compiler.include_imports(true).include_source_info(true);
    compiler.open_files(["detente/v1/ledger.proto", "detente/v1/error.proto"])?;
    fs::write(out.join("descriptor.bin"), compiler.encode_file_descriptor_set())?;
    tonic_prost_build::configure()
        .compile_fds(compiler.file_descriptor_set())?;
    Ok(())
}
