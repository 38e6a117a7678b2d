//! Which routes there are, which rpc each asks, and where each name of a query goes in the request.

/// A route.
#[derive(Debug)]
pub(super) struct Route {
    /// What it is called, below `/api/v1/`.
    pub(super) name: &'static str,
    /// The rpc that answers.
    pub(super) rpc: &'static str,
    /// The list in its reply that has an entry for each row of a table.
    pub(super) list: Option<&'static str>,
    /// What it answers, in one line.
    pub(super) about: &'static str,
    /// The names that a query may use, in groups.
    pub(super) groups: &'static [&'static [Param]],
}

impl Route {
    /// Its path.
    pub(super) fn path(&self) -> String {
        format!("/api/v1/{}", self.name)
    }

    /// The names that a query may use.
    pub(super) fn params(&self) -> impl Iterator<Item = &'static Param> {
        self.groups.iter().flat_map(|group| group.iter())
    }
}

/// A name that a query may use.
#[derive(Clone, Copy, Debug)]
pub(in crate::http) struct Param {
    /// The name.
    pub(in crate::http) name: &'static str,
    /// Where its value goes.
    pub(in crate::http) place: Place,
    /// What its value is.
    pub(in crate::http) shape: Shape,
    /// What it means, in one line.
    pub(in crate::http) about: &'static str,
}

