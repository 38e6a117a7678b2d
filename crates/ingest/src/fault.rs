//! What can be wrong: with a mapping, with a whole file, with one row.

use std::fmt;
use std::io;

/// The mapping cannot be used, or does not fit the file.
#[derive(Debug, thiserror::Error)]
#[error("{place}: {what}")]
pub struct BadMapping {
    /// Where in it: `claim[0].texts.en`, or the name of the file.
    pub place: String,
    /// What is wrong there.
    pub what: String,
}

impl BadMapping {
    /// Something wrong at a place.
    pub fn at(place: impl Into<String>, what: impl Into<String>) -> Self {
        Self { place: place.into(), what: what.into() }
    }
}

/// The file cannot be read as what it is said to be; nothing of it is used.
#[derive(Debug, thiserror::Error)]
pub enum BadFile {
    /// It breaks off, or is not what it begins as.
    #[error("{file}: {what}")]
    Broken {
        /// Which file.
        file: String,
        /// What is wrong with it.
        what: String,
    },
    /// The system cannot read it.
    #[error("{file}: {cause}")]
    Unreadable {
        /// Which file.
        file: String,
        /// What the system says.
        cause: io::Error,
    },
    /// The mapping does not fit its columns.
    #[error(transparent)]
    Mapping(#[from] BadMapping),
}

/// One thing wrong with a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RowFault {
    /// Where in it.
    pub place: FaultPlace,
    /// What is wrong, and what was expected.
    pub what: String,
}

/// Where in a row something is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FaultPlace {
    /// In the row as a whole.
    Row,
    /// In what these columns say.
    Columns(String),
    /// In a field of what was made of it.
    Field(String),
}

impl RowFault {
    /// Something wrong with the row as a whole.
    pub fn row(what: impl Into<String>) -> Self {
        Self { place: FaultPlace::Row, what: what.into() }
    }

    /// Something wrong with what columns say. Where there are none, the row is wrong as a whole.
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

/// Collects what is wrong with a row, so that all of it is told at once.
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

    /// Whether nothing was noted.
    pub fn is_empty(&self) -> bool {
        self.faults.is_empty()
    }
}
