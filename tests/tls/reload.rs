//! Files that change while the server runs: all of them count, or those before.

use crate::authority::{Authority, Validity, write};
use crate::secured::{LONG, Secured, files};
use detente::config::ClientCertificates::{Off, Required};
use detente::server::TlsSet;
use detente_client::{Access, News};
use detente_proto::v1;
use std::time::Duration;

const NAME: &str = "spiffe://example/desk";
const REFUSED: &str = "detente_tls_files_refused";

#[tokio::test]
async fn a_certificate_that_is_replaced_counts_from_then_on() {
    let server = Secured::new(Off).await;
    let before = server.connect(&server.trust()).await.unwrap();
    let next = Authority::new();
    let signed = next.server(Validity::Now);
    write(server.dir.path(), "server.pem", &signed.certificate);
    write(server.dir.path(), "server.key", &signed.key);
    server.read_again().await;
    assert!(server.ask(&Access::default().trust(next.pem())).await.is_ok());
    assert!(server.ask(&server.trust()).await.is_err());
    assert!(before.ask(v1::GetServerInfoRequest {}).await.is_ok(), "an open connection stays");
    server.end().await;
}

#[tokio::test]
async fn a_pair_that_does_not_fit_leaves_the_last_one_in_place_until_it_does() {
    let server = Secured::new(Required).await;
    let (access, next) =
        (server.show(&server.authority.client(7, NAME, Validity::Now)), server.authority.server(Validity::Now));
    write(server.dir.path(), "server.pem", &next.certificate);
    server.read_again().await;
    assert_eq!(server.metric(REFUSED).await, 1.0);
    assert!(server.ask(&access).await.is_ok());
    write(server.dir.path(), "server.key", &next.key);
    server.read_again().await;
    assert_eq!(server.metric(REFUSED).await, 0.0);
    assert!(server.ask(&access).await.is_ok());
    std::fs::remove_file(server.dir.path().join("ca.pem")).unwrap();
    server.read_again().await;
    assert_eq!(server.metric(REFUSED).await, 1.0);
    assert!(server.ask(&access).await.is_ok());
    server.end().await;
}

#[tokio::test]
async fn a_certificate_that_is_revoked_or_ends_cuts_its_open_streams() {
    let server = Secured::with(Required, Some((&[], LONG)), Validity::Now).await;
    let short = server.authority.client(12, NAME, Validity::For(Duration::from_secs(2)));
    let of = async |signed| {
        let client = server.connect(&server.show(&signed)).await.unwrap();
        client.subscribe(v1::SubscribeRequest::default()).await.unwrap()
    };
    let mut ending = of(short).await;
    let mut revoked = of(server.authority.client(13, NAME, Validity::Now)).await;
    let mut staying = of(server.authority.client(14, NAME, Validity::Now)).await;
    write(server.dir.path(), "crl.pem", &server.authority.revoke(&[13], LONG));
    tokio::time::sleep(Duration::from_secs(2)).await;
    server.read_again().await;
    for feed in [&mut ending, &mut revoked] {
        let until_refused = async {
            loop {
                match feed.next().await {
                    Ok(News::Interrupted(_) | News::Confirmed(_) | News::CaughtUp | News::Heartbeat) => {}
                    other => break other,
                }
            }
        };
        let end = tokio::time::timeout(Duration::from_secs(10), until_refused).await.expect("the stream goes on");
        assert!(end.is_err(), "{end:?}");
    }
    let quiet = async {
        loop {
            let news = staying.next().await;
            assert!(!matches!(news, Err(_) | Ok(News::Interrupted(_))), "{news:?}");
        }
    };
    assert!(tokio::time::timeout(Duration::from_secs(1), quiet).await.is_err());
    server.end().await;
}

#[test]
fn files_that_do_not_fit_are_told_by_name() {
    let dir = tempfile::tempdir().unwrap();
    let (authority, files) = (Authority::new(), files(dir.path(), Required, true));
    let told = || TlsSet::read(&files).err().map(|error| error.to_string()).unwrap_or_default();
    assert!(told().contains("server.pem"));
    let (signed, other) = (authority.server(Validity::Now), authority.server(Validity::Now));
    write(dir.path(), "server.pem", &signed.certificate);
    write(dir.path(), "server.key", &other.key);
    write(dir.path(), "ca.pem", &authority.pem());
    write(dir.path(), "crl.pem", &authority.revoke(&[], LONG));
    assert!(told().contains("server.key is not the key of the certificate in"), "{}", told());
    write(dir.path(), "server.key", &signed.certificate);
    assert!(told().contains("no private key"), "{}", told());
    write(dir.path(), "server.key", &signed.key);
    assert_eq!(told(), "");
    write(dir.path(), "crl.pem", &authority.pem());
    assert!(told().contains("crl.pem: there is no list"), "{}", told());
    write(dir.path(), "crl.pem", &authority.revoke(&[], Duration::from_millis(1)));
    std::thread::sleep(Duration::from_millis(1100));
    assert!(told().contains("crl.pem: a list of revoked certificates is out of date"), "{}", told());
    write(dir.path(), "ca.pem", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
    assert!(told().contains("ca.pem"), "{}", told());
}