/// Where a value goes: the field, by its JSON name.
#[derive(Clone, Copy, Debug)]
pub(in crate::http) enum Place {
    /// Of the request, or of a message in it: the names on the way, with dots between.
    At(&'static str),
    /// Of the one item of its filter.
    Filter(&'static str),
}

/// What a value is.
#[derive(Clone, Copy, Debug)]
pub(in crate::http) enum Shape {
    /// Text.
    Text,
    /// Text; the name may come several times, any of the values will do.
    Texts,
    /// `true` or `false`.
    Flag,
    /// A number.
    Number,
    /// A date in EDTF.
    Date,
    /// An instant, or a day for its first moment.
    Instant,
    /// A member of an enum, by its name with or without this prefix, in any case.
    Member(&'static str),
    /// As above, several times.
    Members(&'static str),
    /// Two parts joined by a colon, as these two fields; several times.
    Pairs(&'static str, &'static str),
    /// Nothing but its presence counts: `true` sets an empty message.
    Empty,
}

use Place::{At, Filter};
use Shape::{Date, Empty, Flag, Instant, Member, Members, Number, Pairs, Text, Texts};

const fn param(name: &'static str, place: Place, shape: Shape, about: &'static str) -> Param {
    Param { name, place, shape, about }
}

const FILTER: &[Param] = &[
    param("relationship", Filter("relationships"), Texts, "Bears on this relationship, for example AZE-RUS."),
    param("party", Filter("parties"), Texts, "Has this party, in any role."),
    param("kind", Filter("kinds"), Texts, "Is of this kind; `*` at the end makes it a prefix."),
    param("asserted_by", Filter("assertedBy"), Texts, "Has this party anywhere in its attribution."),
    param("modality", Filter("modalities"), Members("MODALITY_"), "Is put forward in this mode."),
    param("status", Filter("statuses"), Members("STATUS_"), "Has come this far."),
    param("polarity", Filter("polarities"), Members("POLARITY_"), "Pulls this way."),
    param("temporal_type", Filter("temporalTypes"), Members("TEMPORAL_TYPE_"), "Happens, holds, or has no time."),
    param("source", Filter("sources"), Texts, "Cites this source."),
    param("label", Filter("labels"), Texts, "Has this label."),
    param("claim_id", Filter("claimIds"), Texts, "Is this claim."),
    param("external_id", Filter("externalIds"), Pairs("scheme", "id"), "Has this id elsewhere, as scheme:id."),
    param("code", Filter("codes"), Pairs("scheme", "code"), "Has this code, as scheme:code."),
];
const TEXT: &[Param] = &[param("text", Filter("text"), Text, "Its texts contain all these words.")];
const CUT: &[Param] = &[
    param(
        "known_at",
        At("cut.knownAt"),
        Instant,
        "As known at this instant, inclusive. Default: all that is recorded.",
    ),
    param("position", At("cut.position"), Number, "As known at this position, the last of an append."),
    param("basis", At("cut.basis"), Text, "As known at the basis of an earlier answer."),
];
const PAGE: &[Param] = &[
    param(
        "page_size",
        At("pageSize"),
        Number,
        "How many entries in a page, at most 1000. Default: 50 in JSON, all in a table.",
    ),
    param("page_token", At("pageToken"), Text, "From the answer before, for the next page."),
];
const VALID_AT: &[Param] = &[param("valid_at", At("validAt"), Date, "The asked date (EDTF). Default: today, UTC.")];
const MODE: &[Param] = &[param("mode", At("mode"), Member("STATE_MODE_"), "How the date is meant: holds_at, ...")];
const RETRACTED: &[Param] =
    &[param("include_retracted", At("includeRetracted"), Flag, "Whether retracted claims are wanted too.")];
const NEWEST: &[Param] = &[param("newest_first", At("newestFirst"), Flag, "Whether to begin with the last.")];
const CLAIM: &[Param] = &[param("claim_id", At("claimId"), Text, "Which claim. Required.")];
const SPAN: &[Param] = &[
    param("from", At("from"), Date, "The beginning of the span (EDTF)."),
    param("until", At("until"), Date, "The end of the span (EDTF), included."),
];
const START: &[Param] = &[
    param("after_position", At("afterPosition"), Number, "Begin after this position; 0 with the first event."),
    param("recorded_from", At("recordedFrom"), Instant, "Begin with what was recorded at this instant or later."),
];
/// What the feed takes, which is no route of this table: it does not end.
pub(super) const FEED: &[&[Param]] = &[
    START,
    &[
        param("from_head", At("fromHead"), Empty, "Begin with what is recorded from now on."),
        param("cursor_id", At("cursorId"), Text, "Begin where this named cursor stands."),
    ],
    FILTER,
];

/// The routes.
pub(super) const ROUTES: &[Route] = &[
    Route {
        name: "state",
        rpc: "GetState",
        list: Some("matches"),
        about: "What was the state at a date, as known at a cut?",
        groups: &[FILTER, VALID_AT, MODE, CUT, RETRACTED, PAGE],
    },
    Route {
        name: "claims",
        rpc: "ListClaims",
        list: Some("claims"),
        about: "The claims that match, whatever their valid time.",
        groups: &[FILTER, TEXT, CUT, RETRACTED, NEWEST, PAGE],
    },
    Route { name: "claim", rpc: "GetClaim", list: None, about: "One claim.", groups: &[CLAIM, CUT] },
    Route {
        name: "revisions",
        rpc: "ListRevisions",
        list: Some("revisions"),
        about: "The history of one claim.",
        groups: &[CLAIM, CUT, NEWEST, PAGE],
    },
    Route {
        name: "events",
        rpc: "ReadEvents",
        list: Some("events"),
        about: "The log, in order, from a place on.",
        groups: &[
            START,
            &[param(
                "limit",
                At("limit"),
                Number,
                "How many events at most. Default: 100 in JSON, all in a table. JSON has at most 10000, and about 4 MiB.",
            )],
            FILTER,
        ],
    },
    Route {
        name: "parties",
        rpc: "ListParties",
        list: Some("parties"),
        about: "The registered parties.",
        groups: &[
            &[
                param("party_id", At("partyIds"), Texts, "Only these."),
                param("type", At("types"), Members("PARTY_TYPE_"), "Only of these types."),
                param("name", At("name"), Text, "Only those with a name that contains all these words."),
                param("merged_into", At("mergedInto"), Text, "Only those that this party answers for."),
            ],
            CUT,
            PAGE,
        ],
    },
    Route {
        name: "sources",
        rpc: "ListSources",
        list: Some("sources"),
        about: "The registered sources.",
        groups: &[&[param("source_id", At("sourceIds"), Texts, "Only these.")], CUT, PAGE],
    },
    Route {
        name: "relationships",
        rpc: "ListRelationships",
        list: Some("relationships"),
        about: "The relationships that claims bear on.",
        groups: &[&[param("party", At("partyId"), Text, "Only those that include this party.")], CUT, PAGE],
    },
    Route {
        name: "diff",
        rpc: "Diff",
        list: Some("changes"),
        about: "What changed between two coordinates, and why?",
        groups: &[
            &[
                param("from_valid_at", At("from.validAt"), Date, "The date of the earlier side (EDTF)."),
                param("from_known_at", At("from.cut.knownAt"), Instant, "The earlier side as known then."),
                param("from_position", At("from.cut.position"), Number, "The earlier side at this position."),
                param("from_basis", At("from.cut.basis"), Text, "The earlier side at this basis."),
                param("to_valid_at", At("to.validAt"), Date, "The date of the later side (EDTF)."),
                param("to_known_at", At("to.cut.knownAt"), Instant, "The later side as known then."),
                param("to_position", At("to.cut.position"), Number, "The later side at this position."),
                param("to_basis", At("to.cut.basis"), Text, "The later side at this basis."),
                param("reason", At("reasons"), Members("CHANGE_REASON_"), "Only changes for this reason."),
            ],
            FILTER,
            MODE,
            PAGE,
        ],
    },
    Route {
        name: "timeline",
        rpc: "GetTimeline",
        list: Some("segments"),
        about: "How the state moved over a span of valid time.",
        groups: &[FILTER, SPAN, CUT, PAGE],
    },
    Route {
        name: "series",
        rpc: "GetSeries",
        list: Some("buckets"),
        about: "Counts and scores in buckets of valid time.",
        groups: &[
            FILTER,
            SPAN,
            &[
                param("bucket", At("bucket"), Member("BUCKET_"), "How fine: day, week, month, quarter, year."),
                param("group_by", At("groupBy"), Member("SERIES_GROUP_"), "Broken down by kind, polarity, ..."),
                param("scheme", At("scheme"), Text, "The code scheme whose scale gives scores."),
            ],
            CUT,
        ],
    },
    Route {
        name: "upcoming",
        rpc: "ListUpcoming",
        list: Some("transitions"),
        about: "What comes into force, lapses, or stops being certain, and when?",
        groups: &[
            FILTER,
            SPAN,
            &[param("transition", At("transitions"), Members("TRANSITION_"), "Only these transitions.")],
            CUT,
            PAGE,
        ],
    },
    Route {
        name: "conflicts",
        rpc: "ListConflicts",
        list: Some("conflicts"),
        about: "Claims that contradict one another.",
        groups: &[
            FILTER,
            VALID_AT,
            &[param("type", At("types"), Members("CONFLICT_TYPE_"), "Only of these sorts.")],
            CUT,
            PAGE,
        ],
    },
    Route {
        name: "corroboration",
        rpc: "ListCorroboration",
        list: Some("corroborations"),
        about: "What stands behind claims and against them.",
        groups: &[FILTER, CUT, PAGE],
    },
    Route {
        name: "commitments",
        rpc: "ListCommitments",
        list: Some("commitments"),
        about: "Promises, and what became of them.",
        groups: &[FILTER, VALID_AT, CUT, PAGE],
    },
    Route {
        name: "gaps",
        rpc: "ListGaps",
        list: Some("gaps"),
        about: "What is missing in the record.",
        groups: &[
            FILTER,
            SPAN,
            VALID_AT,
            &[
                param("type", At("types"), Members("GAP_TYPE_"), "Only of these sorts."),
                param("stale_days", At("staleDays"), Number, "From how many days on a claim is stale; default 365."),
            ],
            CUT,
            PAGE,
        ],
    },
    Route {
        name: "kinds",
        rpc: "ListKinds",
        list: Some("kinds"),
        about: "The registered kinds of claims.",
        groups: &[&[param("kind", At("kinds"), Texts, "Only these.")], CUT, PAGE],
    },
    Route {
        name: "schemes",
        rpc: "ListSchemes",
        list: Some("schemes"),
        about: "The registered code schemes.",
        groups: &[&[param("scheme", At("schemes"), Texts, "Only these.")], CUT, PAGE],
    },
    Route { name: "info", rpc: "GetServerInfo", list: None, about: "What server this is.", groups: &[] },
];
