//! A scheme of codes that was registered, with what its codes count for: the Goldstein scale is such a table.
//!
//! Codes of any scheme can be used; to register one only gives it a scale.

use super::kind::ScaleEntry;

/// The content of one revision of a scheme.
#[derive(Clone, Debug, PartialEq)]
pub struct Scheme {
    /// The scheme, as codes name it.
    pub scheme: Box<str>,
    /// Its title, in words.
    pub title: Box<str>,
    /// The scores of its codes.
    pub scale: Vec<ScaleEntry>,
}
