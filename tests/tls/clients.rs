//! Certificates of either side that the other one does not accept, and the words for it.

use crate::authority::{Authority, Validity};
use crate::secured::{LONG, Secured};
use detente::config::ClientCertificates::{Off, Optional, Required};
use detente_client::{Access, Error, Side};
use std::time::Duration;
use tonic::Code;

const NAME: &str = "spiffe://example/desk";

/// The words of a refusal by the server, which comes with the handshake or with the first call.
fn by_server(error: Error) -> String {
    match error {
        Error::Handshake { by: Side::Server, cause, .. } => cause,
        Error::Refused(refusal) if refusal.code == Code::Unauthenticated => refusal.message,
        other => panic!("{other:?}"),
    }
}

fn by_client(error: Error) -> String {
    match error {
        Error::Handshake { by: Side::Client, cause, .. } => cause,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_server_of_another_authority_or_past_its_end_is_refused_by_the_client() {
    let server = Secured::new(Off).await;
    let other = Access::default().trust(Authority::new().pem());
    assert!(by_client(server.ask(&other).await.unwrap_err()).contains("no authority that is trusted here"));
    assert!(by_client(server.ask(&Access::default()).await.unwrap_err()).contains("no authority that is trusted here"));
    server.end().await;
    let expired = Secured::with(Off, None, Validity::Past).await;
    assert!(by_client(expired.ask(&expired.trust()).await.unwrap_err()).contains("its certificate has expired"));
    expired.end().await;
}

#[tokio::test]
async fn a_client_without_a_certificate_is_let_in_only_where_none_is_required() {
    let server = Secured::new(Required).await;
    let good = server.authority.client(7, NAME, Validity::Now);
    assert!(server.ask(&server.show(&good)).await.is_ok());
    let words = by_server(server.ask(&server.trust()).await.unwrap_err());
    assert!(words.contains("it requires a certificate"), "{words}");
    assert_eq!(server.metric("detente_tls_handshakes_total{outcome=\"refused\"}").await, 1.0);
    server.end().await;
    let server = Secured::new(Optional).await;
    let nobody = server.ask(&server.trust()).await.unwrap_err();
    assert_eq!(nobody.reason(), Some(detente_proto::v1::ErrorReason::Unauthenticated), "after the handshake: {nobody}");
    let good = server.authority.client(7, NAME, Validity::Now);
    assert!(server.ask(&server.show(&good)).await.is_ok());
    let other = Authority::new().client(7, NAME, Validity::Now);
    assert!(by_server(server.ask(&server.show(&other)).await.unwrap_err()).contains("no authority"));
    server.end().await;
}

#[tokio::test]
async fn a_client_of_another_authority_or_expired_or_revoked_is_refused_by_the_server() {
    let server = Secured::with(Required, Some((&[13], LONG)), Validity::Now).await;
    for (signed, words) in [
        (Authority::new().client(7, NAME, Validity::Now), "signed by no authority that it trusts"),
        (server.authority.client(7, NAME, Validity::Past), "expired"),
        (server.authority.client(13, NAME, Validity::Now), "revoked"),
        (server.authority.server(Validity::Now), "does not accept the certificate"),
    ] {
        let said = by_server(server.ask(&server.show(&signed)).await.unwrap_err());
        assert!(said.contains(words), "{said} instead of {words}");
    }
    assert!(server.ask(&server.show(&server.authority.client(7, NAME, Validity::Now))).await.is_ok());
    server.end().await;
}

#[tokio::test]
async fn a_list_of_revoked_certificates_that_runs_out_lets_nobody_in_any_more() {
    let server = Secured::with(Required, Some((&[13], Duration::from_secs(2))), Validity::Now).await;
    let access = server.show(&server.authority.client(7, NAME, Validity::Now));
    let before = server.connect(&access).await.unwrap();
    assert!(before.ask(detente_proto::v1::GetServerInfoRequest {}).await.is_ok());
    tokio::time::sleep(Duration::from_secs(3)).await;
    by_server(server.ask(&access).await.unwrap_err());
    assert!(before.ask(detente_proto::v1::GetServerInfoRequest {}).await.is_ok(), "an open connection stays");
    server.end().await;
}

#[tokio::test]
async fn a_client_that_gives_what_is_no_certificate_or_another_key_is_told_before_it_connects() {
    let server = Secured::new(Required).await;
    let (one, other) =
        (server.authority.client(1, NAME, Validity::Now), server.authority.client(2, NAME, Validity::Now));
    for (access, words) in [
        (Access::default().trust("nothing"), "there is no certificate in it"),
        (server.trust().show("nothing", one.key.as_str()), "there is no certificate in it"),
        (server.trust().show(one.certificate.as_str(), "nothing"), "no private key"),
        (server.trust().show(one.certificate.as_str(), other.key.as_str()), "that of another certificate"),
    ] {
        let error = server.ask(&access).await.unwrap_err();
        assert!(matches!(&error, Error::Access(said) if said.contains(words)), "{error}");
    }
    server.end().await;
}
