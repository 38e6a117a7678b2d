//! Counts and scores as people read them: a line for each bucket and group, with a small bar.

use super::{
    grid::{Grid, GridCell},
    question,
};
use detente_proto::v1::{Filter, GetSeriesResponse, SeriesPoint};

/// The width of the longest bar.
const BAR: u64 = 24;

/// The whole answer.
pub(crate) fn table(filter: Option<&Filter>, reply: &GetSeriesResponse) -> String {
    let context = reply.context.clone().unwrap_or_default();
    [
        question::of_list("Series", filter, &context),
        question::coordinates(&context),
        rows(reply),
        "= definite, - possible. Beyond as-of: of states without an end, whose sources do not reach so far.\n"
            .to_owned(),
    ]
    .concat()
}

fn rows(reply: &GetSeriesResponse) -> String {
    let points = || reply.buckets.iter().flat_map(|bucket| &bucket.points);
    let most = points().map(total).max().unwrap_or_default();
    let mut grid =
        Grid::dense(["period", "group", "definite", "possible", "bar", "beyond as-of", "scored", "sum", "mean"])
            .whole(4);
    for bucket in &reply.buckets {
        if bucket.points.is_empty() {
            grid.row::<9>(std::array::from_fn(|column| if column == 0 { bucket.period.as_str() } else { "" }.into()));
        }
        for (point, nth) in bucket.points.iter().zip(0..) {
            let number = |score: Option<f64>| score.map(|score| format!("{score:.2}")).unwrap_or_default();
            grid.row([
                GridCell::from(if nth == 0 { bucket.period.as_str() } else { "" }),
                point.group.as_str().into(),
                point.definite.to_string().into(),
                point.possible.to_string().into(),
                bar(point, most).into(),
                count_text(point.beyond_as_of).into(),
                count_text(point.scored).into(),
                number(point.sum).into(),
                number(point.mean).into(),
            ]);
        }
    }
    grid.render()
}

/// A count that is nothing is not shown.
fn count_text(count: u64) -> String {
    if count == 0 { String::new() } else { count.to_string() }
}

fn total(point: &SeriesPoint) -> u64 {
    point.definite.saturating_add(point.possible)
}

/// As long as its share of the longest, and never so short as to be nothing where there is something.
fn bar(point: &SeriesPoint, most: u64) -> String {
    let long = |count: u64| {
        let share = u128::from(count) * u128::from(BAR) / u128::from(most.max(1));
        usize::try_from(share).unwrap_or_default().max(usize::from(count > 0))
    };
    "=".repeat(long(point.definite)) + &"-".repeat(long(point.possible))
}

#[cfg(test)]
mod tests {
    use super::*;
    use detente_proto::v1::SeriesBucket;

    fn point(group: &str, definite: u64, possible: u64, mean: Option<f64>) -> SeriesPoint {
        let scored = u64::from(mean.is_some());
        SeriesPoint { group: group.into(), definite, possible, mean, sum: mean, scored, beyond_as_of: 0 }
    }

    #[test]
    fn every_bucket_has_a_line_an_empty_one_too_and_every_group_a_bar() {
        let bucket = |period: &str, points| SeriesBucket { period: period.into(), points, ..Default::default() };
        let reply = GetSeriesResponse {
            buckets: vec![
                bucket("2025-01", vec![point("TENSION", 12, 0, Some(-2.5)), point("", 1, 2, None)]),
                bucket("2025-02", vec![]),
            ],
            ..Default::default()
        };
        let table = table(None, &reply);
        assert!(table.contains(&"=".repeat(24)) && table.contains("==----"), "{table}");
        assert!(table.contains("2025-02") && table.contains("-2.50"), "{table}");
    }

    #[test]
    fn a_bar_is_never_nothing_where_there_is_something() {
        assert_eq!(bar(&point("", 1, 0, None), u64::MAX), "=");
        assert_eq!(bar(&point("", u64::MAX, 0, None), u64::MAX).len(), 24);
        assert_eq!(bar(&point("", 0, 0, None), 0), "");
    }
}
