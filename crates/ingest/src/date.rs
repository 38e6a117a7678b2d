//! Dates as files have them: in one text of several forms, or in parts, with markers for what is not known. They come out as
//! EDTF, which the ledger keeps.
//!
//! ```text
//!    "20 Sep 1973"   D Mon YYYY        1973-09-20
//!    "192001"        YYYYMM            1920-01
//!    1902, 7, -9     parts, -9 missing 1902-07            some day of July
//!    "####-##-##"    YYYY-MM-DD        an unknown end
//!    "9999-12-31"    open              an open end
//! ```

use super::condition::Condition;
use super::fault::RowFault;
use super::mapping::{DateRule, DateSpec, Spec};
use super::scope::{RowScope, Scope};
use super::table::Tables;
use super::template::Template;
use super::value::{Value, excerpt};
use detente_domain::edtf::PartialDate;
use std::borrow::Cow;

mod atoms;
mod calendar;
mod effect;
mod exclusive;
mod format;
mod months;
mod plausible;

pub(super) use exclusive::{after, before};

use calendar::Calendar;
use format::{DateFormat, DateParts, Time};
use plausible::Plausible;

/// The result of a date of a mapping for one row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DateReading {
    /// Nothing.
    Nothing,
    /// An end that does not exist.
    Open,
    /// An end that is not known.
    Unknown,
    /// A date in EDTF.
    Date(String),
}

impl DateReading {
    /// The date as a text; for an open end `..`, and nothing for nothing.
    pub fn into_text(self) -> String {
        match self {
            Self::Date(text) => text,
            Self::Open => "..".to_owned(),
            Self::Nothing | Self::Unknown => String::new(),
        }
    }
}

/// A date of a mapping, compiled: the first rule whose `when` holds counts.
#[derive(Debug)]
pub struct DateValue<'m>(Vec<Rule<'m>>);

#[derive(Debug)]
struct Rule<'m> {
    when: Condition,
    what: DateChoice,
    missing: &'m [String],
    open: &'m [String],
    unknown: &'m [String],
    empty: Option<DateReading>,
    calendar: Calendar,
    plausible: Plausible,
    precision: Option<Value<'m>>,
    qualifier: Option<Value<'m>>,
    exclusive: bool,
    no_year_zero: bool,
}

#[derive(Debug)]
enum DateChoice {
    Always(DateReading),
    Text(Template, Vec<DateFormat>),
    Parts { year: Template, month: Option<Template>, day: Option<Template> },
}

/// The part of a date that counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Precision {
    Year,
    Month,
    Day,
    Second,
}

impl<'m> DateValue<'m> {
    /// Compiles a date. If `optional` is true, an empty text is no date, and no error.
    ///
    /// # Errors
    /// Returns a description of the first fault.
    pub fn compile(spec: &'m DateSpec, optional: bool, scope: &Scope, tables: &'m Tables) -> Result<Self, String> {
        let none = if optional { Some(DateReading::Nothing) } else { None };
        match spec {
            Spec::Text(text) => Ok(Self(vec![Rule {
                when: Condition::default(),
                what: DateChoice::Text(Template::compile(text, scope)?, Vec::new()),
                missing: &[],
                open: &[],
                unknown: &[],
                empty: none,
                calendar: Calendar::Gregorian,
                plausible: Plausible::default(),
                precision: None,
                qualifier: None,
                exclusive: false,
                no_year_zero: false,
            }])),
            Spec::Rules(rules) => {
                let rules = rules.iter().map(|rule| Rule::compile(rule, none.clone(), scope, tables));
                rules.collect::<Result<_, _>>().map(Self)
            }
        }
    }

    /// The columns it is made of, for people.
    pub fn columns(&self) -> impl Iterator<Item = &str> {
        let templates = self.0.iter().flat_map(|rule| match &rule.what {
            DateChoice::Always(_) => [None, None, None],
            DateChoice::Text(date, _) => [Some(date), None, None],
            DateChoice::Parts { year, month, day } => [Some(year), month.as_ref(), day.as_ref()],
        });
        templates.flatten().map(Template::columns).filter(|columns| !columns.is_empty())
    }

    /// Evaluates the date for a row.
    ///
    /// # Errors
    /// A text that is no such date, at its columns.
    pub fn eval(&self, seen: &RowScope<'_>) -> Result<DateReading, RowFault> {
        match self.0.iter().find(|rule| rule.when.holds(seen)) {
            Some(rule) => rule.eval(seen),
            None => Ok(DateReading::Nothing),
        }
    }
}

