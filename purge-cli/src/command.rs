//! One file for each command.

pub(crate) mod create;
pub(crate) mod list;
pub(crate) mod resume;
pub(crate) mod sandbox;
pub(crate) mod wait;
