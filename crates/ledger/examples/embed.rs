//! A ledger without a server: it records a claim, and answers for a date.
//!
//! ```sh
//! cargo run -p detente-ledger --example embed
//! ```

use detente_domain::{command::Suppositions, cut::Cut, filter::Filter, period::Period};
use detente_journal::LedgerId;
use detente_ledger::query::{page_size::PageSize, state::StateQuery};
use detente_ledger::wire::{command::parse_append, json};
use detente_ledger::write::append::AppendRequest;
use detente_ledger::{Ledger, open::LedgerOptions};
use std::error::Error;
use uuid::Uuid;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let ledger = Ledger::in_memory(LedgerId(Uuid::from_u128(1)), &LedgerOptions::default())?;
    let request = json::read(serde_json::json!({ "recordedBy": "desk", "commands": [
        { "registerParty": { "party": { "partyId": "AZE", "type": "PARTY_TYPE_STATE", "names": [{ "lang": "az", "name": "Azərbaycan" }] } } },
        { "registerParty": { "party": { "partyId": "RUS", "type": "PARTY_TYPE_STATE", "names": [{ "lang": "ru", "name": "Россия" }] } } },
        { "assertClaim": { "claim": {
            "kind": "agreement", "temporalType": "TEMPORAL_TYPE_STATE", "modality": "MODALITY_ASSERTED", "valid": "2025-09/..",
            "relationships": ["AZE-RUS"], "parties": [{ "partyId": "AZE", "role": "party" }, { "partyId": "RUS", "role": "party" }],
            "texts": [{ "lang": "en", "text": "They agree to talk every month." }] } } },
    ] }))?;
    let parsed = parse_append(request, &mut || Uuid::from_u128(7)).map_err(|faults| format!("{faults:?}"))?;
    let (batch, recorded_by) = (parsed.batch, parsed.recorded_by);
    ledger.append(AppendRequest { request: None, recorded_by, batch, validate_only: false }).await?;

    for day in ["2025-08", "2025-10"] {
        let query = StateQuery {
            filter: Filter::default(),
            valid_at: Period::parse(day)?,
            mode: None,
            cut: Cut::Head,
            supposed: Suppositions::default(),
            include_retracted: false,
            skip: 0,
            page: PageSize { entries: 50, bytes: 1 << 20 },
        };
        let state = ledger.state(&query)?;
        println!("{day}: {} claims, {:?}", state.matches.len(), state.emptiness);
    }
    Ok(())
}
