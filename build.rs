//! Generates the server of the contract. Its messages are those of `detente_proto`. Its replies to the rpcs that return many
//! recorded things are `crate::grpc::encoded_reply::EncodedReply`, which is made of bytes that were encoded when they were recorded.
//!
//! Of every rpc the type of its request is listed, for `crate::grpc::intake`.

use std::{env, error::Error, fs, path::PathBuf};

/// The replies that are assembled instead of encoded.
const ASSEMBLED: [&str; 5] =
    ["GetStateResponse", "GetClaimResponse", "ListClaimsResponse", "ReadEventsResponse", "SubscribeResponse"];

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo:rerun-if-changed=proto");
    let out = PathBuf::from(env::var("OUT_DIR")?);
    let mut compiler = protox::Compiler::new(["proto"])?;
    compiler.include_imports(true);
    compiler.open_files(["detente/v1/ledger.proto", "detente/v1/error.proto"])?;
    let files = compiler.file_descriptor_set();
    let server = out.join("server");
    fs::create_dir_all(&server)?;
    let mut service = tonic_prost_build::configure()
        .build_client(false)
        .out_dir(server)
        .codec_path("crate::grpc::codec::Codec")
        .extern_path(".detente.v1", "::detente_proto::v1");
    for reply in ASSEMBLED {
        service = service.extern_path(format!(".detente.v1.{reply}"), "crate::grpc::encoded_reply::EncodedReply");
    }
    fs::write(out.join("requests.rs"), requests(&files))?;
    service.compile_fds(files)?;
    Ok(())
}

/// A list of the rpcs: of each the name and what makes its request.
fn requests(files: &prost_types::FileDescriptorSet) -> String {
    let own = files.file.iter().filter(|file| file.package() == "detente.v1");
    let rpcs = own.flat_map(|file| &file.service).flat_map(|service| &service.method);
    let request = |rpc: &prost_types::MethodDescriptorProto| {
        let request = rpc.input_type().trim_start_matches(".detente.v1.");
        format!("({:?}, request_type::<detente_proto::v1::{request}>()),\n", rpc.name())
    };
    format!("&[\n{}]\n", rpcs.map(request).collect::<String>())
}
