//! Answers as people read them: a sentence that repeats the question, a table, a sentence that says what it means.
//!
//! ```text
//! question   the question in words, and the coordinates of the answer
//! grid       rows and columns that fit the terminal       escape   untrusted text, made safe to show
//! claim      the cells of a claim: words, who says, marks  period   its valid time, in short
//! state      claims with their certainty, and the emptiness in a whole sentence
//! event      what happened, in a few words                 diff     what changed of claims, and why
//! transition what the passing of time makes of a claim
//! timeline   a chart of claims over segments        series   counts with bars        gaps   what is missing
//! ```
//!
//! Everything recorded was written by others. It reaches the terminal only through [`escape`], so that no claim can
//! clear the screen, draw a border or turn the order of its neighbours.

pub(crate) mod claim;
pub(crate) mod diff;
pub(crate) mod escape;
pub(crate) mod event;
pub(crate) mod gaps;
pub(crate) mod grid;
pub(crate) mod period;
pub(crate) mod question;
pub(crate) mod series;
pub(crate) mod state;
pub(crate) mod timeline;
pub(crate) mod transition;

/// The settings of tables.
#[derive(Debug, Clone)]
pub(crate) struct TableView {
    /// The language to prefer.
    pub(crate) lang: String,
    /// True if ids are shown whole.
    pub(crate) full_ids: bool,
}

impl From<&super::global_args::GlobalArgs> for TableView {
    fn from(global: &super::global_args::GlobalArgs) -> Self {
        Self { lang: global.lang.clone(), full_ids: global.full_ids }
    }
}

impl TableView {
    /// Picks what to show of things in several languages: this language, one of its kin, else whatever comes first.
    pub(crate) fn choose<'a, T>(&self, things: &'a [T], lang: impl Fn(&T) -> &str) -> Option<&'a T> {
        let same = |thing: &&T| lang(thing).eq_ignore_ascii_case(&self.lang);
        let kin = |thing: &&T| primary(lang(thing)).eq_ignore_ascii_case(primary(&self.lang));
        things.iter().find(same).or_else(|| things.iter().find(kin)).or_else(|| things.first())
    }

    /// A claim's id, short enough for a table: the end of it, as ids made together begin alike.
    pub(crate) fn id(&self, id: &str) -> String {
        const SHOWN: usize = 8;
        let hidden = id.chars().count().saturating_sub(SHOWN);
        match self.full_ids || hidden <= 1 {
            true => id.to_owned(),
            false => format!("…{}", id.chars().skip(hidden).collect::<String>()),
        }
    }
}

fn primary(tag: &str) -> &str {
    tag.split('-').next().unwrap_or(tag)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn choose_tag(lang: &str, of: &[&'static str]) -> Option<&'static str> {
        TableView { lang: lang.to_owned(), full_ids: false }.choose(of, |tag| tag).copied()
    }

    #[test]
    fn the_asked_language_is_chosen_then_its_kin_then_any() {
        assert_eq!(choose_tag("en", &["ar", "en-GB", "en"]), Some("en"));
        assert_eq!(choose_tag("en-US", &["ar", "en"]), Some("en"));
        assert_eq!(choose_tag("fr", &["ar", "en"]), Some("ar"));
        assert_eq!(choose_tag("fr", &[]), None);
    }

    #[test]
    fn a_long_id_is_shown_by_its_end_unless_asked_whole() {
        let mut view = TableView { lang: "en".into(), full_ids: false };
        let id = "01980000-0000-7000-8000-0000deadbeef";
        assert_eq!(view.id(id), "…deadbeef");
        assert_eq!(view.id("short"), "short");
        view.full_ids = true;
        assert_eq!(view.id(id), id);
    }
}
