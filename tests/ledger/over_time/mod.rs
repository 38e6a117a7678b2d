//! The questions over spans of valid time: how the state moved, what can be plotted of it, and what is missing. Each is
//! held against the model at every cut of random histories, and asked of the founding dossier over a socket.
mod dossier;
mod gaps;
mod history;
mod series;
mod timeline;
