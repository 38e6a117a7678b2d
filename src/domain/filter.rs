//! The one filter language: OR of items, AND inside an item, OR among the values of a field.
//!
//! A filter can be answered in two ways that must agree. [`Filter::matches`] looks at a claim and is the definition: feeds,
//! preconditions and tests use it. [`FilterItem::facets`] breaks an item into facet tests that an index can answer
//! without looking at claims; [`facets_of`] breaks a claim into the facets that those tests look for.
//!
//! **To add a filter:** add the field here, in `filter.proto` and in `wire::filter`; answer it in `matches`; if an index
//! should answer it, add a [`FacetKind`] and emit it in `facets_of` and `FilterItem::facets`.

use super::claim::Claim;
use super::name::{ClaimId, PartyId, SourceId, Word};
use super::position::RecordedAt;
use super::relationship::RelationshipId;
use super::text;
use super::vocabulary::{LinkType, Modality, Polarity, Status, TemporalType, Vocabulary};

/// Which claims are meant: those that match any of the items; without items, every claim.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Filter {
    /// Alternatives.
    pub items: Vec<FilterItem>,
}

/// What a claim must be. An empty field asks nothing.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FilterItem {
    /// Bears on one of these.
    pub relationships: Vec<RelationshipId>,
    /// Has one of these parties, in any role.
    pub parties: Vec<PartyId>,
    /// Has a party in a role.
    pub party_roles: Vec<(PartyId, Word)>,
    /// Is of one of these kinds.
    pub kinds: Vec<Pattern>,
    /// Has one of these parties anywhere in its attribution.
    pub asserted_by: Vec<PartyId>,
    /// Is put forward in one of these modes.
    pub modalities: MemberSet<Modality>,
    /// Has come this far.
    pub statuses: MemberSet<Status>,
    /// Pulls this way.
    pub polarities: MemberSet<Polarity>,
    /// Happens, holds, or has no time.
    pub temporal_types: MemberSet<TemporalType>,
    /// Cites one of these.
    pub sources: Vec<SourceId>,
    /// Has a link, of this type if one is given, to this claim.
    pub links: Vec<(Option<LinkType>, ClaimId)>,
    /// Has one of these ids elsewhere: scheme and id.
    pub external_ids: Vec<(Box<str>, Box<str>)>,
    /// Has one of these labels.
    pub labels: Vec<Box<str>>,
    /// Is one of these claims.
    pub claim_ids: Vec<ClaimId>,
    /// Has one of these codes: scheme and code.
    pub codes: Vec<(Box<str>, Pattern)>,
    /// Its current revision was recorded at this time or later.
    pub recorded_from: Option<RecordedAt>,
    /// Its current revision was recorded before this time.
    pub recorded_before: Option<RecordedAt>,
    /// Its texts contain these folded words, the last one as a prefix.
    pub text: Vec<Box<str>>,
    /// Comes from one of these voices, whoever else is asked for.
    pub voices: Vec<Voice>,
}

/// A voice that a claim can come from.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Voice {
    /// A party: it is anywhere in the attribution.
    Party(PartyId),
    /// A source: it is cited.
    Source(SourceId),
}

/// A word, or the beginning of one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Pattern {
    /// This word.
    Exact(Box<str>),
    /// Any word that begins so.
    Prefix(Box<str>),
}

impl Pattern {
    /// Reads a word; one that ends in `*` is a prefix.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        text.strip_suffix('*').map_or_else(|| Self::Exact(text.into()), |prefix| Self::Prefix(prefix.into()))
    }

    fn matches(&self, word: &str) -> bool {
        match self {
            Self::Exact(exact) => **exact == *word,
            Self::Prefix(prefix) => word.starts_with(&**prefix),
        }
    }
}

/// A set of members of a closed vocabulary, as bits. Empty: asks nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MemberSet<V>(u64, std::marker::PhantomData<V>);

impl<V> Default for MemberSet<V> {
    fn default() -> Self {
        Self(0, std::marker::PhantomData)
    }
}

impl<V: Vocabulary> MemberSet<V> {
    /// Adds a member.
    pub fn insert(&mut self, member: V) {
        self.0 |= 1 << member.code();
    }

    /// Whether it asks nothing.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.0 == 0
    }

    /// Whether a member, by its code, answers it. `None` (not said) answers only the set that asks nothing.
    #[must_use]
    pub fn admits(&self, code: Option<u8>) -> bool {
        self.is_empty() || code.is_some_and(|code| self.0 & (1 << code) != 0)
    }
}

