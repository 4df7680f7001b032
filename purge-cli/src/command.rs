//! One file for each command.

pub(crate) mod config;
pub(crate) mod create;
pub(crate) mod list;
pub(crate) mod resume;
mod run;
pub(crate) mod sandbox;
pub(crate) mod shell;
pub(crate) mod wait;
