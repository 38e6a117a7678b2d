//! Cuts: the part of the record that an answer may use.
//!
//! However a cut is named, it is resolved to the last position of an append before anything is computed: an append is
//! seen whole or not at all.

use super::position::{Position, RecordedAt};
use std::fmt;
use std::str::FromStr;

/// A cut as a client names it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Cut {
    /// All that is recorded.
    #[default]
    Head,
    /// All that was recorded by this instant, inclusive.
    KnownAt(RecordedAt),
    /// All that was recorded up to this position, the last of an append.
    At(Position),
    /// The part of the record that an earlier answer was computed from.
    Basis(Basis),
}

/// An exact cut of one history: a position and a prefix of the history's hash there. Written `97-3f2a9c01d4e5b6a7`.
///
/// The ledger id is not part of the hash, so a faithful copy of a ledger has the same bases; a history that went another
/// way has others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Basis {
    /// The last position of the cut.
    pub position: Position,
    /// The first eight bytes of the history's hash there.
    pub mark: [u8; 8],
}

impl fmt::Display for Basis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{:016x}", self.position, u64::from_be_bytes(self.mark))
    }
}

/// A string that is no basis.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected a basis as returned in a reply's context: a position, `-`, and 16 hexadecimal digits")]
pub struct NoBasis;

impl FromStr for Basis {
    type Err = NoBasis;

    fn from_str(text: &str) -> Result<Self, NoBasis> {
        let (position, mark) = text.split_once('-').ok_or(NoBasis)?;
        let digits = |s: &str| !s.is_empty() && s.bytes().all(|b| b.is_ascii_digit());
        let lower_hex = mark.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        if !digits(position) || mark.len() != 16 || !lower_hex {
            return Err(NoBasis);
        }
        let position = Position(position.parse().map_err(|_| NoBasis)?);
        let mark = u64::from_str_radix(mark, 16).map_err(|_| NoBasis)?.to_be_bytes();
        Ok(Self { position, mark })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_basis_is_read_back_as_it_was_written() {
        let basis = Basis { position: Position(97), mark: [0, 0x2a, 3, 4, 5, 6, 7, 8] };
        assert_eq!(basis.to_string(), "97-002a030405060708");
        assert_eq!(basis.to_string().parse(), Ok(basis));
    }

    #[test]
    fn what_is_not_a_basis_is_refused() {
        for bad in
            ["", "97", "97-", "-002a030405060708", "x-002a030405060708", "97-002A030405060708", "97-002a03040506070"]
        {
            assert_eq!(bad.parse::<Basis>(), Err(NoBasis), "{bad}");
        }
    }
}