impl<V: Vocabulary> FromIterator<V> for MemberSet<V> {
    fn from_iter<I: IntoIterator<Item = V>>(members: I) -> Self {
        let mut set = Self::default();
        members.into_iter().for_each(|member| set.insert(member));
        set
    }
}

impl Filter {
    /// The claims with a link to a claim, of a type if one is given.
    #[must_use]
    pub fn linking_to(target: ClaimId, link_type: Option<LinkType>) -> Self {
        Self { items: vec![FilterItem { links: vec![(link_type, target)], ..FilterItem::default() }] }
    }

    /// The same filter for these claims alone; none where it can match none of them.
    #[must_use]
    pub fn among(&self, claims: &[ClaimId]) -> Option<Self> {
        let every = [FilterItem::default()];
        let items = if self.items.is_empty() { &every } else { self.items.as_slice() };
        let narrowed = items.iter().filter_map(|item| {
            let wanted = |claim: &&ClaimId| item.claim_ids.is_empty() || item.claim_ids.contains(claim);
            let claim_ids: Vec<ClaimId> = claims.iter().filter(wanted).copied().collect();
            (!claim_ids.is_empty()).then(|| FilterItem { claim_ids, ..item.clone() })
        });
        let items: Vec<FilterItem> = narrowed.collect();
        (!items.is_empty()).then_some(Self { items })
    }

    /// Those of the claims that come from any of these voices.
    #[must_use]
    pub fn from_voices(&self, voices: &[Voice]) -> Self {
        let any = [FilterItem::default()];
        let items = if self.items.is_empty() { any.as_slice() } else { &self.items };
        let from = |item: &FilterItem| FilterItem { voices: voices.to_vec(), ..item.clone() };
        Self { items: items.iter().map(from).collect() }
    }

    /// Whether a claim, whose current revision was recorded at `recorded_at`, is meant.
    #[must_use]
    pub fn matches(&self, claim: &Claim, recorded_at: RecordedAt) -> bool {
        self.items.is_empty() || self.items.iter().any(|item| item.matches(claim, recorded_at))
    }
}

impl FilterItem {
    /// Whether a claim, whose current revision was recorded at `recorded_at`, is meant.
    #[must_use]
    pub fn matches(&self, claim: &Claim, recorded_at: RecordedAt) -> bool {
        self.matches_members(claim)
            && self.matches_lists(claim)
            && self.admits_time(recorded_at)
            && self.matches_text(claim)
    }

    /// Whether a recorded time lies in the asked span.
    #[must_use]
    pub fn admits_time(&self, recorded_at: RecordedAt) -> bool {
        self.recorded_from.is_none_or(|from| recorded_at >= from)
            && self.recorded_before.is_none_or(|before| recorded_at < before)
    }

    fn matches_members(&self, claim: &Claim) -> bool {
        self.modalities.admits(Some(claim.modality.code()))
            && self.statuses.admits(claim.status.map(Vocabulary::code))
            && self.polarities.admits(claim.polarity.map(Vocabulary::code))
            && self.temporal_types.admits(Some(claim.time.temporal_type().code()))
    }

    fn matches_lists(&self, claim: &Claim) -> bool {
        any(&self.claim_ids, |id| claim.id == *id)
            && any(&self.relationships, |id| claim.relationships.contains(id))
            && any(&self.parties, |id| claim.parties.iter().any(|p| p.party == *id))
            && any(&self.party_roles, |(id, role)| claim.parties.iter().any(|p| p.party == *id && p.role == *role))
            && any(&self.kinds, |pattern| pattern.matches(claim.kind.as_str()))
            && any(&self.asserted_by, |id| claim.attribution.iter().any(|a| a.party.as_ref() == Some(id)))
            && any(&self.sources, |id| claim.sources.iter().any(|s| s.source == *id))
            && any(&self.links, |(link_type, target)| {
                claim.links.iter().any(|l| l.target == *target && link_type.is_none_or(|t| t == l.link_type))
            })
            && any(&self.external_ids, |(scheme, id)| {
                claim.external_ids.iter().any(|e| e.scheme == *scheme && e.id == *id)
            })
            && any(&self.labels, |label| claim.labels.contains(label))
            && any(&self.codes, |(scheme, pattern)| {
                claim.codes.iter().any(|c| c.scheme == *scheme && pattern.matches(&c.code))
            })
            && any(&self.voices, |voice| voice.says(claim))
    }

