//! `/series`: claims counted over time, one small plot for each group, and the same as a table.

use super::call::{Wrong, call};
use super::chart::plot::{Bar, plot};
use super::day::to_edtf;
use super::layout::{self, PageView};
use super::list_frame::{self, PageFrame};
use super::request::PageRequest;
use super::text::line;
use super::words;
use axum::response::Response;
use detente_proto::v1::{
    Bucket, GetSeriesRequest, GetSeriesResponse, GetServerInfoRequest, GetServerInfoResponse, SeriesGroup,
};
use maud::{Markup, html};
use std::collections::BTreeMap;

/// The most plots on a page; the groups with the most claims are shown.
const PLOTS: usize = 12;
/// The most buckets that are drawn.
const BARS: usize = 400;

pub(super) const BUCKETS: [(&str, Bucket, &str, &str); 4] = [
    ("month", Bucket::Month, "month", "شهر"),
    ("week", Bucket::Week, "week", "أسبوع"),
    ("quarter", Bucket::Quarter, "quarter", "ربع سنة"),
    ("year", Bucket::Year, "year", "سنة"),
];

pub(super) const GROUPS: [(&str, SeriesGroup, &str, &str); 4] = [
    ("polarity", SeriesGroup::Polarity, "polarity", "الاتجاه"),
    ("kind", SeriesGroup::Kind, "kind", "النوع"),
    ("modality", SeriesGroup::Modality, "modality", "الصيغة"),
    ("none", SeriesGroup::Unspecified, "nothing", "بلا تقسيم"),
];

/// The view.
pub(super) async fn view(asked: PageRequest) -> Response {
    let view = build(&asked).await;
    layout::answer(&asked, view)
}

async fn build(asked: &PageRequest) -> Result<PageView, Wrong> {
    let (from, until) = span(asked).await?;
    let bucket = BUCKETS.iter().find(|(name, ..)| *name == asked.get("bucket")).map_or(Bucket::Month, |one| one.1);
    let group = GROUPS.iter().find(|(name, ..)| *name == asked.get("group")).map_or(SeriesGroup::Polarity, |one| one.1);
    let request = GetSeriesRequest {
        filter: list_frame::filter(asked),
        from: from.clone(),
        until: until.clone(),
        bucket: bucket.into(),
        group_by: group.into(),
        cut: Some(asked.cut()),
        ..Default::default()
    };
    let reply: GetSeriesResponse = call(asked, &request).await?;
    let context = reply.context.clone().unwrap_or_default();
    let names = list_frame::names(asked, &context, [].iter()).await?;
    let lang = asked.lang;
    let list = html! {
        (form(asked, &from, &until))
        @if reply.buckets.len() > BARS {
            p.notice { (lang.t("More bars than can be drawn: ask for a shorter span or longer buckets.", "أعمدة أكثر ممّا يُرسم: اختر مدّة أقصر أو وحدات أطول.")) }
        } @else { (plots(asked, &reply)) }
    };
    let frame = PageFrame {
        name: "series",
        title: lang.t("Series", "السلاسل"),
        about: lang.t(
            "How many claims hold or happen: certainly (solid), and possibly beside those (hollow).",
            "كم قولًا يصحّ أو يقع: مؤكَّدًا (ممتلئ)، ومحتمَلًا فوقه (مفرَّغ).",
        ),
        context: &context,
        next: "",
        resolved: &[("from", &from), ("until", &until)],
    };
    Ok(list_frame::view(asked, &frame, &names, &list))
}

/// Returns the asked span, by default the last three years.
async fn span(asked: &PageRequest) -> Result<(String, String), Wrong> {
    let until = match asked.get("until") {
        "" => month(&call(asked, &GetServerInfoRequest {}).await?),
        given => given.to_owned(),
    };
    let end = super::day::span(&until).map_or(0, |(_, last)| last);
    let from = match asked.get("from") {
        "" => to_edtf(super::day::month_of(end, -35)),
        given => given.to_owned(),
    };
    Ok((from, until))
}

