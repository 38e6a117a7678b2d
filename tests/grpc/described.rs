//! Reflection as other tools ask for it: names of every sort, names that there are not, and the files behind it all.

use crate::running::Running;
use prost::Message as _;
use prost_reflect::DescriptorPool;
use prost_types::{FileDescriptorProto, FileDescriptorSet};
use std::collections::{HashMap, HashSet, VecDeque};
use tokio_stream::StreamExt as _;
use tonic::transport::Channel;
use tonic_reflection::pb::v1::server_reflection_client::ServerReflectionClient;
use tonic_reflection::pb::v1::server_reflection_request::MessageRequest as Question;
use tonic_reflection::pb::v1::server_reflection_response::MessageResponse as Answer;
use tonic_reflection::pb::v1::{ExtensionRequest, ServerReflectionRequest};
use tonic_reflection::pb::v1alpha;

fn asking(question: Question) -> ServerReflectionRequest {
    ServerReflectionRequest { host: "a desk".to_owned(), message_request: Some(question) }
}

fn symbol(name: &str) -> Question {
    Question::FileContainingSymbol(name.to_owned())
}

fn file(name: &str) -> Question {
    Question::FileByFilename(name.to_owned())
}

/// Asks on one stream; the answers, of which there is one to each question, with its host and the question.
async fn ask(channel: &Channel, questions: Vec<Question>) -> Vec<Answer> {
    let asked: Vec<_> = questions.into_iter().map(asking).collect();
    let mut client = ServerReflectionClient::new(channel.clone());
    let replies = client.server_reflection_info(tokio_stream::iter(asked.clone())).await.unwrap().into_inner();
    let replies: Vec<_> = replies.map(Result::unwrap).collect().await;
    assert_eq!(replies.len(), asked.len(), "each question has its answer");
    let of = |(reply, asked): (tonic_reflection::pb::v1::ServerReflectionResponse, ServerReflectionRequest)| {
        assert_eq!((reply.valid_host.as_str(), reply.original_request), ("a desk", Some(asked)));
        reply.message_response.unwrap()
    };
    replies.into_iter().zip(asked).map(of).collect()
}

fn files(answer: &Answer) -> Vec<FileDescriptorProto> {
    let Answer::FileDescriptorResponse(files) = answer else { panic!("no files: {answer:?}") };
    files.file_descriptor_proto.iter().map(|bytes| FileDescriptorProto::decode(bytes.as_slice()).unwrap()).collect()
}

#[tokio::test]
async fn every_name_leads_to_its_file_and_a_miss_leaves_the_stream_open() {
    let server = Running::in_memory().await;
    let names = [
        ("detente.v1.LedgerService", "detente/v1/ledger.proto"),
        (".detente.v1.LedgerService", "detente/v1/ledger.proto"),
        ("detente.v1.LedgerService.GetState", "detente/v1/ledger.proto"),
        ("detente.v1.LedgerService/GetState", "detente/v1/ledger.proto"),
        ("detente.v1.GetStateRequest.cut", "detente/v1/state.proto"),
        ("detente.v1.GetStateRequest.valid_at", "detente/v1/state.proto"),
        ("detente.v1.ErrorReason", "detente/v1/error.proto"),
        ("detente.v1.ERROR_REASON_DISK_FULL", "detente/v1/error.proto"),
        ("google.rpc.BadRequest.FieldViolation", "google/rpc/error_details.proto"),
        ("google.rpc.ErrorInfo.MetadataEntry", "google/rpc/error_details.proto"),
        ("google.rpc.Status.details", "google/rpc/status.proto"),
        ("google.protobuf.Timestamp", "google/protobuf/timestamp.proto"),
        ("grpc.health.v1.Health.Watch", "grpc/health/v1/health.proto"),
        ("grpc.health.v1.HealthCheckResponse.NOT_SERVING", "grpc/health/v1/health.proto"),
        ("grpc.reflection.v1.ServerReflection", "grpc/reflection/v1/reflection.proto"),
        ("grpc.reflection.v1alpha.ErrorResponse.error_code", "grpc/reflection/v1alpha/reflection.proto"),
    ];
    let nothing = symbol("detente.v1.Nothing");
    let questions = names.iter().flat_map(|(name, _)| [nothing.clone(), symbol(name), file("nothing.proto")]).collect();
    let answers = ask(&server.channel, questions).await;
    for ((name, path), answers) in names.iter().zip(answers.chunks(3)) {
        assert_eq!(files(&answers[1])[0].name(), *path, "{name}");
        for missing in [&answers[0], &answers[2]] {
            let Answer::ErrorResponse(error) = missing else { panic!("{missing:?}") };
            assert!(error.error_code == 5 && error.error_message.contains("othing"), "{error:?}");
        }
    }
    let by_name = names.iter().map(|(_, path)| file(path)).collect();
    for ((_, path), answer) in names.iter().zip(ask(&server.channel, by_name).await) {
        assert_eq!(files(&answer)[0].name(), *path);
    }
    let extension =
        |number| ExtensionRequest { containing_type: "detente.v1.Claim".to_owned(), extension_number: number };
    let odd = vec![
        symbol(""),
        symbol("detente.v1.ErrorReason.ERROR_REASON_DISK_FULL"),
        file("status.proto"),
        Question::FileContainingExtension(extension(7)),
        Question::AllExtensionNumbersOfType("detente.v1.Nothing".to_owned()),
        Question::AllExtensionNumbersOfType("detente.v1.Claim".to_owned()),
        Question::ListServices(String::new()),
    ];
    let answers = ask(&server.channel, odd).await;
    assert!(answers[..5].iter().all(|answer| matches!(answer, Answer::ErrorResponse(_))), "{answers:?}");
    let Answer::AllExtensionNumbersResponse(none) = &answers[5] else { panic!("{answers:?}") };
    assert_eq!((none.base_type_name.as_str(), none.extension_number.len()), ("detente.v1.Claim", 0));
    let Answer::ListServicesResponse(list) = &answers[6] else { panic!("{answers:?}") };
    let listed: Vec<&str> = list.service.iter().map(|service| service.name.as_str()).collect();
    let services = [
        "detente.v1.LedgerService",
        "grpc.health.v1.Health",
        "grpc.reflection.v1.ServerReflection",
        "grpc.reflection.v1alpha.ServerReflection",
    ];
    assert_eq!(listed, services);
    server.stop().await.unwrap();
}

