//! Compares two builds of a site, and programs that read as much.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use fastrand::Rng;

use super::run::{Usage, measured, ratios};
use super::{Bench, Figure};
use crate::Error;

/// The number of files of a site, of up to 8 KiB each.
const MANY: usize = 100_000;
/// How many of them differ.
const CHANGED: usize = 100;
/// Large files, and their size: 2 GB in all.
const LARGE: (usize, usize) = (20, 100_000_000);

pub(super) fn compare(bench: &Bench<'_>) -> Result<Vec<Figure>, Error> {
    bench.build_baseline()?;
    let mut figures = many(bench)?;
    figures.extend(large(bench)?);
    Ok(figures)
}

fn many(bench: &Bench<'_>) -> Result<Vec<Figure>, Error> {
    let [old, new] = builds(bench)?;
    let diff = || {
        measured(bench.purge([
            "diff".as_ref(),
            "--quiet".as_ref(),
            old.as_os_str(),
            new.as_os_str(),
        ]))
    };
    let lines = |usage: &Usage| usage.output.lines().count();
    let rsync = || {
        let mut command = Command::new("rsync");
        command.args(["-n", "--checksum", "--recursive", "--delete", "--out-format=%n"]);
        command.arg(slash(&new)).arg(slash(&old));
        measured(command)
    };
    let (ours, theirs) = (lines(&diff()?), lines(&rsync()?));
    if ours != CHANGED || theirs != CHANGED {
        return Err(Error::new(format!(
            "{CHANGED} files differ, but {ours} and {theirs} are named"
        )));
    }
    let pairs = bench.pairs(diff, rsync)?;
    Ok(vec![Figure {
        work: "two builds of 100,000 files each, 100 of which differ: `cdn-purge diff --quiet OLD NEW`",
        against: "`rsync -n --checksum --recursive --delete NEW OLD`",
        figure: "wall time",
        at_most: Some(0.6),
        ratios: ratios(&pairs, |usage| usage.wall.as_secs_f64()),
    }])
}

fn large(bench: &Bench<'_>) -> Result<Vec<Figure>, Error> {
    let folder = bench.tree.path("target/bench/large");
    filled(&folder, LARGE.0, |index| large_file(index, LARGE.1))?;
    let small = bench.tree.path("target/bench/large-small");
    filled(&small, LARGE.0, |index| large_file(index, LARGE.1 / 1000))?;
    let nothing = bench.tree.path("target/bench/nothing.sha256");
    let write = fs::write(&nothing, "");
    write.map_err(|e| Error::new(format!("{} cannot be written: {e}", nothing.display())))?;
    let command = |folder: &Path| {
        bench.purge(["diff".as_ref(), "--quiet".as_ref(), nothing.as_os_str(), folder.as_os_str()])
    };
    let sums = || {
        let mut command = Command::new("sh");
        command.args(["-c", "sha256sum \"$1\"/*", "sh"]).arg(&folder);
        measured(command)
    };
    let pairs = bench.pairs(|| measured(command(&folder)), sums)?;
    let peaks = (0..bench.runs)
        .map(|_| Ok(bench.peak(&command(&folder))? / bench.peak(&command(&small))?))
        .collect::<Result<Vec<_>, Error>>()?;
    let work = "2 GB in 20 files: `cdn-purge diff --quiet MANIFEST FOLDER`";
    let against = "`sha256sum` of the same files";
    let wall = ratios(&pairs, |usage| usage.wall.as_secs_f64());
    Ok(vec![
        Figure {
            work,
            against,
            figure: "wall time, large files",
            at_most: Some(0.6),
            ratios: wall,
        },
        Figure {
            work,
            against: "files of a thousandth of the size",
            figure: "peak memory, large files",
            at_most: Some(1.1),
            ratios: peaks,
        },
    ])
}

fn slash(folder: &Path) -> String {
    format!("{}/", folder.display())
}

/// Two builds, created once.
fn builds(bench: &Bench<'_>) -> Result<[PathBuf; 2], Error> {
    let folders = ["old", "new"].map(|name| bench.tree.path(format!("target/bench/site-{name}")));
    for (folder, is_new) in folders.iter().zip([false, true]) {
        let page = |index: usize| {
            let mut random = Rng::with_seed(index as u64);
            let mut text = vec![b'x'; random.usize(..8192)];
            random.fill(&mut text[..]);
            // As large as before, so that a comparison by size finds nothing.
            if is_new && index.is_multiple_of(MANY / CHANGED) {
                text.push(0);
            } else {
                text.push(1);
            }
            (format!("{}/{}/{index}.html", index % 10, index / 10 % 100), text)
        };
        filled(folder, MANY, page)?;
    }
    Ok(folders)
}

fn large_file(index: usize, size: usize) -> (String, Vec<u8>) {
    let mut content = vec![0; size];
    Rng::with_seed(index as u64).fill(&mut content);
    (format!("{index}.bin"), content)
}

/// Creates a folder with this many files, unless it exists.
fn filled(
    folder: &Path,
    files: usize,
    file: impl Fn(usize) -> (String, Vec<u8>),
) -> Result<(), Error> {
    let failed =
        |e: std::io::Error| Error::new(format!("{} cannot be created: {e}", folder.display()));
    if folder.exists() {
        return Ok(());
    }
    let unfinished = folder.with_extension("unfinished");
    for index in 0..files {
        let (name, content) = file(index);
        let path = unfinished.join(name);
        path.parent().map_or(Ok(()), fs::create_dir_all).map_err(failed)?;
        fs::write(&path, content).map_err(failed)?;
    }
    fs::rename(&unfinished, folder).map_err(failed)
}
