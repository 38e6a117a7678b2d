//! Answers that need no body: they come once a short body has come, so that clients that read no
//! answer before they have sent everything get it.

use crate::served::Served;
use http_body::{Body, Frame};
use std::convert::Infallible;
use std::pin::{Pin, pin};
use std::task::{Context, Poll};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::sync::mpsc;
use tonic::codegen::Bytes;
use tonic::codegen::http::{Request, Response};

/// A body that is sent by the test.
struct SentBody(mpsc::Receiver<Bytes>);

impl Body for SentBody {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        self.0.poll_recv(context).map(|bytes| bytes.map(|bytes| Ok(Frame::data(bytes))))
    }
}

fn request(server: &Served, path: &str, headers: &[(&str, &str)]) -> (Request<SentBody>, mpsc::Sender<Bytes>) {
    let (send, body) = mpsc::channel(1);
    let built = Request::post(format!("http://{}{path}", server.address));
    let built = headers.iter().fold(built, |built, (name, value)| built.header(*name, *value));
    (built.body(SentBody(body)).unwrap(), send)
}

async fn connect(server: &Served) -> hyper::client::conn::http2::SendRequest<SentBody> {
    let io = hyper_util::rt::TokioIo::new(tokio::net::TcpStream::connect(server.address).await.unwrap());
    let executor = hyper_util::rt::TokioExecutor::new();
    let (send, connection) = hyper::client::conn::http2::handshake(executor, io).await.unwrap();
    tokio::spawn(connection);
    send
}

/// The answer to a request whose body comes only after the connection has answered another one.
async fn answer(server: &Served, path: &str, headers: &[(&str, &str)]) -> Response<hyper::body::Incoming> {
    let mut send = connect(server).await;
    let (late, body) = request(server, path, headers);
    let mut answer = pin!(send.clone().send_request(late));
    let (other, other_body) =
        request(server, "/detente.v1.LedgerService/GetServerInfo", &[("content-type", "none/none")]);
    drop(other_body);
    tokio::select! {
        biased;
        answer = &mut answer => panic!("{path}: the answer came before the body: {answer:?}"),
        other = send.send_request(other) => assert_eq!(other.unwrap().status(), 415),
    }
    body.send(Bytes::from_static(&[0; 5])).await.expect("the body is still wanted");
    drop(body);
    answer.await.unwrap()
}

#[tokio::test]
async fn an_answer_that_needs_no_body_comes_when_a_short_body_has_come() {
    let server = Served::empty().await;
    const APPEND: &str = "/detente.v1.LedgerService/Append";
    let grpc = ("content-type", "application/grpc");
    for (path, headers, status, code) in [
        ("/detente.v1.LedgerService/None", vec![grpc, ("te", "trailers")], 200, "12"),
        (APPEND, vec![("content-type", "text/plain")], 415, ""),
        ("/none", vec![("content-type", "application/json")], 404, ""),
        ("/healthz", vec![("content-type", "application/json")], 405, ""),
    ] {
        let headers = [headers, vec![("content-length", "5")]].concat();
        let answer = answer(&server, path, &headers).await;
        assert_eq!((answer.status().as_u16(), grpc_status(&answer)), (status, code), "{path} {headers:?}");
    }
    server.end().await;
}

fn grpc_status(answer: &Response<hyper::body::Incoming>) -> &str {
    answer.headers().get("grpc-status").map_or("", |status| status.to_str().unwrap())
}

#[tokio::test]
async fn a_call_whose_deadline_has_passed_is_answered_at_once_with_a_status_and_no_body() {
    let server = Served::empty().await;
    for path in ["/detente.v1.LedgerService/Append", "/grpc.health.v1.Health/Check"] {
        for limit in ["1n", "0n", "1u", "0S"].repeat(10) {
            let headers = [
                ("content-type", "application/grpc"),
                ("te", "trailers"),
                ("content-length", "5"),
                ("grpc-timeout", limit),
            ];
            let (late, _body) = request(&server, path, &headers);
            let answer = connect(&server).await.send_request(late).await.unwrap();
            assert_eq!((answer.status().as_u16(), grpc_status(&answer)), (200, "4"), "{path} {limit}");
            assert!(answer.body().is_end_stream(), "{path} {limit}");
        }
    }
    server.end().await;
}

/// Sends a request over HTTP/1.1 whose body comes only after another connection has been answered, and behind it another
/// request; returns the answers to both.
async fn answers(server: &Served, head: &str, body: &[u8]) -> String {
    let mut socket = tokio::net::TcpStream::connect(server.address).await.unwrap();
    let host = server.address;
    socket.write_all(format!("{head} HTTP/1.1\r\nhost: {host}\r\n").as_bytes()).await.unwrap();
    socket.write_all(format!("content-length: {}\r\n\r\n", body.len()).as_bytes()).await.unwrap();
    let probe = format!("GET /healthz HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n\r\n");
    let mut other = tokio::net::TcpStream::connect(server.address).await.unwrap();
    other.write_all(probe.as_bytes()).await.unwrap();
    other.read_to_end(&mut Vec::new()).await.unwrap();
    socket.write_all(&[body, probe.as_bytes()].concat()).await.unwrap();
    let mut answers = String::new();
    socket.read_to_string(&mut answers).await.unwrap();
    answers
}

#[tokio::test]
async fn over_the_older_version_too_an_answer_that_needs_no_body_is_not_lost() {
    let server = Served::empty().await;
    let web = "content-type: application/grpc-web";
    for (head, status) in [
        ("POST /nobody.Knows/It", 404),
        ("POST /api/v1/state", 405),
        ("GET /api/v1/parties", 200),
        ("PUT /", 405),
        ("POST /relationship/AZE-RUS", 405),
    ] {
        let answers = answers(&server, head, b"{}").await;
        assert!(answers.starts_with(&format!("HTTP/1.1 {status} ")), "{head}: {answers}");
        assert_eq!(answers.matches("HTTP/1.1 ").count(), 2, "the connection is used again: {head}: {answers}");
    }
    for path in ["/nobody.Knows/It", "/detente.v1.LedgerService/None"] {
        let mut socket = tokio::net::TcpStream::connect(server.address).await.unwrap();
        let head =
            format!("POST {path} HTTP/1.1\r\nhost: {}\r\n{web}\r\ntransfer-encoding: chunked\r\n\r\n", server.address);
        socket.write_all(head.as_bytes()).await.unwrap();
        connect(&server).await.ready().await.unwrap();
        let frame = "5\r\n\0\0\0\0\0\r\n0\r\n\r\nGET /healthz HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: close\r\n\r\n";
        socket.write_all(frame.as_bytes()).await.unwrap();
        let mut answers = String::new();
        socket.read_to_string(&mut answers).await.unwrap();
        assert!(answers.contains("grpc-status: 12") && answers.ends_with("ok\n"), "{path}: {answers}");
    }
    // A body that does not come is not waited for, and the connection is closed with a word.
    let mut socket = tokio::net::TcpStream::connect(server.address).await.unwrap();
    let head = format!("POST /none HTTP/1.1\r\nhost: {}\r\ncontent-length: 9\r\n\r\n", server.address);
    socket.write_all(head.as_bytes()).await.unwrap();
    let mut answer = String::new();
    socket.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 404 ") && answer.contains("connection: close"), "{answer}");
    server.end().await;
}
