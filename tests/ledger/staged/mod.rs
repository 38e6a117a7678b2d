//! Staged appends: laid out piece by piece, recorded whole. A staged append records what one append of the same
//! commands would have recorded; every step can be tried again, after a kill too; and a failure leaves the record as it
//! was.
mod ahead;
mod commands;
mod damage;
mod equality;
mod kill;
mod limits;
mod recording;
mod refusals;
mod resuming;
