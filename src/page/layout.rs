//! The frame around every view: head, navigation, the coordinates of an answer, its foot.

use super::call::Wrong;
use super::claim_parts::instant;
use super::lang::Lang;
use super::names::PartyNames;
use super::request::{PageRequest, path};
use super::text::line;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use detente_proto::v1::ReplyContext;
use maud::{DOCTYPE, Markup, html};

/// A view: its title and what is in it.
pub(super) struct PageView {
    pub(super) title: String,
    pub(super) body: Markup,
}

/// The answer to a reader: the view, or what went wrong.
pub(super) fn answer(asked: &PageRequest, view: Result<PageView, Wrong>) -> Response {
    let (status, view) = match view {
        Ok(view) => (StatusCode::OK, view),
        Err(wrong) => (
            StatusCode::from_u16(wrong.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR),
            failure_view(asked, &wrong),
        ),
    };
    let html = frame(asked, &view).into_string();
    (status, [(header::CONTENT_TYPE, "text/html; charset=utf-8")], html).into_response()
}

fn failure_view(asked: &PageRequest, wrong: &Wrong) -> PageView {
    let lang = asked.lang;
    let title = match wrong.status {
        404 => lang.t("Not in the record", "ليس في السجلّ"),
        400 => lang.t("This cannot be asked so", "لا يُسأل هكذا"),
        _ => lang.t("There is no answer now", "لا جواب الآن"),
    };
    let body = html! {
        h1 { (title) }
        p.notice role="alert" { bdi dir="auto" { (line(&wrong.message, 2000)) } }
        p { a href=(asked.to("/", &[])) { (lang.t("To the first page", "إلى الصفحة الأولى")) } }
    };
    PageView { title: title.to_owned(), body }
}

fn frame(asked: &PageRequest, view: &PageView) -> Markup {
    let lang = asked.lang;
    html! {
        (DOCTYPE)
        html lang=(lang.tag()) dir=(lang.dir()) {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { (line(&view.title, 160)) " · Detente" }
                link rel="icon" href="/page/icon.svg" type="image/svg+xml";
                link rel="stylesheet" href="/page/page.css";
                script src="/page/page.js" defer {}
            }
            body {
                a.skip href="#main" { (lang.t("Skip to the content", "إلى المحتوى")) }
                (head(asked))
                main #main tabindex="-1" { (view.body) }
                (foot(asked))
            }
        }
    }
}

/// The views that are about the whole record.
pub(super) const PLACES: [(&str, &str, &str); 7] = [
    ("/", "Relationships", "العلاقات"),
    ("/conflicts", "Conflicts", "التناقضات"),
    ("/upcoming", "Upcoming", "المقبل"),
    ("/gaps", "Gaps", "الثغرات"),
    ("/series", "Series", "السلاسل"),
    ("/diff", "Changes", "التغيّرات"),
    ("/feed", "Feed", "المستجدّ"),
];

fn head(asked: &PageRequest) -> Markup {
    let lang = asked.lang;
    let other = if lang == Lang::En { Lang::Ar } else { Lang::En };
    html! {
        header.top {
            a.brand href=(asked.to("/", &[])) { "Detente" }
            nav aria-label=(lang.t("Views", "العروض")) {
                @for (path, en, ar) in PLACES {
                    @let here = if path == asked.path() { Some("page") } else { None };
                    a href=(asked.to(path, &[])) aria-current=[here] { (lang.t(en, ar)) }
                }
            }
            a.lang href=(asked.again(&[("lang", other.tag())])) lang=(other.tag()) hreflang=(other.tag()) {
                (other.t("English", "العربية"))
            }
        }
    }
}

