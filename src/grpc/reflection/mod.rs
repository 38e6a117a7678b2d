//! Server reflection, in both its versions: what the contract is, told to tools that have no proto files.
//!
//! ```text
//!   catalog.rs   the files under the names by which everybody imports them, and the services
//!   symbols.rs   the file that declares a name, by the scoping of protobuf
//!   mod.rs       a stream of questions, each with its answer
//! ```
//!
//! A question without an answer gets an `error_response`, and those behind it are answered. A file comes with all that it
//! imports, each once a stream: the one asked for first. The two versions differ in the name of their package alone, so what
//! comes in the older one is read as the newer.

mod catalog;
mod symbols;

use super::status::CallRefusal;
pub(super) use catalog::Catalog;
pub use catalog::DescriptorError;
use prost::Message;
use std::collections::HashSet;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use tokio_stream::Stream;
use tokio_util::sync::{CancellationToken, WaitForCancellationFutureOwned};
use tonic::{Code, Request, Response, Status, Streaming};
use tonic_reflection::pb::v1::server_reflection_request::MessageRequest as Question;
use tonic_reflection::pb::v1::server_reflection_response::MessageResponse as Answer;
use tonic_reflection::pb::v1::{
    ErrorResponse, ExtensionNumberResponse, FileDescriptorResponse, ListServiceResponse, ServerReflectionRequest,
    ServerReflectionResponse, ServiceResponse,
};
use tonic_reflection::pb::{v1, v1alpha};

/// The rpc of reflection.
#[derive(Clone)]
pub(super) struct Reflection {
    /// The files, names and services to answer with.
    pub(super) catalog: Arc<Catalog>,
    /// Cancelled when the server stops.
    pub(super) stopping: CancellationToken,
}

impl Reflection {
    fn answers<Q>(&self, questions: Request<Streaming<Q>>) -> Response<Answers<Q>> {
        Response::new(Answers {
            questions: questions.into_inner(),
            session: Session { catalog: Arc::clone(&self.catalog), sent: HashSet::new() },
            stopping: Some(Box::pin(self.stopping.clone().cancelled_owned())),
        })
    }
}

#[tonic::async_trait]
impl v1::server_reflection_server::ServerReflection for Reflection {
    type ServerReflectionInfoStream = Answers<ServerReflectionRequest>;

    async fn server_reflection_info(
        &self,
        request: Request<Streaming<ServerReflectionRequest>>,
    ) -> Result<Response<Self::ServerReflectionInfoStream>, Status> {
        Ok(self.answers(request))
    }
}

#[tonic::async_trait]
impl v1alpha::server_reflection_server::ServerReflection for Reflection {
    type ServerReflectionInfoStream = Answers<v1alpha::ServerReflectionRequest>;

    async fn server_reflection_info(
        &self,
        request: Request<Streaming<v1alpha::ServerReflectionRequest>>,
    ) -> Result<Response<Self::ServerReflectionInfoStream>, Status> {
        Ok(self.answers(request))
    }
}

/// The answers to a stream of questions.
pub(super) struct Answers<Q> {
    questions: Streaming<Q>,
    session: Session,
    /// Fires when the server stops; none once the stream has ended.
    stopping: Option<Pin<Box<WaitForCancellationFutureOwned>>>,
}

impl<Q> Answers<Q> {
    /// The answer to the next question, in the newer version.
    fn poll_answer(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<ServerReflectionResponse, Status>>>
    where
        Q: Message + Default + 'static,
    {
        let Some(stopping) = &mut self.stopping else { return Poll::Ready(None) };
        if stopping.as_mut().poll(context).is_ready() {
            self.stopping = None;
            return Poll::Ready(Some(Err(CallRefusal::Stopping.into())));
        }
        let answer = match ready!(Pin::new(&mut self.questions).poll_next(context)) {
            Some(Ok(question)) => same(&question).map(|question| self.session.answer(question)),
            Some(Err(status)) => Err(status),
            None => {
                self.stopping = None;
                return Poll::Ready(None);
            }
        };
        if answer.is_err() {
            self.stopping = None;
        }
        Poll::Ready(Some(answer))
    }
}

impl Stream for Answers<ServerReflectionRequest> {
    type Item = Result<ServerReflectionResponse, Status>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.poll_answer(context)
    }
}

impl Stream for Answers<v1alpha::ServerReflectionRequest> {
    type Item = Result<v1alpha::ServerReflectionResponse, Status>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.poll_answer(context).map(|answer| answer.map(|answer| same(&answer?)))
    }
}

/// The same message in the other version, whose fields are the same.
fn same<A: Message, B: Message + Default>(message: &A) -> Result<B, Status> {
    B::decode(message.encode_to_vec().as_slice()).map_err(|_| CallRefusal::Defect.into())
}

/// The state of one stream.
struct Session {
    catalog: Arc<Catalog>,
    /// Names of the files that were sent.
    sent: HashSet<String>,
}

impl Session {
    fn answer(&mut self, question: ServerReflectionRequest) -> ServerReflectionResponse {
        let answer = match &question.message_request {
            Some(asked) => self.find(asked).unwrap_or_else(|| missing(asked)),
            None => error(Code::InvalidArgument, "the request asks for nothing: set one of message_request".to_owned()),
        };
        ServerReflectionResponse {
            valid_host: question.host.clone(),
            original_request: Some(question),
            message_response: Some(answer),
        }
    }

    fn find(&mut self, asked: &Question) -> Option<Answer> {
        let catalog = Arc::clone(&self.catalog);
        match asked {
            Question::FileByFilename(name) => self.files(name),
            Question::FileContainingSymbol(name) => self.files(catalog.symbols.file_of(name)?),
            Question::FileContainingExtension(of) => {
                self.files(catalog.symbols.file_of_extension(&of.containing_type, of.extension_number)?)
            }
            Question::AllExtensionNumbersOfType(name) => {
                let extension_number = catalog.symbols.extensions_of(name)?;
                Some(Answer::AllExtensionNumbersResponse(ExtensionNumberResponse {
                    base_type_name: name.clone(),
                    extension_number,
                }))
            }
            Question::ListServices(_) => {
                let service = catalog.services.iter().map(|name| ServiceResponse { name: name.clone() }).collect();
                Some(Answer::ListServicesResponse(ListServiceResponse { service }))
            }
        }
    }

    /// The file of a name, and what it imports that was not sent yet.
    fn files(&mut self, name: &str) -> Option<Answer> {
        let catalog = Arc::clone(&self.catalog);
        let files = catalog.with_imports(name)?;
        let mut fresh = Vec::new();
        for (file, bytes) in files {
            if self.sent.insert(file.to_owned()) || file == name {
                fresh.push(bytes.to_vec());
            }
        }
        Some(Answer::FileDescriptorResponse(FileDescriptorResponse { file_descriptor_proto: fresh }))
    }
}

/// The answer to a question about something that there is not.
fn missing(asked: &Question) -> Answer {
    let what = match asked {
        Question::FileByFilename(name) => format!("file {name:?}"),
        Question::FileContainingSymbol(name) => format!("symbol {name:?}"),
        Question::FileContainingExtension(of) => {
            format!("extension {} of {:?}", of.extension_number, of.containing_type)
        }
        Question::AllExtensionNumbersOfType(name) => format!("message {name:?}"),
        Question::ListServices(_) => "list".to_owned(),
    };
    error(Code::NotFound, format!("this server describes no {what}; list_services names what to begin with"))
}

fn error(code: Code, error_message: String) -> Answer {
    Answer::ErrorResponse(ErrorResponse { error_code: code.into(), error_message })
}
