//! The server behind the ceilings. It does nothing, on the same transport with the same settings as the ledger's.
//!
//! Besides the echo it answers the ledger's own Append and GetState, from prepared replies, without looking at the
//! request: the generator's rate against these is the most that the generator can do.

use crate::append;
use crate::cases::ANSWER;
use crate::claims::{Id, Maker, Verb, claim_id};
use crate::codec::Prepared;
use crate::state;
use crate::wire::count_field;
use anyhow::Result;
use bytes::Bytes;
use detente_proto::v1;
use prost::Message as _;
use std::convert::Infallible;
use std::future::{Ready, ready};
use std::net::SocketAddr;
use std::sync::Arc;
use std::task::{Context, Poll};
use tokio::net::TcpListener;
use tokio_stream::StreamExt as _;
use tokio_stream::wrappers::TcpListenerStream;
use tonic::body::Body;
use tonic::codegen::{BoxFuture, Service, http};
use tonic::server::{Grpc, NamedService, UnaryService};
use tonic::transport::Server;
use tonic::{Request, Response, Status};

/// The generated messages, client and server of the echo.
pub mod pb {
    tonic::include_proto!("detente.bench.echo");
}

const LIMIT_BYTES: usize = 64 << 20;

/// The address to serve at.
#[derive(clap::Args)]
pub struct EchoServerArgs {
    /// The address.
    #[arg(long, default_value = "127.0.0.1:7450")]
    listen: SocketAddr,
}

/// Serves until it is interrupted or terminated.
///
/// # Errors
/// If the address is taken.
pub async fn run(args: EchoServerArgs) -> Result<()> {
    let listener = TcpListener::bind(args.listen).await?;
    eprintln!("echo on {}", listener.local_addr()?);
    let incoming = TcpListenerStream::new(listener).map(|accepted| {
        let stream = accepted?;
        stream.set_nodelay(true)?;
        std::io::Result::Ok(stream)
    });
    let mut terminated = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
    let echo = pb::echo_server::EchoServer::new(Echo).max_decoding_message_size(LIMIT_BYTES);
    Server::builder()
        .add_service(echo)
        .add_service(Stub { replies: Arc::new(Replies::new()?) })
        .serve_with_incoming_shutdown(incoming, async move {
            tokio::select! {
                _ = terminated.recv() => {}
                _ = tokio::signal::ctrl_c() => {}
            }
        })
        .await?;
    Ok(())
}

struct Echo;

type Records = std::pin::Pin<Box<dyn tokio_stream::Stream<Item = Result<pb::StreamResponse, Status>> + Send>>;

#[tonic::async_trait]
impl pb::echo_server::Echo for Echo {
    type StreamStream = Records;

    async fn call(&self, request: Request<pb::CallRequest>) -> Result<Response<pb::CallResponse>, Status> {
        let reply_bytes = request.into_inner().reply_bytes as usize;
        Ok(Response::new(pb::CallResponse { payload: Bytes::from(vec![b'y'; reply_bytes]) }))
    }

    async fn stream(&self, request: Request<pb::StreamRequest>) -> Result<Response<Records>, Status> {
        let asked = request.into_inner();
        let record = Bytes::from(vec![b'z'; asked.record_bytes as usize]);
        let records = vec![record; asked.records_per_message as usize];
        let messages = asked.records / u64::from(asked.records_per_message.max(1));
        let stream = (0..messages).map(move |_| Ok(pb::StreamResponse { records: records.clone() }));
        Ok(Response::new(Box::pin(tokio_stream::iter(stream))))
    }
}

/// The replies that the ledger would give.
struct Replies {
    context: Bytes,
    result: Bytes,
    state: Bytes,
}

impl Replies {
    fn new() -> Result<Self> {
        let context = Some(v1::ReplyContext {
            ledger_id: claim_id(0),
            basis: "x".repeat(40),
            position: 1_000_000,
            recorded_at: Some(prost_types::Timestamp { seconds: 1_790_000_000, nanos: 123_456_000 }),
            ..v1::ReplyContext::default()
        });
        let recorded_at = context.as_ref().and_then(|context| context.recorded_at);
        let result = v1::CommandResult {
            claim_id: claim_id(1),
            revision: 1,
            position: 1_000_000,
            ..v1::CommandResult::default()
        };
        let one = v1::AppendResponse { results: vec![result], ..v1::AppendResponse::default() };
        let state =
            v1::GetStateResponse { context: context.clone(), matches: matches()?, ..v1::GetStateResponse::default() };
        Ok(Self {
            context: v1::AppendResponse { context, recorded_at, ..v1::AppendResponse::default() }
                .encode_to_vec()
                .into(),
            result: one.encode_to_vec().into(),
            state: state.encode_to_vec().into(),
        })
    }

    fn append(&self, request: &Bytes) -> Bytes {
        const COMMANDS: u32 = 3;
        let commands = usize::try_from(count_field(request, COMMANDS)).unwrap_or_default();
        let mut reply = self.context.to_vec();
        reply.reserve(commands * self.result.len());
        (0..commands).for_each(|_| reply.extend_from_slice(&self.result));
        reply.into()
    }
}

/// The claims of an answer, with what the ledger adds to each.
fn matches() -> Result<Vec<v1::StateMatch>> {
    let places = (0..ANSWER).map(|number| crate::cases::Deal { claims: ANSWER, relationships: 1 }.place(number));
    let request = Maker::new(Verb::Assert(Id::Given), 0)?.request(places, None);
    let commands = v1::AppendRequest::decode(request)?.commands;
    let asserted = commands.into_iter().filter_map(|command| match command.command {
        Some(v1::command::Command::AssertClaim(assert)) => assert.claim,
        _ => None,
    });
    let complete = |claim| v1::Claim {
        revision: 1,
        position: 1_000_000,
        recorded_by: crate::claims::RECORDER.to_owned(),
        recorded_at: Some(prost_types::Timestamp { seconds: 1_790_000_000, nanos: 123_456_000 }),
        ..claim
    };
    let certainty = v1::Certainty::Definite.into();
    Ok(asserted.map(|claim| v1::StateMatch { certainty, claim: Some(complete(claim)), as_of_age_days: None }).collect())
}

/// The ledger's service, without a ledger.
#[derive(Clone)]
struct Stub {
    replies: Arc<Replies>,
}

impl NamedService for Stub {
    const NAME: &'static str = "detente.v1.LedgerService";
}

impl Service<http::Request<Body>> for Stub {
    type Response = http::Response<Body>;
    type Error = Infallible;
    type Future = BoxFuture<Self::Response, Infallible>;

    fn poll_ready(&mut self, _context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<Body>) -> Self::Future {
        let answering = Answering { replies: Arc::clone(&self.replies), path: request.uri().path().to_owned() };
        Box::pin(async move {
            let mut grpc = Grpc::new(Prepared).max_decoding_message_size(LIMIT_BYTES);
            Ok(grpc.unary(answering, request).await)
        })
    }
}

struct Answering {
    replies: Arc<Replies>,
    path: String,
}

impl UnaryService<Bytes> for Answering {
    type Response = Bytes;
    type Future = Ready<Result<Response<Bytes>, Status>>;

    fn call(&mut self, request: Request<Bytes>) -> Self::Future {
        ready(match self.path.as_str() {
            append::PATH => Ok(Response::new(self.replies.append(request.get_ref()))),
            state::PATH => Ok(Response::new(self.replies.state.clone())),
            other => Err(Status::unimplemented(other)),
        })
    }
}
