//! Keys over gRPC, and their file while the server runs.

use crate::site::{Site, explain, issue};
use detente_identity::KeyFile;
use jiff::Timestamp;

const HOUR: i64 = 3600;

#[tokio::test]
async fn a_key_that_is_revoked_or_expired_or_of_another_server_is_told_so_and_not_tried_again() {
    let mut keys = KeyFile::default();
    let (good, expired) = (issue(&mut keys, "desk", HOUR), issue(&mut keys, "desk", -1));
    let other = issue(&mut KeyFile::default(), "desk", HOUR);
    let site = Site::new(keys).await;
    assert!(site.ask(&good.reveal()).await.is_ok());
    for (key, words) in [(expired, "the key has expired"), (other, "the key is not known")] {
        let error = site.ask(&key.reveal()).await.unwrap_err();
        assert_eq!(explain(&error), ("UNAUTHENTICATED", words.to_owned()));
        assert_eq!((error.refusal().unwrap().attempts, error.outcome_is_unknown()), (1, false));
    }
    site.end().await;
}

#[tokio::test]
async fn a_file_of_keys_that_changes_counts_at_the_next_call_and_one_that_is_broken_does_not() {
    let mut keys = KeyFile::default();
    let old = issue(&mut keys, "desk", HOUR);
    let site = Site::new(keys).await;
    let mut keys = site.keys.clone();
    let new = issue(&mut keys, "desk", HOUR);
    let client = site.client(&old.reveal()).await;
    site.replace("keys.toml", &keys.text().unwrap()).await;
    assert!(site.ask(&new.reveal()).await.is_ok() && site.ask(&old.reveal()).await.is_ok(), "two keys of one holder");
    site.replace("keys.toml", "broken").await;
    assert!(site.ask(&new.reveal()).await.is_ok());
    let metrics = site.get("/metrics", &format!("authorization: Bearer {}\r\n", new.reveal())).await;
    assert!(metrics.contains("detente_identity_files_refused 1"), "{metrics}");
    keys.revoke(&old.id, Timestamp::UNIX_EPOCH);
    site.replace("keys.toml", &keys.text().unwrap()).await;
    let error = client.ask(detente_proto::v1::GetServerInfoRequest {}).await.unwrap_err();
    assert_eq!(explain(&error), ("UNAUTHENTICATED", "the key is revoked".to_owned()), "on an open connection too");
    assert!(site.ask(&new.reveal()).await.is_ok());
    site.end().await;
}
