//! Replies that are put together from bytes which were encoded when they were recorded.
//!
//! A claim goes from the log to the socket without being decoded: a reply is an *envelope* (everything else, written field
//! by field) and *pieces* (claims or events, as they stand in the log), and is written once, straight into the transport's
//! buffer:
//!
//! ```text
//!   envelope   context, head of a match | tail, head of the next | tail ... emptiness, next_page_token
//!   pieces                              ^ claim                  ^ claim
//! ```
//!
//! For a client it is the message of the contract; the tests here hold it against prost's own encoding.

use detente_domain::certainty::Certainty;
use detente_domain::emptiness::Emptiness;
use detente_ledger::follow::feed::Events;
use detente_ledger::query::events::EventBatch;
use detente_ledger::query::page_size::EncodedClaims;
use detente_ledger::query::state::{State, StateMatch};
use detente_ledger::wire::splice::{put_field, put_field_head, put_number};
use detente_proto::v1;
use prost::bytes::{Buf, BufMut};
use prost::encoding::{DecodeContext, WireType, encoded_len_varint, key_len};
use prost::{DecodeError, Message};

const CONTEXT: u32 = 1;
const CLAIMS: u32 = 2;

/// A reply, ready to be written. It is never read back.
#[derive(Debug)]
pub struct EncodedReply {
    envelope: Vec<u8>,
    /// The place of each piece in the envelope.
    places: Vec<usize>,
    pieces: Pieces,
}

#[derive(Debug)]
enum Pieces {
    Claims(EncodedClaims),
    One(Vec<u8>),
    /// The events of the log, at the end of the envelope.
    Log(Events),
}

impl EncodedReply {
    /// A `GetStateResponse`.
    #[must_use]
    pub fn state(context: &v1::ReplyContext, state: State, next_page_token: &str) -> Self {
        const EMPTINESS: u32 = 3;
        const ABSENCE_CERTAINTY: u32 = 4;
        const ABSENCE_CLAIM_IDS: u32 = 5;
        const NEXT_PAGE_TOKEN: u32 = 6;
        let mut envelope = begin(context, state.claims.len());
        let mut places = Vec::with_capacity(state.claims.len());
        for (matched, claim) in state.matches.iter().zip(state.claims.iter()) {
            put_match(*matched, claim.len(), &mut envelope, &mut places);
        }
        put_number(&mut envelope, EMPTINESS, number(emptiness(state.emptiness)));
        if let Emptiness::RecordedAbsence(sure) = state.emptiness {
            put_number(&mut envelope, ABSENCE_CERTAINTY, number(certainty(sure)));
        }
        for claim in &state.absences {
            put_field(&mut envelope, ABSENCE_CLAIM_IDS, claim.to_string().as_bytes());
        }
        put_text(&mut envelope, NEXT_PAGE_TOKEN, next_page_token);
        Self { envelope, places, pieces: Pieces::Claims(state.claims) }
    }

    /// A `GetClaimResponse`.
    #[must_use]
    pub fn claim(context: &v1::ReplyContext, claim: Vec<u8>) -> Self {
        let mut envelope = begin(context, 1);
        put_field_head(&mut envelope, CLAIMS, claim.len());
        Self { places: vec![envelope.len()], envelope, pieces: Pieces::One(claim) }
    }

    /// A `ListClaimsResponse`.
    #[must_use]
    pub fn claims(context: &v1::ReplyContext, claims: EncodedClaims, next_page_token: &str) -> Self {
        const NEXT_PAGE_TOKEN: u32 = 3;
        let mut envelope = begin(context, claims.len());
        let mut places = Vec::with_capacity(claims.len());
        for claim in claims.iter() {
            put_field_head(&mut envelope, CLAIMS, claim.len());
            places.push(envelope.len());
        }
        put_text(&mut envelope, NEXT_PAGE_TOKEN, next_page_token);
        Self { envelope, places, pieces: Pieces::Claims(claims) }
    }

