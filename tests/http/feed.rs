//! The feed as server-sent events: what is recorded comes, and who comes back misses nothing.

use crate::served::{Served, party};
use std::time::Duration;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, Lines};
use tokio::net::TcpStream;

/// A browser that follows.
struct Follower(Lines<BufReader<TcpStream>>);

/// An event of the stream.
#[derive(Debug)]
struct Told {
    kind: String,
    id: String,
    data: serde_json::Value,
}

impl Follower {
    async fn open(server: &Served, query: &str, headers: &str) -> Self {
        let mut socket = TcpStream::connect(server.address).await.unwrap();
        let request = format!("GET /api/v1/feed?{query} HTTP/1.1\r\nhost: {}\r\n{headers}\r\n", server.address);
        socket.write_all(request.as_bytes()).await.unwrap();
        let mut lines = BufReader::new(socket).lines();
        let head = lines.next_line().await.unwrap().unwrap();
        assert_eq!(head, "HTTP/1.1 200 OK");
        let mut headers = Vec::new();
        while let Some(header) = lines.next_line().await.unwrap().filter(|line| !line.is_empty()) {
            headers.push(header);
        }
        for expected in ["x-accel-buffering: no", "cache-control: no-cache, no-transform"] {
            assert_eq!(headers.iter().filter(|header| *header == expected).count(), 1, "{headers:?}");
        }
        Self(lines)
    }

    async fn next(&mut self) -> Told {
        let (mut kind, mut id) = (String::new(), String::new());
        loop {
            let line = tokio::time::timeout(Duration::from_secs(20), self.0.next_line());
            let line = line.await.expect("something is told").unwrap().expect("the stream goes on");
            if let Some(name) = line.strip_prefix("event: ") {
                kind = name.to_owned();
            } else if let Some(position) = line.strip_prefix("id: ") {
                id = position.to_owned();
            } else if let Some(data) = line.strip_prefix("data: ") {
                let data = serde_json::from_str(data).unwrap();
                // The order of the lines of an event is free; the id and the type may follow.
                if kind.is_empty() || id.is_empty() {
                    continue;
                }
                return Told { kind, id, data };
            }
        }
    }

    async fn next_events(&mut self) -> Told {
        loop {
            let told = self.next().await;
            if told.kind == "events" {
                return told;
            }
        }
    }
}

#[tokio::test]
async fn what_is_recorded_is_told_and_who_comes_back_misses_nothing() {
    let mut server = Served::empty().await;
    server.append(vec![party("AAA", "Aland")]).await;
    let mut follower = Follower::open(&server, "after_position=0", "").await;
    let first = follower.next_events().await;
    assert_eq!((first.id.as_str(), first.data["events"]["events"][0]["position"].as_u64()), ("1", Some(1)));
    server.append(vec![party("BBB", "Bland")]).await;
    let second = follower.next_events().await;
    assert_eq!(second.data["events"]["events"][0]["partyRegistered"]["party"]["partyId"], "BBB");
    drop(follower);
    server.append(vec![party("CCC", "Cland")]).await;
    let mut back = Follower::open(&server, "from_head=true", "last-event-id: 2\r\n").await;
    let third = back.next_events().await;
    assert_eq!((third.id.as_str(), third.data["events"]["events"].as_array().unwrap().len()), ("3", 1));
    drop(back);
    server.end().await;
}

#[tokio::test]
async fn a_beginning_that_cannot_be_is_refused_as_json() {
    let server = Served::empty().await;
    let answer = server.ask("GET", "/api/v1/feed?after_position=9", "", "").await;
    assert_eq!(answer.status, 400);
    assert!(answer.head.contains("content-type: application/json"));
    assert_eq!(server.ask("GET", "/api/v1/feed?colour=red", "", "").await.status, 400);
    server.end().await;
}
