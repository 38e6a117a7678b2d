//! The number of claims that hold or happen over time, above a chart that shows some of them: it shows the rows left
//! out.

use super::call::{Wrong, call};
use super::chart::axis::Axis;
use super::chart::plot::{Bar, plot};
use super::day::{PageDay, to_edtf};
use super::request::PageRequest;
use detente_proto::v1::{Bucket, Cut, Filter, GetSeriesRequest, GetSeriesResponse};
use maud::{Markup, html};

/// The days of a year, about.
const YEAR: PageDay = 366;
/// The most years that a chart has bars for. Dates of a longer span would be too long, too.
const MOST: PageDay = 400;

/// The overview of the claims of a filter, over the days of an axis; nothing where those are too many.
pub(super) async fn overview(
    asked: &PageRequest,
    cut: &Cut,
    filter: Option<Filter>,
    axis: &Axis,
) -> Result<Markup, Wrong> {
    let years = (axis.last() - axis.first()) / YEAR;
    if years > MOST {
        return Ok(html! {});
    }
    let bucket = match years {
        ..4 => Bucket::Month,
        4..13 => Bucket::Quarter,
        _ => Bucket::Year,
    };
    let request = GetSeriesRequest {
        filter,
        from: to_edtf(axis.first()),
        until: to_edtf(axis.last()),
        bucket: bucket.into(),
        cut: Some(cut.clone()),
        ..Default::default()
    };
    let series: GetSeriesResponse = call(asked, &request).await?;
    let bar = |bucket: &detente_proto::v1::SeriesBucket| {
        let (definite, possible) =
            bucket.points.iter().fold((0, 0), |sum, point| (sum.0 + point.definite, sum.1 + point.possible));
        Bar { period: bucket.period.clone(), definite, possible }
    };
    let bars: Vec<Bar> = series.buckets.iter().map(bar).collect();
    let most = bars.iter().map(|bar| bar.definite + bar.possible).max().unwrap_or_default();
    let lang = asked.lang;
    let title = lang.t("All claims over time, counted", "عدد الأقوال كلّها عبر الزمن");
    Ok(html! {
        p.quiet { (lang.t("There are more claims than rows. How many hold or happen, certainly (solid) and possibly (hollow):", "الأقوال أكثر من الصفوف. كم منها يصحّ أو يقع، مؤكَّدًا (ممتلئ) ومحتمَلًا (مفرَّغ):")) }
        div.scroll.overview tabindex="0" role="region" aria-label=(title) { (plot(title, &bars, most, lang)) }
    })
}
