//! Staged appends: laid out piece by piece, recorded whole. What is recorded is what one append of the same commands would
//! have recorded; every step can be tried again, after a kill too; and what goes wrong leaves the record as it was.
mod commands;
mod damage;
mod equality;
mod kill;
mod limits;
mod recording;
mod refusals;
mod resuming;
