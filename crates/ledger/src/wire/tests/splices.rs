//! A claim's message, made of an event's bytes, is the one that decoding and encoding would make.

use crate::wire::arbitrary;
use crate::wire::claim::render_claim;
use crate::wire::event::{Stamp, encode_event};
use crate::wire::splice::parts;
use crate::wire::time::timestamp;
use detente_domain::event::{Change, Event};
use detente_domain::position::{Position, RecordedAt};
use detente_domain::vocabulary::RevisionKind;
use detente_proto::v1;
use proptest::prelude::*;
use prost::Message;

fn bytes_of(event: Event, stamp: &Stamp<'_>) -> Vec<u8> {
    let mut bytes = Vec::new();
    encode_event(&event, stamp, &mut bytes);
    bytes
}

proptest! {
    #[test]
    fn an_event_holds_the_bytes_of_the_claim_in_the_revision_it_makes(
        claim in arbitrary::claim(),
        revision in any::<u32>(),
        note in "(?s).{0,8}",
        revised in any::<bool>(),
        backfilled in any::<bool>(),
    ) {
        let stamp = Stamp { position: Position(97), recorded_at: RecordedAt(1), recorded_by: "tests", backfilled };
        let content = Box::new(claim.clone());
        let change = if revised {
            Change::ClaimRevised(RevisionKind::Recoded, content)
        } else {
            Change::ClaimAsserted(content)
        };
        let bytes = bytes_of(Event { revision, note: note.clone().into(), change }, &stamp);
        let found = parts(&bytes).unwrap();
        let spliced = v1::Claim::decode([found.header, found.claim].concat().as_slice()).unwrap();
        prop_assert_eq!(spliced, v1::Claim {
            revision,
            recorded_at: Some(timestamp(stamp.recorded_at)),
            recorded_by: "tests".to_owned(),
            position: 97,
            note,
            ..render_claim(&claim)
        });
    }

    #[test]
    fn other_events_have_the_header_alone_and_bytes_cut_short_are_told(event in arbitrary::event()) {
        let stamp = Stamp { position: Position(1), recorded_at: RecordedAt(0), recorded_by: "tests", backfilled: true };
        let has_content = event.change.content().is_some();
        let bytes = bytes_of(event, &stamp);
        let found = parts(&bytes).unwrap();
        prop_assert_eq!(v1::Claim::decode(found.header).unwrap().position, 1);
        prop_assert_eq!(!found.claim.is_empty(), has_content);
        prop_assert_eq!(parts(&bytes[..bytes.len() - 1]), None);
    }
}
