//! Facets: the properties by which an index knows a claim. A claim has some ([`facets_of`], [`tokens_of`]), a filter looks
//! for some ([`FilterItem::facets`]), and both must agree with [`FilterItem::matches`].

use super::{FilterItem, Pattern, Voice};
use crate::claim::Claim;
use crate::name::ClaimId;
use crate::text::{self, TokenTest};
use crate::vocabulary::{LinkType, Vocabulary};
use unicode_normalization::UnicodeNormalization as _;

/// The kind of a facet.
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
    /// The kind of the facet.
    pub kind: FacetKind,
    /// Its key, or the beginning of one.
    pub key: Box<str>,
    /// True if the key is a beginning.
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

    fn token(test: &TokenTest) -> Self {
        Self { kind: FacetKind::Token, key: test.token.clone(), prefix: test.prefix }
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

/// The key of a [`FacetKind::Link`] facet.
pub(super) fn link_key(link_type: Option<LinkType>, target: ClaimId) -> String {
    let code = link_type.map_or(u8::MAX, Vocabulary::code);
    format!("{code}\0{}", target.0.simple())
}

impl FilterItem {
    /// The facet tests of this item: of every group a claim must have at least one facet. Members, claim ids and
    /// recorded time have no facets, and no tests here.
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
            exact_forms(K::ExternalId, self.external_ids.iter().map(|(scheme, id)| pair(scheme, id))),
            exact_forms(K::Label, self.labels.iter().map(ToString::to_string)),
            tests(&self.codes, |(scheme, code)| FacetTest::pattern(K::Code, &pair(scheme, ""), code)),
            tests(&self.voices, Voice::facet),
        ];
        groups.extend(self.text.groups().iter().map(|group| tests(group, FacetTest::token)));
        groups.retain(|group| !group.is_empty());
        groups
    }
}

impl Voice {
    fn facet(&self) -> FacetTest {
        match self {
            Self::Party(id) => FacetTest::exact(FacetKind::AssertedBy, id.as_str()),
            Self::Source(id) => FacetTest::exact(FacetKind::Source, id.as_str()),
        }
    }
}

/// Tests for texts as given, and in the composed and decomposed forms of Unicode, since either may be recorded.
fn exact_forms(kind: FacetKind, asked: impl Iterator<Item = String>) -> Vec<FacetTest> {
    let forms = asked.flat_map(|text| {
        if text.is_ascii() {
            return vec![text];
        }
        let (composed, decomposed) = (text.nfc().collect(), text.nfd().collect());
        let mut forms = vec![text, composed, decomposed];
        forms.sort_unstable();
        forms.dedup();
        forms
    });
    forms.map(|text| FacetTest::exact(kind, &text)).collect()
}

fn tests<T>(asked: &[T], test: impl Fn(&T) -> FacetTest) -> Vec<FacetTest> {
    asked.iter().map(test).collect()
}