impl<'m> Rule<'m> {
    fn compile(
        rule: &'m DateRule,
        none: Option<DateReading>,
        scope: &Scope,
        tables: &'m Tables,
    ) -> Result<Self, String> {
        let part = |text: &Option<String>| text.as_deref().map(|text| Template::compile(text, scope)).transpose();
        let value = |spec: &'m Option<super::mapping::ValueSpec>| {
            spec.as_ref().map(|spec| Value::compile(spec, scope, tables)).transpose()
        };
        let what = match (&rule.bound, &rule.date, part(&rule.year)?) {
            (Some(bound), None, None) => DateChoice::Always(end(bound)?),
            (None, Some(date), None) => {
                let months = months::of(rule.months.as_deref())?;
                let formats = rule.formats.iter().map(|format| DateFormat::compile(format, months));
                DateChoice::Text(Template::compile(date, scope)?, formats.collect::<Result<_, _>>()?)
            }
            (None, None, Some(year)) => DateChoice::Parts { year, month: part(&rule.month)?, day: part(&rule.day)? },
            _ => return Err("give one of: `date`, `year` (with `month` and `day`), `bound`".to_owned()),
        };
        let empty = match rule.empty.as_deref() {
            None => none,
            Some("error") => None,
            Some(bound) => Some(end(bound)?),
        };
        let (missing, open, unknown) = (rule.missing.as_slice(), rule.open.as_slice(), rule.unknown.as_slice());
        let when = Condition::compile(rule.when.as_ref(), scope)?;
        let (precision, qualifier) = (value(&rule.precision)?, value(&rule.qualifier)?);
        let (exclusive, no_year_zero) = (rule.exclusive, rule.no_year_zero);
        let calendar = Calendar::by_name(rule.calendar.as_deref())?;
        effect::check(rule, calendar)?;
        let plausible = Plausible::compile(rule.not_before.as_deref(), rule.not_after.as_deref())?;
        let compiled = Self {
            when,
            what,
            missing,
            open,
            unknown,
            empty,
            calendar,
            plausible,
            precision,
            qualifier,
            exclusive,
            no_year_zero,
        };
        compiled.can_hold()?;
        Ok(compiled)
    }

    /// Checks the parts that are the same for every row. If one of them is wrong, no row can have the date.
    fn can_hold(&self) -> Result<(), String> {
        let constant = |value: &Option<Value<'_>>| value.as_ref().and_then(|v| v.constant().map(str::to_owned));
        if let Some(precision) = constant(&self.precision) {
            named_precision(&precision)?;
        }
        if let Some(qualifier) = constant(&self.qualifier).filter(|q| !matches!(q.as_str(), "" | "~" | "?" | "%")) {
            return Err(format!("`{qualifier}` is no qualifier: expected ~, ? or %"));
        }
        match &self.what {
            DateChoice::Text(template, _) if template.constant().is_some_and(|text| !text.is_empty()) => {
                let is_fixed =
                    |value: &Option<Value<'_>>| value.as_ref().is_none_or(|value| value.constant().is_some());
                if !is_fixed(&self.precision) || !is_fixed(&self.qualifier) {
                    return Ok(());
                }
                self.eval(&RowScope::key("", &[], "")).map(drop).map_err(|fault| fault.what)
            }
            _ => Ok(()),
        }
    }

    fn eval(&self, seen: &RowScope<'_>) -> Result<DateReading, RowFault> {
        let told = match &self.what {
            DateChoice::Always(told) => return Ok(told.clone()),
            DateChoice::Text(template, formats) => self.text(template, formats, seen)?,
            DateChoice::Parts { year, month, day } => self.parts(year, month.as_ref(), day.as_ref(), seen)?,
        };
        let DateReading::Date(date) = told else { return Ok(told) };
        self.plausible.check(&date).map_err(|what| RowFault::column(self.columns(), what))?;
        let date = self.last_included(date)?;
        let Some(qualifier) = &self.qualifier else { return Ok(DateReading::Date(date)) };
        let qualifier = qualifier.eval(seen)?;
        if !matches!(&*qualifier, "" | "~" | "?" | "%") {
            let what = format!("`{}` is no qualifier: expected ~, ? or %", excerpt(&qualifier));
            return Err(RowFault::column(self.columns(), what));
        }
        if !qualifier.is_empty() && date.starts_with('[') && date.contains("..") {
            let what = format!("`{}` is a range, which cannot have the qualifier `{qualifier}`", excerpt(&date));
            return Err(RowFault::column(self.columns(), what));
        }
        let date = atoms::qualify(&date, &qualifier);
        if !date.contains('/') {
            check(&date).map_err(|what| RowFault::column(self.columns(), what))?;
        }
        Ok(DateReading::Date(date))
    }

    /// A date, or the last before it where it is exclusive; of an interval its end.
    fn last_included(&self, date: String) -> Result<String, RowFault> {
        // A month or year by the Julian calendar is a range by now, and already the last one.
        if !self.exclusive || (self.calendar == Calendar::Julian && date.starts_with('[')) {
            return Ok(date);
        }
        let (from, end) = date.split_once('/').map_or((None, date.as_str()), |(from, end)| (Some(from), end));
        let fault = |what| RowFault::column(self.columns(), what);
        let last = if matches!(end, ".." | "") {
            end.to_owned()
        } else {
            check(end).map_err(|what| fault(what.into_owned()))?;
            exclusive::before(end).ok_or_else(|| {
                fault(format!("`{}` cannot be exclusive: expected a year, month, day or second", excerpt(end)))
            })?
        };
        Ok(from.map_or(last.clone(), |from| format!("{from}/{last}")))
    }

    fn columns(&self) -> String {
        let templates = match &self.what {
            DateChoice::Always(_) => [None, None, None],
            DateChoice::Text(date, _) => [Some(date), None, None],
            DateChoice::Parts { year, month, day } => [Some(year), month.as_ref(), day.as_ref()],
        };
        let columns = templates.into_iter().flatten().map(Template::columns).filter(|columns| !columns.is_empty());
        columns.collect::<Vec<_>>().join(", ")
    }

    fn text(&self, template: &Template, formats: &[DateFormat], seen: &RowScope<'_>) -> Result<DateReading, RowFault> {
        let text = template.render(seen);
        let at = || template.columns().to_owned();
        if let Some(told) = self.read_marker(&text) {
            return told.ok_or_else(|| RowFault::column(at(), "is empty: expected a date"));
        }
        if formats.is_empty() && self.calendar == Calendar::Julian {
            let parts = ["Y-MM-DD", "Y-MM", "Y"].iter().find_map(|form| plain(form)?.read(&text, self.missing));
            let wrong =
                || format!("`{}` is no year, month or day, which a date by the Julian calendar is", excerpt(&text));
            return self.date_of_parts(parts.ok_or_else(|| RowFault::column(at(), wrong()))?, seen, at);
        }
        if formats.is_empty() {
            // An interval, for both ends at once, is looked at as a whole later.
            if !text.contains('/') {
                check(&text).map_err(|what| RowFault::column(at(), what))?;
            }
            let most = self.precision(seen)?;
            return Ok(DateReading::Date(match most {
                Some(most) => atoms::cut(&text, most),
                None => text.into_owned(),
            }));
        }
        let Some(parts) = formats.iter().find_map(|format| format.read(&text, self.missing)) else {
            let forms: Vec<&str> = formats.iter().map(DateFormat::as_written).collect();
            return Err(RowFault::column(
                at(),
                format!("`{}` is no date of the form {}", excerpt(&text), forms.join(" or ")),
            ));
        };
        self.date_of_parts(parts, seen, at)
    }

    fn parts(
        &self,
        year: &Template,
        month: Option<&Template>,
        day: Option<&Template>,
        seen: &RowScope<'_>,
    ) -> Result<DateReading, RowFault> {
        let year_text = year.render(seen);
        if let Some(told) = self.read_marker(&year_text) {
            return told.ok_or_else(|| RowFault::column(year.columns(), "is empty: expected a year"));
        }
        let number = |template: Option<&Template>, what: &str| match template {
            None => Ok(None),
            Some(template) => self.number(&template.render(seen), template.columns(), what),
        };
        let parts = DateParts {
            year: number(Some(year), "year")?,
            month: number(month, "month")?.map(|month| u32::try_from(month).unwrap_or(u32::MAX)),
            day: number(day, "day")?.map(|day| u32::try_from(day).unwrap_or(u32::MAX)),
            ..DateParts::default()
        };
        let columns = || self.columns();
        let wrong = |template: Option<&Template>, text: String| {
            Err(RowFault::column(template.map(Template::columns).unwrap_or_default(), text))
        };
        match parts {
            DateParts { month: Some(number), .. } if !(1..=12).contains(&number) => {
                wrong(month, format!("`{number}` is no month: expected 1 to 12"))
            }
            DateParts { day: Some(number), .. } if !(1..=31).contains(&number) => {
                wrong(day, format!("`{number}` is no day: expected 1 to 31"))
            }
            parts => self.date_of_parts(parts, seen, columns),
        }
    }

    fn number(&self, text: &str, columns: &str, what: &str) -> Result<Option<i64>, RowFault> {
        if text.is_empty() || self.missing.iter().any(|marker| marker == text) {
            return Ok(None);
        }
        text.parse()
            .map(Some)
            .map_err(|_| RowFault::column(columns, format!("`{}` is no {what}: expected a number", excerpt(text))))
    }

    /// Returns the meaning of a text that is no date: an open end, an unknown end, or nothing. The inner value is none
    /// if such a text is an error.
    fn read_marker(&self, text: &str) -> Option<Option<DateReading>> {
        let is = |markers: &[String]| markers.iter().any(|marker| marker == text);
        match text {
            _ if is(self.open) => Some(Some(DateReading::Open)),
            _ if is(self.unknown) => Some(Some(DateReading::Unknown)),
            "" => Some(self.empty.clone()),
            _ => None,
        }
    }

    /// The date that parts make, no more precise than is wanted.
    fn date_of_parts(
        &self,
        parts: DateParts,
        seen: &RowScope<'_>,
        at: impl Fn() -> String,
    ) -> Result<DateReading, RowFault> {
        let Some(year) = parts.year else { return Ok(DateReading::Unknown) };
        let counted = if parts.of_era { Ok(year) } else { self.astronomical(year) };
        let year = counted.map_err(|what| RowFault::column(at(), what))?;
        let wanted = self.precision(seen)?;
        let most = wanted.unwrap_or(Precision::Second);
        let month = parts.month.filter(|_| most >= Precision::Month);
        let day = parts.day.filter(|_| most >= Precision::Day).filter(|_| month.is_some());
        let time = parts.time.filter(|_| most >= Precision::Second).filter(|_| day.is_some());
        let fraction = |time: Time| time.fraction.filter(|_| wanted.is_none());
        let time = time.map(|time| Time { fraction: fraction(time), ..time });
        let text = match self.calendar {
            Calendar::Gregorian => edtf((year, month, day), time),
            Calendar::Julian if time.is_some() => {
                return Err(RowFault::column(at(), "has a time, which a date by the Julian calendar cannot have here"));
            }
            Calendar::Julian => {
                let is_whole = self.exclusive && day.is_none();
                let (year, month) = if is_whole { calendar::before(year, month) } else { (year, month) };
                calendar::from_julian(year, month, day).map_err(|what| RowFault::column(at(), what))?
            }
        };
        check(&text).map_err(|what| RowFault::column(at(), what))?;
        Ok(DateReading::Date(text))
    }

    /// A year as EDTF counts it, which has a year 0.
    fn astronomical(&self, year: i64) -> Result<i64, &'static str> {
        match year {
            0 if self.no_year_zero => Err("there is no year 0 (`no_year_zero`)"),
            ..0 if self.no_year_zero => Ok(year + 1),
            _ => Ok(year),
        }
    }

    fn precision(&self, seen: &RowScope<'_>) -> Result<Option<Precision>, RowFault> {
        let Some(value) = &self.precision else { return Ok(None) };
        let word = value.eval(seen)?;
        named_precision(&word).map_err(|what| RowFault::column(value.columns(), what))
    }
}

