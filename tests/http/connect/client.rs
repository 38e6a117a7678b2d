//! A small client of the Connect protocol that sends anything, over either version of HTTP.

use crate::served::Served;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use http_body_util::{BodyExt as _, Full};
use prost::Message;
use serde_json::Value;
use std::io::{Read as _, Write as _};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tonic::body::Body;
use tonic::codegen::Bytes;
use tonic::codegen::http::{HeaderMap, HeaderName, HeaderValue, Request, Response};
use tonic::transport::Endpoint;
use tonic_types::pb;
use tower::ServiceExt as _;

pub(crate) const LEDGER: &str = "/detente.v1.LedgerService";

/// A version of HTTP.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Http {
    One,
    Two,
}

pub(crate) const BOTH: [Http; 2] = [Http::One, Http::Two];

/// An answer.
#[derive(Clone, Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

/// An envelope: its flags and its message.
pub(crate) type Envelope = (u8, Vec<u8>);

pub(crate) fn envelope(flags: u8, message: &[u8]) -> Vec<u8> {
    let length = u32::try_from(message.len()).unwrap().to_be_bytes();
    [&[flags], &length[..], message].concat()
}

pub(crate) fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    gzip.write_all(bytes).unwrap();
    gzip.finish().unwrap()
}

pub(crate) fn inflate(compression: &str, bytes: &[u8]) -> Vec<u8> {
    match compression {
        "gzip" => {
            let mut inflated = Vec::new();
            flate2::read::GzDecoder::new(bytes).read_to_end(&mut inflated).unwrap();
            inflated
        }
        "zstd" => zstd::stream::decode_all(bytes).unwrap(),
        other => panic!("{other}"),
    }
}

impl Reply {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// The envelopes of a stream, and what the last one tells of its end.
    pub(crate) fn envelopes(&self) -> (Vec<Envelope>, Value) {
        assert_eq!(self.status, 200, "a stream has its errors at its end: {self:?}");
        let (mut envelopes, mut rest) = (Vec::new(), &self.body[..]);
        while let Some((head, after)) = rest.split_first_chunk::<5>() {
            let length = u32::from_be_bytes(head[1..].try_into().unwrap()) as usize;
            envelopes.push((head[0], after[..length].to_vec()));
            rest = &after[length..];
        }
        assert!(rest.is_empty(), "the last envelope is not whole");
        let (flags, end) = envelopes.pop().expect("a stream has an end");
        assert_eq!(flags, 2, "the last envelope is the end, and no other is");
        assert!(envelopes.iter().all(|(flags, _)| *flags < 2));
        (envelopes, serde_json::from_slice(&end).unwrap())
    }

    /// The code and the reason of a failure, wherever its form has them.
    pub(crate) fn failure(&self) -> (String, String) {
        let is_stream = self.header("content-type").starts_with("application/connect+");
        let failure = if is_stream { self.envelopes().1["error"].clone() } else { self.json() };
        let code = failure["code"].as_str().unwrap_or_else(|| panic!("{failure}")).to_owned();
        let details = failure["details"].as_array().cloned().unwrap_or_default();
        let info = details.iter().find(|detail| detail["type"] == "google.rpc.ErrorInfo");
        let info = info.map(|info| STANDARD_NO_PAD.decode(info["value"].as_str().unwrap()).unwrap());
        let reason = info.map(|info| pb::ErrorInfo::decode(&*info).unwrap().reason).unwrap_or_default();
        (code, reason)
    }
}

fn text(reason: &str) -> String {
    reason.to_owned()
}

pub(crate) fn failure(code: &str, reason: &str) -> (String, String) {
    (text(code), text(reason))
}

impl Served {
    /// Sends a request; the answer once it has ended.
    pub(crate) async fn send(
        &self,
        http: Http,
        method: &str,
        target: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> Reply {
        match http {
            Http::One => self.send_one(method, target, headers, body).await,
            Http::Two => {
                let (head, mut body) = self.begin(method, target, headers, body).await.into_parts();
                let mut whole = Vec::new();
                while let Some(frame) = body.frame().await {
                    whole.extend(frame.unwrap().into_data().expect("there are no trailers in this protocol"));
                }
                Reply { status: head.status.as_u16(), headers: head.headers, body: whole }
            }
        }
    }

    /// Posts a call of an rpc of the ledger.
    pub(crate) async fn post(&self, http: Http, rpc: &str, headers: &[(&str, &str)], body: &[u8]) -> Reply {
        self.send(http, "POST", &format!("{LEDGER}/{rpc}"), headers, body).await
    }

    /// Sends a request over HTTP/2; the answer as it begins.
    pub(crate) async fn begin(
        &self,
        method: &str,
        target: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> Response<Body> {
        let channel = Endpoint::from_shared(format!("http://{}", self.address)).unwrap().connect().await.unwrap();
        let mut request = Request::builder().method(method).uri(target);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let body = Body::new(Full::new(Bytes::copy_from_slice(body)));
        channel.oneshot(request.body(body).unwrap()).await.unwrap()
    }

    async fn send_one(&self, method: &str, target: &str, headers: &[(&str, &str)], body: &[u8]) -> Reply {
        let mut socket = TcpStream::connect(self.address).await.unwrap();
        let more: String = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
        let (host, length) = (self.address, body.len());
        let head = format!(
            "{method} {target} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\ncontent-length: {length}\r\n{more}\r\n"
        );
        socket.write_all(&[head.as_bytes(), body].concat()).await.unwrap();
        let mut read = Vec::new();
        socket.read_to_end(&mut read).await.unwrap();
        let at = read.windows(4).position(|four| four == b"\r\n\r\n").expect("an answer has a head");
        let head = String::from_utf8(read[..at].to_vec()).unwrap();
        let mut lines = head.split("\r\n");
        let status = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
        let mut headers = HeaderMap::new();
        for (name, value) in lines.map(|line| line.split_once(": ").unwrap()) {
            headers.append(HeaderName::try_from(name).unwrap(), HeaderValue::try_from(value).unwrap());
        }
        let body = read[at + 4..].to_vec();
        let is_chunked = headers.get("transfer-encoding").is_some();
        Reply { status, headers, body: if is_chunked { unchunk(&body) } else { body } }
    }
}

fn unchunk(mut rest: &[u8]) -> Vec<u8> {
    let mut whole = Vec::new();
    loop {
        let at = rest.windows(2).position(|two| two == b"\r\n").expect("a chunk has a length");
        let length = usize::from_str_radix(std::str::from_utf8(&rest[..at]).unwrap(), 16).unwrap();
        if length == 0 {
            return whole;
        }
        whole.extend_from_slice(&rest[at + 2..at + 2 + length]);
        rest = &rest[at + 4 + length..];
    }
}
