//! A claim's valid time, in short: `2024-12`, `2025-09-10 → open`, `? → open (as of 2025-07, 62 days before)`.
//!
//! `?` is an end that exists but is not dated, `open` one that does not exist so far (at the start: since always). An
//! open end is shown with how far its source's knowledge reaches, so that an old "still true" cannot pass as fresh.

use detente_proto::v1::{Bound, Claim, KnownDate, TemporalType, bound};

/// Formats the valid time of a claim; with the days between its `as_of` and the asked date, if the question has one.
pub(crate) fn format(claim: &Claim, as_of_age_days: Option<i64>) -> String {
    let period = match (&claim.valid_from, &claim.valid_to) {
        (None, None) if claim.temporal_type() == TemporalType::None => "no time".to_owned(),
        (from, to) => span(&end(from.as_ref()), &end(to.as_ref())),
    };
    match knowledge(claim, as_of_age_days) {
        Some(knowledge) => format!("{period} ({knowledge})"),
        None => period,
    }
}

fn span(from: &str, to: &str) -> String {
    match from == to {
        true => from.to_owned(),
        false => format!("{from} → {to}"),
    }
}

/// Shows one end.
pub(crate) fn end(bound: Option<&Bound>) -> String {
    match bound.and_then(|bound| bound.bound.as_ref()) {
        Some(bound::Bound::Known(date)) if is_local(date) => format!("{} ({})", date.edtf, date.earliest),
        Some(bound::Bound::Known(date)) => date.edtf.clone(),
        Some(bound::Bound::Open(_)) => "open".to_owned(),
        Some(bound::Bound::Unknown(_)) | None => "?".to_owned(),
    }
}

/// True for a time with an offset, of which the instant in UTC is shown as well.
fn is_local(date: &KnownDate) -> bool {
    date.edtf.contains('T') && !date.edtf.ends_with('Z') && !date.earliest.is_empty()
}

/// Formats the date up to which knowledge reaches. It matters only if the end is not known.
fn knowledge(claim: &Claim, age_days: Option<i64>) -> Option<String> {
    let dated = matches!(claim.valid_to, Some(Bound { bound: Some(bound::Bound::Known(_)) }));
    if claim.as_of.is_empty() || dated {
        return None;
    }
    Some(match age_days {
        Some(1) => format!("as of {}, 1 day before", claim.as_of),
        Some(days) if days > 1 => format!("as of {}, {days} days before", claim.as_of),
        _ => format!("as of {}", claim.as_of),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use detente_proto::v1::{OpenEnd, UnknownEnd};

    fn known_bound(edtf: &str) -> Option<Bound> {
        Some(Bound { bound: Some(bound::Bound::Known(KnownDate { edtf: edtf.into(), ..Default::default() })) })
    }

    fn open() -> Option<Bound> {
        Some(Bound { bound: Some(bound::Bound::Open(OpenEnd {})) })
    }

    fn unknown() -> Option<Bound> {
        Some(Bound { bound: Some(bound::Bound::Unknown(UnknownEnd {})) })
    }

    fn claim(valid_from: Option<Bound>, valid_to: Option<Bound>, as_of: &str) -> Claim {
        Claim { valid_from, valid_to, as_of: as_of.into(), ..Default::default() }
    }

    #[test]
    fn one_date_is_shown_once() {
        assert_eq!(format(&claim(known_bound("2024-12"), known_bound("2024-12"), "2025-07"), None), "2024-12");
    }

    #[test]
    fn each_sort_of_end_has_its_sign() {
        assert_eq!(format(&claim(known_bound("2025-09-10"), open(), ""), None), "2025-09-10 → open");
        assert_eq!(format(&claim(open(), known_bound("[..2025-07]"), ""), None), "open → [..2025-07]");
        assert_eq!(format(&claim(unknown(), unknown(), ""), None), "?");
    }

    #[test]
    fn an_open_end_tells_how_old_the_knowledge_of_it_is() {
        let claim = claim(unknown(), open(), "2025-07");
        assert_eq!(format(&claim, None), "? → open (as of 2025-07)");
        assert_eq!(format(&claim, Some(0)), "? → open (as of 2025-07)");
        assert_eq!(format(&claim, Some(62)), "? → open (as of 2025-07, 62 days before)");
    }

    #[test]
    fn a_claim_without_time_says_so() {
        let claim = Claim { temporal_type: TemporalType::None.into(), ..Default::default() };
        assert_eq!(format(&claim, None), "no time");
    }
}
