//! `GetSeries`: counts and scores in buckets of valid time.

use super::context::{context, with_hints};
use super::page::MAX_BYTES;
use super::parse::Parse;
use super::service::Service;
use super::span::{asked_span, interval};
use super::status::CallRefusal;
use detente_domain::buckets::{Bucket, Buckets};
use detente_domain::moment::Moment;
use detente_domain::rejection::Violation;
use detente_domain::series::SeriesTally;
use detente_ledger::query::hints::NamedIds;
use detente_ledger::query::series::{SeriesBucket, SeriesError, SeriesGroup, SeriesQuery};
use detente_ledger::wire::time::timestamp_of;
use detente_proto::v1;
use std::sync::Arc;

pub(super) async fn get_series(
    service: &Service,
    request: v1::GetSeriesRequest,
) -> Result<v1::GetSeriesResponse, CallRefusal> {
    let query = parse(request)?;
    let ledger = Arc::clone(&service.ledger);
    let answer = move || {
        let series = ledger.series(&query)?;
        let span = query.buckets.span().map(|span| interval(span.a, span.b)).unwrap_or_default();
        let buckets: Vec<v1::SeriesBucket> = series.buckets.into_iter().map(bucket).collect();
        let has_claims = |point: &v1::SeriesPoint| point.definite > 0 || point.possible > 0;
        let is_empty = !buckets.iter().flat_map(|bucket| &bucket.points).any(has_claims);
        let context = with_hints(context(&series.at, &span), &ledger, || NamedIds::of(&query.filter), is_empty);
        Ok(v1::GetSeriesResponse { context: Some(context), buckets })
    };
    service.threads.ask(answer).await
}

impl From<SeriesError> for CallRefusal {
    fn from(error: SeriesError) -> Self {
        match error {
            SeriesError::NoScheme => Violation::new("scheme", error.to_string()).into(),
            SeriesError::TooLarge { .. } => Self::TooLarge(Violation::new("group_by", error.to_string())),
            SeriesError::Query(error) => error.into(),
        }
    }
}

fn parse(request: v1::GetSeriesRequest) -> Result<SeriesQuery, CallRefusal> {
    let mut parse = Parse::new();
    let filter = parse.filter(request.filter, false);
    let bucket = asked_bucket(request.bucket, &mut parse);
    let buckets = asked_buckets(&request.from, &request.until, bucket, &mut parse);
    let group_by = asked_group(request.group_by, &mut parse);
    let cut = parse.cut(request.cut);
    let supposed = parse.what_if(request.what_if);
    parse.finish()?;
    // A request without buckets has been refused already.
    let buckets = buckets.ok_or(CallRefusal::Defect)?;
    Ok(SeriesQuery { filter, buckets, group_by, scheme: request.scheme, cut, supposed, bytes: MAX_BYTES })
}

fn asked_buckets(from: &str, until: &str, bucket: Bucket, parse: &mut Parse) -> Option<Buckets> {
    for (field, text) in [("from", from), ("until", until)] {
        if text.is_empty() {
            parse.wrong(field, "required: a date, for example 2025-07");
        }
    }
    let (from, until) = asked_span(from, until, parse);
    let (from, until): (Moment, Moment) = from.zip(until).filter(|(from, until)| from < until)?;
    Buckets::covering(bucket, from, until).map_err(|error| parse.wrong("bucket", error.to_string())).ok()
}

fn asked_bucket(number: i32, parse: &mut Parse) -> Bucket {
    match v1::Bucket::try_from(number) {
        Ok(v1::Bucket::Day) => Bucket::Day,
        Ok(v1::Bucket::Week) => Bucket::Week,
        Ok(v1::Bucket::Unspecified | v1::Bucket::Month) => Bucket::Month,
        Ok(v1::Bucket::Quarter) => Bucket::Quarter,
        Ok(v1::Bucket::Year) => Bucket::Year,
        Err(_) => {
            parse.wrong("bucket", format!("{number} is no Bucket"));
            Bucket::Month
        }
    }
}

fn asked_group(number: i32, parse: &mut Parse) -> Option<SeriesGroup> {
    match v1::SeriesGroup::try_from(number) {
        Ok(v1::SeriesGroup::Unspecified) => None,
        Ok(v1::SeriesGroup::Kind) => Some(SeriesGroup::Kind),
        Ok(v1::SeriesGroup::Polarity) => Some(SeriesGroup::Polarity),
        Ok(v1::SeriesGroup::Modality) => Some(SeriesGroup::Modality),
        Ok(v1::SeriesGroup::Relationship) => Some(SeriesGroup::Relationship),
        Err(_) => {
            parse.wrong("group_by", format!("{number} is no SeriesGroup"));
            None
        }
    }
}

fn bucket(bucket: SeriesBucket) -> v1::SeriesBucket {
    v1::SeriesBucket {
        period: bucket.name,
        from: timestamp_of(bucket.period.a),
        until: timestamp_of(bucket.period.b),
        points: bucket.points.into_iter().map(point).collect(),
        beyond_sources: bucket.beyond_sources,
    }
}

fn point((group, tally): (String, SeriesTally)) -> v1::SeriesPoint {
    v1::SeriesPoint {
        group,
        definite: tally.definite,
        possible: tally.possible,
        scored: tally.scored,
        sum: tally.mean().map(|_| tally.sum),
        mean: tally.mean(),
        beyond_as_of: tally.beyond,
    }
}