    fn matches_text(&self, claim: &Claim) -> bool {
        let texts: Vec<&str> = claim.texts.iter().map(|t| &*t.text).collect();
        self.text.is_empty() || text::matches(&self.text, &texts)
    }

    /// The facet tests of this item: a claim must have, of every group, at least one facet. What facets do not cover
    /// (members, claim ids, recorded time) is not among them.
    #[must_use]
    pub fn facets(&self) -> Vec<Vec<FacetTest>> {
        use FacetKind as K;
        let mut groups = vec![
            tests(&self.relationships, |id| FacetTest::exact(K::Relationship, id.as_str())),
            tests(&self.parties, |id| FacetTest::exact(K::Party, id.as_str())),
            tests(&self.party_roles, |(id, role)| FacetTest::exact(K::PartyRole, &pair(id.as_str(), role.as_str()))),
            tests(&self.kinds, |pattern| FacetTest::pattern(K::Kind, "", pattern)),
            tests(&self.asserted_by, |id| FacetTest::exact(K::AssertedBy, id.as_str())),
            tests(&self.sources, |id| FacetTest::exact(K::Source, id.as_str())),
            tests(&self.links, |(link_type, target)| FacetTest::exact(K::Link, &link_key(*link_type, *target))),
            tests(&self.external_ids, |(scheme, id)| FacetTest::exact(K::ExternalId, &pair(scheme, id))),
            tests(&self.labels, |label| FacetTest::exact(K::Label, label)),
            tests(&self.codes, |(scheme, code)| FacetTest::pattern(K::Code, &pair(scheme, ""), code)),
            tests(&self.voices, Voice::facet),
        ];
        if let Some((last, whole)) = self.text.split_last() {
            groups.extend(whole.iter().map(|word| vec![FacetTest::exact(K::Token, word)]));
            groups.push(vec![FacetTest { kind: K::Token, key: last.clone(), prefix: true }]);
        }
        groups.retain(|group| !group.is_empty());
        groups
    }
}

impl Voice {
    /// The party, if it is one.
    #[must_use]
    pub const fn party(&self) -> Option<&PartyId> {
        match self {
            Self::Party(id) => Some(id),
            Self::Source(_) => None,
        }
    }

    fn says(&self, claim: &Claim) -> bool {
        match self {
            Self::Party(id) => claim.attribution.iter().any(|a| a.party.as_ref() == Some(id)),
            Self::Source(id) => claim.sources.iter().any(|s| s.source == *id),
        }
    }

    fn facet(&self) -> FacetTest {
        match self {
            Self::Party(id) => FacetTest::exact(FacetKind::AssertedBy, id.as_str()),
            Self::Source(id) => FacetTest::exact(FacetKind::Source, id.as_str()),
        }
    }
}

fn any<T>(asked: &[T], matches: impl Fn(&T) -> bool) -> bool {
    asked.is_empty() || asked.iter().any(matches)
}

fn tests<T>(asked: &[T], test: impl Fn(&T) -> FacetTest) -> Vec<FacetTest> {
    asked.iter().map(test).collect()
}

/// What a facet is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum FacetKind {
    /// A relationship it bears on.
    Relationship,
    /// A party, in any role.
    Party,
    /// A party in a role.
    PartyRole,
    /// Its kind.
    Kind,
    /// A party in its attribution.
    AssertedBy,
    /// A source it cites.
    Source,
    /// A link, with and without its type.
    Link,
    /// An id elsewhere.
    ExternalId,
    /// A label.
    Label,
    /// A code.
    Code,
    /// A folded word of its texts.
    Token,
}

impl FacetKind {
    /// Every facet kind, in the order of their codes.
    pub const ALL: [Self; 11] = [
        Self::Relationship,
        Self::Party,
        Self::PartyRole,
        Self::Kind,
        Self::AssertedBy,
        Self::Source,
        Self::Link,
        Self::ExternalId,
        Self::Label,
        Self::Code,
        Self::Token,
    ];
}

/// A facet to look for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FacetTest {
    /// What it is about.
    pub kind: FacetKind,
    /// Its key, or the beginning of one.
    pub key: Box<str>,
    /// Whether the key is a beginning.
    pub prefix: bool,
}

