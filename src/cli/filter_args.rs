//! The flags that say which claims are meant, shared by `state`, `claims` and `events`.
//!
//! They become one item of a filter: different flags must all match, of one flag given several times any value will do.

use clap::Args;
use prost_types::Timestamp;

use super::{instant, pairs, words};
use detente_proto::v1::{
    Code, ExternalIdFilter, Filter, FilterItem, LinkFilter, Modality, PartyInRole, Polarity, Status, TemporalType,
};

/// The claims to match. Each flag may be given several times.
#[derive(Args, Debug, Clone, Default)]
#[command(next_help_heading = "Filter (all flags must match; of a repeated flag any value)")]
pub(crate) struct FilterArgs {
    /// Relationship that the claims are about, for example AZE-RUS. The same as --relationship.
    #[arg(value_name = "RELATIONSHIP")]
    about: Option<String>,
    /// Relationship that the claims are about.
    #[arg(long, value_name = "ID")]
    relationship: Vec<String>,
    /// Party of the claims, in any role.
    #[arg(long, value_name = "PARTY")]
    party: Vec<String>,
    /// Party in a role, for example RUS:mediator.
    #[arg(long, value_name = "PARTY:ROLE", value_parser = pairs::party_in_role)]
    party_role: Vec<PartyInRole>,
    /// Kind of the claims. A kind that ends in * is a prefix.
    #[arg(long, value_name = "KIND")]
    kind: Vec<String>,
    /// Party anywhere in the attribution: speaker, reporter or publisher.
    #[arg(long, value_name = "PARTY")]
    asserted_by: Vec<String>,
    /// Mode in which the claims are put forward.
    #[arg(long, value_name = "MODALITY", value_parser = words::parser::<Modality>(), hide_possible_values = true)]
    modality: Vec<Modality>,
    /// Stage that the matter has reached.
    #[arg(long, value_name = "STATUS", value_parser = words::parser::<Status>(), hide_possible_values = true)]
    status: Vec<Status>,
    /// Effect of the claims on the relationship.
    #[arg(long, value_name = "POLARITY", value_parser = words::parser::<Polarity>(), hide_possible_values = true)]
    polarity: Vec<Polarity>,
    /// Source that the claims cite.
    #[arg(long, value_name = "SOURCE")]
    source: Vec<String>,
    /// Link to a claim, for example responds-to:CLAIM_ID. Without a type, any link to it.
    #[arg(long, value_name = "TYPE:CLAIM", value_parser = pairs::link_filter)]
    link: Vec<LinkFilter>,
    /// Id in another system, for example seed:S24.1.
    #[arg(long, value_name = "SCHEME:ID", value_parser = pairs::external_id_filter)]
    external_id: Vec<ExternalIdFilter>,
    /// Label of the claims.
    #[arg(long, value_name = "LABEL")]
    label: Vec<String>,
    /// Relation of the claims to time.
    #[arg(long, value_name = "TYPE", value_parser = words::parser::<TemporalType>(), hide_possible_values = true)]
    temporal_type: Vec<TemporalType>,
    /// Id of a claim.
    #[arg(long, value_name = "CLAIM")]
    id: Vec<String>,
    /// Code of a scheme, for example CAMEO:190. A code that ends in * is a prefix.
    #[arg(long, value_name = "SCHEME:CODE", value_parser = pairs::code)]
    code: Vec<Code>,
    /// Earliest recorded time, inclusive: an instant, or a day for its first moment.
    #[arg(long, value_name = "INSTANT", value_parser = instant::read)]
    recorded_from: Option<Timestamp>,
    /// Latest recorded time, exclusive: an instant, or a day for its first moment.
    #[arg(long, value_name = "INSTANT", value_parser = instant::read)]
    recorded_before: Option<Timestamp>,
}

impl FilterArgs {
    /// The filter, with words to look for in the text where the rpc can; none where every claim is meant.
    pub(crate) fn filter(self, text: Option<String>) -> Option<Filter> {
        let item = FilterItem { text: text.unwrap_or_default(), ..self.item() };
        (item != FilterItem::default()).then(|| Filter { items: vec![item] })
    }

    /// Takes the instant from which events are wanted, where it can be the place to begin instead of a filter.
    pub(crate) fn take_recorded_from(&mut self) -> Option<Timestamp> {
        self.recorded_from.take()
    }

    fn item(self) -> FilterItem {
        FilterItem {
            relationships: self.about.into_iter().chain(self.relationship).collect(),
            parties: self.party,
            party_roles: self.party_role,
            kinds: self.kind,
            asserted_by: self.asserted_by,
            modalities: self.modality.into_iter().map(i32::from).collect(),
            statuses: self.status.into_iter().map(i32::from).collect(),
            polarities: self.polarity.into_iter().map(i32::from).collect(),
            sources: self.source,
            links: self.link,
            external_ids: self.external_id,
            labels: self.label,
            temporal_types: self.temporal_type.into_iter().map(i32::from).collect(),
            claim_ids: self.id,
            codes: self.code,
            recorded_from: self.recorded_from,
            recorded_before: self.recorded_before,
            text: String::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Probe {
        #[command(flatten)]
        filter: FilterArgs,
    }

    fn filter(flags: &[&str]) -> Option<Filter> {
        let arguments = ["probe"].iter().chain(flags);
        Probe::try_parse_from(arguments).map_err(|error| error.to_string()).unwrap().filter.filter(None)
    }

    #[test]
    fn without_flags_every_claim_is_meant() {
        assert_eq!(filter(&[]), None);
    }

    #[test]
    fn the_argument_and_its_flag_are_alternatives() {
        let item = filter(&["AZE-RUS", "--relationship", "ARM-RUS"]).unwrap().items.remove(0);
        assert_eq!(item.relationships, ["AZE-RUS", "ARM-RUS"]);
    }

    #[test]
    fn every_flag_finds_its_field() {
        let flags = "--party RUS --party-role TUR:mediator --kind agreement --asserted-by IRN --modality no_information \
                     --status IN_FORCE --polarity mixed --source aj --link responds_to:c --external-id seed:S24.1 \
                     --label x --temporal-type state --id c --code CAMEO:19* --recorded-from 2025-08-01 \
                     --recorded-before 2025-09-01T00:00:00Z";
        let item = filter(&flags.split_whitespace().collect::<Vec<_>>()).unwrap().items.remove(0);
        let unset = item.relationships.is_empty() && item.text.is_empty();
        assert!(unset && item.recorded_from.is_some() && item.recorded_before.is_some());
        assert_eq!(item.party_roles[0].role, "mediator");
        assert_eq!(item.modalities, [i32::from(Modality::NoInformation)]);
        assert_eq!(item.statuses, [i32::from(Status::InForce)]);
        assert_eq!(item.external_ids[0].id, "S24.1");
        assert_eq!(item.codes[0].code, "19*");
        assert_eq!((item.parties.len(), item.sources.len(), item.labels.len(), item.claim_ids.len()), (1, 1, 1, 1));
    }

    #[test]
    fn words_to_look_for_are_a_filter_too() {
        let filter = FilterArgs::default().filter(Some("gas".to_owned())).unwrap();
        assert_eq!(filter.items[0].text, "gas");
    }
}
