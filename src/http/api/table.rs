//! The table of routes: the rpc that each one calls, and the field of the request that each query parameter sets.

/// A route.
#[derive(Debug)]
pub(super) struct Route {
    /// The name, below `/api/v1/`.
    pub(super) name: &'static str,
    /// The rpc that answers.
    pub(super) rpc: &'static str,
    /// The list in its reply that has an entry for each row of a table.
    pub(super) list: Option<&'static str>,
    /// The summary of the answer, in one line.
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
    /// The field that its value sets.
    pub(in crate::http) place: FieldPlace,
    /// The form of its value.
    pub(in crate::http) shape: ValueShape,
    /// The meaning, in one line.
    pub(in crate::http) about: &'static str,
}

/// A field that a value sets, by its JSON name.
#[derive(Clone, Copy, Debug)]
pub(in crate::http) enum FieldPlace {
    /// A field of the request, or of a message in it: the names on the way, with dots between.
    At(&'static str),
    /// A field of the one item of the filter.
    Filter(&'static str),
}

/// The form of a value.
#[derive(Clone, Copy, Debug)]
pub(in crate::http) enum ValueShape {
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
    /// Such members; the name may come several times.
    Members(&'static str),
    /// Two parts joined by a colon, as these two fields; several times.
    Pairs(&'static str, &'static str),
    /// Nothing but its presence counts: `true` sets an empty message.
    Empty,
}

use FieldPlace::{At, Filter};
use ValueShape::{Date, Empty, Flag, Instant, Member, Members, Number, Pairs, Text, Texts};

const fn param(name: &'static str, place: FieldPlace, shape: ValueShape, about: &'static str) -> Param {
    Param { name, place, shape, about }
}

const FILTER: &[Param] = &[
    param("relationship", Filter("relationships"), Texts, "The claim is about this relationship, for example AZE-RUS."),
    param("party", Filter("parties"), Texts, "The claim has this party, in any role."),
    param("kind", Filter("kinds"), Texts, "The claim is of this kind. A kind that ends in `*` is a prefix."),
    param("asserted_by", Filter("assertedBy"), Texts, "The claim has this party anywhere in its attribution."),
    param("modality", Filter("modalities"), Members("MODALITY_"), "Modality is this."),
    param("status", Filter("statuses"), Members("STATUS_"), "Status is this."),
    param("polarity", Filter("polarities"), Members("POLARITY_"), "Polarity is this."),
    param("temporal_type", Filter("temporalTypes"), Members("TEMPORAL_TYPE_"), "Temporal type is this."),
    param("source", Filter("sources"), Texts, "The claim cites this source."),
    param("label", Filter("labels"), Texts, "The claim has this label."),
    param("claim_id", Filter("claimIds"), Texts, "The claim is this one."),
    param(
        "external_id",
        Filter("externalIds"),
        Pairs("scheme", "id"),
        "The claim has this id in another system, as scheme:id.",
    ),
    param("code", Filter("codes"), Pairs("scheme", "code"), "The claim has this code, as scheme:code."),
];
const TEXT: &[Param] =
    &[param("text", Filter("text"), Text, "The texts of the claim contain all these words, the last one as a prefix.")];
const CUT: &[Param] = &[
    param(
        "known_at",
        At("cut.knownAt"),
        Instant,
        "The record as known at this instant, inclusive. Default: the head, which is all that is recorded.",
    ),
    param(
        "position",
        At("cut.position"),
        Number,
        "The record as known at this position, which must be the last of an append.",
    ),
    param("basis", At("cut.basis"), Text, "The record as known at the basis of an earlier reply."),
];
const PAGE: &[Param] = &[
    param(
        "page_size",
        At("pageSize"),
        Number,
        "The most entries to return, at most 1000. Default: 50 in JSON, all in a table.",
    ),
    param(
        "page_token",
        At("pageToken"),
        Text,
        "The token of the previous reply, to read the next page. Default: the first page.",
    ),
];
const VALID_AT: &[Param] =
    &[param("valid_at", At("validAt"), Date, "Date of the question (EDTF). Default: today in UTC.")];
const MODE: &[Param] =
    &[param("mode", At("mode"), Member("STATE_MODE_"), "Interpretation of the date, for example holds_at.")];
const RETRACTED: &[Param] = &[param(
    "include_retracted",
    At("includeRetracted"),
    Flag,
    "If true, retracted claims are included, marked as such.",
)];
const NEWEST: &[Param] = &[param("newest_first", At("newestFirst"), Flag, "If true, the newest entry comes first.")];
const CLAIM: &[Param] = &[param("claim_id", At("claimId"), Text, "Id of the claim. Required.")];
const SPAN: &[Param] = &[
    param("from", At("from"), Date, "Beginning of the span (EDTF)."),
    param("until", At("until"), Date, "End of the span (EDTF), included."),
];
const START: &[Param] = &[
    param(
        "after_position",
        At("afterPosition"),
        Number,
        "Position to start right after. 0 starts with the first event.",
    ),
    param("recorded_from", At("recordedFrom"), Instant, "Recorded time of the first event, inclusive."),
];
/// The parameters of the feed, which is no route of this table: it does not end.
pub(super) const FEED: &[&[Param]] = &[
    START,
    &[
        param("from_head", At("fromHead"), Empty, "If true, the feed starts with the next event that is recorded."),
        param("cursor_id", At("cursorId"), Text, "Name of a cursor: the feed starts at its position."),
    ],
    FILTER,
];

/// The routes.
pub(super) const ROUTES: &[Route] = &[
    Route {
        name: "state",
        rpc: "GetState",
        list: Some("matches"),
        about: "The state at a date, as known at a cut.",
        groups: &[FILTER, VALID_AT, MODE, CUT, RETRACTED, PAGE],
    },
    Route {
        name: "claims",
        rpc: "ListClaims",
        list: Some("claims"),
        about: "The claims that match the filter, whatever their valid time.",
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
        about: "The log in order, from a position on.",
        groups: &[
            START,
            &[param(
                "limit",
                At("limit"),
                Number,
                "The most events to return. Default: 100 in JSON, all in a table. JSON has at most 10000 events and about 4 MiB.",
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
                param("party_id", At("partyIds"), Texts, "Ids of the parties to return. Default: all."),
                param("type", At("types"), Members("PARTY_TYPE_"), "Types of the parties to return. Default: all."),
                param("name", At("name"), Text, "Words that a name or the id must contain, the last one as a prefix."),
                param(
                    "merged_into",
                    At("mergedInto"),
                    Text,
                    "Id of a party. Only parties that it answers for are returned.",
                ),
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
        groups: &[
            &[param("source_id", At("sourceIds"), Texts, "Ids of the sources to return. Default: all.")],
            CUT,
            PAGE,
        ],
    },
    Route {
        name: "relationships",
        rpc: "ListRelationships",
        list: Some("relationships"),
        about: "The relationships that claims are about.",
        groups: &[
            &[param(
                "party",
                At("partyId"),
                Text,
                "Id of a party that the relationships must include. Default: all relationships.",
            )],
            CUT,
            PAGE,
        ],
    },
    Route {
        name: "diff",
        rpc: "Diff",
        list: Some("changes"),
        about: "The changes between two coordinates, with their reasons.",
        groups: &[
            &[
                param("from_valid_at", At("from.validAt"), Date, "Date of the earlier side (EDTF)."),
                param(
                    "from_known_at",
                    At("from.cut.knownAt"),
                    Instant,
                    "The earlier side as known at this instant, inclusive.",
                ),
                param("from_position", At("from.cut.position"), Number, "The earlier side at this position."),
                param("from_basis", At("from.cut.basis"), Text, "The earlier side at this basis."),
                param("to_valid_at", At("to.validAt"), Date, "Date of the later side (EDTF)."),
                param(
                    "to_known_at",
                    At("to.cut.knownAt"),
                    Instant,
                    "The later side as known at this instant, inclusive.",
                ),
                param("to_position", At("to.cut.position"), Number, "The later side at this position."),
                param("to_basis", At("to.cut.basis"), Text, "The later side at this basis."),
                param(
                    "reason",
                    At("reasons"),
                    Members("CHANGE_REASON_"),
                    "Reasons of the changes to return. Default: all.",
                ),
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
        about: "The course of the state over a span of valid time.",
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
                param(
                    "bucket",
                    At("bucket"),
                    Member("BUCKET_"),
                    "Size of the buckets: day, week, month, quarter or year. Default: month.",
                ),
                param(
                    "group_by",
                    At("groupBy"),
                    Member("SERIES_GROUP_"),
                    "Breakdown of the buckets: kind, polarity, modality or relationship. Default: none.",
                ),
                param(
                    "scheme",
                    At("scheme"),
                    Text,
                    "Name of the registered scheme that scores each claim by its codes. Default: the scale of the claim's kind.",
                ),
            ],
            CUT,
        ],
    },
    Route {
        name: "upcoming",
        rpc: "ListUpcoming",
        list: Some("transitions"),
        about: "The transitions of claims that come into force, lapse, or stop being certain.",
        groups: &[
            FILTER,
            SPAN,
            &[param("transition", At("transitions"), Members("TRANSITION_"), "Transitions to return. Default: all.")],
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
            &[param("type", At("types"), Members("CONFLICT_TYPE_"), "Types of conflicts to return. Default: all.")],
            CUT,
            PAGE,
        ],
    },
    Route {
        name: "corroboration",
        rpc: "ListCorroboration",
        list: Some("corroborations"),
        about: "Counts of reports and independent origins for and against claims.",
        groups: &[FILTER, CUT, PAGE],
    },
    Route {
        name: "commitments",
        rpc: "ListCommitments",
        list: Some("commitments"),
        about: "Promises and their settlement.",
        groups: &[FILTER, VALID_AT, CUT, PAGE],
    },
    Route {
        name: "gaps",
        rpc: "ListGaps",
        list: Some("gaps"),
        about: "Gaps: the things that are missing in the record.",
        groups: &[
            FILTER,
            SPAN,
            VALID_AT,
            &[
                param("type", At("types"), Members("GAP_TYPE_"), "Types of gaps to return. Default: all."),
                param(
                    "stale_days",
                    At("staleDays"),
                    Number,
                    "Greatest age in days of a claim with an open end. An older one is stale. Default 365.",
                ),
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
        groups: &[&[param("kind", At("kinds"), Texts, "Names of the kinds to return. Default: all.")], CUT, PAGE],
    },
    Route {
        name: "schemes",
        rpc: "ListSchemes",
        list: Some("schemes"),
        about: "The registered code schemes.",
        groups: &[
            &[param("scheme", At("schemes"), Texts, "Names of the code schemes to return. Default: all.")],
            CUT,
            PAGE,
        ],
    },
    Route {
        name: "info",
        rpc: "GetServerInfo",
        list: None,
        about: "The version, the ledger, the head and the limits of this server.",
        groups: &[],
    },
];
