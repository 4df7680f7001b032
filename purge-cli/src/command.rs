//! One file for each command.

mod end;
pub(crate) mod verify;
mod after;
mod run;
mod profiles;
mod over;
pub(crate) mod config;
pub(crate) mod create;
pub(crate) mod diff;
pub(crate) mod doctor;
pub(crate) mod list;
pub(crate) mod resume;
pub(crate) mod sandbox;
pub(crate) mod shell;
pub(crate) mod wait;
#[cfg(feature = "queue")]
pub(crate) mod queue;
