//! Tokens that count and those that do not, signed here by ring.

use super::*;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _};
use serde_json::{Value, json};

const NOW: i64 = 1_800_000_000;

/// An issuer with a key on P-256 and one of Ed25519.
struct Site {
    random: SystemRandom,
    p256: EcdsaKeyPair,
    ed25519: Ed25519KeyPair,
}

fn base64url(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

impl Site {
    fn new() -> Self {
        let random = SystemRandom::new();
        let pkcs8 = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).unwrap();
        let p256 = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, pkcs8.as_ref(), &random).unwrap();
        let pkcs8 = Ed25519KeyPair::generate_pkcs8(&random).unwrap();
        let ed25519 = Ed25519KeyPair::from_pkcs8(pkcs8.as_ref()).unwrap();
        Self { random, p256, ed25519 }
    }

    fn key_set(&self) -> String {
        let point = self.p256.public_key().as_ref();
        json!({ "keys": [
            { "kty": "EC", "crv": "P-256", "kid": "e1", "use": "sig", "x": base64url(&point[1..33]), "y": base64url(&point[33..]) },
            { "kty": "OKP", "crv": "Ed25519", "kid": "o1", "x": base64url(self.ed25519.public_key()) },
            { "kty": "oct", "kid": "s1", "k": base64url("a shared secret") },
            { "kty": "EC", "crv": "P-521", "kid": "unknown" },
        ] })
        .to_string()
    }

    fn issuer(&self, algorithms: &[Algorithm]) -> Vec<Issuer> {
        let settings = IssuerSettings {
            alias: "corp".to_owned(),
            issuer: "https://id.example".to_owned(),
            audience: "detente".to_owned(),
            algorithms: algorithms.to_vec(),
        };
        vec![Issuer::new(settings, &self.key_set()).unwrap()]
    }

    fn sign(&self, header: &Value, claims: &Value) -> String {
        let text = format!("{}.{}", base64url(header.to_string()), base64url(claims.to_string()));
        let signature = match header["alg"].as_str() {
            Some("EdDSA") => self.ed25519.sign(text.as_bytes()).as_ref().to_vec(),
            _ => self.p256.sign(&self.random, text.as_bytes()).unwrap().as_ref().to_vec(),
        };
        format!("{text}.{}", base64url(signature))
    }

    /// Judges a token with good claims but for one.
    fn judge(&self, claim: &str, value: &Value) -> Result<Credential, CredentialFault> {
        let mut claims = good();
        match value {
            Value::Null => claims.as_object_mut().unwrap().remove(claim),
            value => claims.as_object_mut().unwrap().insert(claim.to_owned(), value.clone()),
        };
        let token = self.sign(&json!({ "alg": "ES256", "kid": "e1" }), &claims);
        Issuer::verify(&self.issuer(&[Algorithm::Es256, Algorithm::EdDsa]), &token, NOW)
    }
}

fn good() -> Value {
    json!({ "iss": "https://id.example", "aud": "detente", "sub": "alice", "exp": NOW + 600, "iat": NOW - 10 })
}

#[test]
fn a_token_of_the_issuer_for_this_server_is_its_subject_until_it_ends() {
    let site = Site::new();
    for (algorithm, key) in [("ES256", "e1"), ("EdDSA", "o1")] {
        let token = site.sign(&json!({ "alg": algorithm, "kid": key }), &good());
        let issuers = site.issuer(&[Algorithm::Es256, Algorithm::EdDsa]);
        let credential = Issuer::verify(&issuers, &token, NOW).unwrap();
        assert_eq!((credential.principal.name(), credential.expires), ("oidc:corp/alice", Some(NOW + 630)));
        assert_eq!(Issuer::verify(&issuers, &token, NOW + 630), Err(CredentialFault::Expired("token")));
    }
    assert!(site.judge("aud", &json!(["other", "detente"])).is_ok());
    assert!(site.judge("exp", &json!(NOW as f64 + 0.5)).is_ok());
}

#[test]
fn each_claim_that_is_missing_or_wrong_is_refused() {
    let site = Site::new();
    for claim in ["iss", "aud", "sub", "exp"] {
        let fault = site.judge(claim, &Value::Null).unwrap_err();
        assert!(matches!(&fault, CredentialFault::Token(why) if why.contains(claim)), "{claim}: {fault}");
    }
    for (claim, value, fault) in [
        ("iss", json!("https://other.example"), CredentialFault::UnknownIssuer),
        ("aud", json!("other"), CredentialFault::Audience),
        ("aud", json!([]), CredentialFault::Audience),
        ("exp", json!(NOW - 31), CredentialFault::Expired("token")),
        ("nbf", json!(NOW + 31), CredentialFault::TooEarly),
        ("exp", json!(NOW + 90_000), CredentialFault::TooLong),
        ("iat", json!(NOW - 90_000), CredentialFault::TooLong),
    ] {
        assert_eq!(site.judge(claim, &value), Err(fault), "{claim} {value}");
    }
    for (claim, value) in [
        ("iss", json!(["https://id.example"])),
        ("sub", json!("")),
        ("sub", json!("a b")),
        ("exp", json!("soon")),
        ("exp", json!(1e300)),
    ] {
        assert!(matches!(site.judge(claim, &value), Err(CredentialFault::Token(_))), "{claim} {value}");
    }
    assert!(site.judge("nbf", &json!(NOW + 29)).is_ok() && site.judge("exp", &json!(NOW - 29)).is_ok(), "leeway");
}