/// The month that it is by the ledger's clock.
fn month(info: &GetServerInfoResponse) -> String {
    info.now.as_ref().map(ToString::to_string).unwrap_or_default().chars().take("YYYY-MM".len()).collect()
}

fn form(asked: &PageRequest, from: &str, until: &str) -> Markup {
    let lang = asked.lang;
    let choice = |name: &str, label: &str, options: &[(&str, &str)]| {
        html! {
            fieldset {
                label for=(format!("field-{name}")) { (label) }
                select id=(format!("field-{name}")) name=(name) {
                    @for (value, words) in options { option value=(value) selected[*value == asked.get(name)] { (words) } }
                }
            }
        }
    };
    let buckets = BUCKETS.map(|(name, _, en, ar)| (name, lang.t(en, ar)));
    let groups = GROUPS.map(|(name, _, en, ar)| (name, lang.t(en, ar)));
    list_frame::form(
        asked,
        &html! {
            (list_frame::field("from", lang.t("from", "من"), from, "2024-01"))
            (list_frame::field("until", lang.t("until", "إلى"), until, "2025-12"))
            (choice("bucket", lang.t("by", "لكلّ"), &buckets))
            (choice("group", lang.t("split by", "مقسَّمًا بحسب"), &groups))
        },
    )
}

fn plots(asked: &PageRequest, reply: &GetSeriesResponse) -> Markup {
    let mut groups: BTreeMap<&str, u64> = BTreeMap::new();
    for point in reply.buckets.iter().flat_map(|bucket| &bucket.points) {
        *groups.entry(&point.group).or_default() += point.definite + point.possible;
    }
    let mut ordered: Vec<(&str, u64)> = groups.into_iter().collect();
    ordered.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    let most =
        reply.buckets.iter().flat_map(|bucket| &bucket.points).map(|point| point.definite + point.possible).max();
    html! {
        @for (group, _) in ordered.iter().take(PLOTS) {
            @let title = group_name(asked, group);
            h2 { (title) }
            div.scroll tabindex="0" role="region" aria-label=(title) {
                (plot(&title, &bars(reply, group), most.unwrap_or(1), asked.lang))
            }
        }
        (table(asked, reply))
    }
}

fn bars(reply: &GetSeriesResponse, group: &str) -> Vec<Bar> {
    let counted = |bucket: &detente_proto::v1::SeriesBucket| {
        let point = bucket.points.iter().find(|point| point.group == group);
        point.map_or((0, 0), |point| (point.definite, point.possible))
    };
    let bar = |bucket| {
        let (definite, possible) = counted(bucket);
        Bar { period: bucket.period.clone(), definite, possible }
    };
    reply.buckets.iter().map(bar).collect()
}

fn group_name(asked: &PageRequest, group: &str) -> String {
    let lang = asked.lang;
    match group {
        "" => lang.t("all, or not said", "الكلّ، أو غير مذكور").to_owned(),
        other => words::kind(&line(other, 64).to_lowercase(), lang),
    }
}

fn table(asked: &PageRequest, reply: &GetSeriesResponse) -> Markup {
    let lang = asked.lang;
    let heads = [
        lang.t("Period", "المدّة"),
        lang.t("Group", "القسم"),
        lang.t("Definite", "مؤكَّد"),
        lang.t("Possible", "محتمَل"),
        lang.t("Mean score", "متوسّط الدرجة"),
    ];
    html! {
        details {
            summary { (lang.t("The same as a table", "نفسه في جدول")) }
            table {
                thead { tr { @for head in heads { th scope="col" { (head) } } } }
                tbody {
                    @for bucket in &reply.buckets {
                        @for point in bucket.points.iter().filter(|point| point.definite + point.possible > 0) {
                            tr {
                                th scope="row" { bdi.date dir="ltr" { (bucket.period) } }
                                td { (group_name(asked, &point.group)) }
                                td.number { (point.definite) } td.number { (point.possible) }
                                td.number { @if let Some(mean) = point.mean { (format!("{mean:.2}")) } }
                            }
                        }
                    }
                }
            }
        }
    }
}
