//! `cargo xtask regen`: rewrites, or checks, every committed file that is derived from another.

use std::io::Write;

use similar::{ChangeTag, TextDiff};

use crate::Error;
use crate::workspace::Tree;

mod operations;
mod picture;
pub mod reference;
mod derived;

/// The exit code of `--check` when a file is stale.
const STALE: u8 = 4;
const FIX: &str = "cargo xtask regen";

#[derive(clap::Args)]
pub(crate) struct Options {
    /// Write nothing; exit 4 when a file is stale
    #[arg(long)]
    check: bool,
}

impl Options {
    pub(crate) fn check() -> Self {
        Self { check: true }
    }
}

pub(crate) fn run(tree: &Tree, options: &Options, out: &mut dyn Write) -> Result<u8, Error> {
    let (mut stale, mut count) = (false, 0);
    for file in derived::files(tree) {
        let file = file?;
        count += 1;
        let old = file.committed.as_deref().unwrap_or_default();
        if file.committed == file.text {
            continue;
        }
        stale = true;
        let Some(text) = &file.text else {
            if !options.check {
                tree.remove(&file.path)?;
            }
            writeln!(
                out,
                "{}: {}",
                file.path,
                if options.check { "left over" } else { "removed" }
            )?;
            continue;
        };
        let diff = TextDiff::from_lines(old, text);
        if options.check {
            writeln!(out, "{}: stale", file.path)?;
            first_difference(&diff, out)?;
        } else {
            tree.write(&file.path, text)?;
            let count = |tag| diff.iter_all_changes().filter(|c| c.tag() == tag).count();
            let (added, removed) = (count(ChangeTag::Insert), count(ChangeTag::Delete));
            writeln!(out, "{}: rewritten, +{added} -{removed} lines", file.path)?;
        }
    }
    if !stale {
        writeln!(out, "all {count} derived files are up to date")?;
    } else if options.check {
        writeln!(out, "run `{FIX}` and commit what it writes")?;
        return Ok(STALE);
    }
    Ok(0)
}

/// The first lines that differ, with their numbers on either side.
fn first_difference<'a>(
    diff: &TextDiff<'a, 'a, 'a, str>,
    out: &mut dyn Write,
) -> Result<(), Error> {
    let changed = diff
        .iter_all_changes()
        .skip_while(|c| c.tag() == ChangeTag::Equal)
        .take_while(|c| c.tag() != ChangeTag::Equal);
    for change in changed.take(6) {
        let (sign, line) = match change.tag() {
            ChangeTag::Delete => ("committed", change.old_index()),
            _ => ("derived  ", change.new_index()),
        };
        let line = line.map_or(0, |index| index + 1);
        writeln!(out, "  {sign} {line:>5}: {}", change.value().trim_end())?;
    }
    Ok(())
}
