//! The memory that a message takes once it is decoded, computed from its bytes before anything is made of them.
//!
//! An element of a list is two bytes on the wire where it is empty, and some hundred in memory. So a request of a few
//! megabytes could ask for gigabytes, long before anybody counts the elements. Here the bytes are walked along the
//! descriptors of the contract, and what the decoder would take for them is added up:
//!
//! ```text
//!   descriptors + sizes of the generated types ── once ──> shapes: of each message its size and its fields
//!   bytes of a request ── one pass, nothing is made ──> bytes in memory, or the field that there is too much of
//! ```
//!
//! The sum is an upper bound: a list that grows is twice as large as what is in it, at worst. Bytes that are malformed are
//! left to the decoder, which stops at the same place and has taken no more than what was added up until there.

use detente_domain::rejection::Violation;
use detente_proto::DESCRIPTOR;
use prost::bytes::Buf;
use prost::encoding::decode_varint;
use prost_reflect::{Cardinality, DescriptorPool, Kind, MessageDescriptor};
use std::any::TypeId;
use std::collections::HashMap;
use std::sync::LazyLock;

/// Maximum number of messages in one list. No list of the contract may have more.
pub const MAX_MESSAGES: usize = 10_000;
/// Maximum number of texts in one list.
pub const MAX_TEXTS: usize = 100_000;
/// Maximum number of numbers in one list.
pub const MAX_NUMBERS: usize = 1_000_000;
/// Maximum nesting of messages, which is that of the decoder.
pub const MAX_DEPTH: usize = 100;
/// The memory that a request may take, as a multiple of its size on the wire,
const GROWTH: usize = 12;
/// and in addition to that: [`MAX_MESSAGES`] small commands, and their contents.
const ALLOWANCE: usize = 40 << 20;

/// Worst ratio of the capacity of a growing list to its length,
const SLACK: usize = 2;
/// and the capacity of a list with its first element.
const BEGUN: usize = 2;
/// Lists that lie on one path of most requests.
const COUNTS: usize = 64;
/// Bytes of a non-empty text in addition to its content: its allocation is rounded up.
const TEXT: usize = 16;

static SHAPES: LazyLock<Shapes> = LazyLock::new(Shapes::of_the_contract);

/// Maximum memory of a request of this many bytes.
#[must_use]
pub const fn allowance(bytes: usize) -> usize {
    bytes.saturating_mul(GROWTH).saturating_add(ALLOWANCE)
}

/// The memory that a message of a generated type takes, if it is no more than `most`.
///
/// # Errors
/// The field that there is too much of.
pub fn weigh(message: TypeId, bytes: &[u8], most: usize) -> Result<usize, Violation> {
    let Some(shape) = SHAPES.of(message) else { return Ok(0) };
    let mut scale = Scale { weight: 0, most, counts: Vec::with_capacity(COUNTS) };
    match scale.message(shape, bytes, 0) {
        Ok(()) | Err(Stop::Malformed) => Ok(scale.weight),
        Err(Stop::TooMuch(violation)) => Err(violation),
    }
}

/// Shapes of the messages of the contract.
#[derive(Debug, Default)]
struct Shapes {
    all: Vec<MessageShape>,
    /// Generated types with the numbers of their shapes, in the order of the types.
    types: Vec<(TypeId, usize)>,
}

/// A message: its size in memory, its fields at their numbers, and how many of them are lists.
#[derive(Debug, Default)]
struct MessageShape {
    size: usize,
    fields: Vec<Option<FieldShape>>,
    lists: usize,
}

#[derive(Debug)]
struct FieldShape {
    name: Box<str>,
    /// Its number among the lists of the message, if it is a list.
    list: Option<usize>,
    form: FieldForm,
}

#[derive(Clone, Copy, Debug)]
enum FieldForm {
    Varint,
    /// Weight of this many bytes.
    Fixed(usize),
    Text,
    /// The shape with this number.
    Message(usize),
}

impl Shapes {
    fn of_the_contract() -> Self {
        let sizes = detente_proto::message_sizes();
        let pool = DescriptorPool::decode(DESCRIPTOR).unwrap_or_default();
        let mut shapes = Self::default();
        let mut numbers = HashMap::new();
        for message in pool.all_messages() {
            numbers.insert(message.full_name().to_owned(), numbers.len());
        }
        for message in pool.all_messages() {
            let (kind, size) = sizes
                .iter()
                .find(|(_, name, _)| *name == message.full_name())
                .map_or((None, IMPORTED_SIZE), |(kind, _, size)| (Some(*kind), *size));
            if let Some(kind) = kind {
                shapes.types.push((kind, shapes.all.len()));
            }
            let fields = fields(&message, &numbers);
            let lists = fields.iter().flatten().filter(|field| field.list.is_some()).count();
            shapes.all.push(MessageShape { size, fields, lists });
        }
        shapes.types.sort_unstable();
        shapes
    }

