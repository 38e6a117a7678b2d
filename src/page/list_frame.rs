//! The common parts of the views of lists: the filter of an address, and the frame around a list.

use super::call::Wrong;
use super::layout::{PageView, basis, heading, next, views_of};
use super::names::PartyNames;
use super::request::PageRequest;
use detente_proto::v1::{Claim, Cut, Filter, FilterItem, ReplyContext};
use maud::{Markup, html};

/// Returns the filter of an address: the claims of a relationship and a kind, if it names them.
pub(super) fn filter(asked: &PageRequest) -> Option<Filter> {
    let item =
        FilterItem { relationships: asked.values("relationship"), kinds: asked.values("kind"), ..Default::default() };
    Some(Filter { items: vec![item] })
}

/// The names of the parties that a list and its relationship name.
pub(super) async fn names<'a>(
    asked: &PageRequest,
    context: &ReplyContext,
    claims: impl Iterator<Item = &'a Claim>,
) -> Result<PartyNames, Wrong> {
    PartyNames::in_claims(asked, &Cut::basis(context.basis.clone()), claims, &[asked.get("relationship")]).await
}

/// The name of a list, its address, and its continuation.
pub(super) struct PageFrame<'a> {
    pub(super) name: &'a str,
    pub(super) title: &'a str,
    pub(super) about: &'a str,
    pub(super) context: &'a ReplyContext,
    pub(super) next: &'a str,
    /// The values that the question left open and that are known now, so that they go into the permalink.
    pub(super) resolved: &'a [(&'a str, &'a str)],
}

/// The view with a list in it.
pub(super) fn view(asked: &PageRequest, frame: &PageFrame<'_>, names: &PartyNames, list: &Markup) -> PageView {
    let relationship = asked.get("relationship");
    let coordinates = [("known_at", asked.get("known_at")), ("basis", asked.get("basis"))];
    let body = html! {
        (heading(names, relationship, &html! { (frame.title) }))
        @if !relationship.is_empty() { (views_of(asked, relationship, frame.name, &coordinates)) }
        p.quiet { (frame.about) }
        (list)
        (next(asked, "page_token", frame.next, &frame.context.basis))
        (basis(asked, Some(frame.context), frame.resolved))
    };
    PageView { title: frame.title.to_owned(), body }
}

/// A field of a form that narrows a list.
pub(super) fn field(name: &str, label: &str, value: &str, hint: &str) -> Markup {
    html! {
        fieldset {
            label for=(format!("field-{name}")) { (label) }
            input id=(format!("field-{name}")) type="text" name=(name) value=(value) placeholder=(hint) dir="ltr" autocomplete="off";
        }
    }
}

/// The form that narrows a list, with the relationship it is about.
pub(super) fn form(asked: &PageRequest, fields: &Markup) -> Markup {
    let lang = asked.lang;
    html! {
        form.coordinates method="get" action=(asked.path()) {
            @if !asked.get("lang").is_empty() { input type="hidden" name="lang" value=(lang.tag()); }
            (field("relationship", lang.t("relationship", "العلاقة"), asked.get("relationship"), "AZE-RUS"))
            (fields)
            (field("known_at", lang.t("known at (UTC)", "عُرف حتى (بالتوقيت العالمي)"), asked.get("known_at"), lang.t("now", "الآن")))
            button { (lang.t("Show", "اعرض")) }
        }
    }
}
