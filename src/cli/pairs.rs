//! Values of flags that are two things in one, with a colon between: `RUS:mediator`, `seed:S24.1`, `en:They met.`
//!
//! The first colon divides, so that the second part may have more of them.

use super::words;
use detente_proto::v1::{
    Attribution, AttributionRole, ClaimParty, Code, ExternalId, ExternalIdFilter, Link, LinkFilter, LinkType,
    PartyInRole, Text,
};

/// `PARTY:ROLE`, to look for.
pub(crate) fn party_in_role(text: &str) -> Result<PartyInRole, String> {
    let (party_id, role) = divide(text, "PARTY:ROLE, for example RUS:mediator")?;
    Ok(PartyInRole { party_id, role })
}

/// `PARTY:ROLE`, in a claim.
pub(crate) fn claim_party(text: &str) -> Result<ClaimParty, String> {
    let PartyInRole { party_id, role } = party_in_role(text)?;
    Ok(ClaimParty { party_id, role, as_text: String::new() })
}

/// `PARTY:PART`, one voice.
pub(crate) fn attribution(text: &str) -> Result<Attribution, String> {
    let (party_id, role) = divide(text, "PARTY:PART, for example RUS:speaker")?;
    let role = words::read_or_list::<AttributionRole>(&role)?;
    Ok(Attribution { party_id, role: role.into(), ..Default::default() })
}

/// `SCHEME:ID`, to look for.
pub(crate) fn external_id_filter(text: &str) -> Result<ExternalIdFilter, String> {
    let (scheme, id) = divide(text, "SCHEME:ID, for example seed:S24.1")?;
    Ok(ExternalIdFilter { scheme, id })
}

/// `SCHEME:ID`, of a claim.
pub(crate) fn external_id(text: &str) -> Result<ExternalId, String> {
    let ExternalIdFilter { scheme, id } = external_id_filter(text)?;
    Ok(ExternalId { scheme, id, release: String::new() })
}

/// `SCHEME:CODE`.
pub(crate) fn code(text: &str) -> Result<Code, String> {
    let (scheme, code) = divide(text, "SCHEME:CODE, for example CAMEO:190 (to look for, also CAMEO:19*)")?;
    Ok(Code { scheme, code })
}

/// `TYPE:CLAIM_ID`, or only a claim id for a link of any type, to look for.
pub(crate) fn link_filter(text: &str) -> Result<LinkFilter, String> {
    match text.split_once(':') {
        None if !text.is_empty() => Ok(LinkFilter { r#type: 0, claim_id: text.to_owned() }),
        _ => link(text).map(|Link { r#type, claim_id }| LinkFilter { r#type, claim_id }),
    }
}

/// `TYPE:CLAIM_ID`, of a claim.
pub(crate) fn link(text: &str) -> Result<Link, String> {
    let (kind, claim_id) = divide(text, "TYPE:CLAIM_ID, for example responds-to:0198...")?;
    Ok(Link { r#type: words::read_or_list::<LinkType>(&kind)?.into(), claim_id })
}

/// `LANG:WORDS`.
pub(crate) fn text(text: &str) -> Result<Text, String> {
    const FORM: &str = "LANG:WORDS, for example en:\"They met.\"";
    let (lang, words) = divide(text, FORM)?;
    if !lang.chars().all(|c| c.is_ascii_alphanumeric() || c == '-') {
        return Err(format!("`{lang}` is not a language tag; write it as {FORM}"));
    }
    Ok(Text { lang, text: words, original: false })
}

fn divide(text: &str, form: &str) -> Result<(String, String), String> {
    match text.split_once(':') {
        Some((first, second)) if !first.is_empty() && !second.is_empty() => Ok((first.to_owned(), second.to_owned())),
        _ => Err(format!("write it as {form}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_colon_divides() {
        let id = external_id("url:https://a/b").unwrap();
        assert_eq!((id.scheme.as_str(), id.id.as_str()), ("url", "https://a/b"));
        assert_eq!(text("en:One: two").unwrap().text, "One: two");
    }

    #[test]
    fn a_missing_part_is_answered_with_the_form() {
        for wrong in ["RUS", "RUS:", ":mediator", ""] {
            assert!(party_in_role(wrong).unwrap_err().contains("RUS:mediator"), "{wrong}");
        }
    }

    #[test]
    fn a_link_may_be_looked_for_with_or_without_its_type() {
        assert_eq!(link_filter("c").unwrap().r#type, 0);
        assert_eq!(link_filter("responds_to:c").unwrap().r#type(), LinkType::RespondsTo);
        assert!(link("c").is_err());
        assert!(link("near:c").unwrap_err().contains("responds-to"));
    }

    #[test]
    fn words_without_a_language_are_refused() {
        assert!(text("They met: again").unwrap_err().contains("language tag"));
    }
}
