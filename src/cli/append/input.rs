//! The requests in a file: JSON values one after the other, however they are laid out.
//!
//! One indented AppendRequest and a file with one on each line are read alike. All of it is read and understood before
//! anything is sent, so that a misspelt field in the last line does not leave the others recorded.

use std::{
    fs::File,
    io::{self, Read},
    path::Path,
};

use serde_json::{Deserializer, Value};

use crate::cli::{CommandFailure, json};
use detente_proto::v1::AppendRequest;

/// Reads the requests in a file, or in standard input where it is `-`.
pub(crate) fn read(file: &Path) -> Result<Vec<AppendRequest>, CommandFailure> {
    let name = file.display();
    let mut text = String::new();
    let read = match file.as_os_str() == "-" {
        true => io::stdin().lock().read_to_string(&mut text),
        false => File::open(file).and_then(|mut file| file.read_to_string(&mut text)),
    };
    read.map_err(|error| CommandFailure::Usage(format!("cannot read {name}: {error}")))?;
    requests(&text).map_err(|error| CommandFailure::Usage(format!("{name}: {error}")))
}

fn requests(text: &str) -> Result<Vec<AppendRequest>, CommandFailure> {
    let mut requests = Vec::new();
    for (value, ordinal) in Deserializer::from_str(text).into_iter::<Value>().zip(1..) {
        let value = value.map_err(|error| CommandFailure::Usage(format!("request {ordinal} is not JSON: {error}")))?;
        let request: AppendRequest =
            json::message(value).map_err(|error| CommandFailure::Usage(format!("request {ordinal} is {error}")))?;
        if request.commands.is_empty() {
            return Err(CommandFailure::Usage(format!("request {ordinal} has no `commands`")));
        }
        requests.push(request);
    }
    match requests.is_empty() {
        true => Err(CommandFailure::Usage("no request in it".to_owned())),
        false => Ok(requests),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RETRACT: &str = r#"{"commands":[{"retractClaim":{"claimId":"c","reason":"RETRACTION_REASON_WRONG"}}]}"#;

    #[test]
    fn one_request_and_many_are_read_alike() {
        let pretty = format!("{:#}\n", serde_json::from_str::<Value>(RETRACT).unwrap());
        assert_eq!(requests(&pretty).unwrap().len(), 1);
        assert_eq!(requests(&format!("{RETRACT}\n\n{RETRACT}\n")).unwrap().len(), 2);
    }

    #[test]
    fn the_request_that_is_not_understood_is_named() {
        let error = |text: &str| requests(text).unwrap_err().to_string();
        assert!(error(&format!("{RETRACT}\n{{")).starts_with("request 2 is not JSON"));
        assert!(error(r#"{"commands":[{"retractClaims":{}}]}"#).contains("retractClaims"));
        assert!(error(r#"{"recordedBy":"desk"}"#).contains("no `commands`"));
        assert!(error("\n").contains("no request"));
    }

    #[test]
    fn names_as_in_the_proto_are_understood_too() {
        let snake = RETRACT.replace("retractClaim", "retract_claim").replace("claimId", "claim_id");
        assert_eq!(requests(&snake).unwrap(), requests(RETRACT).unwrap());
    }
}
