//! Names of months in several languages, whole or cut off, with or without a point: `Sept.`, `févr.`, `сентября`.
//!
//! The names are those of the CLDR in the form used next to a day. A word is a month if one name alone, or two of the
//! same month, begins with it and it has at least three letters.

use unicode_normalization::UnicodeNormalization as _;

/// The names of the months of a language, several of one month with a `|` between them.
pub(super) type MonthNames = [&'static str; 12];

const LANGUAGES: [(&str, MonthNames); 13] = [
    (
        "en",
        [
            "january",
            "february",
            "march",
            "april",
            "may",
            "june",
            "july",
            "august",
            "september",
            "october",
            "november",
            "december",
        ],
    ),
    (
        "de",
        [
            "januar|jänner",
            "februar|feber",
            "märz|mrz",
            "april",
            "mai",
            "juni",
            "juli",
            "august",
            "september",
            "oktober",
            "november",
            "dezember",
        ],
    ),
    (
        "fr",
        [
            "janvier",
            "février",
            "mars",
            "avril",
            "mai",
            "juin",
            "juillet",
            "août",
            "septembre",
            "octobre",
            "novembre",
            "décembre",
        ],
    ),
    (
        "es",
        [
            "enero",
            "febrero",
            "marzo",
            "abril",
            "mayo",
            "junio",
            "julio",
            "agosto",
            "septiembre|setiembre",
            "octubre",
            "noviembre",
            "diciembre",
        ],
    ),
    (
        "pt",
        [
            "janeiro",
            "fevereiro",
            "março",
            "abril",
            "maio",
            "junho",
            "julho",
            "agosto",
            "setembro",
            "outubro",
            "novembro",
            "dezembro",
        ],
    ),
    (
        "it",
        [
            "gennaio",
            "febbraio",
            "marzo",
            "aprile",
            "maggio",
            "giugno",
            "luglio",
            "agosto",
            "settembre",
            "ottobre",
            "novembre",
            "dicembre",
        ],
    ),
    (
        "nl",
        [
            "januari",
            "februari",
            "maart|mrt",
            "april",
            "mei",
            "juni",
            "juli",
            "augustus",
            "september",
            "oktober",
            "november",
            "december",
        ],
    ),
    (
        "pl",
        [
            "stycznia|styczeń",
            "lutego|luty",
            "marca|marzec",
            "kwietnia|kwiecień",
            "maja|maj",
            "czerwca|czerwiec",
            "lipca|lipiec",
            "sierpnia|sierpień",
            "września|wrzesień",
            "października|październik",
            "listopada|listopad",
            "grudnia|grudzień",
        ],
    ),
    (
        "ru",
        [
            "января|январь",
            "февраля|февраль",
            "марта|март",
            "апреля|апрель",
            "мая|май",
            "июня|июнь",
            "июля|июль",
            "августа|август",
            "сентября|сентябрь",
            "октября|октябрь",
            "ноября|ноябрь",
            "декабря|декабрь",
        ],
    ),
    (
        "uk",
        [
            "січня|січень",
            "лютого|лютий",
            "березня|березень",
            "квітня|квітень",
            "травня|травень",
            "червня|червень",
            "липня|липень",
            "серпня|серпень",
            "вересня|вересень",
            "жовтня|жовтень",
            "листопада|листопад",
            "грудня|грудень",
        ],
    ),
    (
        "tr",
        ["ocak", "şubat", "mart", "nisan", "mayıs", "haziran", "temmuz", "ağustos", "eylül", "ekim", "kasım", "aralık"],
    ),
    (
        "az",
        [
            "yanvar", "fevral", "mart", "aprel", "may", "iyun", "iyul", "avqust", "sentyabr", "oktyabr", "noyabr",
            "dekabr",
        ],
    ),
    (
        "ar",
        [
            "يناير|كانون الثاني",
            "فبراير|شباط",
            "مارس|آذار",
            "أبريل|نيسان",
            "مايو|أيار",
            "يونيو|حزيران",
            "يوليو|تموز",
            "أغسطس|آب",
            "سبتمبر|أيلول",
            "أكتوبر|تشرين الأول",
            "نوفمبر|تشرين الثاني",
            "ديسمبر|كانون الأول",
        ],
    ),
];

/// The names of a language; English where none is named.
///
/// # Errors
/// There are none, and in which languages there are.
pub(super) fn of(language: Option<&str>) -> Result<&'static MonthNames, String> {
    let wanted = language.unwrap_or("en");
    let found = LANGUAGES.iter().find(|(language, _)| *language == wanted).map(|(_, names)| names);
    found.ok_or_else(|| {
        let known: Vec<&str> = LANGUAGES.iter().map(|(language, _)| *language).collect();
        format!("months: there are no names in `{wanted}`; there are: {}", known.join(", "))
    })
}