fn foot(asked: &PageRequest) -> Markup {
    let lang = asked.lang;
    html! {
        footer {
            p {
                (lang.t(
                    "An append-only record of claims. Nothing here is Detente's opinion: each claim names who says so.",
                    "سجلّ أقوال لا يُمحى منه شيء. ليس هنا رأي للبرنامج: كلّ قول معه قائله.",
                ))
                " "
                a href="/api/v1/openapi.json" { (lang.t("The same as JSON", "الأجوبة نفسها بصيغة JSON")) }
            }
        }
    }
}

/// Shows the basis of an answer, and the address that gives it again for ever. `values` are the values of the question
/// other than its coordinates.
pub(super) fn basis(asked: &PageRequest, context: Option<&ReplyContext>, values: &[(&str, &str)]) -> Markup {
    let Some(context) = context else { return html! {} };
    let lang = asked.lang;
    let mut pinned = values.to_vec();
    pinned.extend([("basis", context.basis.as_str()), ("known_at", ""), ("page_token", "")]);
    // A span has names of its own in an address.
    let is_date = !context.valid_at.is_empty() && !context.valid_at.contains('/');
    if is_date && !values.iter().any(|(name, _)| *name == "valid_at") {
        pinned.push(("valid_at", &context.valid_at));
    }
    html! {
        @for hint in &context.hints { p.notice dir="ltr" { (hint) } }
        p.basis {
            (lang.t("Position ", "الموضع ")) bdi { (context.position) }
            @if context.recorded_at.is_some() {
                (lang.t(", recorded ", "، دُوِّن ")) (instant(context.recorded_at.as_ref()))
            }
            (lang.t(" · basis ", " · الأساس ")) code dir="ltr" { (context.basis) }
            " · "
            a.permalink href=(asked.again(&pinned)) { (lang.t("Permalink: this answer for ever", "رابط دائم لهذا الجواب")) }
        }
    }
}

/// The name of a token of the first answer of a view. It pins that answer's cut and is bound to its address as it was.
/// The tokens of further answers, which stand at the basis of the first, go with that basis.
const FIRST: &str = "page_token";

/// Leads to the next page of a list.
pub(super) fn next(asked: &PageRequest, name: &str, token: &str, basis: &str) -> Markup {
    let pinned = [(name, token), ("basis", basis), ("known_at", ""), (FIRST, "")];
    let changed = if name == FIRST { pinned.get(..1).unwrap_or(&pinned) } else { &pinned };
    html! {
        @if !token.is_empty() {
            p.next {
                a rel="next" href=(asked.again(changed)) {
                    (asked.lang.t("Next page", "الصفحة التالية"))
                }
            }
        }
    }
}

/// The views of one relationship.
pub(super) fn views_of(asked: &PageRequest, relationship: &str, here: &str, coordinates: &[(&str, &str)]) -> Markup {
    let lang = asked.lang;
    let places = [
        ("relationship", lang.t("State", "الحال")),
        ("diff", lang.t("Changes", "التغيّرات")),
        ("conflicts", lang.t("Conflicts", "التناقضات")),
        ("upcoming", lang.t("Upcoming", "المقبل")),
        ("gaps", lang.t("Gaps", "الثغرات")),
        ("series", lang.t("Series", "السلاسل")),
        ("what-if", lang.t("What if", "ماذا لو")),
    ];
    let mut values = vec![("relationship", relationship)];
    values.extend_from_slice(coordinates);
    html! {
        nav.tabs aria-label=(lang.t("Views of this relationship", "عروض هذه العلاقة")) {
            @for (name, title) in places {
                @let current = if name == here { Some("page") } else { None };
                @let href = if name == "relationship" { asked.to(&path(name, relationship), coordinates) } else { asked.to(&format!("/{name}"), &values) };
                a href=(href) aria-current=[current] { (title) }
            }
        }
    }
}

/// A heading with the names of the parties.
pub(super) fn heading(names: &PartyNames, relationship: &str, what: &Markup) -> Markup {
    html! {
        h1 {
            @if relationship.is_empty() { (what) } @else { (names.relationship(relationship)) " " small { (what) } }
        }
    }
}