    /// A `ReadEventsResponse`; the last one of a reading has a context.
    #[must_use]
    pub fn events(batch: EventBatch, context: Option<&v1::ReplyContext>) -> Self {
        const THROUGH_POSITION: u32 = 2;
        const LAST_CONTEXT: u32 = 3;
        let mut envelope = Vec::new();
        put_number(&mut envelope, THROUGH_POSITION, batch.through.0);
        if let Some(context) = context {
            put_message(&mut envelope, LAST_CONTEXT, context);
        }
        Self { envelope, places: vec![0], pieces: Pieces::One(batch.frames) }
    }

    /// A `SubscribeResponse` with events.
    #[must_use]
    pub fn feed_events(position: u64, events: Events) -> Self {
        const POSITION: u32 = 1;
        const EVENTS: u32 = 3;
        let mut envelope = Vec::with_capacity(24);
        put_number(&mut envelope, POSITION, position);
        put_field_head(&mut envelope, EVENTS, events.byte_len());
        Self { envelope, places: Vec::new(), pieces: Pieces::Log(events) }
    }

    /// A `SubscribeResponse` without events.
    #[must_use]
    pub fn feed_frame(frame: &v1::SubscribeResponse) -> Self {
        Self { envelope: frame.encode_to_vec(), places: Vec::new(), pieces: Pieces::One(Vec::new()) }
    }

    fn write<'p>(&self, pieces: impl Iterator<Item = &'p [u8]>, out: &mut impl BufMut) {
        let mut rest = self.envelope.as_slice();
        let mut written = 0;
        for (piece, place) in pieces.zip(&self.places) {
            let (before, after) = rest.split_at_checked(place - written).unwrap_or((rest, &[]));
            out.put_slice(before);
            out.put_slice(piece);
            (rest, written) = (after, *place);
        }
        out.put_slice(rest);
    }
}

/// Returns the certainty of the contract.
#[must_use]
pub const fn certainty(certainty: Certainty) -> v1::Certainty {
    match certainty {
        Certainty::Definite => v1::Certainty::Definite,
        Certainty::Possible => v1::Certainty::Possible,
    }
}

/// Returns the emptiness of the contract.
#[must_use]
pub const fn emptiness(emptiness: Emptiness) -> v1::Emptiness {
    match emptiness {
        Emptiness::NotEmpty => v1::Emptiness::NotEmpty,
        Emptiness::RecordedAbsence(_) => v1::Emptiness::RecordedAbsence,
        Emptiness::NothingCovers => v1::Emptiness::NothingCovers,
        Emptiness::OnlyRetracted => v1::Emptiness::OnlyRetracted,
        Emptiness::NothingRecorded => v1::Emptiness::NothingRecorded,
    }
}

fn begin(context: &v1::ReplyContext, pieces: usize) -> Vec<u8> {
    const BYTES_A_PIECE: usize = 24;
    const BYTES_AROUND: usize = 512;
    let mut envelope = Vec::with_capacity(BYTES_AROUND + pieces * BYTES_A_PIECE);
    put_message(&mut envelope, CONTEXT, context);
    envelope
}

/// Writes a `StateMatch` around the place of its claim.
fn put_match(matched: StateMatch, claim_len: usize, envelope: &mut Vec<u8>, places: &mut Vec<usize>) {
    const MATCHES: u32 = 2;
    const CERTAINTY: u32 = 1;
    const CLAIM: u32 = 2;
    const AS_OF_AGE_DAYS: u32 = 3;
    let sure = number(certainty(matched.certainty));
    let age = matched.as_of_age_days.map(i64::cast_unsigned);
    let varint_len = |field, value| key_len(field) + encoded_len_varint(value);
    let length = varint_len(CERTAINTY, sure)
        + varint_len(CLAIM, claim_len as u64)
        + claim_len
        + age.map_or(0, |days| varint_len(AS_OF_AGE_DAYS, days));
    put_field_head(envelope, MATCHES, length);
    put_number(envelope, CERTAINTY, sure);
    put_field_head(envelope, CLAIM, claim_len);
    places.push(envelope.len());
    if let Some(days) = age {
        // Present even when it is 0: it is optional in the contract.
        prost::encoding::encode_key(AS_OF_AGE_DAYS, WireType::Varint, envelope);
        prost::encoding::encode_varint(days, envelope);
    }
}

