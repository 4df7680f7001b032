use std::path::Path;

use purge_site::read::{self, CompareError, LeftOut};
use purge_site::{Difference, Manifest};

use crate::args::DiffArgs;
use crate::exit::{Exit, Failure};
use crate::input;
use crate::output::{self, Console};
use crate::selection::{left_out, read_site, starred_names, unreadable};

pub(crate) fn run(args: &DiffArgs, console: &mut Console<'_>) -> Result<Exit, Failure> {
    input::only_one_standard_input([&args.old, &args.new].into_iter())?;
    let difference = match args.old.is_dir() && args.new.is_dir() {
        true => folders(args, console)?,
        false => {
            let (old, new) = (read(&args.old, args, console)?, read(&args.new, args, console)?);
            Difference::between(&old, &new)
        }
    };
    output::difference(console, args.output.format, args.null, &difference)?;
    if let Some(note) = starred_names(difference.iter().map(|(name, _)| name)) {
        output::note(console, args.output.format, &note);
    }
    Ok(Exit::Success)
}

/// Compares two folders without a manifest of either.
fn folders(args: &DiffArgs, console: &mut Console<'_>) -> Result<Difference, Failure> {
    let compared = read::folders(&args.old, &args.new).map_err(|error| match error {
        CompareError::Old(error) => unreadable(&args.old, &error),
        CompareError::New(error) => unreadable(&args.new, &error),
    })?;
    note(&compared.left_out_of_old, args, console);
    note(&compared.left_out_of_new, args, console);
    Ok(compared.difference)
}

fn read(path: &Path, args: &DiffArgs, console: &mut Console<'_>) -> Result<Manifest, Failure> {
    let site = read_site(path)?;
    note(&site.left_out, args, console);
    Ok(site.manifest)
}

fn note(entries: &[LeftOut], args: &DiffArgs, console: &mut Console<'_>) {
    if !entries.is_empty() {
        output::note(console, args.output.format, &left_out(entries));
    }
}