    /// The shape of a generated type.
    fn of(&self, message: TypeId) -> Option<&MessageShape> {
        let at = self.types.binary_search_by_key(&message, |(kind, _)| *kind).ok()?;
        self.types.get(at).and_then(|(_, number)| self.all.get(*number))
    }
}

/// The size of a message that is not of the contract: instants, lengths of time, lists of fields.
const IMPORTED_SIZE: usize = 64;

fn fields(message: &MessageDescriptor, numbers: &HashMap<String, usize>) -> Vec<Option<FieldShape>> {
    let mut fields = Vec::new();
    let mut lists = 0;
    for field in message.fields() {
        let form = match field.kind() {
            Kind::String | Kind::Bytes => FieldForm::Text,
            Kind::Message(of) => FieldForm::Message(numbers.get(of.full_name()).copied().unwrap_or(usize::MAX)),
            Kind::Float | Kind::Fixed32 | Kind::Sfixed32 => FieldForm::Fixed(4),
            Kind::Double | Kind::Fixed64 | Kind::Sfixed64 => FieldForm::Fixed(8),
            _ => FieldForm::Varint,
        };
        let list = (field.cardinality() == Cardinality::Repeated).then(|| {
            lists += 1;
            lists - 1
        });
        let place = usize::try_from(field.number()).unwrap_or(usize::MAX);
        fields.resize_with(fields.len().max(place.saturating_add(1)), || None);
        if let Some(at) = fields.get_mut(place) {
            *at = Some(FieldShape { name: field.name().into(), list, form });
        }
    }
    fields
}

enum Stop {
    /// The decoder stops here too.
    Malformed,
    TooMuch(Violation),
}

impl Stop {
    fn at(field: &FieldShape, what: String) -> Self {
        Self::TooMuch(Violation::new(&*field.name, what))
    }

    /// The same, told from the message that the field lies in.
    fn within(self, field: &FieldShape, element: Option<usize>) -> Self {
        match self {
            Self::Malformed => Self::Malformed,
            Self::TooMuch(Violation { field: inner, description }) => {
                let place = element.map(|nth| format!("[{nth}]")).unwrap_or_default();
                Self::TooMuch(Violation { field: format!("{}{place}.{inner}", field.name), description })
            }
        }
    }
}

/// Adds up what a message takes.
struct Scale {
    weight: usize,
    most: usize,
    /// Lengths of the lists of the messages on the path, the outermost first.
    counts: Vec<usize>,
}

impl Scale {
    fn message(&mut self, shape: &MessageShape, mut rest: &[u8], depth: usize) -> Result<(), Stop> {
        let below = self.counts.len();
        self.counts.resize(below + shape.lists, 0);
        while !rest.is_empty() {
            let key = decode_varint(&mut rest).map_err(|_| Stop::Malformed)?;
            let number = usize::try_from(key >> 3).map_err(|_| Stop::Malformed)?;
            let value = value(key & 7, &mut rest)?;
            let Some(field) = shape.fields.get(number).and_then(Option::as_ref) else { continue };
            self.field(field, below, value, depth)?;
        }
        self.counts.truncate(below);
        Ok(())
    }

