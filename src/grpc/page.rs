//! Pages: how much of a list is sent at once, and the token that asks for the rest.
//!
//! A token pins three things, so that all pages together are one answer: the **basis** that the first page was computed
//! from (appends in between change nothing), a hash of the **query** (everything asked but the size of the page, and the
//! ledger), and the **cursor** where the next page begins. A defaulted `valid_at` is pinned too, or a list read over
//! midnight would ask about two days; so is the earlier basis of a comparison of two cuts. To a client it is opaque; a
//! token of another query is refused.

use detente_domain::cut::{Basis, Cut};
use detente_domain::position::Position;
use detente_ledger::query::page_size::PageSize;
use detente_ledger::read::cut::ResolvedCut;
use detente_proto::v1;
use prost::Message;
use sha2::{Digest, Sha256};
use uuid::Uuid;

/// The default number of entries of a page.
const DEFAULT_ENTRIES: usize = 50;
/// The most entries of a page.
pub(super) const MAX_ENTRIES: usize = 1000;
/// The bytes after which a page ends.
pub(super) const MAX_BYTES: usize = 3 << 20;

/// A request for a page.
pub(super) trait PagedRequest: Message {
    /// Its name, so that a token of one rpc is not one of another.
    const NAME: &'static str;

    /// Takes the size and the token out, so that the rest is the query.
    fn take_page(&mut self) -> (u32, String);
}

macro_rules! paged {
    ($($request:ident),+ $(,)?) => {$(
        impl PagedRequest for v1::$request {
            const NAME: &'static str = stringify!($request);

            fn take_page(&mut self) -> (u32, String) {
                (std::mem::take(&mut self.page_size), std::mem::take(&mut self.page_token))
            }
        }
    )+};
}

paged!(
    GetStateRequest,
    ListRevisionsRequest,
    ListClaimsRequest,
    ListPartiesRequest,
    ListSourcesRequest,
    ListRelationshipsRequest,
    ListKindsRequest,
    ListSchemesRequest,
    DiffRequest,
    ListUpcomingRequest,
    GetTimelineRequest,
    ListConflictsRequest,
    ListCorroborationRequest,
    ListCommitmentsRequest,
    ListGapsRequest,
);

/// The first page of each point of view is all there is; for the rest one asks for the state.
impl PagedRequest for v1::ComparePerspectivesRequest {
    const NAME: &'static str = "ComparePerspectivesRequest";

    fn take_page(&mut self) -> (u32, String) {
        (std::mem::take(&mut self.page_size), String::new())
    }
}

/// The beginning of a page.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) enum PageCursor {
    /// The first entry.
    #[default]
    Start,
    /// The entry behind this number of entries, or behind the entry with this number.
    Number(u64),
    /// The entry behind the one with this id.
    Id(String),
}

/// The content of a token.
#[derive(Clone, PartialEq, Message)]
struct PageToken {
    #[prost(uint64, tag = "1")]
    position: u64,
    #[prost(fixed64, tag = "2")]
    mark: u64,
    #[prost(fixed64, tag = "3")]
    query: u64,
    #[prost(uint64, optional, tag = "4")]
    number: Option<u64>,
    #[prost(string, optional, tag = "5")]
    id: Option<String>,
    #[prost(string, tag = "6")]
    valid_at: String,
    #[prost(uint64, optional, tag = "7")]
    earlier_position: Option<u64>,
    #[prost(fixed64, tag = "8")]
    earlier_mark: u64,
}

/// A page token that is not one of the query.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PageTokenError {
    /// It is not a token, whatever the query is.
    Malformed,
    /// It is a token of another query.
    OfAnotherQuery,
}

/// The page that a request asks for.
#[derive(Debug)]
pub(super) struct Page {
    /// The size of the page.
    pub(super) size: PageSize,
    /// The beginning of the page.
    pub(super) cursor: PageCursor,
    /// The date that the first page was about, where this is a later one of a question about a date.
    pub(super) valid_at: Option<String>,
    basis: Option<Basis>,
    /// The earlier basis, where two cuts are compared.
    earlier: Option<Basis>,
    query: Vec<u8>,
}

