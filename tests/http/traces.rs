//! Traces: a request is a span, the rpc it asks one in it, part of the trace that the client began.

use crate::program::Program;
use detente_proto::v1::GetServerInfoRequest;
use detente_proto::v1::ledger_service_client::LedgerServiceClient;
use opentelemetry_proto::tonic::collector::trace::v1::trace_service_server::{TraceService, TraceServiceServer};
use opentelemetry_proto::tonic::collector::trace::v1::{ExportTraceServiceRequest, ExportTraceServiceResponse};
use opentelemetry_proto::tonic::trace::v1::Span;
use std::sync::{Arc, Mutex};
use tokio_stream::wrappers::TcpListenerStream;
use tonic::{Request, Response, Status};

/// A collector of traces.
#[derive(Clone, Default)]
struct Collector(Arc<Mutex<Vec<Span>>>);

#[tonic::async_trait]
impl TraceService for Collector {
    async fn export(
        &self,
        request: Request<ExportTraceServiceRequest>,
    ) -> Result<Response<ExportTraceServiceResponse>, Status> {
        let scopes = request.into_inner().resource_spans.into_iter().flat_map(|of| of.scope_spans);
        self.0.lock().unwrap().extend(scopes.flat_map(|scope| scope.spans));
        Ok(Response::new(ExportTraceServiceResponse::default()))
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_is_part_of_the_trace_that_its_client_began() {
    const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
    const PARENT: &str = "00f067aa0ba902b7";
    let collector = Collector::default();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let service = TraceServiceServer::new(collector.clone());
    let serving = tonic::transport::Server::builder().add_service(service);
    tokio::spawn(serving.serve_with_incoming(TcpListenerStream::new(listener)));
    let serve = move || Program::serve(&format!("otlp_endpoint = {endpoint:?}"), "info");
    let program = tokio::task::spawn_blocking(serve).await.unwrap();
    let mut client = LedgerServiceClient::connect(format!("http://{}", program.address)).await.unwrap();
    let mut request = Request::new(GetServerInfoRequest {});
    request.metadata_mut().insert("traceparent", format!("00-{TRACE}-{PARENT}-01").parse().unwrap());
    request.metadata_mut().insert("x-request-id", "traced-1".parse().unwrap());
    client.get_server_info(request).await.unwrap();
    drop(client);
    tokio::task::spawn_blocking(move || program.end()).await.unwrap();
    let spans = collector.0.lock().unwrap();
    let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let named =
        |name: &str| spans.iter().find(|span| span.name == name).unwrap_or_else(|| panic!("{name}: {spans:#?}"));
    let (outer, inner) = (named("request"), named("GetServerInfo"));
    assert_eq!((hex(&outer.trace_id), hex(&outer.parent_span_id)), (TRACE.to_owned(), PARENT.to_owned()));
    assert_eq!((hex(&inner.trace_id), &inner.parent_span_id), (TRACE.to_owned(), &outer.span_id));
    let attribute = |span: &Span, key: &str| format!("{:?}", span.attributes.iter().find(|one| one.key == key));
    assert!(attribute(outer, "request_id").contains("traced-1"), "{outer:#?}");
    assert!(attribute(inner, "code").contains("OK"), "{inner:#?}");
}