    fn field(&mut self, field: &FieldShape, below: usize, value: WireValue<'_>, depth: usize) -> Result<(), Stop> {
        let (elements, one, most, of) = match (field.form, value) {
            (FieldForm::Text, _) => (1, size_of::<String>(), MAX_TEXTS, "texts"),
            (FieldForm::Message(number), _) => (1, size_at(number), MAX_MESSAGES, "messages"),
            (FieldForm::Varint, WireValue::Bytes(packed)) => (ends(packed), size_of::<u64>(), MAX_NUMBERS, "numbers"),
            (FieldForm::Fixed(size), WireValue::Bytes(packed)) => (packed.len() / size, size, MAX_NUMBERS, "numbers"),
            (FieldForm::Varint | FieldForm::Fixed(_), WireValue::Other) => {
                (1, size_of::<u64>(), MAX_NUMBERS, "numbers")
            }
        };
        let mut nth = None;
        if let Some(list) = field.list {
            let count = below + list;
            let before = self.counts.get(count).copied().unwrap_or_default();
            let now = before + elements;
            if now > most {
                let most = format!("more than {most} {of} in one list; at most {most} are allowed");
                return Err(Stop::at(field, most));
            }
            if let Some(count) = self.counts.get_mut(count) {
                *count = now;
            }
            nth = Some(before);
            let begun = if before == 0 { BEGUN } else { 0 };
            self.take(field, (elements * SLACK + begun) * one)?;
        }
        match (field.form, value) {
            (FieldForm::Text, WireValue::Bytes(text)) if !text.is_empty() => self.take(field, text.len() + TEXT),
            (FieldForm::Message(_), WireValue::Bytes(_)) if depth >= MAX_DEPTH => {
                Err(Stop::at(field, format!("messages lie deeper in one another than {MAX_DEPTH}")))
            }
            (FieldForm::Message(number), WireValue::Bytes(inner)) => {
                let Some(shape) = SHAPES.all.get(number) else { return Ok(()) };
                self.message(shape, inner, depth + 1).map_err(|stop| stop.within(field, nth))
            }
            _ => Ok(()),
        }
    }

    fn take(&mut self, field: &FieldShape, bytes: usize) -> Result<(), Stop> {
        self.weight = self.weight.saturating_add(bytes);
        if self.weight <= self.most {
            return Ok(());
        }
        let most = self.most >> 20;
        Err(Stop::at(
            field,
            format!("decoded, the request would take more than {most} MiB up to here; send less at once"),
        ))
    }
}

fn size_at(number: usize) -> usize {
    SHAPES.all.get(number).map_or(IMPORTED_SIZE, |shape| shape.size)
}

/// Counts the numbers that end in these bytes.
fn ends(packed: &[u8]) -> usize {
    packed.iter().map(|byte| usize::from(*byte < 0x80)).sum()
}

#[derive(Clone, Copy)]
enum WireValue<'a> {
    Bytes(&'a [u8]),
    Other,
}

/// The value behind a key.
fn value<'a>(wire_type: u64, rest: &mut &'a [u8]) -> Result<WireValue<'a>, Stop> {
    match wire_type {
        0 => drop(decode_varint(rest).map_err(|_| Stop::Malformed)?),
        1 => skip(rest, 8)?,
        2 => {
            let length = decode_varint(rest).ok().and_then(|length| usize::try_from(length).ok());
            let (bytes, after) = length.and_then(|length| rest.split_at_checked(length)).ok_or(Stop::Malformed)?;
            *rest = after;
            return Ok(WireValue::Bytes(bytes));
        }
        3 => skip_group(rest)?,
        5 => skip(rest, 4)?,
        _ => return Err(Stop::Malformed),
    }
    Ok(WireValue::Other)
}

fn skip(rest: &mut &[u8], bytes: usize) -> Result<(), Stop> {
    if rest.len() < bytes {
        return Err(Stop::Malformed);
    }
    rest.advance(bytes);
    Ok(())
}