impl FacetTest {
    fn exact(kind: FacetKind, key: &str) -> Self {
        Self { kind, key: key.into(), prefix: false }
    }

    fn pattern(kind: FacetKind, before: &str, pattern: &Pattern) -> Self {
        match pattern {
            Pattern::Exact(word) => Self { kind, key: format!("{before}{word}").into(), prefix: false },
            Pattern::Prefix(word) => Self { kind, key: format!("{before}{word}").into(), prefix: true },
        }
    }
}

/// Calls `found` with every facet of a claim, its text tokens aside. Repeats are possible.
pub fn facets_of(claim: &Claim, mut found: impl FnMut(FacetKind, &str)) {
    use FacetKind as K;
    let mut key = String::new();
    claim.relationships.iter().for_each(|id| found(K::Relationship, id.as_str()));
    for party in &claim.parties {
        found(K::Party, party.party.as_str());
        found(K::PartyRole, put_pair(&mut key, party.party.as_str(), party.role.as_str()));
    }
    found(K::Kind, claim.kind.as_str());
    claim.attribution.iter().filter_map(|a| a.party.as_ref()).for_each(|id| found(K::AssertedBy, id.as_str()));
    claim.sources.iter().for_each(|citation| found(K::Source, citation.source.as_str()));
    for link in &claim.links {
        found(K::Link, &link_key(Some(link.link_type), link.target));
        found(K::Link, &link_key(None, link.target));
    }
    claim.external_ids.iter().for_each(|e| found(K::ExternalId, put_pair(&mut key, &e.scheme, &e.id)));
    claim.labels.iter().for_each(|label| found(K::Label, label));
    claim.codes.iter().for_each(|c| found(K::Code, put_pair(&mut key, &c.scheme, &c.code)));
}

/// Calls `found` with every folded token of a claim's texts. Repeats are possible.
pub fn tokens_of(claim: &Claim, mut found: impl FnMut(&str)) {
    claim.texts.iter().for_each(|text| text::tokens(&text.text, &mut found));
}

/// Two strings in one key; the separator occurs in neither an id nor a word.
fn pair(first: &str, second: &str) -> String {
    let mut key = String::new();
    put_pair(&mut key, first, second);
    key
}

fn put_pair<'k>(key: &'k mut String, first: &str, second: &str) -> &'k str {
    key.clear();
    key.push_str(first);
    key.push('\0');
    key.push_str(second);
    key
}

/// The type, if there is one, and the target of the link that a [`FacetKind::Link`] facet stands for.
#[must_use]
pub fn link_of(key: &str) -> Option<(Option<LinkType>, ClaimId)> {
    let (code, target) = key.split_once('\0')?;
    let link_type = LinkType::ALL.get(usize::from(code.parse::<u8>().ok()?)).copied();
    Some((link_type, ClaimId(target.parse().ok()?)))
}

