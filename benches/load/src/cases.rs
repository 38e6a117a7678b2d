//! The claims of a filled ledger, and the dates to ask for so that about fifty of them hold.
//!
//! ```text
//!   1995-01-01                       2008-09-09                      2022-05-19
//!   day 0                            day 5,000                       day 10,000
//!   |--------------------------------|========== asked dates =========|
//!       [claim 0: `span` days]   starts spread evenly over the 10,000 days, in an order that looks random
//!                [claim 1]
//! ```
//!
//! With n claims in a relationship, each holds for 50 * 10,000 / n days; so on each asked day about fifty hold, be it out
//! of 100 (5,000 days each) or out of 100,000 (5 days each). The claims of a ledger are dealt to its relationships in turn,
//! as a live ledger would get them, not one relationship after the other.

/// The number of claims that an answer is to have.
pub const ANSWER: u64 = 50;
/// The number of days over which the claims begin.
const WINDOW_DAYS: u64 = 10_000;
/// Coprime to the window, so that the days of successive claims look random and are all different.
const STRIDE: u64 = 7_919;

/// The way in which claims are dealt to relationships.
#[derive(Clone, Copy, Debug)]
pub struct Deal {
    /// The number of claims.
    pub claims: u64,
    /// The number of relationships.
    pub relationships: u64,
}

/// The part of a claim that differs from claim to claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// Its number.
    pub number: u64,
    /// Its relationship.
    pub relationship: u64,
    /// Its first day, from 1995-01-01.
    pub from_day: u64,
    /// Its last day.
    pub to_day: u64,
}

impl Deal {
    /// Returns the number of days for which a claim holds.
    pub fn span(self) -> u64 {
        (ANSWER * WINDOW_DAYS * self.relationships / self.claims.max(1)).clamp(1, WINDOW_DAYS / 2)
    }

    /// The claim with a number.
    pub fn place(self, number: u64) -> Place {
        let relationship = number % self.relationships;
        let nth = number / self.relationships;
        let in_relationship = (self.claims / self.relationships).max(1);
        // Spread evenly: the nth of few claims takes the place of one of many.
        let spread = nth * WINDOW_DAYS / in_relationship.min(WINDOW_DAYS);
        let from_day = spread * STRIDE % WINDOW_DAYS;
        Place { number, relationship, from_day, to_day: from_day + self.span() - 1 }
    }
}

/// A day to ask for, of a number that may be any.
pub fn asked_day(number: u64) -> u64 {
    WINDOW_DAYS / 2 + number % (WINDOW_DAYS / 2)
}

/// The date of a day, as `2008-09-09`.
pub fn date(day: u64) -> [u8; 10] {
    // Howard Hinnant's days-to-civil, with 1995-01-01 as day 0.
    let days = day + 9_131 + 719_468;
    let (era, day_of_era) = (days / 146_097, days % 146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    let year = year_of_era + era * 400 + u64::from(month <= 2);
    let mut text = *b"0000-00-00";
    digits(&mut text[..4], year);
    digits(&mut text[5..7], month);
    digits(&mut text[8..], day);
    text
}

/// Writes a number with leading zeros.
pub fn digits(into: &mut [u8], mut number: u64) {
    for digit in into.iter_mut().rev() {
        *digit = b'0' + (number % 10) as u8;
        number /= 10;
    }
}

/// The two parties of a relationship: the pairs of 0, 1, 2, ... in the order (0,1) (0,2) (1,2) (0,3) ...
pub fn pair(relationship: u64) -> (u64, u64) {
    let mut higher = ((2.0 * relationship as f64).sqrt() as u64).max(1);
    while higher * (higher - 1) / 2 > relationship {
        higher -= 1;
    }
    while (higher + 1) * higher / 2 <= relationship {
        higher += 1;
    }
    (relationship - higher * (higher - 1) / 2, higher)
}

/// The id of a party.
pub fn party(number: u64) -> [u8; 4] {
    let mut id = *b"P000";
    digits(&mut id[1..], number);
    id
}

/// The id of a relationship, as `P000-P001`.
pub fn relationship(number: u64) -> [u8; 9] {
    let (one, other) = pair(number);
    let mut id = *b"P000-P000";
    id[..4].copy_from_slice(&party(one));
    id[5..].copy_from_slice(&party(other));
    id
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(bytes: &[u8]) -> &str {
        std::str::from_utf8(bytes).expect("ASCII")
    }

    #[test]
    fn days_are_dates() {
        assert_eq!(text(&date(0)), "1995-01-01");
        assert_eq!(text(&date(59)), "1995-03-01");
        assert_eq!(text(&date(1_885)), "2000-02-29");
        assert_eq!(text(&date(10_000)), "2022-05-19");
    }

    #[test]
    fn every_relationship_is_a_pair_of_its_own() {
        assert_eq!([pair(0), pair(1), pair(2), pair(3)], [(0, 1), (0, 2), (1, 2), (0, 3)]);
        let mut all: Vec<_> = (0..10_000).map(pair).collect();
        assert!(all.iter().all(|(one, other)| one < other && *other < 1_000));
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), 10_000);
    }

    #[test]
    fn about_fifty_hold_on_every_asked_day() {
        for (claims, relationships) in [(100, 1), (1_000, 1), (10_000, 1), (100_000, 1), (10_000, 100)] {
            let deal = Deal { claims, relationships };
            let mine: Vec<_> = (0..claims).map(|n| deal.place(n)).filter(|place| place.relationship == 0).collect();
            for day in (0..5_000).step_by(37).map(asked_day) {
                let holds = mine.iter().filter(|place| place.from_day <= day && day <= place.to_day).count();
                assert!((45..=55).contains(&holds), "{holds} of {claims} in {relationships} on day {day}");
            }
        }
    }
}
