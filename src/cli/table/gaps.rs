//! Gaps, as people read them: a line for each, with the missing thing in words.

use super::{
    TableView, claim,
    grid::{Grid, GridCell, Tone},
    period, question, state,
};
use crate::cli::words;
use detente_proto::v1::{Filter, Gap, GapType, ListGapsResponse};

/// The whole answer.
pub(crate) fn table(filter: Option<&Filter>, reply: &ListGapsResponse, view: &TableView) -> String {
    let context = reply.context.clone().unwrap_or_default();
    let mut grid = Grid::new(["gap", "what", "missing", "valid", "marks", "id"]).wide(1);
    for gap in &reply.gaps {
        let claim = gap.claim.clone().unwrap_or_default();
        let of_claim = |shown: String| if gap.claim.is_some() { shown } else { String::new() };
        let what = if gap.claim.is_some() { claim::text(&claim, view) } else { gap.relationship.clone() };
        grid.row([
            GridCell::in_tone(words::format::<GapType>(gap.r#type), Tone::Doubt),
            what.into(),
            missing(gap).into(),
            of_claim(period::format(&claim, None)).into(),
            if gap.claim.is_some() { claim::marks(&claim) } else { GridCell::default() },
            of_claim(claim::id(&claim, view)).into(),
        ]);
    }
    [
        question::of_list(&format!("What is missing at {}", context.valid_at), filter, &context),
        question::coordinates(&context),
        grid.render(),
        counts(&reply.gaps) + "\n",
        state::more(&reply.next_page_token),
    ]
    .concat()
}

/// Names the missing thing in words.
fn missing(gap: &Gap) -> String {
    match gap.r#type() {
        GapType::UncoveredSpan if gap.from == gap.until => format!("any sourced claim on {}", gap.from),
        GapType::UncoveredSpan => format!("any sourced claim {} → {}", gap.from, gap.until),
        GapType::NoDate => "a date".to_owned(),
        GapType::SingleOrigin if gap.origin.is_empty() => "a source".to_owned(),
        GapType::SingleOrigin => format!("an origin beside {}", gap.origin),
        GapType::Stale => match gap.age_days {
            Some(days) => format!("a word since {days} days"),
            None => "any word of until when".to_owned(),
        },
        GapType::OpenDispute => format!("the end of dispute {}", gap.dispute_id),
        GapType::Unspecified => String::new(),
    }
}

fn counts(gaps: &[Gap]) -> String {
    let count = |gap_type: GapType| gaps.iter().filter(|gap| gap.r#type() == gap_type).count();
    let sorts = <GapType as words::OptionWord>::all().map(|sort| (count(sort), words::format::<GapType>(sort.into())));
    let told: Vec<String> = sorts.filter(|(n, _)| *n > 0).map(|(n, sort)| format!("{n} {sort}")).collect();
    match told.is_empty() {
        true => "No gaps.".to_owned(),
        false => format!("Gaps: {}.", told.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use detente_proto::v1::Claim;

    fn gap(gap_type: GapType) -> Gap {
        Gap { r#type: gap_type.into(), claim: Some(Claim::default()), ..Default::default() }
    }

    #[test]
    fn each_gap_says_what_is_missing_in_words() {
        let span = Gap {
            relationship: "AZE-RUS".into(),
            from: "2025-01-01".into(),
            until: "2025-02-03".into(),
            claim: None,
            ..gap(GapType::UncoveredSpan)
        };
        let stale = Gap { age_days: Some(400), ..gap(GapType::Stale) };
        let single = Gap { origin: "tass:1".into(), ..gap(GapType::SingleOrigin) };
        let gaps = vec![span, single, gap(GapType::SingleOrigin), stale, gap(GapType::Stale)];
        let table = table(
            None,
            &ListGapsResponse { gaps, ..Default::default() },
            &TableView { lang: "en".into(), full_ids: false },
        );
        for words in
            ["AZE-RUS", "2025-01-01 → 2025-02-03", "an origin beside tass:1", "a source", "a word since 400 days"]
        {
            assert!(table.contains(words), "{words}: {table}");
        }
        assert!(table.ends_with("Gaps: 1 uncovered span, 2 single origin, 2 stale.\n"), "{table}");
    }

    #[test]
    fn nothing_missing_is_said() {
        assert_eq!(counts(&[]), "No gaps.");
    }
}