#[tokio::test]
async fn the_file_of_the_service_and_what_it_imports_hold_the_details_of_errors() {
    let server = Running::in_memory().await;
    let answer = ask(&server.channel, vec![symbol("detente.v1.LedgerService")]).await.remove(0);
    let with_all = files(&answer);
    assert_eq!(with_all[0].name(), "detente/v1/ledger.proto");
    let names: HashSet<&str> = with_all.iter().map(FileDescriptorProto::name).collect();
    assert_eq!(names.len(), with_all.len(), "a file came twice");
    let twice = ask(&server.channel, vec![symbol("detente.v1.LedgerService"); 2]).await;
    assert_eq!(files(&twice[1]).len(), 1, "what a file imports is sent once a stream");

    // The same by the imports alone, file by file, as tools ask that keep no stream.
    let (mut found, mut next) = (HashMap::new(), VecDeque::from(["detente/v1/ledger.proto".to_owned()]));
    while let Some(name) = next.pop_front() {
        if found.contains_key(&name) {
            continue;
        }
        let first = files(&ask(&server.channel, vec![file(&name)]).await.remove(0)).remove(0);
        next.extend(first.dependency.clone());
        found.insert(name, first);
    }
    let mut pool = DescriptorPool::new();
    pool.add_file_descriptor_set(FileDescriptorSet { file: found.into_values().collect() }).unwrap();
    for name in ["ErrorInfo", "BadRequest", "PreconditionFailure", "ResourceInfo", "RetryInfo", "Status"] {
        assert!(pool.get_message_by_name(&format!("google.rpc.{name}")).is_some(), "{name}");
    }
    assert!(pool.get_enum_by_name("detente.v1.ErrorReason").is_some());
    server.stop().await.unwrap();
}

#[tokio::test]
async fn the_older_version_answers_as_the_newer() {
    use v1alpha::server_reflection_request::MessageRequest;
    use v1alpha::server_reflection_response::MessageResponse;
    let server = Running::in_memory().await;
    let ask = |name: &str| v1alpha::ServerReflectionRequest {
        host: String::new(),
        message_request: Some(MessageRequest::FileContainingSymbol(name.to_owned())),
    };
    let asked = ["detente.v1.Nothing", "google.rpc.Status"].map(ask);
    let mut client = v1alpha::server_reflection_client::ServerReflectionClient::new(server.channel.clone());
    let replies = client.server_reflection_info(tokio_stream::iter(asked)).await.unwrap().into_inner();
    let replies: Vec<_> = replies.map(|reply| reply.unwrap().message_response.unwrap()).collect().await;
    assert!(matches!(&replies[0], MessageResponse::ErrorResponse(error) if error.error_code == 5), "{replies:?}");
    let MessageResponse::FileDescriptorResponse(files) = &replies[1] else { panic!("{replies:?}") };
    let names: Vec<String> = files
        .file_descriptor_proto
        .iter()
        .map(|bytes| FileDescriptorProto::decode(bytes.as_slice()).unwrap().name().to_owned())
        .collect();
    assert_eq!(names, ["google/rpc/status.proto", "google/protobuf/any.proto"]);
    server.stop().await.unwrap();
}