fn link_key(link_type: Option<LinkType>, target: ClaimId) -> String {
    let code = link_type.map_or(u8::MAX, Vocabulary::code);
    format!("{code}\0{}", target.0.simple())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::claim::{Attribution, Citation, ClaimParty, Code, ExternalId, Link, Text, Time};
    use crate::domain::vocabulary::AttributionRole;
    use uuid::Uuid;

    const AT: RecordedAt = RecordedAt(1_000);

    fn party(text: &str) -> PartyId {
        PartyId::parse(text).unwrap()
    }

    fn word(text: &str) -> Word {
        Word::parse(text).unwrap()
    }

    fn relationship(text: &str) -> RelationshipId {
        RelationshipId::parse(text).unwrap()
    }

    fn source(text: &str) -> SourceId {
        SourceId::parse(text).unwrap()
    }

    fn id(number: u128) -> ClaimId {
        ClaimId(Uuid::from_u128(number))
    }

    /// A claim with one of everything that is looked for.
    fn claim() -> Claim {
        Claim {
            id: id(1),
            kind: word("agreement_signed"),
            time: Time::None,
            texts: vec![
                Text { lang: "en".into(), text: "A border accord".into(), original: true },
                Text { lang: "fr".into(), text: "Élysée".into(), original: false },
            ],
            parties: vec![ClaimParty { party: party("AZE"), role: word("actor"), as_text: "".into() }],
            relationships: vec![relationship("AZE-RUS")],
            as_of: None,
            refers_to: None,
            attribution: vec![Attribution {
                party: Some(party("TUR")),
                name: "".into(),
                role: AttributionRole::Speaker,
                said_at: None,
            }],
            modality: Modality::Reported,
            polarity: Some(Polarity::Tension),
            status: None,
            due: None,
            quantities: Vec::new(),
            place: "".into(),
            codes: vec![Code { scheme: "CAMEO".into(), code: "057".into() }],
            sources: vec![Citation {
                source: source("gazette"),
                locator: "".into(),
                quote: "".into(),
                retrieved_at: None,
                granularity: None,
            }],
            links: vec![Link { link_type: LinkType::Supports, target: id(2) }],
            external_ids: vec![ExternalId { scheme: "gdelt".into(), id: "a".into(), release: "r".into() }],
            labels: vec!["trade".into()],
        }
    }

    fn with(change: impl FnOnce(&mut FilterItem)) -> FilterItem {
        let mut item = FilterItem::default();
        change(&mut item);
        item
    }

    /// For every field: an item that the claim answers and one that it does not.
    fn pairs() -> Vec<(FilterItem, FilterItem)> {
        let text = |words: &str| text::token_list(words);
        vec![
            (
                with(|i| i.relationships = vec![relationship("RUS-AZE")]),
                with(|i| i.relationships = vec![relationship("ARM-AZE")]),
            ),
            (with(|i| i.parties = vec![party("AZE")]), with(|i| i.parties = vec![party("TUR")])),
            (
                with(|i| i.party_roles = vec![(party("AZE"), word("actor"))]),
                with(|i| i.party_roles = vec![(party("AZE"), word("target"))]),
            ),
            (
                with(|i| i.kinds = vec![Pattern::parse("agreement*")]),
                with(|i| i.kinds = vec![Pattern::parse("agreement")]),
            ),
            (with(|i| i.asserted_by = vec![party("TUR")]), with(|i| i.asserted_by = vec![party("AZE")])),
            (with(|i| i.modalities.insert(Modality::Reported)), with(|i| i.modalities.insert(Modality::Asserted))),
            (with(|i| i.polarities.insert(Polarity::Tension)), with(|i| i.polarities.insert(Polarity::Neutral))),
            (with(|i| i.statuses = MemberSet::default()), with(|i| i.statuses.insert(Status::Signed))),
            (
                with(|i| i.temporal_types.insert(TemporalType::None)),
                with(|i| i.temporal_types.insert(TemporalType::State)),
            ),
            (with(|i| i.sources = vec![source("gazette")]), with(|i| i.sources = vec![source("gaz")])),
            (with(|i| i.links = vec![(None, id(2))]), with(|i| i.links = vec![(None, id(1))])),
            (
                with(|i| i.links = vec![(Some(LinkType::Supports), id(2))]),
                with(|i| i.links = vec![(Some(LinkType::Ends), id(2))]),
            ),
            (
                with(|i| i.external_ids = vec![("gdelt".into(), "a".into())]),
                with(|i| i.external_ids = vec![("acled".into(), "a".into())]),
            ),
            (with(|i| i.labels = vec!["trade".into()]), with(|i| i.labels = vec!["Trade".into()])),
            (with(|i| i.claim_ids = vec![id(3), id(1)]), with(|i| i.claim_ids = vec![id(3)])),
            (
                with(|i| i.codes = vec![("CAMEO".into(), Pattern::parse("05*"))]),
                with(|i| i.codes = vec![("CAMEO".into(), Pattern::parse("05"))]),
            ),
            (
                with(|i| i.codes = vec![("CAMEO".into(), Pattern::parse("*"))]),
                with(|i| i.codes = vec![("CAME".into(), Pattern::parse("*"))]),
            ),
            (with(|i| i.recorded_from = Some(AT)), with(|i| i.recorded_from = Some(AT.next()))),
            (with(|i| i.recorded_before = Some(AT.next())), with(|i| i.recorded_before = Some(AT))),
            (with(|i| i.text = text("accord elys")), with(|i| i.text = text("acc elysee"))),
            (
                with(|i| i.voices = vec![Voice::Party(party("TUR"))]),
                with(|i| i.voices = vec![Voice::Party(party("AZE"))]),
            ),
            (
                with(|i| i.voices = vec![Voice::Source(source("gazette"))]),
                with(|i| i.voices = vec![Voice::Source(source("memo"))]),
            ),
        ]
    }

    #[test]
    fn the_key_of_a_link_tells_its_type_and_target() {
        for link_type in LinkType::ALL.iter().copied().map(Some).chain([None]) {
            assert_eq!(link_of(&link_key(link_type, id(7))), Some((link_type, id(7))));
        }
        assert_eq!(link_of("7"), None);
    }

    #[test]
    fn every_field_tells_claims_apart() {
        for (answered, not) in pairs() {
            assert!(answered.matches(&claim(), AT), "{answered:?}");
            assert!(!not.matches(&claim(), AT), "{not:?}");
        }
    }

    #[test]
    fn fields_of_an_item_must_all_match_and_one_of_the_items_will_do() {
        let mut all = FilterItem::default();
        for (answered, _) in pairs() {
            all.kinds.extend(answered.kinds);
            all.labels.extend(answered.labels);
            all.text.extend(answered.text);
        }
        assert!(all.matches(&claim(), AT));
        let spoilt = FilterItem { parties: vec![party("TUR")], ..all.clone() };
        assert!(!spoilt.matches(&claim(), AT));
        let either = Filter { items: vec![spoilt.clone(), all] };
        assert!(either.matches(&claim(), AT));
        assert!(!Filter { items: vec![spoilt] }.matches(&claim(), AT));
        assert!(Filter::default().matches(&claim(), AT));
    }

    #[test]
    fn what_an_index_finds_by_facets_is_what_matches() {
        let mut present: Vec<(FacetKind, String)> = Vec::new();
        facets_of(&claim(), |kind, key| present.push((kind, key.to_owned())));
        tokens_of(&claim(), |token| present.push((FacetKind::Token, token.to_owned())));
        let has = |test: &FacetTest| {
            present.iter().any(|(kind, key)| {
                *kind == test.kind && if test.prefix { key.starts_with(&*test.key) } else { **key == *test.key }
            })
        };
        let mut compared = 0;
        for item in pairs().into_iter().flat_map(|(answered, not)| [answered, not]) {
            let by_facets = item.facets().iter().all(|group| group.iter().any(has));
            let others =
                item.admits_time(AT) && item.matches_members(&claim()) && any(&item.claim_ids, |of| *of == claim().id);
            assert_eq!(by_facets && others, item.matches(&claim(), AT), "{item:?}");
            compared += 1;
        }
        assert_eq!(compared, 44);
    }

    #[test]
    fn a_voice_narrows_every_item_and_is_added_to_who_else_is_asked_for() {
        let voices = [Voice::Party(party("TUR")), Voice::Source(source("memo"))];
        let from = |filter: &Filter, voices: &[Voice]| filter.from_voices(voices).matches(&claim(), AT);
        assert!(from(&Filter::default(), &voices) && !from(&Filter::default(), &voices[1..]));
        let by = |name| FilterItem { asserted_by: vec![party(name)], ..FilterItem::default() };
        assert!(from(&Filter { items: vec![by("AZE"), by("TUR")] }, &voices));
        assert!(!from(&Filter { items: vec![by("AZE")] }, &voices));
    }

    #[test]
    fn a_link_is_read_back_from_its_facet() {
        let mut links = Vec::new();
        facets_of(&claim(), |kind, key| links.extend((kind == FacetKind::Link).then(|| link_of(key))));
        assert_eq!(links, [Some((Some(LinkType::Supports), id(2))), Some((None, id(2)))]);
    }

    #[test]
    fn a_filter_among_some_claims_matches_what_it_matched_of_these() {
        let of = |claim_ids: &[u128]| FilterItem {
            claim_ids: claim_ids.iter().map(|number| id(*number)).collect(),
            ..FilterItem::default()
        };
        let elsewhere = FilterItem { labels: vec!["nowhere".into()], ..FilterItem::default() };
        for items in [vec![], vec![of(&[])], vec![of(&[1, 3])], vec![elsewhere.clone(), of(&[2])], vec![elsewhere]] {
            let filter = Filter { items };
            for among in [&[][..], &[id(1)], &[id(2), id(3)], &[id(1), id(2), id(4)]] {
                for number in 1..5 {
                    let claim = Claim { id: id(number), ..claim() };
                    let expected = filter.matches(&claim, AT) && among.contains(&claim.id);
                    let got = filter.among(among).is_some_and(|filter| filter.matches(&claim, AT));
                    assert_eq!(got, expected, "{number} among {among:?} of {filter:?}");
                }
            }
        }
    }
}
