//! Compiles the proto files with protox, so that a machine needs no protoc, and keeps the descriptor set with its
//! comments for reflection and for JSON.
//!
//! The service is generated apart from the messages: its replies to the rpcs that return many recorded things are
//! `crate::grpc::encoded::Reply`, which is made of bytes that were encoded when they were recorded.
//!
//! The size in memory of every message is listed beside them, for `crate::wire::weight`, and of every rpc the type of its
//! request, for `crate::grpc::intake`.
//!
//! The table that folds text for search is derived from ICU4X (`build/folding`).

#[path = "build/folding/mod.rs"]
mod folding;

use std::{env, error::Error, fs, path::PathBuf};

/// The replies that are assembled instead of encoded.
const ASSEMBLED: [&str; 5] =
    ["GetStateResponse", "GetClaimResponse", "ListClaimsResponse", "ReadEventsResponse", "SubscribeResponse"];

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo:rerun-if-changed=proto");
    let out = PathBuf::from(env::var("OUT_DIR")?);
    fs::write(out.join("folding.rs"), folding::source()?)?;
    let mut compiler = protox::Compiler::new(["proto"])?;
    compiler.include_imports(true).include_source_info(true);
    compiler.open_files(["detente/v1/ledger.proto", "detente/v1/error.proto"])?;
    fs::write(out.join("descriptor.bin"), compiler.encode_file_descriptor_set())?;
    let files = compiler.file_descriptor_set();
    tonic_prost_build::configure().build_server(false).compile_fds(files.clone())?;
    let server = out.join("server");
    fs::create_dir_all(&server)?;
    let mut service = tonic_prost_build::configure()
        .build_client(false)
        .out_dir(server)
        .codec_path("crate::grpc::codec::Codec")
        .extern_path(".detente.v1", "crate::v1");
    for reply in ASSEMBLED {
        service = service.extern_path(format!(".detente.v1.{reply}"), "crate::grpc::encoded::Reply");
    }
    fs::write(out.join("sizes.rs"), sizes(&files))?;
    fs::write(out.join("requests.rs"), requests(&files))?;
    service.compile_fds(files)?;
    Ok(())
}

/// A list of the messages of the contract: of each the type, its name and its size in memory.
fn sizes(files: &prost_types::FileDescriptorSet) -> String {
    let own = files.file.iter().filter(|file| file.package() == "detente.v1");
    let names = own.flat_map(|file| &file.message_type).map(|message| message.name());
    let size =
        |name| format!("(TypeId::of::<crate::v1::{name}>(), \"detente.v1.{name}\", size_of::<crate::v1::{name}>()),\n");
    format!("[\n{}]\n", names.map(size).collect::<String>())
}

/// A list of the rpcs: of each the name and what makes its request.
fn requests(files: &prost_types::FileDescriptorSet) -> String {
    let own = files.file.iter().filter(|file| file.package() == "detente.v1");
    let rpcs = own.flat_map(|file| &file.service).flat_map(|service| &service.method);
    let request = |rpc: &prost_types::MethodDescriptorProto| {
        let request = rpc.input_type().trim_start_matches(".detente.v1.");
        format!("({:?}, request_type::<crate::v1::{request}>()),\n", rpc.name())
    };
    format!("&[\n{}]\n", rpcs.map(request).collect::<String>())
}
