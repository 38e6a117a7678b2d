//! `ComparePerspectives`: the state from several points of view, side by side.

use super::context::{context, with_hints};
use super::encoded_reply::{certainty, emptiness};
use super::parse::Parse;
use super::service::Service;
use super::state::{asked_date, asked_mode};
use super::status::CallRefusal;
use detente_domain::filter::{Filter, Voice};
use detente_domain::name::{PartyId, SourceId};
use detente_ledger::query::hints::NamedIds;
use detente_ledger::query::perspectives::{Perspective, PerspectiveState, PerspectivesQuery};
use detente_proto::v1;
use detente_proto::v1::authority::Authority;
use detente_proto::v1::perspective::View;
use std::sync::Arc;

/// The most points of view.
const MAX_PERSPECTIVES: usize = 10;
/// The most authorities in an order.
const MAX_AUTHORITIES: usize = 20;

pub(super) async fn compare_perspectives(
    service: &Service,
    mut request: v1::ComparePerspectivesRequest,
) -> Result<v1::ComparePerspectivesResponse, CallRefusal> {
    let mut parse = Parse::new();
    let page = parse.page(&mut request, service.ledger.ledger_id().0);
    let filter = parse.filter(request.filter, false);
    let perspectives = asked_perspectives(&request.perspectives, &mut parse);
    let (period, valid_at) = asked_date(request.valid_at, &page, service.ledger.clock().now(), &mut parse);
    let mode = asked_mode(request.mode, &mut parse);
    let cut = parse.cut(request.cut);
    let supposed = parse.what_if(request.what_if);
    parse.finish()?;
    let query = PerspectivesQuery { filter, perspectives, valid_at: period, mode, cut, supposed, page: page.size };
    let ledger = Arc::clone(&service.ledger);
    let answer = move || {
        let found = ledger.perspectives(&query)?;
        let is_empty = found.views.iter().all(|view| view.matches.is_empty());
        let named = named_ids(&query.filter, &query.perspectives);
        let context = with_hints(context(&found.at, &valid_at), &ledger, || named, is_empty);
        let views = request.perspectives.iter().cloned().zip(found.views);
        Ok(v1::ComparePerspectivesResponse {
            context: Some(context),
            perspectives: views.map(|(from, state)| perspective_state(from, state)).collect(),
        })
    };
    service.threads.ask(answer).await
}

/// The parties and sources of a question, in its filter and as points of view.
fn named_ids<'q>(filter: &'q Filter, perspectives: &'q [Perspective]) -> NamedIds<'q> {
    let voices = perspectives.iter().flat_map(|perspective| match perspective {
        Perspective::Of(voice) => std::slice::from_ref(voice),
        Perspective::Authorities(order) => order,
    });
    voices.fold(NamedIds::of(filter), |named, voice| match voice {
        Voice::Party(id) => named.with_parties([id.as_str()]),
        Voice::Source(id) => named.with_sources([id.as_str()]),
    })
}

fn asked_perspectives(asked: &[v1::Perspective], parse: &mut Parse) -> Vec<Perspective> {
    if !(1..=MAX_PERSPECTIVES).contains(&asked.len()) {
        parse.wrong("perspectives", format!("{} given; 1 to {MAX_PERSPECTIVES} are allowed", asked.len()));
        return Vec::new();
    }
    let mut perspectives = Vec::new();
    for (index, perspective) in asked.iter().enumerate() {
        let at = format!("perspectives[{index}]");
        perspectives.extend(match &perspective.view {
            Some(View::PartyId(id)) => party(id, &at, parse).map(Perspective::Of),
            Some(View::SourceId(id)) => source(id, &at, parse).map(Perspective::Of),
            Some(View::Authorities(order)) => Some(Perspective::Authorities(asked_order(order, &at, parse))),
            None => {
                parse.wrong(&at, "required: party_id, source_id or authorities");
                None
            }
        });
    }
    perspectives
}

fn asked_order(order: &v1::AuthorityOrder, at: &str, parse: &mut Parse) -> Vec<Voice> {
    let at = format!("{at}.authorities.authorities");
    let asked = &order.authorities;
    if !(1..=MAX_AUTHORITIES).contains(&asked.len()) {
        parse.wrong(&at, format!("{} given; 1 to {MAX_AUTHORITIES} are allowed", asked.len()));
        return Vec::new();
    }
    let mut voices = Vec::new();
    for (index, authority) in asked.iter().enumerate() {
        let at = format!("{at}[{index}]");
        voices.extend(match &authority.authority {
            Some(Authority::PartyId(id)) => party(id, &at, parse),
            Some(Authority::SourceId(id)) => source(id, &at, parse),
            None => {
                parse.wrong(&at, "required: party_id or source_id");
                None
            }
        });
    }
    voices
}

fn party(id: &str, at: &str, parse: &mut Parse) -> Option<Voice> {
    let wrong = |expected| parse.wrong(&format!("{at}.party_id"), format!("expected {expected}"));
    PartyId::parse(id).map(Voice::Party).map_err(wrong).ok()
}

fn source(id: &str, at: &str, parse: &mut Parse) -> Option<Voice> {
    let wrong = |expected| parse.wrong(&format!("{at}.source_id"), format!("expected {expected}"));
    SourceId::parse(id).map(Voice::Source).map_err(wrong).ok()
}

fn perspective_state(from: v1::Perspective, state: PerspectiveState) -> v1::PerspectiveState {
    let matches = state.matches.into_iter().map(|(matched, claim)| v1::StateMatch {
        certainty: certainty(matched.certainty).into(),
        claim: Some(claim),
        as_of_age_days: matched.as_of_age_days,
    });
    v1::PerspectiveState {
        perspective: Some(from),
        matches: matches.collect(),
        emptiness: emptiness(state.emptiness).into(),
        total: state.total,
        overruled: state.overruled,
    }
}