impl Page {
    /// The page that a request asks for, which is left without its size and token. It is the first page where the token is
    /// not one of the query.
    pub(super) fn of<R: PagedRequest>(request: &mut R, ledger: Uuid) -> (Self, Result<(), PageTokenError>) {
        let (size, token) = request.take_page();
        let mut query = ledger.as_bytes().to_vec();
        query.extend_from_slice(R::NAME.as_bytes());
        request.encode_raw(&mut query);
        let mut page =
            Self { size: size_of(size), cursor: PageCursor::Start, valid_at: None, basis: None, earlier: None, query };
        let turned = if token.is_empty() { Ok(()) } else { page.turn_to(&token) };
        (page, turned)
    }

    fn turn_to(&mut self, token: &str) -> Result<(), PageTokenError> {
        let bytes = from_hex(token).ok_or(PageTokenError::Malformed)?;
        let token = PageToken::decode(bytes.as_slice()).map_err(|_| PageTokenError::Malformed)?;
        let cursor = match (token.number, token.id) {
            (Some(number), None) => PageCursor::Number(number),
            (None, Some(id)) => PageCursor::Id(id),
            _ => return Err(PageTokenError::Malformed),
        };
        if token.query != hash(&self.query) {
            return Err(PageTokenError::OfAnotherQuery);
        }
        self.cursor = cursor;
        self.basis = Some(basis(token.position, token.mark));
        self.earlier = token.earlier_position.map(|position| basis(position, token.earlier_mark));
        self.valid_at = (!token.valid_at.is_empty()).then_some(token.valid_at);
        Ok(())
    }

    /// The cut to answer at: that of the first page, or the asked one.
    pub(super) fn cut(&self, asked: Cut) -> Cut {
        self.basis.map_or(asked, Cut::Basis)
    }

    /// The earlier cut of a comparison to answer at: that of the first page, or the asked one.
    pub(super) fn earlier_cut(&self, asked: Cut) -> Cut {
        self.earlier.map_or(asked, Cut::Basis)
    }

    /// Returns the cut of the answer, with the asked instant on later pages, too.
    pub(super) const fn at(at: ResolvedCut, asked: Cut) -> ResolvedCut {
        let known_at = match asked {
            Cut::KnownAt(instant) => Some(instant),
            Cut::Head | Cut::At(_) | Cut::Basis(_) => None,
        };
        ResolvedCut { known_at, ..at }
    }

    /// The token for the page that begins at a cursor; empty if there is none.
    pub(super) fn token(&self, basis: Basis, next: PageCursor, valid_at: &str) -> String {
        self.write(PageToken { valid_at: valid_at.to_owned(), ..PageToken::default() }, basis, next)
    }

    /// The token for the next page of a comparison of two cuts; empty if there is none.
    pub(super) fn token_of_two(&self, earlier: Basis, later: Basis, next: PageCursor) -> String {
        let earlier_mark = u64::from_be_bytes(earlier.mark);
        let earlier_position = Some(earlier.position.0);
        self.write(PageToken { earlier_position, earlier_mark, ..PageToken::default() }, later, next)
    }

    fn write(&self, token: PageToken, basis: Basis, next: PageCursor) -> String {
        let (number, id) = match next {
            PageCursor::Start => return String::new(),
            PageCursor::Number(number) => (Some(number), None),
            PageCursor::Id(id) => (None, Some(id)),
        };
        let (position, mark) = (basis.position.0, u64::from_be_bytes(basis.mark));
        let token = PageToken { position, mark, query: hash(&self.query), number, id, ..token };
        to_hex(&token.encode_to_vec())
    }
}

impl From<Option<u64>> for PageCursor {
    fn from(next: Option<u64>) -> Self {
        next.map_or(Self::Start, Self::Number)
    }
}

impl From<Option<String>> for PageCursor {
    fn from(next: Option<String>) -> Self {
        next.map_or(Self::Start, Self::Id)
    }
}

fn size_of(asked: u32) -> PageSize {
    let entries = match usize::try_from(asked) {
        Ok(0) => DEFAULT_ENTRIES,
        Ok(entries) => entries.min(MAX_ENTRIES),
        Err(_) => MAX_ENTRIES,
    };
    PageSize { entries, bytes: MAX_BYTES }
}

const fn basis(position: u64, mark: u64) -> Basis {
    Basis { position: Position(position), mark: mark.to_be_bytes() }
}

