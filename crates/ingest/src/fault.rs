//! The faults of a mapping, of a whole file and of one row.

use std::fmt;
use std::io;

/// The mapping cannot be used, or does not fit the file.
#[derive(Debug, thiserror::Error)]
#[error("{place}: {what}")]
pub struct BadMapping {
    /// The place of the fault: `claim[0].texts.en`, or the name of the file.
    pub place: String,
    /// A description of the fault.
    pub what: String,
}

impl BadMapping {
    /// Something wrong at a place.
    pub fn at(place: impl Into<String>, what: impl Into<String>) -> Self {
        Self { place: place.into(), what: what.into() }
    }
}

/// The file cannot be read in its declared form; none of it is used.
#[derive(Debug, thiserror::Error)]
pub enum BadFile {
    /// It breaks off, or is not what it begins as.
    #[error("{file}: {what}")]
    Broken {
        /// The name of the file.
        file: String,
        /// A description of the fault.
        what: String,
    },
    /// The system cannot read it.
    #[error("{file}: {cause}")]
    Unreadable {
        /// The name of the file.
        file: String,
        /// The error of the system.
        cause: io::Error,
    },
    /// The mapping does not fit its columns.
    #[error(transparent)]
    Mapping(#[from] BadMapping),
}

/// One thing wrong with a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RowFault {
    /// The place of the fault.
    pub place: FaultPlace,
    /// A description of the fault, with the value that was expected.
    pub what: String,
}

/// The part of a row that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FaultPlace {
    /// The row as a whole.
    Row,
    /// The text of these columns.
    Columns(String),
    /// A field of the claim made of the row.
    Field(String),
}

impl RowFault {
    /// Something wrong with the row as a whole.
    pub fn row(what: impl Into<String>) -> Self {
        Self { place: FaultPlace::Row, what: what.into() }
    }

    /// Returns a fault of columns. If there are none, the row is wrong as a whole.
    pub fn column(columns: impl Into<String>, what: impl Into<String>) -> Self {
        let columns = columns.into();
        let place = if columns.is_empty() { FaultPlace::Row } else { FaultPlace::Columns(columns) };
        Self { place, what: what.into() }
    }

    /// Something wrong with a field of what was made of it.
    pub fn field(field: impl Into<String>, what: impl Into<String>) -> Self {
        Self { place: FaultPlace::Field(field.into()), what: what.into() }
    }
}

impl fmt::Display for RowFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.place {
            FaultPlace::Row => f.write_str(&self.what),
            FaultPlace::Columns(columns) if columns.contains(", ") => write!(f, "columns {columns}: {}", self.what),
            FaultPlace::Columns(column) => write!(f, "column {column}: {}", self.what),
            FaultPlace::Field(field) => write!(f, "{field}: {}", self.what),
        }
    }
}

/// The faults and notices of a row, so that all of them are reported at once.
#[derive(Debug, Default)]
pub struct Faults {
    faults: Vec<RowFault>,
    notices: Vec<String>,
}

impl Faults {
    /// Takes the value, or notes what was wrong with it.
    pub fn take<T>(&mut self, tried: Result<T, RowFault>) -> Option<T> {
        tried.map_err(|fault| self.note(fault)).ok()
    }

    /// Notes something wrong.
    pub fn note(&mut self, fault: RowFault) {
        if !self.faults.contains(&fault) {
            self.faults.push(fault);
        }
    }

    /// Notes something that is odd, and no reason to reject the row.
    pub fn remark(&mut self, notice: String) {
        if !self.notices.contains(&notice) {
            self.notices.push(notice);
        }
    }

    /// Returns the faults and the notices.
    pub fn into_parts(self) -> (Vec<RowFault>, Vec<String>) {
        (self.faults, self.notices)
    }

    /// Returns true if no fault was noted.
    pub fn is_empty(&self) -> bool {
        self.faults.is_empty()
    }
}
