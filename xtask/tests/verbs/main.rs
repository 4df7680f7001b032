//! The verbs of `cargo xtask` on small workspaces, and the review of changes to the description.

mod ci;
mod mutations;
mod random;
mod regen;
mod release;
mod rules;
mod spec_diff;
mod workspace;
