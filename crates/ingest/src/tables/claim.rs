//! The columns of a claim, in the order of its message.

use super::columns::{Cell, Column, ColumnKind, column};
use super::row::{OutputRow, day, instant, known_part, sort, word};
use detente_proto::v1;
use v1::{Certainty, Modality, Polarity, RetractionReason, Status, TemporalType};

use ColumnKind::{Day, Flag, Ids, Instant, Integer, Json, Text, Word};

/// The columns of a claim as a match of a state.
pub(super) const FOUND: [Column; 2] = [
    column(
        "certainty",
        Word,
        "`definite` if it is so in all readings of the dates, `possible` if only in some.",
        |row| word(row.found.map_or(0, |found| found.certainty), "CERTAINTY_", Certainty::as_str_name),
    ),
    column(
        "as_of_age_days",
        Integer,
        "Days from the last day its source's knowledge reaches to the last day of the asked date, where its end is open.",
        |row| row.found.and_then(|found| found.as_of_age_days).map_or(Cell::Empty, Cell::Integer),
    ),
];

/// The id of the claim.
pub(super) const ID: Column = column("claim_id", Text, "Id of the claim, a UUID.", |row| match row.event {
    Some(event) => super::event::claim_id(event).map_or(Cell::Empty, Cell::text),
    None => row.of(|claim| Cell::text(&claim.claim_id)),
});

/// The columns of a claim's revision.
pub(super) const RECORDED: [Column; 5] = [
    column("revision", Integer, "Its revision at the cut, from 1.", |row| {
        row.of(|claim| Cell::ordinal(claim.revision.into()))
    }),
    column("position", Integer, "The position in the log of the event that made this revision.", |row| {
        row.of(|claim| Cell::ordinal(claim.position))
    }),
    column("recorded_at", Instant, "Recorded time of this revision.", |row| {
        row.of(|claim| instant(claim.recorded_at.as_ref()))
    }),
    column("recorded_by", Text, "Name of the recorder of this revision.", |row| {
        row.of(|claim| Cell::text(&claim.recorded_by))
    }),
    column("note", Text, "Note of the recorder of this revision.", |row| row.of(|claim| Cell::text(&claim.note))),
];

