//! The two languages of the interface. The record is shown in its own language; these are the words around it.

/// A language of the interface.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Lang {
    En,
    Ar,
}

impl Lang {
    /// The language with a BCP 47 tag, by its first part.
    pub(super) fn by_tag(tag: &str) -> Option<Self> {
        match tag.split('-').next().unwrap_or_default().trim() {
            "en" => Some(Self::En),
            "ar" => Some(Self::Ar),
            _ => None,
        }
    }

    /// The one an `Accept-Language` header likes best; English where it likes neither.
    pub(super) fn best_of(header: &str) -> Self {
        let mut best = (0.0, Self::En);
        for part in header.split(',') {
            let (tag, weight) = part.split_once(";q=").unwrap_or((part, "1"));
            let weight = weight.trim().parse::<f64>().unwrap_or(0.0);
            if let Some(lang) = Self::by_tag(tag.trim()).filter(|_| weight > best.0) {
                best = (weight, lang);
            }
        }
        best.1
    }

    pub(super) const fn tag(self) -> &'static str {
        self.t("en", "ar")
    }

    /// The direction of a line.
    pub(super) const fn dir(self) -> &'static str {
        self.t("ltr", "rtl")
    }

    pub(super) const fn is_rtl(self) -> bool {
        matches!(self, Self::Ar)
    }

    /// The words in this language.
    pub(super) const fn t<'a>(self, en: &'a str, ar: &'a str) -> &'a str {
        match self {
            Self::En => en,
            Self::Ar => ar,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_language_liked_best_is_taken_and_english_where_neither_is() {
        assert_eq!(Lang::best_of("ar-QA,ar;q=0.9,en;q=0.8"), Lang::Ar);
        assert_eq!(Lang::best_of("fr, ar;q=0.2, en;q=0.7"), Lang::En);
        assert_eq!(Lang::best_of("de"), Lang::En);
        assert_eq!(Lang::best_of(""), Lang::En);
    }
}