/// Passes over a group, with the groups in it.
fn skip_group(rest: &mut &[u8]) -> Result<(), Stop> {
    let mut open = 1_usize;
    while open > 0 {
        match decode_varint(rest).map_err(|_| Stop::Malformed)? & 7 {
            3 => open += 1,
            4 => open -= 1,
            other => drop(value(other, rest)?),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use detente_proto::v1;
    use prost::Message;

    fn weight<M: Message + 'static>(message: &M) -> usize {
        weigh(TypeId::of::<M>(), &message.encode_to_vec(), usize::MAX).unwrap()
    }

    fn violation_in<M: 'static>(bytes: &[u8]) -> Violation {
        weigh(TypeId::of::<M>(), bytes, allowance(bytes.len())).unwrap_err()
    }

    #[test]
    fn imported_messages_are_no_larger_than_what_is_taken_for_them() {
        let largest = size_of::<prost_types::Timestamp>().max(size_of::<prost_types::Duration>());
        assert!(largest.max(size_of::<prost_types::FieldMask>()) <= IMPORTED_SIZE);
        assert!(!SHAPES.types.is_empty() && SHAPES.types.len() > 150, "{}", SHAPES.types.len());
    }

    #[test]
    fn a_list_weighs_its_elements_and_what_is_in_them() {
        let text = |text: &str| v1::Text { text: text.into(), ..Default::default() };
        let claim = v1::Claim { texts: vec![text(""), text("four")], labels: vec!["ab".into()], ..Default::default() };
        let list = (2 * SLACK + BEGUN) * size_of::<v1::Text>() + (SLACK + BEGUN) * size_of::<String>();
        assert_eq!(weight(&claim), list + 4 + TEXT + 2 + TEXT);
        let staged = v1::CommitStageRequest { leave_out: vec![1, 300, 70_000], ..Default::default() };
        assert_eq!(
            weight(&staged),
            (3 * SLACK + BEGUN) * size_of::<u64>(),
            "packed numbers are counted by where they end"
        );
    }

    #[test]
    fn a_list_that_is_too_long_is_refused_with_its_path() {
        let commands = violation_in::<v1::AppendRequest>(&b"\x1a\x00".repeat(MAX_MESSAGES + 1));
        assert_eq!(commands.field, "commands");
        assert!(commands.description.contains("at most 10000 are allowed"), "{}", commands.description);
        let item = b"\x0a\x00".repeat(MAX_TEXTS + 1);
        let nested = [&[0x0a][..], &varint(item.len()), &item].concat();
        let filter = [&[0x0a][..], &varint(nested.len()), &nested].concat();
        assert_eq!(violation_in::<v1::GetStateRequest>(&filter).field, "filter.items[0].relationships");
    }

    #[test]
    fn elements_that_are_spread_over_repeats_of_one_message_are_weighed_all_the_same() {
        // A message that is there twice is merged, so no occurrence has a long list by itself.
        let refusal = violation_in::<v1::GetStateRequest>(&b"\x0a\x02\x0a\x00".repeat(1 << 20));
        assert_eq!(refusal.field, "filter.items");
        assert!(refusal.description.contains("MiB"), "{}", refusal.description);
    }

    #[test]
    fn what_lies_behind_a_group_is_weighed_and_what_is_in_it_is_not() {
        let group = b"\xfb\x07\x1a\x02\xff\xff\xfb\x07\xfc\x07\xfc\x07";
        let bytes = [&group[..], &b"\x1a\x00".repeat(MAX_MESSAGES + 1)].concat();
        assert_eq!(violation_in::<v1::AppendRequest>(&bytes).field, "commands");
        assert!(v1::AppendRequest::decode(&group[..]).is_ok());
        assert_eq!(weigh(TypeId::of::<v1::AppendRequest>(), group, 0), Ok(0));
    }

    #[test]
    fn an_append_of_as_many_claims_as_there_may_be_is_allowed_small_and_rich_ones_alike() {
        let id = || uuid::Uuid::from_u128(7).to_string();
        let small = v1::Claim { claim_id: id(), relationships: vec!["AZE-RUS".into()], ..Default::default() };
        let citation = v1::Citation { source_id: "reuters.2025".into(), locator: "p. 3".into(), ..Default::default() };
        let rich = v1::Claim {
            texts: vec![v1::Text { lang: "en".into(), text: "They agreed.".into(), original: true }],
            parties: vec![v1::ClaimParty { party_id: "RUS".into(), role: "party".into(), ..Default::default() }; 2],
            attribution: vec![v1::Attribution { name: "Somebody".into(), ..Default::default() }],
            quantities: vec![v1::Quantity { unit: "person".into(), ..Default::default() }],
            codes: vec![v1::Code { scheme: "cameo".into(), code: "057".into() }],
            sources: vec![citation],
            links: vec![v1::Link { claim_id: id(), ..Default::default() }],
            external_ids: vec![v1::ExternalId { scheme: "gdelt".into(), id: "1234567".into(), ..Default::default() }],
            labels: vec!["reviewed".into()],
            ..small.clone()
        };
        for claim in [small, rich] {
            let command = v1::command::Command::AssertClaim(v1::AssertClaim { claim: Some(claim) });
            let commands = vec![v1::Command { command: Some(command), ..Default::default() }; MAX_MESSAGES];
            let request = v1::AppendRequest { commands, ..Default::default() };
            let (bytes, weight) = (request.encoded_len(), weight(&request));
            assert!(weight < allowance(bytes) / 4 * 3, "{bytes} bytes weigh {weight}");
        }
    }

    fn varint(number: usize) -> Vec<u8> {
        let mut bytes = Vec::new();
        prost::encoding::encode_varint(number as u64, &mut bytes);
        bytes
    }
}
