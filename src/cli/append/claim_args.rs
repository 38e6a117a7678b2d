//! The flags that make one claim, for `detente append` without a file.

use clap::Args;

use crate::cli::{pairs, words};
use detente_proto::v1::{
    AppendRequest, AssertClaim, Attribution, AttributionRole, Citation, Claim, ClaimParty, Code, Command, ExternalId,
    Link, Modality, Polarity, Status, TemporalType, Text, command,
};

/// One claim from flags, instead of a file.
#[derive(Args, Debug)]
#[command(next_help_heading = "One claim, in place of a file")]
pub(crate) struct NewClaimArgs {
    /// Kind of the claim in lower_snake, for example agreement or relationship_state.
    #[arg(long, value_name = "KIND", required_unless_present = "file")]
    kind: Option<String>,
    /// Relation of the claim to time: it happens (event), holds (state), or has no time (none).
    #[arg(long = "type", value_name = "TYPE", required_unless_present = "file",
          value_parser = words::parser::<TemporalType>())]
    temporal_type: Option<TemporalType>,
    /// Mode in which the claim is put forward.
    #[arg(long, value_name = "MODALITY", required_unless_present = "file",
          value_parser = words::parser::<Modality>())]
    modality: Option<Modality>,
    /// Wording of the claim in a language, for example en:"They sign."
    #[arg(long, value_name = "LANG:WORDS", required_unless_present = "file", value_parser = pairs::text)]
    text: Vec<Text>,
    /// Valid time (EDTF, proleptic Gregorian calendar): a date, or from/to. x/.. has an open end, x/ an unknown one.
    #[arg(long, value_name = "DATE", allow_hyphen_values = true)]
    valid: Option<String>,
    /// Last date that the knowledge of the source covers (EDTF). A claim with an open end was still true then.
    #[arg(long, value_name = "DATE", allow_hyphen_values = true)]
    as_of: Option<String>,
    /// A time that the claim talks about (EDTF).
    #[arg(long, value_name = "DATE", allow_hyphen_values = true)]
    refers_to: Option<String>,
    /// Relationship that the claim is about, for example AZE-RUS.
    #[arg(long, value_name = "ID")]
    relationship: Vec<String>,
    /// Party in its role, for example RUS:mediator.
    #[arg(long, value_name = "PARTY:ROLE", value_parser = pairs::claim_party)]
    party: Vec<ClaimParty>,
    /// Registered party that states the claim. Short for --attribution PARTY:speaker in first place.
    #[arg(long, value_name = "PARTY")]
    speaker: Option<String>,
    /// Voice that the claim comes from, for example BBC:reporter. The outermost voice is the last.
    #[arg(long, value_name = "PARTY:PART", value_parser = pairs::attribution)]
    attribution: Vec<Attribution>,
    /// Effect of the claim on the relationship.
    #[arg(long, value_name = "POLARITY", value_parser = words::parser::<Polarity>())]
    polarity: Option<Polarity>,
    /// Stage that the matter has reached.
    #[arg(long, value_name = "STATUS", value_parser = words::parser::<Status>())]
    status: Option<Status>,
    /// Due date of a promise (EDTF).
    #[arg(long, value_name = "DATE", allow_hyphen_values = true)]
    due: Option<String>,
    /// Place of the claim, in words.
    #[arg(long, value_name = "WORDS")]
    place: Option<String>,
    /// Registered source that the claim cites.
    #[arg(long, value_name = "SOURCE")]
    source: Vec<String>,
    /// Link to another claim, for example responds-to:CLAIM_ID.
    #[arg(long, value_name = "TYPE:CLAIM", value_parser = pairs::link)]
    link: Vec<Link>,
    /// Code of a scheme, for example CAMEO:057.
    #[arg(long, value_name = "SCHEME:CODE", value_parser = pairs::code)]
    code: Vec<Code>,
    /// Id in another system, for example seed:S24.1.
    #[arg(long, value_name = "SCHEME:ID", value_parser = pairs::external_id)]
    external_id: Vec<ExternalId>,
    /// Label to filter by.
    #[arg(long, value_name = "LABEL")]
    label: Vec<String>,
    /// Id of the claim, a UUID. Default: the ledger generates one.
    #[arg(long, value_name = "UUID")]
    claim_id: Option<String>,
    /// Note to record with the claim.
    #[arg(long, value_name = "WORDS")]
    note: Option<String>,
}

impl NewClaimArgs {
    /// The request that asserts the claim.
    pub(crate) fn request(mut self) -> AppendRequest {
        let note = self.note.take().unwrap_or_default();
        let assert = AssertClaim { claim: Some(self.claim()) };
        let command = Command { note, command: Some(command::Command::AssertClaim(assert)) };
        AppendRequest { commands: vec![command], ..Default::default() }
    }

    fn claim(self) -> Claim {
        let speaker = self.speaker.map(|party_id| Attribution {
            party_id,
            role: AttributionRole::Speaker.into(),
            ..Default::default()
        });
        let cite = |source_id| Citation { source_id, ..Default::default() };
        Claim {
            claim_id: self.claim_id.unwrap_or_default(),
            kind: self.kind.unwrap_or_default(),
            temporal_type: self.temporal_type.unwrap_or_default().into(),
            texts: self.text,
            parties: self.party,
            relationships: self.relationship,
            valid: self.valid.unwrap_or_default(),
            as_of: self.as_of.unwrap_or_default(),
            refers_to: self.refers_to.unwrap_or_default(),
            attribution: speaker.into_iter().chain(self.attribution).collect(),
            modality: self.modality.unwrap_or_default().into(),
            polarity: self.polarity.unwrap_or_default().into(),
            status: self.status.unwrap_or_default().into(),
            due: self.due.unwrap_or_default(),
            place: self.place.unwrap_or_default(),
            codes: self.code,
            sources: self.source.into_iter().map(cite).collect(),
            links: self.link,
            external_ids: self.external_id,
            labels: self.label,
            ..Default::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Probe {
        #[arg(long)]
        file: Option<String>,
        #[command(flatten)]
        claim: NewClaimArgs,
    }

    #[test]
    fn every_flag_finds_its_field() {
        let flags = "probe --kind agreement --type state --modality asserted --text en:Signed --valid 2025-09-10/.. \
                     --as-of 2025-09 --relationship AZE-RUS --party RUS:party --party AZE:party --attribution BBC:reporter \
                     --speaker RUS --polarity cooperation --status in-force --source aj --link answers:c --code CAMEO:057 \
                     --external-id seed:X1 --label x --claim-id c --note n --due 2026 --place Baku --refers-to 2014";
        let request = Probe::try_parse_from(flags.split_whitespace()).unwrap().claim.request();
        let [Command { note, command: Some(command::Command::AssertClaim(assert)) }] = request.commands.as_slice()
        else {
            panic!("not one assertion")
        };
        let claim = assert.claim.clone().unwrap();
        assert_eq!(note, "n");
        assert_eq!((claim.valid.as_str(), claim.as_of.as_str()), ("2025-09-10/..", "2025-09"));
        assert_eq!((claim.status(), claim.polarity()), (Status::InForce, Polarity::Cooperation));
        assert_eq!(claim.attribution[0].role(), AttributionRole::Speaker);
        assert_eq!(claim.attribution[1].party_id, "BBC");
        assert_eq!((claim.parties.len(), claim.sources.len(), claim.codes.len()), (2, 1, 1));
        assert_eq!((claim.due.as_str(), claim.place.as_str(), claim.refers_to.as_str()), ("2026", "Baku", "2014"));
    }
}