/// The columns of a claim's content.
pub(super) const CONTENT: [Column; 37] = [
    column("kind", Text, "Kind of claim.", |row| row.of(|claim| Cell::text(&claim.kind))),
    column(
        "temporal_type",
        Word,
        "`event` if it happens at a time, `state` if it holds over a time, `none` if it has no time.",
        |row| row.of(|claim| word(claim.temporal_type, "TEMPORAL_TYPE_", TemporalType::as_str_name)),
    ),
    column("text", Text, "The proposition in words: the original, or the first there is.", |row| {
        row.of(|claim| first(claim).map_or(Cell::Empty, |text| Cell::text(&text.text)))
    }),
    column("text_lang", Text, "The language of `text` (BCP 47).", |row| {
        row.of(|claim| first(claim).map_or(Cell::Empty, |text| Cell::text(&text.lang)))
    }),
    column("texts", Json, "The words in all languages: `lang`, `text`, `original`.", |row| row.json("texts")),
    column("relationships", Ids, "The relationships it bears on: party ids joined by `-`.", |row| {
        row.of(|claim| Cell::ids(claim.relationships.iter().map(String::as_str)))
    }),
    column("party_ids", Ids, "The parties, in any role.", |row| {
        row.of(|claim| Cell::ids(claim.parties.iter().map(|party| party.party_id.as_str())))
    }),
    column("party_roles", Ids, "The parties with their roles, as `party:role`.", |row| row.of(roles)),
    column("parties", Json, "The parties: `partyId`, `role`, `asText`.", |row| row.json("parties")),
    column("valid_from_kind", Word, "Its start: known, unknown, or open (since always).", |row| {
        row.of(|claim| sort(claim.valid_from.as_ref()))
    }),
    column("valid_from", Text, "The start as given (EDTF).", |row| {
        row.of(|claim| known_part(claim.valid_from.as_ref(), |date| &date.edtf))
    }),
    column(
        "valid_from_earliest",
        Text,
        "The first day, or second, that the start can mean; nothing: without limit.",
        |row| row.of(|claim| known_part(claim.valid_from.as_ref(), |date| &date.earliest)),
    ),
    column(
        "valid_from_latest",
        Text,
        "The last day, or second, that the start can mean; nothing: without limit.",
        |row| row.of(|claim| known_part(claim.valid_from.as_ref(), |date| &date.latest)),
    ),
    column(
        "valid_from_earliest_day",
        Day,
        "The date of `valid_from_earliest`, as written; nothing outside the years 1 to 9999.",
        |row| row.of(|claim| day(claim.valid_from.as_ref(), |date| &date.earliest)),
    ),
    column(
        "valid_from_latest_day",
        Day,
        "The date of `valid_from_latest`, as written; nothing outside the years 1 to 9999.",
        |row| row.of(|claim| day(claim.valid_from.as_ref(), |date| &date.latest)),
    ),
    column("valid_to_kind", Word, "Its end: known, unknown, or open (it has none so far).", |row| {
        row.of(|claim| sort(claim.valid_to.as_ref()))
    }),
    column("valid_to", Text, "The end as given (EDTF).", |row| {
        row.of(|claim| known_part(claim.valid_to.as_ref(), |date| &date.edtf))
    }),
    column(
        "valid_to_earliest",
        Text,
        "The first day, or second, that the end can mean; nothing: without limit.",
        |row| row.of(|claim| known_part(claim.valid_to.as_ref(), |date| &date.earliest)),
    ),
    column("valid_to_latest", Text, "The last day, or second, that the end can mean; nothing: without limit.", |row| {
        row.of(|claim| known_part(claim.valid_to.as_ref(), |date| &date.latest))
    }),
    column(
        "valid_to_earliest_day",
        Day,
        "The date of `valid_to_earliest`, as written; nothing outside the years 1 to 9999.",
        |row| row.of(|claim| day(claim.valid_to.as_ref(), |date| &date.earliest)),
    ),
    column(
        "valid_to_latest_day",
        Day,
        "The date of `valid_to_latest`, as written; nothing outside the years 1 to 9999.",
        |row| row.of(|claim| day(claim.valid_to.as_ref(), |date| &date.latest)),
    ),
    column(
        "as_of",
        Text,
        "Date up to which the source knows (EDTF); of a confirmation, the date up to which it knows now.",
        |row| match row.event.and_then(super::event::confirmed_as_of) {
            Some(as_of) => Cell::text(as_of),
            None => row.of(|claim| Cell::text(&claim.as_of)),
        },
    ),
    column("refers_to", Text, "A time that is talked about (EDTF); not valid time.", |row| {
        row.of(|claim| Cell::text(&claim.refers_to))
    }),
    column("asserted_by", Ids, "The registered parties of the attribution, the speaker first.", |row| {
        row.of(|claim| {
            Cell::ids(claim.attribution.iter().map(|voice| voice.party_id.as_str()).filter(|id| !id.is_empty()))
        })
    }),
    column("attribution", Json, "Speakers: `partyId`, `name`, `role`, `saidAt`.", |row| row.json("attribution")),
    column("modality", Word, "In which mode it is put forward.", |row| {
        row.of(|claim| word(claim.modality, "MODALITY_", Modality::as_str_name))
    }),
    column("polarity", Word, "Direction in which it moves the relationship.", |row| {
        row.of(|claim| word(claim.polarity, "POLARITY_", Polarity::as_str_name))
    }),
    column("status", Word, "Stage that the matter has reached.", |row| {
        row.of(|claim| word(claim.status, "STATUS_", Status::as_str_name))
    }),
    column("due", Text, "For a promise: by when (EDTF).", |row| row.of(|claim| Cell::text(&claim.due))),
    column("quantities", Json, "Numbers in it: `name`, `value`, `low`, `high`, `unit`.", |row| row.json("quantities")),
    column("place", Text, "Place, in words.", |row| row.of(|claim| Cell::text(&claim.place))),
    column("codes", Json, "Codes of event-data schemes: `scheme`, `code`.", |row| row.json("codes")),
    column("source_ids", Ids, "The sources it cites.", |row| {
        row.of(|claim| Cell::ids(claim.sources.iter().map(|citation| citation.source_id.as_str())))
    }),
    column("sources", Json, "The citations: `sourceId`, `locator`, `quote`, `retrievedAt`, `granularity`.", |row| {
        row.json("sources")
    }),
    column("links", Json, "Its relations to other claims: `type`, `claimId`.", |row| row.json("links")),
    column("external_ids", Json, "Its ids elsewhere: `scheme`, `id`, `release`.", |row| row.json("externalIds")),
    column("labels", Json, "Free facets, as a list of texts.", |row| row.json("labels")),
];

