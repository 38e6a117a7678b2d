//! Compiles the proto files with protox, so that a machine needs no protoc, and keeps the descriptor set with its comments.
//! The size in memory of every message is listed for those who weigh requests.

use std::{env, error::Error, fs, path::PathBuf};

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo:rerun-if-changed=proto");
    let out = PathBuf::from(env::var("OUT_DIR")?);
    let mut compiler = protox::Compiler::new(["proto"])?;
    compiler.include_imports(true).include_source_info(true);
    compiler.open_files(["detente/v1/ledger.proto", "detente/v1/error.proto"])?;
    fs::write(out.join("descriptor.bin"), compiler.encode_file_descriptor_set())?;
    let files = compiler.file_descriptor_set();
    fs::write(out.join("sizes.rs"), sizes(&files))?;
    let with_client = env::var_os("CARGO_FEATURE_CLIENT").is_some();
    tonic_prost_build::configure().build_server(false).build_client(with_client).compile_fds(files)?;
    Ok(())
}

/// A list of the messages of the contract: of each the type, its name and its size in memory.
fn sizes(files: &prost_types::FileDescriptorSet) -> String {
    let own = files.file.iter().filter(|file| file.package() == "detente.v1");
    let names = own.flat_map(|file| &file.message_type).map(|message| message.name());
    let size =
        |name| format!("(TypeId::of::<crate::v1::{name}>(), \"detente.v1.{name}\", size_of::<crate::v1::{name}>()),\n");
    format!("vec![\n{}]\n", names.map(size).collect::<String>())
}