/// The precision of a name; none for no name.
fn named_precision(word: &str) -> Result<Option<Precision>, String> {
    Ok(Some(match word {
        "year" => Precision::Year,
        "month" => Precision::Month,
        "day" => Precision::Day,
        "second" => Precision::Second,
        "" => return Ok(None),
        other => return Err(format!("`{}` is no precision: expected year, month, day or second", excerpt(other))),
    }))
}

/// A form without names.
fn plain(form: &str) -> Option<DateFormat> {
    months::of(None).and_then(|months| DateFormat::compile(form, months)).ok()
}

/// A date of the Gregorian calendar in EDTF.
fn edtf((year, month, day): (i64, Option<u32>, Option<u32>), time: Option<Time>) -> String {
    let mut text = format::year(year);
    for part in [month, day].into_iter().flatten() {
        text.push_str(&format!("-{part:02}"));
    }
    if let Some(Time { hour, minute, second, fraction }) = time {
        let fraction = fraction.map(|(digits, count)| format!(".{digits:0count$}")).unwrap_or_default();
        text.push_str(&format!("T{hour:02}:{minute:02}:{second:02}{fraction}Z"));
    }
    text
}

fn end(text: &str) -> Result<DateReading, String> {
    match text {
        "open" => Ok(DateReading::Open),
        "unknown" => Ok(DateReading::Unknown),
        other => Err(format!("`{other}` is no end: expected `open` or `unknown`")),
    }
}

fn check(text: &str) -> Result<(), Cow<'static, str>> {
    PartialDate::parse(text).map(|_| ()).map_err(|error| Cow::Owned(error.to_string()))
}

#[cfg(test)]
mod tests;