#[test]
fn the_issuer_decides_the_algorithm_and_the_key_and_not_the_token() {
    let site = Site::new();
    let issuers = site.issuer(&[Algorithm::Es256]);
    let verify = |header: &Value| Issuer::verify(&issuers, &site.sign(header, &good()), NOW);
    for algorithm in ["EdDSA", "RS256", "HS256", "none", "es256"] {
        assert_eq!(verify(&json!({ "alg": algorithm, "kid": "e1" })), Err(CredentialFault::Algorithm), "{algorithm}");
    }
    assert_eq!(verify(&json!({ "alg": "ES256", "kid": "e2" })), Err(CredentialFault::UnknownSigner));
    assert_eq!(verify(&json!({ "alg": "ES256", "kid": "o1" })), Err(CredentialFault::UnknownSigner));
    assert!(verify(&json!({ "alg": "ES256" })).is_ok(), "the only key for it");
    assert!(matches!(verify(&json!({ "alg": "ES256", "kid": "e1", "crit": ["b64"] })), Err(CredentialFault::Token(_))));
}

#[test]
fn a_token_that_was_altered_or_is_of_rotated_keys_is_refused() {
    let (site, next) = (Site::new(), Site::new());
    let token = site.sign(&json!({ "alg": "ES256", "kid": "e1" }), &good());
    let issuers = site.issuer(&[Algorithm::Es256]);
    assert_eq!(Issuer::verify(&next.issuer(&[Algorithm::Es256]), &token, NOW), Err(CredentialFault::Signature));
    let [header, _, signature] = token.split('.').collect::<Vec<_>>()[..] else { panic!("{token}") };
    let mut claims = good();
    claims["sub"] = json!("bob");
    let altered = format!("{header}.{}.{signature}", base64url(claims.to_string()));
    assert_eq!(Issuer::verify(&issuers, &altered, NOW), Err(CredentialFault::Signature));
    for text in ["", ".", "..", "a.b", "a.b.c", &token[..token.len() - 3], &format!("{token}.x"), &"x".repeat(20_000)] {
        let fault = Issuer::verify(&issuers, text, NOW).unwrap_err();
        assert!(matches!(fault, CredentialFault::Token(_) | CredentialFault::Signature), "{text}: {fault}");
    }
}

#[test]
fn a_key_set_without_a_key_for_signatures_is_refused() {
    let settings = Site::new().issuer(&[Algorithm::Es256])[0].settings.clone();
    let told = |set: &str| Issuer::new(settings.clone(), set).unwrap_err();
    assert_eq!(told(r#"{ "keys": [] }"#), KeySetError::Empty);
    assert_eq!(told(r#"{ "keys": [{ "kty": "oct", "k": "AAAA" }] }"#), KeySetError::Empty);
    assert_eq!(
        told(r#"{ "keys": [{ "kty": "OKP", "crv": "Ed25519", "use": "enc", "x": "AAAA" }] }"#),
        KeySetError::Empty
    );
    assert!(matches!(told("nothing"), KeySetError::Form(_)));
}

/// Tokens and key set by joserfc 1.6 for Python.
const FOREIGN: &str = include_str!("joserfc.json");

#[test]
fn tokens_of_another_library_count_in_every_algorithm() {
    let foreign: Value = serde_json::from_str(FOREIGN).unwrap();
    for algorithm in Algorithm::ALL {
        let settings = IssuerSettings {
            alias: "corp".to_owned(),
            issuer: "https://id.example".to_owned(),
            audience: "detente".to_owned(),
            algorithms: vec![algorithm],
        };
        let issuers = [Issuer::new(settings, &foreign["key_set"].to_string()).unwrap()];
        for (name, token) in foreign["tokens"].as_object().unwrap() {
            let judged = Issuer::verify(&issuers, token.as_str().unwrap(), NOW);
            match name == algorithm.name() {
                true => assert_eq!(judged.unwrap().principal.name(), "oidc:corp/alice", "{name}"),
                false => assert_eq!(judged, Err(CredentialFault::Algorithm), "{name}"),
            }
        }
    }
}