/// The month that a text begins with, and what is left of the text.
pub(super) fn read<'t>(text: &'t str, names: &MonthNames) -> Option<(u32, &'t str)> {
    let mut found: Option<(u32, usize)> = None;
    for (month, name) in (1..).zip(names).flat_map(|(month, names)| names.split('|').map(move |name| (month, name))) {
        let Some(length) = common(text, name) else { continue };
        match found {
            Some((other, longest)) if longest == length && other != month => return None,
            Some((_, longest)) if longest >= length => {}
            _ => found = Some((month, length)),
        }
    }
    let (month, length) = found?;
    let rest = text.get(length..)?;
    Some((month, rest.strip_prefix('.').unwrap_or(rest)))
}

/// The number of bytes of a text that spell the beginning of a name: a word of at least three letters, or the whole
/// name.
fn common(text: &str, name: &str) -> Option<usize> {
    const LEAST: usize = 3;
    let word = |c: char| c.is_alphabetic();
    // A name of two words has to be there whole.
    let length = if name.contains(' ') {
        let length = text.char_indices().nth(name.chars().count()).map_or(text.len(), |(at, _)| at);
        if fold(text.get(..length)?) != fold(name) {
            return None;
        }
        length
    } else {
        text.find(|c| !word(c)).unwrap_or(text.len())
    };
    let said = fold(text.get(..length)?);
    let is_enough = said.chars().count() >= LEAST || said == fold(name);
    (is_enough && fold(name).starts_with(&said)).then_some(length)
}

/// A word without regard to case; the dotted capital of Turkish is its small letter.
fn fold(text: &str) -> String {
    text.replace('İ', "i").to_lowercase().nfc().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn month(language: &str, text: &str) -> Option<(u32, String)> {
        read(text, of(Some(language)).unwrap()).map(|(month, rest)| (month, rest.to_owned()))
    }

    #[test]
    fn a_month_is_read_whole_or_cut_off_with_a_point_or_without() {
        for (language, text, expected) in [
            ("en", "Sep 1973", 9),
            ("en", "Sept 1973", 9),
            ("en", "Sept. 1973", 9),
            ("en", "SEPTEMBER 1973", 9),
            ("en", "may 1973", 5),
            ("fr", "févr. 1973", 2),
            ("fr", "juil. 1973", 7),
            ("fr", "AOÛT 1973", 8),
            ("ru", "сент. 1973", 9),
            ("ru", "мая 1973", 5),
            ("tr", "EYLÜL 1973", 9),
            ("ar", "كانون الثاني 1973", 1),
            ("ar", "كانون الأول 1973", 12),
        ] {
            assert_eq!(month(language, text), Some((expected, " 1973".to_owned())), "{language} {text}");
        }
    }

    #[test]
    fn what_may_be_two_months_or_is_too_short_is_none() {
        for (language, text) in [("fr", "jui 1973"), ("en", "ma 1973"), ("en", "Sop 1973"), ("en", "Septembre 1973")] {
            assert_eq!(month(language, text), None, "{language} {text}");
        }
        assert!(of(Some("xx")).unwrap_err().contains("there are: en, de"));
    }
}
