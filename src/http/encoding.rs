//! The body of a request in the Connect protocol: reserved as it comes, and without its encoding (gzip, zstd), never more than a
//! request may have.

use super::Web;
use super::failure::Failure;
use crate::budget::ReservedBuffer;
use crate::grpc::inflate::{Compression, Payload, inflate};
use crate::grpc::local::Problem;
use crate::grpc::status::Refusal;
use axum::body::Body;
use axum::http::{HeaderMap, StatusCode, header};
use http_body::Body as _;
use http_body_util::BodyExt as _;
use std::time::Duration;

/// How long a body that is refused is read on.
const READ_ON_FOR: Duration = Duration::from_millis(500);

/// Accepted encodings, in the words of a refusal.
const ACCEPTED: &str = "gzip, zstd, identity";

/// The body of a request without its encoding, and the memory that it has.
pub(super) async fn decoded(web: &Web, headers: &HeaderMap, body: Body) -> Result<Payload, Failure> {
    let said = headers.get(header::CONTENT_ENCODING).map_or(Ok("identity"), |said| said.to_str());
    let said = said.unwrap_or_default().trim().to_ascii_lowercase();
    let compression = match said.as_str() {
        "identity" | "" => None,
        said => match Compression::named(said.as_bytes()) {
            Some(compression) => Some(compression),
            None => {
                let why = format!("the content-encoding {said:?} is not known here; send one of {ACCEPTED}");
                return Err(Refusal::Unsupported(why).into());
            }
        },
    };
    let sent = read(web, body).await?;
    match compression {
        None => Ok(sent),
        Some(compression) => Ok(inflate(compression, sent, web.request_bytes, &web.memory).await?),
    }
}

/// All bytes of a body. Where they are refused, what is left of them is read all the same for a while: many clients read no
/// answer before they have sent everything.
async fn read(web: &Web, mut body: Body) -> Result<Payload, Failure> {
    let read = whole(web, &mut body).await;
    if read.is_err() {
        let left = async { while let Some(Ok(_)) = body.frame().await {} };
        // Whoever sends for longer is cut off.
        let _ = tokio::time::timeout(READ_ON_FOR, left).await;
    }
    read
}

async fn whole(web: &Web, body: &mut Body) -> Result<Payload, Failure> {
    let most = web.request_bytes;
    let too_large = || Refusal::too_large("", format!("the request is larger than {most} bytes"));
    let hint = body.size_hint();
    if hint.lower() > most as u64 {
        return Err(too_large().into());
    }
    let length = hint.exact().and_then(|length| usize::try_from(length).ok());
    let mut read = ReservedBuffer::new(&web.memory, length.unwrap_or(most));
    while let Some(frame) = body.frame().await {
        let Ok(bytes) = frame.map_err(|error| given_up(&error))?.into_data() else { break };
        if read.as_slice().len() + bytes.len() > most {
            return Err(too_large().into());
        }
        read.put(&bytes).await.map_err(Refusal::from)?;
    }
    Ok(read.into())
}

/// Why a body ended before it was whole.
fn given_up(error: &axum::Error) -> Failure {
    match Problem::of_body(error) {
        Some(problem) => Failure(Problem { status: StatusCode::REQUEST_TIMEOUT.as_u16(), ..problem }),
        None => Failure::invalid(format!("the request ends before it is whole: {error}")),
    }
}
