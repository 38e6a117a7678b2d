//! The words for why something changed, and whether they speak of the world or of our knowledge of it.

use crate::vocabulary::{ChangeReason, RevisionKind};

impl ChangeReason {
    /// Returns true if the world changed, not only what is known of it.
    #[must_use]
    pub const fn is_of_the_world(self) -> bool {
        matches!(self, Self::New | Self::WorldChange | Self::TimePassed)
    }

    /// The reason in words.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::LateReport => "late report",
            Self::Correction => "correction",
            Self::PrecisionRefined => "precision refined",
            Self::Recoded => "recoded",
            Self::Enriched => "enriched",
            Self::WorldChange => "world change",
            Self::Confirmation => "confirmation",
            Self::Retraction => "retraction",
            Self::Reinstatement => "reinstatement",
            Self::Dispute => "dispute",
            Self::Resolution => "resolution",
            Self::TimePassed => "time passed",
        }
    }
}

impl From<RevisionKind> for ChangeReason {
    fn from(kind: RevisionKind) -> Self {
        match kind {
            RevisionKind::Correction => Self::Correction,
            RevisionKind::PrecisionRefined => Self::PrecisionRefined,
            RevisionKind::WorldChange => Self::WorldChange,
            RevisionKind::Recoded => Self::Recoded,
            RevisionKind::Enriched => Self::Enriched,
        }
    }
}
