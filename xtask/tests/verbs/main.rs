//! The verbs of `cargo xtask` on small workspaces, and reviews of changes to the description.

mod ci;
mod regen;
mod release;
mod spec_diff;
mod workspace;
