//! Domain, message, bytes, message, domain: the same.

use super::{At, Sink, counting};
use crate::wire::arbitrary;
use crate::wire::claim::{parse_claim, read_claim, render_claim};
use crate::wire::event::{Stamp, encode_event, read_event, render_event};
use crate::wire::ids::Ids;
use crate::wire::kind::{parse_kind, parse_scheme, read_kind, read_scheme, render_kind, render_scheme};
use crate::wire::party::{parse_party, read_party, render_party};
use crate::wire::source::{parse_source, read_source, render_source};
use detente_domain::position::{Position, RecordedAt};
use detente_proto::v1;
use proptest::prelude::*;
use prost::Message;

/// The message after a journey as bytes.
fn round_trip<M: Message + Default>(message: &M) -> M {
    M::decode(message.encode_to_vec().as_slice()).unwrap()
}

proptest! {
    #[test]
    fn a_claim_is_read_back_as_it_was_recorded(claim in arbitrary::claim()) {
        prop_assert_eq!(read_claim(round_trip(&render_claim(&claim))), Ok(claim));
    }

    #[test]
    fn a_claim_that_was_answered_can_be_sent_back(claim in arbitrary::claim()) {
        let answer = v1::Claim {
            revision: 3,
            recorded_by: "someone".to_owned(),
            disputes: vec![v1::Dispute::default()],
            retraction: Some(v1::Retraction::default()),
            ..render_claim(&claim)
        };
        let mut sink = Sink::input();
        let parsed = parse_claim(round_trip(&answer), &mut Ids::new(&mut counting()), &At::root("claim"), &mut sink);
        prop_assert_eq!(sink.finish(), Ok(()));
        prop_assert_eq!(parsed, Some(claim));
    }

    #[test]
    fn a_party_is_read_back_and_can_be_sent_back(party in arbitrary::party()) {
        let answer = round_trip(&render_party(&party));
        let mut sink = Sink::input();
        prop_assert_eq!(parse_party(answer.clone(), &At::root("party"), &mut sink), Some(party.clone()));
        prop_assert_eq!(sink.finish(), Ok(()));
        prop_assert_eq!(read_party(answer), Ok(party));
    }

    #[test]
    fn a_source_is_read_back_and_can_be_sent_back(source in arbitrary::source()) {
        let answer = round_trip(&render_source(&source));
        let mut sink = Sink::input();
        prop_assert_eq!(parse_source(answer.clone(), &At::root("source"), &mut sink), Some(source.clone()));
        prop_assert_eq!(sink.finish(), Ok(()));
        prop_assert_eq!(read_source(answer), Ok(source));
    }

    #[test]
    fn a_kind_is_read_back_and_can_be_sent_back(kind in arbitrary::kind()) {
        let answer = round_trip(&render_kind(&kind));
        let mut sink = Sink::input();
        prop_assert_eq!(parse_kind(answer.clone(), &At::root("kind"), &mut sink), Some(kind.clone()));
        prop_assert_eq!(sink.finish(), Ok(()));
        prop_assert_eq!(read_kind(answer), Ok(kind));
    }

    #[test]
    fn a_scheme_is_read_back_and_can_be_sent_back(scheme in arbitrary::scheme()) {
        let answer = round_trip(&render_scheme(&scheme));
        let mut sink = Sink::input();
        prop_assert_eq!(parse_scheme(answer.clone(), &At::root("scheme"), &mut sink), Some(scheme.clone()));
        prop_assert_eq!(sink.finish(), Ok(()));
        prop_assert_eq!(read_scheme(answer), Ok(scheme));
    }

    #[test]
    fn an_event_is_read_back_as_it_was_recorded(
        event in arbitrary::event(),
        position in any::<u64>(),
        micros in -62_135_596_800_000_000..253_402_300_800_000_000_i64,
        recorded_by in "(?s).{1,20}",
        backfilled in any::<bool>(),
    ) {
        let (position, recorded_at) = (Position(position), RecordedAt(micros));
        let stamp = Stamp { position, recorded_at, recorded_by: &recorded_by, backfilled };
        let mut bytes = b"before".to_vec();
        encode_event(&event, &stamp, &mut bytes);
        let message = v1::Event::decode(&bytes[6..]).unwrap();
        prop_assert_eq!(&message.encode_to_vec(), &bytes[6..], "not the bytes that the message has");
        prop_assert_eq!(&message.event, &render_event(&event).event);
        prop_assert_eq!(read_event(message), Ok((position, recorded_at, recorded_by.clone(), backfilled, event)));
    }
}

#[test]
fn a_recorded_bound_keeps_its_days_whatever_the_parser_would_say_today() {
    let date = v1::KnownDate { edtf: "of old".to_owned(), earliest: "1874-01-01".to_owned(), latest: String::new() };
    let bound = Some(v1::Bound { bound: Some(v1::bound::Bound::Known(date)) });
    let recorded = v1::Claim {
        claim_id: super::uuid(1),
        valid: String::new(),
        valid_from: bound.clone(),
        valid_to: bound.clone(),
        ..super::small_claim()
    };
    let claim = read_claim(recorded).unwrap();
    assert_eq!(render_claim(&claim).valid_from, bound);
}

#[test]
fn what_breaks_a_rule_of_today_can_still_be_read_back() {
    let mut recorded = v1::Claim { claim_id: super::uuid(1), ..super::small_claim() };
    recorded.texts = vec![v1::Text { text: "x".repeat(1_000_000), ..Default::default() }];
    recorded.labels = vec!["twice".to_owned(); 1_000];
    recorded.codes = vec![v1::Code::default()];
    recorded.attribution = vec![v1::Attribution { role: 1, ..Default::default() }];
    assert_eq!(read_claim(recorded).unwrap().labels.len(), 1_000);
}

#[test]
fn what_cannot_be_read_back_is_named() {
    let cut_short = v1::Claim { claim_id: super::uuid(1), kind: String::new(), ..super::small_claim() };
    let error = read_claim(cut_short).unwrap_err();
    assert_eq!((error.what, error.field.as_str()), ("claim", "kind"));
    let from_later = v1::Claim { claim_id: super::uuid(1), modality: 99, ..super::small_claim() };
    assert!(read_claim(from_later).unwrap_err().to_string().contains("at `modality`: 99 is no Modality"));
    assert_eq!(read_claim(super::small_claim()).unwrap_err().field, "claim_id");
    assert!(read_event(v1::Event::default()).is_err());
    let empty = v1::Event { recorded_at: Some(prost_types::Timestamp::default()), ..Default::default() };
    assert_eq!(read_event(empty).unwrap_err().reason, "incomplete");
}
