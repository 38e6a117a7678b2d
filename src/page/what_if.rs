//! `/what-if`: what the state would be if a claim were recorded. It is supposed on top of the record and never stored.

use super::call::{PAGE_TOKEN, Wrong, call, check};
use super::claim::in_line;
use super::claim_parts::{marks, texts, when, words};
use super::coordinates;
use super::layout::{self, PageView, basis, heading, views_of};
use super::list_frame;
use super::names::PartyNames;
use super::request::PageRequest;
use super::words::PageWord;
use axum::body::Bytes;
use axum::response::Response;
use detente_proto::v1::{
    AssertClaim, Attribution, AttributionRole, Claim, ClaimParty, Command, Cut, GetStateRequest, GetStateResponse,
    Modality, RetractClaim, RetractionReason, Status, TemporalType, Text, command,
};
use maud::{Markup, html};
use std::collections::BTreeSet;

/// The form, and the answer where it is filled in.
pub(super) async fn view(asked: PageRequest) -> Response {
    let view = build(&asked).await;
    layout::answer(&asked, view)
}

/// The same for a form that is too long for an address.
pub(super) async fn post(asked: PageRequest, body: Bytes) -> Response {
    let asked = asked.with_form(&body);
    let view = build(&asked).await;
    layout::answer(&asked, view)
}

/// The id that a supposed claim has: the last there is, which nobody draws.
const SUPPOSED: &str = "ffffffff-ffff-7fff-bfff-ffffffffffff";

/// The number of claims of the state that are counted.
const COUNTED: u32 = 200;

async fn build(asked: &PageRequest) -> Result<PageView, Wrong> {
    let relationship = asked.get("relationship");
    let commands = commands(asked);
    let lang = asked.lang;
    if !commands.is_empty() {
        // All that is wrong at once: with what is supposed, and with the state that it is supposed in.
        check(asked, &request(asked, &asked.cut(), Vec::new(), commands.clone()), PAGE_TOKEN).await?;
    }
    let all = state(asked, &asked.cut(), Vec::new(), Vec::new()).await?;
    let context = all.context.clone().unwrap_or_default();
    let (now, then) = if commands.is_empty() {
        (GetStateResponse::default(), None)
    } else {
        // Only these can enter or leave, however many other claims there are.
        let ids: Vec<String> = [vec![SUPPOSED.to_owned()], asked.values("retract")].concat();
        let cut = Cut::basis(context.basis.clone());
        (state(asked, &cut, ids.clone(), Vec::new()).await?, Some(state(asked, &cut, ids, commands).await?))
    };
    let claims =
        now.matches.iter().chain(then.iter().flat_map(|then| &then.matches)).filter_map(|found| found.claim.as_ref());
    let names = list_frame::names(asked, &context, claims).await?;
    let title = lang.t("What if", "ماذا لو");
    let body = html! {
        (heading(&names, relationship, &html! { (title) }))
        @if !relationship.is_empty() { (views_of(asked, relationship, "what-if", &[])) }
        p.quiet { (lang.t("Suppose a claim, and see what the state would be. Nothing is recorded.", "افترض قولًا وانظر كيف يكون الحال. لا يُدوَّن شيء.")) }
        (form(asked, relationship))
        @if let Some(then) = &then { (show_changes(asked, &all, &now, then, &names)) }
        (basis(asked, Some(&context), &[]))
    };
    Ok(PageView { title: title.to_owned(), body })
}

async fn state(
    asked: &PageRequest,
    cut: &Cut,
    claim_ids: Vec<String>,
    what_if: Vec<Command>,
) -> Result<GetStateResponse, Wrong> {
    call(asked, &request(asked, cut, claim_ids, what_if)).await
}

fn request(asked: &PageRequest, cut: &Cut, claim_ids: Vec<String>, what_if: Vec<Command>) -> GetStateRequest {
    let mut filter = list_frame::filter(asked);
    for item in filter.iter_mut().flat_map(|filter| &mut filter.items) {
        item.claim_ids.clone_from(&claim_ids);
    }
    GetStateRequest {
        filter,
        valid_at: asked.get("valid_at").to_owned(),
        mode: coordinates::mode(asked).into(),
        cut: Some(cut.clone()),
        page_size: COUNTED,
        what_if,
        ..Default::default()
    }
}

/// Returns the suppositions of the form: a claim asserted, a claim retracted, or both.
fn commands(asked: &PageRequest) -> Vec<Command> {
    let mut commands = Vec::new();
    if !asked.get("text").is_empty() {
        let assert = AssertClaim { claim: Some(supposed_claim(asked)) };
        commands.push(Command { command: Some(command::Command::AssertClaim(assert)), ..Default::default() });
    }
    if !asked.get("retract").is_empty() {
        let reason = RetractionReason::Wrong.into();
        let retract = RetractClaim { claim_id: asked.get("retract").to_owned(), reason };
        commands.push(Command { command: Some(command::Command::RetractClaim(retract)), ..Default::default() });
    }
    commands
}

