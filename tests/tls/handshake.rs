//! The handshake: protocols, clients that speak no TLS or nothing at all.

use crate::secured::{Secured, plain_get, quick, read_all};
use detente::config::ClientCertificates;
use detente_client::{Access, Client, Error, Side};
use detente_proto::v1;
use std::time::Duration;
use tokio::io::AsyncReadExt as _;
use tokio::net::TcpStream;

#[tokio::test]
async fn one_port_speaks_grpc_and_http_1_over_tls() {
    let server = Secured::new(ClientCertificates::Off).await;
    let info = server.ask(&server.trust()).await.unwrap();
    assert_eq!(info.head.unwrap().position, 0);
    let protocol =
        |stream: &tokio_rustls::client::TlsStream<TcpStream>| stream.get_ref().1.alpn_protocol().map(<[u8]>::to_vec);
    let stream = server.shake(&["h2", "http/1.1"]).await.unwrap();
    assert_eq!(protocol(&stream).as_deref(), Some(&b"h2"[..]));
    let stream = server.shake(&["http/1.1"]).await.unwrap();
    assert_eq!(protocol(&stream).as_deref(), Some(&b"http/1.1"[..]));
    let answer = read_all(stream, server.address, "/api/v1/info").await;
    assert!(answer.starts_with("HTTP/1.1 200") && answer.contains("ledger"), "{answer}");
    let without = server.shake(&[]).await.unwrap();
    let page = read_all(without, server.address, "/healthz").await;
    assert!(page.starts_with("HTTP/1.1 200"), "{page}");
    assert!(server.shake(&["spdy/3"]).await.unwrap_err().to_string().contains("NoApplicationProtocol"));
    server.end().await;
}

#[tokio::test]
async fn a_large_reply_comes_whole() {
    let server = Secured::new(ClientCertificates::Off).await;
    let client = server.connect(&server.trust()).await.unwrap();
    let party = |nth: u32| {
        let names = vec![v1::PartyName { lang: "en".into(), name: "x".repeat(1000), ..Default::default() }];
        let party =
            v1::Party { party_id: format!("P{nth}"), r#type: v1::PartyType::State.into(), names, ..Default::default() };
        let register = v1::command::Command::RegisterParty(v1::RegisterParty { party: Some(party) });
        v1::Command { command: Some(register), ..Default::default() }
    };
    let commands = (0..500).map(party).collect();
    client.append(v1::AppendRequest { recorded_by: "tests".into(), commands, ..Default::default() }).await.unwrap();
    let asked = (0..8).map(|_| {
        let client = client.clone();
        tokio::spawn(async move {
            let request = v1::ListPartiesRequest { page_size: 500, ..Default::default() };
            client.ask(request).await.unwrap().parties.len()
        })
    });
    for answer in asked.collect::<Vec<_>>() {
        assert!(answer.await.unwrap() > 0);
    }
    let answer =
        read_all(server.shake(&["http/1.1"]).await.unwrap(), server.address, "/api/v1/parties?page_size=500").await;
    assert!(answer.len() > 500_000, "{}", answer.len());
    server.end().await;
}

#[tokio::test]
async fn a_client_without_tls_is_told_that_the_port_speaks_it() {
    let server = Secured::new(ClientCertificates::Off).await;
    let answer = plain_get(server.address, "/").await;
    assert!(answer.starts_with("HTTP/1.1 400") && answer.ends_with("call it by https://\n"), "{answer}");
    let url = format!("http://{}", server.address);
    let refused = match Client::connect_with(&url, quick()).await {
        Ok(client) => client.ask(v1::GetServerInfoRequest {}).await.unwrap_err(),
        Err(error) => error,
    };
    assert!(refused.to_string().contains("it speaks TLS, so its URL begins with https://"), "{refused}");
    assert_eq!(server.metric("detente_tls_handshakes_total{outcome=\"plain\"}").await, 2.0);
    server.end().await;
}

#[tokio::test]
async fn a_client_with_tls_is_told_that_the_server_speaks_none() {
    let server = Secured::new(ClientCertificates::Off).await;
    let url = format!("https://{}", server.metrics);
    let refused = Client::connect_as(&url, quick(), &server.trust()).await.unwrap_err();
    let Error::Handshake { by: Side::Client, cause, .. } = &refused else { panic!("{refused}") };
    assert!(cause.contains("it speaks no TLS, so its URL begins with http://"), "{cause}");
    let nobody = Client::connect_as("https://127.0.0.1:1", quick(), &Access::default()).await.unwrap_err();
    assert!(matches!(&nobody, Error::Unreachable { cause, .. } if cause.contains("refused")), "{nobody}");
    server.end().await;
}

#[tokio::test]
async fn a_handshake_that_does_not_come_ends_and_holds_up_nobody() {
    let server = Secured::new(ClientCertificates::Off).await;
    let mut silent = Vec::new();
    for _ in 0..20 {
        silent.push(TcpStream::connect(server.address).await.unwrap());
    }
    assert!(server.ask(&server.trust()).await.is_ok());
    for mut socket in silent {
        let mut read = Vec::new();
        let end = tokio::time::timeout(Duration::from_secs(10), socket.read_to_end(&mut read)).await;
        assert_eq!(end.expect("it stays open").unwrap_or(0), 0);
    }
    assert_eq!(server.metric("detente_tls_handshakes_total{outcome=\"late\"}").await, 20.0);
    server.end().await;
}