fn put_message(out: &mut Vec<u8>, field: u32, message: &impl Message) {
    put_field_head(out, field, message.encoded_len());
    message.encode_raw(out);
}

fn put_text(out: &mut Vec<u8>, field: u32, text: &str) {
    if !text.is_empty() {
        put_field(out, field, text.as_bytes());
    }
}

fn number(member: impl Into<i32>) -> u64 {
    u64::try_from(member.into()).unwrap_or_default()
}

impl Message for EncodedReply {
    fn encode_raw(&self, out: &mut impl BufMut) {
        match &self.pieces {
            Pieces::Claims(claims) => self.write(claims.iter(), out),
            Pieces::One(piece) => self.write(std::iter::once(piece.as_slice()), out),
            Pieces::Log(events) => {
                out.put_slice(&self.envelope);
                events.pieces().for_each(|piece| out.put_slice(piece));
            }
        }
    }

    fn merge_field(
        &mut self,
        _field: u32,
        _wire_type: WireType,
        _from: &mut impl Buf,
        _context: DecodeContext,
    ) -> Result<(), DecodeError> {
        // A reply is never read. Only prost makes its errors, so this is one of those.
        prost::encoding::check_wire_type(WireType::StartGroup, WireType::EndGroup)
    }

    fn encoded_len(&self) -> usize {
        self.envelope.len()
            + match &self.pieces {
                Pieces::Claims(claims) => claims.byte_len(),
                Pieces::One(piece) => piece.len(),
                Pieces::Log(events) => events.byte_len(),
            }
    }

