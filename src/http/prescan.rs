//! The size of a JSON request in memory, computed from its bytes before anything is made of them.
//!
//! As JSON an empty message is three bytes, and some hundred once it is read. So the marks of the text are counted
//! first: each opens or parts something that takes memory. The contents of strings are passed over. A text that is no
//! JSON is left to the reader, which stops at the fault.

use detente_ledger::wire::weight::{MAX_DEPTH, MAX_MESSAGES, MAX_NUMBERS, MAX_TEXTS, allowance};

/// Bytes of an object with its place in a list: its fields are a tree, whose nodes hold eleven.
const OBJECT: usize = 1024;
/// Bytes of a list with its first element.
const LIST: usize = 256;
/// Bytes of an element without its text, in a growing list.
const ELEMENT: usize = 128;

/// The most times that JSON may take what a request in protobuf may: its fields are trees until it is read.
const AS_JSON: usize = 2;

/// A place in the text: a list or an object, and what it has.
#[derive(Clone, Copy, Default)]
struct Level {
    is_list: bool,
    /// The kind of its elements, by how the last of them begins.
    last: u8,
    parted: usize,
    /// Byte range of the last field name.
    name: (usize, usize),
}

/// The part of a request that has too many elements.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct TooMuch {
    /// The names that lead to it.
    pub(super) field: String,
    /// The description of the fault.
    pub(super) what: String,
}

/// The memory that a request takes once it is read.
pub(super) fn weigh(json: &[u8], most: usize) -> Result<usize, TooMuch> {
    let most = allowance(json.len()).saturating_mul(AS_JSON).min(most);
    let mut levels = [Level::default(); MAX_DEPTH + 1];
    let (mut depth, mut at, mut weight) = (0, 0, json.len());
    while let Some(byte) = json.get(at) {
        let Some(level) = levels.get_mut(depth) else { break };
        let begun = at;
        at += 1;
        match byte {
            b' ' | b'\t' | b'\n' | b'\r' | b':' => continue,
            b'"' => {
                at = behind_text(json, at);
                if !level.is_list {
                    level.name = (begun + 1, at.saturating_sub(1));
                }
                level.last = b'"';
            }
            b',' => {
                level.parted += 1;
                weight += ELEMENT;
            }
            b'{' | b'[' => {
                weight += if *byte == b'{' { OBJECT } else { LIST };
                level.last = b'{';
                depth += 1;
                let Some(inner) = levels.get_mut(depth) else {
                    let what = format!("lists and messages lie deeper in one another than {MAX_DEPTH}");
                    return Err(TooMuch { field: path(json, &levels), what });
                };
                *inner = Level { is_list: *byte == b'[', ..Level::default() };
            }
            b'}' | b']' => depth = depth.saturating_sub(1),
            _ => level.last = b'0',
        }
        check(json, &levels, depth, weight, most)?;
    }
    Ok(weight)
}

fn check(json: &[u8], levels: &[Level], depth: usize, weight: usize, most: usize) -> Result<(), TooMuch> {
    let within = levels.get(..=depth).unwrap_or_default();
    if let Some(Level { is_list: true, last, parted, .. }) = within.last() {
        let (most, of) = match last {
            b'{' => (MAX_MESSAGES, "messages"),
            b'"' => (MAX_TEXTS, "texts"),
            _ => (MAX_NUMBERS, "numbers"),
        };
        // One more than is parted is there, unless nothing follows the last comma.
        if *parted >= most {
            let what = format!("more than {most} {of} in one list; at most {most} are allowed");
            return Err(TooMuch { field: path(json, within), what });
        }
    }
    if weight > most {
        let most = most >> 20;
        let what = format!("read, the request would take more than {most} MiB up to here; send less at once");
        return Err(TooMuch { field: path(json, within), what });
    }
    Ok(())
}

/// The names of the fields that lead to a place.
fn path(json: &[u8], within: &[Level]) -> String {
    let names = within.iter().filter(|level| !level.is_list).map(|level| json.get(level.name.0..level.name.1));
    let names =
        names.map(|name| String::from_utf8_lossy(name.unwrap_or_default()).chars().take(64).collect::<String>());
    names.filter(|name| !name.is_empty()).take(16).collect::<Vec<_>>().join(".")
}

/// The place behind the text that begins here.
fn behind_text(json: &[u8], mut at: usize) -> usize {
    while let Some(byte) = json.get(at) {
        at += match byte {
            b'"' => return at + 1,
            b'\\' => 2,
            _ => 1,
        };
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(element: &str, count: usize) -> String {
        format!(r#"{{"recordedBy":"a \" [,","commands":[{}]}}"#, vec![element; count].join(","))
    }

    #[test]
    fn a_list_may_be_as_long_as_its_elements_may_be_many_and_no_longer() {
        let weigh = |text: &str| weigh(text.as_bytes(), usize::MAX);
        assert!(weigh(&list("{}", MAX_MESSAGES)).is_ok());
        let refused = weigh(&list("{}", MAX_MESSAGES + 1)).unwrap_err();
        let what = "more than 10000 messages in one list; at most 10000 are allowed".to_owned();
        assert_eq!(refused, TooMuch { field: "commands".to_owned(), what });
        assert!(weigh(&list("\"\"", MAX_TEXTS)).is_ok());
        assert!(weigh(&list("\"\"", MAX_TEXTS + 1)).is_err());
    }

    #[test]
    fn what_is_too_deep_or_too_much_in_all_is_refused_and_what_is_in_a_text_is_not_counted() {
        assert!(weigh("[".repeat(1 << 20).as_bytes(), usize::MAX).unwrap_err().what.contains("deeper"));
        assert!(weigh("{\"a\":[[],[]],".repeat(90).as_bytes(), usize::MAX).is_ok());
        let many = format!("[{}]", vec![list("{}", 5_000); 100].join(","));
        let refused = weigh(many.as_bytes(), usize::MAX).unwrap_err();
        assert_eq!(refused.field, "commands");
        assert!(refused.what.starts_with("read, the request"), "{}", refused.what);
        let text = format!(r#"{{"note":"{}"}}"#, "[{,".repeat(1 << 20));
        assert!(weigh(text.as_bytes(), usize::MAX).unwrap() < text.len() + 2 * OBJECT);
    }
}
