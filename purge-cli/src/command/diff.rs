use std::path::Path;

use purge_site::Difference;

use crate::args::DiffArgs;
use crate::exit::{Exit, Failure};
use crate::input;
use crate::output::{self, Console};
use crate::selection::{left_out, read_site};

pub(crate) fn run(args: &DiffArgs, console: &mut Console<'_>) -> Result<Exit, Failure> {
    input::only_one_standard_input([&args.old, &args.new].into_iter())?;
    let read = |path: &Path, console: &mut Console<'_>| {
        let site = read_site(path)?;
        if !site.left_out.is_empty() {
            output::note(console, args.output.format, &left_out(&site));
        }
        Ok::<_, Failure>(site.manifest)
    };
    let (old, new) = (read(&args.old, console)?, read(&args.new, console)?);
    let difference = Difference::between(&old, &new);
    output::difference(console, args.output.format, args.null, &difference)?;
    Ok(Exit::Success)
}