    fn clear(&mut self) {
        *self = Self { envelope: Vec::new(), places: Vec::new(), pieces: Pieces::One(Vec::new()) };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use detente_domain::cut::{Basis, Cut};
    use detente_domain::filter::Filter;
    use detente_domain::position::{Position, RecordedAt};
    use detente_journal::LedgerId;
    use detente_ledger::Ledger;
    use detente_ledger::open::LedgerOptions;
    use detente_ledger::query::claims::ClaimsQuery;
    use detente_ledger::query::page_size::PageSize;
    use detente_ledger::read::cut::ResolvedCut;
    use detente_ledger::wire::command::{ParsedAppend, parse_append};
    use detente_ledger::write::append::AppendRequest;
    use uuid::Uuid;

    fn context() -> v1::ReplyContext {
        v1::ReplyContext { ledger_id: "l".into(), basis: "97-00".into(), position: 97, ..Default::default() }
    }

    /// Claims as a ledger gives them, and decoded.
    fn claims(count: usize) -> (EncodedClaims, Vec<v1::Claim>) {
        let ledger = Ledger::in_memory(LedgerId(Uuid::nil()), &LedgerOptions::default()).unwrap();
        let mut last = 0;
        for nth in 1..=count {
            let request = v1::AppendRequest {
                recorded_by: "tests".to_owned(),
                commands: vec![assert_command(&"x".repeat(nth * 70))],
                ..Default::default()
            };
            let mut new_id = || {
                last += 1;
                Uuid::from_u128(last)
            };
            let ParsedAppend { recorded_by, batch, .. } = parse_append(request, &mut new_id).unwrap();
            let request = AppendRequest { request: None, recorded_by, batch, validate_only: false };
            ledger.backfill(request, RecordedAt(nth as i64)).unwrap();
        }
        let query = ClaimsQuery {
            filter: Filter::default(),
            cut: Cut::Head,
            include_retracted: true,
            newest_first: false,
            after: None,
            supposed: detente_domain::command::Suppositions::default(),
            page: PageSize { entries: 1000, bytes: 1 << 20 },
        };
        let encoded = ledger.claims(&query).unwrap().claims;
        assert_eq!(encoded.len(), count);
        let claims = encoded.iter().map(|claim| v1::Claim::decode(claim).unwrap()).collect();
        (encoded, claims)
    }

    fn assert_command(words: &str) -> v1::Command {
        let claim = v1::Claim {
            kind: "agreement".to_owned(),
            temporal_type: v1::TemporalType::Event.into(),
            texts: vec![v1::Text { lang: "en".to_owned(), text: words.to_owned(), original: true }],
            valid: "2025-07".to_owned(),
            modality: v1::Modality::Asserted.into(),
            ..Default::default()
        };
        let command = v1::command::Command::AssertClaim(v1::AssertClaim { claim: Some(claim) });
        v1::Command { command: Some(command), ..Default::default() }
    }

    /// The same message in as many bytes; the fields of a claim may stand in another order.
    fn assert_same<M: Message + Default + PartialEq + std::fmt::Debug>(reply: &EncodedReply, message: &M) {
        let bytes = reply.encode_to_vec();
        assert_eq!(bytes.len(), reply.encoded_len());
        assert_eq!(bytes.len(), message.encoded_len());
        assert_eq!(&M::decode(bytes.as_slice()).unwrap(), message);
    }

    #[test]
    fn a_state_is_encoded_as_prost_would() {
        let at = ResolvedCut {
            ledger_id: Uuid::nil(),
            basis: Basis { position: Position(97), mark: [0; 8] },
            recorded_at: None,
            known_at: None,
            supposed: false,
        };
        for (count, emptiness, ages, next) in [
            (0, Emptiness::NothingRecorded, vec![], ""),
            (3, Emptiness::NotEmpty, vec![None, Some(0), Some(-1)], "0a"),
            (2, Emptiness::RecordedAbsence(Certainty::Possible), vec![Some(400), None], ""),
        ] {
            let (encoded, claims) = claims(count);
            let sure = |nth: usize| if nth.is_multiple_of(2) { Certainty::Definite } else { Certainty::Possible };
            let match_of =
                |(nth, age): (usize, &Option<i64>)| StateMatch { certainty: sure(nth), as_of_age_days: *age };
            let matches: Vec<_> = ages.iter().enumerate().map(match_of).collect();
            let absences = vec![Uuid::from_u128(5); usize::from(count == 2)];
            let message = v1::GetStateResponse {
                context: Some(context()),
                matches: (matches.iter().zip(claims))
                    .map(|(matched, claim)| v1::StateMatch {
                        certainty: certainty(matched.certainty).into(),
                        claim: Some(claim),
                        as_of_age_days: matched.as_of_age_days,
                    })
                    .collect(),
                emptiness: super::emptiness(emptiness).into(),
                absence_certainty: if count == 2 { v1::Certainty::Possible.into() } else { 0 },
                absence_claim_ids: absences.iter().map(Uuid::to_string).collect(),
                next_page_token: next.to_owned(),
            };
            let state = State { at, matches, claims: encoded, emptiness, absences, next: None };
            assert_same(&EncodedReply::state(&context(), state, next), &message);
        }
    }

    #[test]
    fn claims_are_encoded_as_prost_would() {
        for (count, next) in [(0, ""), (1, "0b"), (4, "")] {
            let (encoded, claims) = claims(count);
            let next_page_token = next.to_owned();
            let message = v1::ListClaimsResponse { context: Some(context()), claims, next_page_token };
            assert_same(&EncodedReply::claims(&context(), encoded, next), &message);
        }
        let (_, mut claims) = claims(2);
        let claim = claims.pop();
        let reply = EncodedReply::claim(&context(), claim.as_ref().unwrap().encode_to_vec());
        assert_same(&reply, &v1::GetClaimResponse { context: Some(context()), claim });
    }

    #[test]
    fn events_are_encoded_as_prost_would() {
        let events: Vec<_> = (1..4).map(|position| v1::Event { position, ..Default::default() }).collect();
        let frames = v1::ReadEventsResponse { events: events.clone(), ..Default::default() }.encode_to_vec();
        let batch = EventBatch { frames, count: 3, through: Position(300), done: true };
        for context in [None, Some(context())] {
            let reply = EncodedReply::events(batch.clone(), context.as_ref());
            assert_same(&reply, &v1::ReadEventsResponse { events: events.clone(), through_position: 300, context });
        }
        let nothing = EncodedReply::events(EventBatch { through: Position(9), ..EventBatch::default() }, None);
        assert_same(&nothing, &v1::ReadEventsResponse { through_position: 9, ..Default::default() });
    }
}
