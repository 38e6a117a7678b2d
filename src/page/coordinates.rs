//! The form that sets both dates: a field and a slider for each, and what else narrows the question.

use super::claim_parts::instant;
use super::day::{PageDay, civil, month_of, span};
use super::request::PageRequest;
use detente_proto::v1::ReplyContext;
use detente_proto::v1::StateMode;
use maud::{Markup, html};

/// The months that the sliders reach before and after the year of the asked day.
const REACH: i64 = 24;

/// The modes by their names in an address, which are those of flat queries and of the command line.
pub(super) const MODES: [(&str, StateMode, &str, &str); 4] = [
    ("", StateMode::Unspecified, "holds then, or has happened by then", "قائم حينئذ أو حدث حتى ذلك الحين"),
    ("holds-at", StateMode::HoldsAt, "holds then", "قائم حينئذ"),
    ("occurred-by", StateMode::OccurredBy, "has happened by then", "حدث حتى ذلك الحين"),
    ("occurred-in", StateMode::OccurredIn, "happens then", "يحدث حينئذ"),
];

/// The mode of an address, by its name there or in the contract, such as `HOLDS_AT`.
pub(super) fn mode(asked: &PageRequest) -> StateMode {
    let name = asked.get("mode");
    let in_contract =
        || StateMode::from_str_name(&format!("STATE_MODE_{}", name.to_ascii_uppercase().replace('-', "_")));
    let in_form = MODES.iter().find(|(known, ..)| *known == name).map(|(_, mode, ..)| *mode);
    in_form.or_else(in_contract).unwrap_or_default()
}

/// The form. It leads to `action`; `kinds` are offered, and any can be written.
pub(super) fn form(asked: &PageRequest, action: &str, context: &ReplyContext, kinds: &[String]) -> Markup {
    let lang = asked.lang;
    let pinned = asked.get("known_at").is_empty() && !asked.get("basis").is_empty();
    html! {
        form.coordinates method="get" action=(action) data-coordinates {
            @if !asked.get("lang").is_empty() { input type="hidden" name="lang" value=(lang.tag()); }
            fieldset {
                legend title=(lang.t("A date is the date as its source writes it; an instant, and what is today, are in UTC.", "التاريخ كما كتبه مصدره؛ أمّا اللحظة واليوم الحاضر فبالتوقيت العالمي.")) { (lang.t("When in the world", "متى في الواقع")) }
                (axis(&CoordinateField { name: "valid_at", value: &context.valid_at, label: lang.t("valid at", "الحال في"), hint: "2025-07, 2025-07-15", at: span(&context.valid_at).map(|days| days.1) }))
            }
            fieldset {
                legend { (lang.t("As known when", "بحسب ما عُرف متى")) }
                @let recorded = context.known_at.as_ref().or(context.recorded_at.as_ref()).map(ToString::to_string).unwrap_or_default();
                (axis(&CoordinateField { name: "known_at", value: asked.get("known_at"), label: lang.t("known at (UTC)", "عُرف حتى (بالتوقيت العالمي)"), hint: lang.t("now", "الآن"), at: span(&recorded).map(|days| days.1) }))
                @if pinned {
                    label.pin {
                        input type="checkbox" name="basis" value=(asked.get("basis")) checked;
                        (lang.t(" keep to the pinned basis, recorded ", " الإبقاء على الأساس المثبَّت، المدوَّن ")) (instant(context.recorded_at.as_ref()))
                    }
                }
            }
            (filter_fields(asked, kinds))
            button { (lang.t("Show", "اعرض")) }
        }
    }
}

/// A field that sets one axis.
struct CoordinateField<'a> {
    name: &'a str,
    value: &'a str,
    label: &'a str,
    hint: &'a str,
    at: Option<PageDay>,
}

/// A field, and a slider that a script shows and ties to it.
fn axis(field: &CoordinateField<'_>) -> Markup {
    let reach = |at: PageDay| {
        let (_, month, _) = civil(at);
        (at, month_of(at, 1 - month - REACH), month_of(at, 13 - month + REACH) - 1)
    };
    let id = format!("field-{}", field.name);
    html! {
        label for=(id) { (field.label) }
        input #(id) type="text" name=(field.name) value=(field.value) placeholder=(field.hint) dir="ltr" autocomplete="off" spellcheck="false";
        @if let Some((at, first, last)) = field.at.map(reach) {
            input type="range" min=(first) max=(last) value=(at) data-sets=(id) aria-label=(field.label) hidden;
        }
    }
}

fn filter_fields(asked: &PageRequest, kinds: &[String]) -> Markup {
    let lang = asked.lang;
    html! {
        fieldset {
            legend { (lang.t("Which claims", "أيّ الأقوال")) }
            label for="field-kind" { (lang.t("kind", "النوع")) }
            input #field-kind type="text" name="kind" value=(asked.get("kind")) list="kinds" placeholder=(lang.t("any", "أيّ نوع")) dir="ltr" autocomplete="off";
            datalist #kinds { @for kind in kinds { option value=(kind) {} } }
            label for="field-mode" { (lang.t("that", "بحيث")) }
            select #field-mode name="mode" {
                @for (name, meant, en, ar) in MODES {
                    option value=(name) selected[meant == mode(asked)] { (lang.t(en, ar)) }
                }
            }
        }
    }
}
