//! Certificates as proofs: their names, and what a token beside one means.

use crate::authority::{Validity, write};
use crate::secured::{Secured, files, quick};
use crate::site::{append, explain, issue, recorder};
use detente::config::ClientCertificates::{Optional, Required};
use detente::config::IdentityFiles;
use detente_client::Client;
use detente_identity::KeyFile;
use detente_proto::v1;

#[tokio::test]
async fn a_certificate_is_the_caller_by_its_uri() {
    let server = Secured::new(Required).await;
    let signed = server.authority.client(7, "spiffe://example/desk", Validity::Now);
    let client = server.connect(&server.show(&signed)).await.unwrap();
    client.append(append("AAA", "")).await.unwrap();
    assert_eq!(recorder(&client, "AAA").await, "x509:spiffe://example/desk");
    assert_eq!(explain(&client.append(append("BBB", "desk")).await.unwrap_err()).0, "GRANT_MISSING");
    let nameless = server.authority.nameless(8);
    let error = server.ask(&server.show(&nameless)).await.unwrap_err();
    assert!(explain(&error).1.contains("the certificate has no name"), "{error}");
    server.end().await;
}

#[tokio::test]
async fn a_token_decides_before_a_certificate_and_a_bad_one_is_not_rescued() {
    let mut keys = KeyFile::default();
    let key = issue(&mut keys, "desk", 3600).reveal();
    let server = Secured::of(Optional, None, Validity::Now, |dir| {
        let file = write(dir, "keys.toml", &keys.text().unwrap());
        IdentityFiles { keys: Some(file), ..IdentityFiles::default() }
    })
    .await;
    let signed = server.authority.client(7, "spiffe://example/desk", Validity::Now);
    let ask = async |access| {
        let url = format!("https://localhost:{}", server.address.port());
        let client = Client::connect_as(&url, quick(), &access).await.unwrap();
        client.ask(v1::GetServerInfoRequest {}).await.map(|_| client)
    };
    let both = ask(server.show(&signed).token(&key)).await.unwrap();
    both.append(append("AAA", "")).await.unwrap();
    assert_eq!(recorder(&both, "AAA").await, "key:desk");
    assert!(ask(server.trust().token(&key)).await.is_ok(), "a key alone");
    assert!(ask(server.show(&signed)).await.is_ok(), "a certificate alone");
    let bad = ask(server.show(&signed).token("dk_nothing")).await.unwrap_err();
    assert_eq!(explain(&bad).1, "the key is not known");
    let neither = ask(server.trust()).await.unwrap_err();
    assert!(explain(&neither).1.contains("or a certificate"), "{neither}");
    assert!(files(server.dir.path(), Optional, false).client_ca.is_some());
    server.end().await;
}
