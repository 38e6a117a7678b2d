//! The dates within an EDTF text: the ends of an interval, the members of a set. Each is cut or qualified by itself.
//!
//! ```text
//!    1920-01-01~/1921-05        year      1920~/1921
//!    [2010-01-01..2014-07-01]   month     [2010-01..2014-07]
//!    [2024-12-25,2024-12-31]    month     2024-12
//! ```

use super::Precision;

/// An EDTF text, cut to a precision.
pub(super) fn cut(text: &str, most: Precision) -> String {
    simplify(&each(text, |date| cut_date(date, most)))
}

/// An EDTF text with a qualifier on each of its dates.
pub(super) fn qualify(text: &str, qualifier: &str) -> String {
    each(text, |date| with_qualifier(date, qualifier))
}

/// Rewrites the dates of a text and keeps what stands between them.
fn each(text: &str, rewrite: impl Fn(&str) -> String) -> String {
    let mut written = String::with_capacity(text.len());
    let mut rest = text;
    while !rest.is_empty() {
        let end = rest.find(['/', '[', ']', '{', '}', ',']).unwrap_or(rest.len());
        let end = end.min(rest.find("..").unwrap_or(end));
        let (date, after) = rest.split_at_checked(end).unwrap_or((rest, ""));
        if !date.is_empty() {
            written.push_str(&rewrite(date));
        }
        let between = if after.starts_with("..") { 2 } else { after.len().min(1) };
        let (mark, after) = after.split_at_checked(between).unwrap_or((after, ""));
        written.push_str(mark);
        rest = after;
    }
    written
}

/// A set without members that come twice. One that is left stands alone.
fn simplify(text: &str) -> String {
    let Some(inside) = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')) else { return text.to_owned() };
    let mut members: Vec<&str> = Vec::new();
    for member in inside.split(',').map(str::trim) {
        let member = match member.split_once("..") {
            Some((first, last)) if first == last => first,
            _ => member,
        };
        if !members.contains(&member) {
            members.push(member);
        }
    }
    match members.as_slice() {
        [only] if !only.contains("..") => (*only).to_owned(),
        members => format!("[{}]", members.join(",")),
    }
}

fn cut_date(date: &str, most: Precision) -> String {
    let (day, time) = date.split_once('T').map_or((date, None), |(day, time)| (day, Some(time)));
    let kept = match (most, time) {
        (Precision::Second, Some(time)) => return format!("{day}T{}", without_fraction(time)),
        (Precision::Second, None) => return date.to_owned(),
        (Precision::Day, _) => 3,
        (Precision::Month, _) => 2,
        (Precision::Year, _) => 1,
    };
    let (sign, digits) = day.strip_prefix('-').map_or(("", day), |digits| ("-", digits));
    if digits.trim_start_matches(is_qualifier).starts_with('Y') {
        return day.to_owned();
    }
    let parts: Vec<&str> = digits.split('-').collect();
    let (head, dropped) = parts.split_at_checked(kept).unwrap_or((&parts, &[]));
    // A qualifier behind a part counts for all parts before it too.
    let qualifiers = dropped.iter().filter_map(|part| part.chars().next_back().filter(|last| is_qualifier(*last)));
    let cut = format!("{sign}{}", head.join("-"));
    qualifiers.fold(cut, |cut, qualifier| with_qualifier(&cut, &qualifier.to_string()))
}

/// A time without the fraction of its second.
fn without_fraction(time: &str) -> String {
    let Some((whole, rest)) = time.split_once('.') else { return time.to_owned() };
    format!("{whole}{}", rest.trim_start_matches(|c: char| c.is_ascii_digit()))
}

fn is_qualifier(c: char) -> bool {
    matches!(c, '~' | '?' | '%')
}

/// A date with a qualifier behind it: what is both uncertain and approximate is `%`.
fn with_qualifier(date: &str, qualifier: &str) -> String {
    match date.chars().next_back().filter(|last| is_qualifier(*last)) {
        _ if qualifier.is_empty() => date.to_owned(),
        Some(has) if qualifier.starts_with(has) => date.to_owned(),
        Some(_) => format!("{}%", date.trim_end_matches(is_qualifier)),
        None => format!("{date}{qualifier}"),
    }
}