/// The columns of a claim's retractions and disputes at the cut.
pub(super) const CONTESTED: [Column; 8] = [
    column("retracted", Flag, "True if it is retracted.", |row| row.of(|claim| Cell::Flag(claim.retraction.is_some()))),
    column("retraction_reason", Word, "Reason of the retraction.", |row| {
        retraction(row, |of| word(of.reason, "RETRACTION_REASON_", RetractionReason::as_str_name))
    }),
    column("retraction_note", Text, "Note of the recorder of the retraction.", |row| {
        retraction(row, |of| Cell::text(&of.note))
    }),
    column("retraction_recorded_at", Instant, "Recorded time of the retraction.", |row| {
        retraction(row, |of| instant(of.recorded_at.as_ref()))
    }),
    column("retraction_recorded_by", Text, "Name of the recorder of the retraction.", |row| {
        retraction(row, |of| Cell::text(&of.recorded_by))
    }),
    column("retraction_position", Integer, "The position of the retraction.", |row| {
        retraction(row, |of| Cell::ordinal(of.position))
    }),
    column("open_disputes", Integer, "Number of its disputes that stand.", |row| {
        row.of(|claim| {
            let listed = claim.disputes.iter().filter(|dispute| dispute.resolution.is_none()).count();
            Cell::number(listed as u64 + u64::from(claim.unlisted_standing_disputes))
        })
    }),
    column("disputes", Json, "Its disputes so far, as in the message `Dispute`; of very many the last 100.", |row| {
        row.json("disputes")
    }),
];

/// The coordinates, the same in every row, so that several exports can stand in one table: the date, and the cut.
pub(super) const ASKED: ([Column; 1], [Column; 3]) = (
    [column("asked_valid_at", Text, "The asked date (EDTF).", |row| {
        row.asked.map_or(Cell::Empty, |asked| Cell::text(&asked.valid_at))
    })],
    [
        column("asked_known_at", Instant, "The asked instant of knowledge, where the cut was given as one.", |row| {
            row.asked.map_or(Cell::Empty, |asked| instant(asked.known_at.as_ref()))
        }),
        column("asked_position", Integer, "The last position of the cut.", |row| {
            row.asked.map_or(Cell::Empty, |asked| Cell::ordinal(asked.position))
        }),
        column("asked_basis", Text, "The exact cut; give it back to ask again.", |row| {
            row.asked.map_or(Cell::Empty, |asked| Cell::text(&asked.basis))
        }),
    ],
);

fn first(claim: &v1::Claim) -> Option<&v1::Text> {
    claim.texts.iter().find(|text| text.original).or(claim.texts.first())
}

fn roles(claim: &v1::Claim) -> Cell {
    let pairs: Vec<String> = claim.parties.iter().map(|party| format!("{}:{}", party.party_id, party.role)).collect();
    Cell::ids(pairs.iter().map(String::as_str))
}

fn retraction(row: &OutputRow<'_>, of: fn(&v1::Retraction) -> Cell) -> Cell {
    row.of(|claim| claim.retraction.as_ref().map_or(Cell::Empty, of))
}