fn supposed_claim(asked: &PageRequest) -> Claim {
    let relationship = asked.get("relationship");
    let or = |name: &str, otherwise: &str| {
        let value = asked.get(name);
        if value.is_empty() { otherwise.to_owned() } else { value.to_owned() }
    };
    let party = |id: &str| ClaimParty { party_id: id.to_owned(), role: "party".to_owned(), ..Default::default() };
    let is_event = asked.get("type") == "event";
    let voice =
        Attribution { name: "supposed".to_owned(), role: AttributionRole::Speaker.into(), ..Default::default() };
    Claim {
        claim_id: SUPPOSED.to_owned(),
        kind: or("claim_kind", "agreement"),
        temporal_type: if is_event { TemporalType::Event } else { TemporalType::State }.into(),
        valid: or("valid", "2025-07-01/.."),
        texts: vec![Text { lang: asked.lang.tag().to_owned(), text: asked.get("text").to_owned(), original: false }],
        parties: relationship.split('-').filter(|id| !id.is_empty()).map(party).collect(),
        relationships: asked.values("relationship"),
        attribution: vec![voice],
        modality: Modality::Asserted.into(),
        status: if asked.get("status") == "in_force" { Status::InForce } else { Status::Unspecified }.into(),
        ..Default::default()
    }
}

fn form(asked: &PageRequest, relationship: &str) -> Markup {
    let lang = asked.lang;
    let field = |name: &str, label: &str, hint: &str| list_frame::field(name, label, asked.get(name), hint);
    html! {
        form.coordinates method="get" action="/what-if" {
            @if !asked.get("lang").is_empty() { input type="hidden" name="lang" value=(lang.tag()); }
            (list_frame::field("relationship", lang.t("relationship", "العلاقة"), relationship, "AZE-RUS"))
            (field("valid_at", lang.t("state at", "الحال في"), lang.t("today", "اليوم")))
            (field("known_at", lang.t("known at (UTC)", "عُرف حتى (بالتوقيت العالمي)"), lang.t("now", "الآن")))
            fieldset {
                label for="field-text" { (lang.t("suppose it is said that", "افترض أنه قيل إنّ")) }
                input #field-text type="text" name="text" dir="auto" value=(asked.get("text")) placeholder=(lang.t("the two signed an agreement", "البلدين وقّعا اتفاقًا"));
            }
            (field("claim_kind", lang.t("of kind", "من نوع"), "agreement"))
            (field("valid", lang.t("valid (EDTF)", "زمنه (EDTF)"), "2025-07-01/.."))
            fieldset {
                label for="field-type" { (lang.t("and it", "وهو")) }
                select #field-type name="type" {
                    option value="state" { (lang.t("holds", "حال قائم")) }
                    option value="event" selected[asked.get("type") == "event"] { (lang.t("happens", "حدث")) }
                }
            }
            (field("retract", lang.t("or that this claim is taken back (id)", "أو أنّ هذا القول سُحب (معرّفه)"), ""))
            button { (lang.t("Suppose", "افترض")) }
        }
    }
}

/// Shows the claims that enter the state and those that leave it.
fn show_changes(
    asked: &PageRequest,
    all: &GetStateResponse,
    now: &GetStateResponse,
    then: &GetStateResponse,
    names: &PartyNames,
) -> Markup {
    let lang = asked.lang;
    let ids = |state: &GetStateResponse| -> BTreeSet<String> {
        state.matches.iter().filter_map(|found| found.claim.as_ref()).map(|claim| claim.claim_id.clone()).collect()
    };
    let (before, after) = (ids(now), ids(then));
    let only = |state: &GetStateResponse, other: &BTreeSet<String>| -> Vec<(Claim, &'static str)> {
        let found = state.matches.iter().filter_map(|found| Some((found.claim.clone()?, found.certainty().word(lang))));
        found.filter(|(claim, _)| !other.contains(&claim.claim_id)).collect()
    };
    let (entered, left) = (only(then, &before), only(now, &after));
    let count = all.matches.len();
    html! {
        section.answer.supposed aria-labelledby="supposed" {
            h2 #supposed {
                (lang.t("Supposed, not recorded: ", "مفترَض وغير مدوَّن: "))
                @if all.next_page_token.is_empty() { (count) (lang.t(" → ", " ← ")) (count + entered.len() - left.len()) }
                @else { (lang.t("one of more than ", "واحد من أكثر من ")) (count) }
                (lang.t(" claims", " قولًا"))
            }
            @if entered.is_empty() && left.is_empty() { p { (lang.t("The state at this date stays as it is.", "يبقى الحال في هذا التاريخ كما هو.")) } }
            @for (claim, certainty) in &entered { div.change { div { strong { (lang.t("enters", "يدخل")) } " " (certainty) } div { (show_claim(asked, claim, names)) } } }
            @for (claim, _) in &left { div.change.before { div { strong { (lang.t("leaves", "يخرج")) } } div { (show_claim(asked, claim, names)) } } }
        }
    }
}

/// Shows a claim in a line. A supposed claim has no history to link to.
fn show_claim(asked: &PageRequest, claim: &Claim, names: &PartyNames) -> Markup {
    if claim.claim_id != SUPPOSED {
        return in_line(asked, claim, names);
    }
    html! {
        @for text in texts(claim, asked.lang) { p { (words(text)) } }
        p.about { (when(claim, asked.lang)) " · " (marks(claim, asked.lang)) }
    }
}
