//! Signed tokens, and the key set of their issuer while the server runs.

use crate::site::{Site, append, explain, now, recorder};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use detente_identity::KeyFile;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
use serde_json::{Value, json};

/// An issuer with one key.
struct Signer {
    random: SystemRandom,
    key: EcdsaKeyPair,
    id: &'static str,
}

fn base64url(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

impl Signer {
    fn new(id: &'static str) -> Self {
        let random = SystemRandom::new();
        let pkcs8 = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).unwrap();
        let key = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, pkcs8.as_ref(), &random).unwrap();
        Self { random, key, id }
    }

    fn key_set(&self) -> String {
        let point = self.key.public_key().as_ref();
        let (x, y) = (base64url(&point[1..33]), base64url(&point[33..]));
        json!({ "keys": [{ "kty": "EC", "crv": "P-256", "kid": self.id, "x": x, "y": y }] }).to_string()
    }

    /// A token for this server that counts for some seconds, with one claim replaced.
    fn sign(&self, seconds: i64, claim: &str, value: &Value) -> String {
        let mut claims =
            json!({ "iss": "https://id.example", "aud": "detente", "sub": "alice", "exp": now() + seconds });
        claims[claim] = value.clone();
        let header = json!({ "alg": "ES256", "kid": self.id });
        let text = format!("{}.{}", base64url(header.to_string()), base64url(claims.to_string()));
        let signature = self.key.sign(&self.random, text.as_bytes()).unwrap();
        format!("{text}.{}", base64url(signature))
    }
}

#[tokio::test]
async fn a_token_is_its_subject_and_one_that_does_not_count_is_refused_with_the_reason() {
    let signer = Signer::new("one");
    let site = Site::with(KeyFile::default(), Some(&signer.key_set())).await;
    let client = site.client(&signer.sign(600, "sub", &json!("alice"))).await;
    client.append(append("AAA", "")).await.unwrap();
    client.append(append("BBB", "oidc:corp/alice")).await.unwrap();
    assert_eq!(recorder(&client, "AAA").await, "oidc:corp/alice");
    for (token, words) in [
        (signer.sign(-31, "sub", &json!("alice")), "the token has expired"),
        (signer.sign(600, "aud", &json!("other")), "another audience"),
        (signer.sign(600, "iss", &json!("https://other.example")), "an issuer that this server does not know"),
        (signer.sign(600, "iss", &json!(["https://id.example"])), "malformed"),
        (signer.sign(600, "nbf", &json!(now() + 100)), "does not count yet"),
        (signer.sign(100_000, "sub", &json!("alice")), "longer than 24 hours"),
        (Signer::new("one").sign(600, "sub", &json!("alice")), "the signature of the token is wrong"),
        (Signer::new("two").sign(600, "sub", &json!("alice")), "not in the key set"),
    ] {
        let (reason, said) = explain(&site.ask(&token).await.unwrap_err());
        assert!(reason == "UNAUTHENTICATED" && said.contains(words), "{said} instead of {words}");
    }
    site.end().await;
}

#[tokio::test]
async fn a_key_set_that_is_rotated_counts_and_tokens_by_the_keys_before_count_no_longer() {
    let (one, two) = (Signer::new("one"), Signer::new("two"));
    let site = Site::with(KeyFile::default(), Some(&one.key_set())).await;
    let (old, new) = (one.sign(600, "sub", &json!("alice")), two.sign(600, "sub", &json!("alice")));
    for _ in 0..3 {
        assert!(site.ask(&old).await.is_ok(), "judged once and then known");
    }
    site.replace("corp.json", "{}").await;
    assert!(site.ask(&old).await.is_ok(), "a set that cannot be read leaves the last one in place");
    site.replace("corp.json", &two.key_set()).await;
    assert!(site.ask(&new).await.is_ok());
    assert!(explain(&site.ask(&old).await.unwrap_err()).1.contains("not in the key set"));
    site.end().await;
}

#[tokio::test]
async fn a_token_that_ends_is_refused_although_it_was_judged_before() {
    let signer = Signer::new("one");
    let site = Site::with(KeyFile::default(), Some(&signer.key_set())).await;
    let token = signer.sign(-28, "sub", &json!("alice"));
    assert!(site.ask(&token).await.is_ok(), "within the leeway");
    tokio::time::sleep(std::time::Duration::from_secs(3)).await;
    assert_eq!(explain(&site.ask(&token).await.unwrap_err()).1, "the token has expired");
    site.end().await;
}