fn hash(query: &[u8]) -> u64 {
    Sha256::digest(query).first_chunk().copied().map_or(0, u64::from_be_bytes)
}

pub(super) fn to_hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

pub(super) fn from_hex(text: &str) -> Option<Vec<u8>> {
    let digit = |byte: u8| char::from(byte).to_digit(16);
    let pairs = text.as_bytes().chunks_exact(2);
    if !pairs.remainder().is_empty() {
        return None;
    }
    pairs.map(|pair| u8::try_from(digit(*pair.first()?)? << 4 | digit(*pair.last()?)?).ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const LEDGER: Uuid = Uuid::from_u128(1);
    const BASIS: Basis = Basis { position: Position(97), mark: [0, 1, 2, 3, 4, 5, 6, 255] };

    fn request(party: &str, page_size: u32, page_token: &str) -> v1::ListRelationshipsRequest {
        v1::ListRelationshipsRequest {
            party_id: party.to_owned(),
            page_size,
            page_token: page_token.to_owned(),
            ..Default::default()
        }
    }

    fn turn<R: PagedRequest>(request: &mut R, ledger: Uuid) -> Result<Page, PageTokenError> {
        let (page, turned) = Page::of(request, ledger);
        turned.map(|()| page)
    }

    fn page(party: &str, page_size: u32, token: &str) -> Result<Page, PageTokenError> {
        turn(&mut request(party, page_size, token), LEDGER)
    }

    fn token() -> String {
        page("AZE", 0, "").unwrap().token(BASIS, PageCursor::Id("AZE-RUS".into()), "2025-07")
    }

    #[test]
    fn a_token_brings_back_the_basis_the_cursor_and_the_date_whatever_the_size() {
        let next = page("AZE", 3, &token()).unwrap();
        assert_eq!(next.cut(Cut::Head), Cut::Basis(BASIS));
        assert_eq!(next.cursor, PageCursor::Id("AZE-RUS".into()));
        assert_eq!(next.valid_at.as_deref(), Some("2025-07"));
        assert_eq!(page("AZE", 0, "").unwrap().cut(Cut::At(Position(4))), Cut::At(Position(4)));
    }

    #[test]
    fn a_token_of_another_query_rpc_or_ledger_or_of_nothing_is_refused() {
        let token = token();
        let error = |page: Result<Page, PageTokenError>| page.unwrap_err();
        let another = PageTokenError::OfAnotherQuery;
        assert_eq!(error(page("RUS", 0, &token)), another);
        assert_eq!(error(turn(&mut request("AZE", 0, &token), Uuid::from_u128(2))), another);
        let mut other = v1::ListSourcesRequest { page_token: token.clone(), ..Default::default() };
        assert_eq!(error(turn(&mut other, LEDGER)), another);
        for bad in ["x", "0", "zz", "08", "é", "00", &token[2..], &token[..token.len() - 2]] {
            assert_eq!(error(page("AZE", 0, bad)), PageTokenError::Malformed, "{bad}");
        }
    }

    #[test]
    fn a_token_of_two_cuts_brings_back_both() {
        let earlier = Basis { position: Position::START, mark: [0; 8] };
        let request = |page_token| v1::DiffRequest { page_token, ..Default::default() };
        let first = turn(&mut request(String::new()), LEDGER).unwrap();
        assert_eq!(first.earlier_cut(Cut::At(Position(4))), Cut::At(Position(4)));
        let token = first.token_of_two(earlier, BASIS, PageCursor::Number(7));
        let next = turn(&mut request(token), LEDGER).unwrap();
        assert_eq!((next.earlier_cut(Cut::Head), next.cut(Cut::Head)), (Cut::Basis(earlier), Cut::Basis(BASIS)));
        assert_eq!(next.cursor, PageCursor::Number(7));
    }

    #[test]
    fn there_is_no_token_behind_the_last_page() {
        assert_eq!(page("AZE", 0, "").unwrap().token(BASIS, PageCursor::Start, "2025"), "");
    }

    #[test]
    fn a_page_has_50_entries_unless_asked_and_never_more_than_1000() {
        let entries = |size| page("AZE", size, "").unwrap().size.entries;
        assert_eq!([0, 1, 1000, 1001, u32::MAX].map(entries), [50, 1, 1000, 1000, 1000]);
    }
}
