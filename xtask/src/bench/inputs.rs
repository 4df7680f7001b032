//! Input files of paths: deterministic, created once, and kept in `target/bench`.

use std::collections::{HashMap, HashSet};
use std::fs::{self, File};
use std::io::{BufWriter, Write as _};
use std::path::PathBuf;

use fastrand::Rng;

use crate::Error;
use crate::workspace::{Tree, read};

const SECTIONS: [&str; 10] = [
    "images",
    "assets",
    "products",
    "blog",
    "news",
    "shop",
    "media",
    "static",
    "docs",
    "downloads",
];

/// A path of a site with 10,000 directories, nested as deeply as on real sites.
fn path(random: &mut Rng) -> String {
    let ending = ["html", "jpg", "css"][random.usize(..3)];
    format!("{}item-{}.{ending}", directory(random), random.u32(..100_000_000))
}

fn directory(random: &mut Rng) -> String {
    let (section, year, day) = (random.usize(..10), random.u32(2000..2025), random.u32(..40));
    format!("/{}/{year}/{day:02}/", SECTIONS[section])
}

/// `count` paths, a tenth of which repeat earlier ones.
pub(super) fn paths(tree: &Tree, count: usize) -> Result<PathBuf, Error> {
    cached(tree, &format!("paths-{count}.txt"), |lines| {
        let mut random = Rng::with_seed(7);
        let mut given: Vec<String> = Vec::new();
        for _ in 0..count {
            let old = (random.usize(..10) == 0 && !given.is_empty())
                .then(|| given[random.usize(..given.len())].clone());
            let path = old.unwrap_or_else(|| path(&mut random));
            lines.add(&path)?;
            if given.len() < 1_000_000 {
                given.push(path);
            } else {
                let forgotten = random.usize(..given.len());
                given[forgotten] = path;
            }
        }
        Ok(())
    })
}

/// The same paths and 1,000 wildcards among them, 100 of which are not prefixes.
pub(super) fn paths_and_wildcards(tree: &Tree, count: usize) -> Result<PathBuf, Error> {
    let paths = read(&paths(tree, count)?)?;
    cached(tree, &format!("paths-{count}-wildcards.txt"), |lines| {
        let mut random = Rng::with_seed(3);
        let mut wildcards: Vec<String> = Vec::new();
        let mut given = HashSet::new();
        while wildcards.len() < 1000 {
            let directory = directory(&mut random);
            let section = SECTIONS[random.usize(..10)];
            let wildcard = match wildcards.len() {
                0..450 => format!("{directory}*"),
                450..900 => format!("{directory}item-{}*", random.u32(..100)),
                900..910 => format!("/*/item-{}.html", random.u32(..100_000_000)),
                910..940 => format!("/{section}/*/item-{}.jpg", random.u32(..100_000_000)),
                _ => {
                    format!("/{section}/{}/*-{}.css", random.u32(2000..2025), random.u32(..10_000))
                }
            };
            if given.insert(wildcard.clone()) {
                wildcards.push(wildcard);
            }
        }
        random.shuffle(&mut wildcards);
        let every = count / wildcards.len();
        for (index, path) in paths.lines().enumerate() {
            lines.add(path)?;
            if index % every == 0 && index / every < wildcards.len() {
                lines.add(&wildcards[index / every])?;
            }
        }
        Ok(())
    })
}

/// `count` distinct paths.
pub(super) fn unique(tree: &Tree, count: usize) -> Result<PathBuf, Error> {
    cached(tree, &format!("site-{count}.txt"), |lines| {
        let mut random = Rng::with_seed(11);
        let mut given = HashSet::new();
        while given.len() < count {
            let path = path(&mut random);
            if given.insert(path.clone()) {
                lines.add(&path)?;
            }
        }
        Ok(())
    })
}

/// All paths of a site, and a list of requested ones, half of which fill whole directories.
pub(super) fn site(tree: &Tree, site: usize, asked: usize) -> Result<(PathBuf, PathBuf), Error> {
    let inventory = unique(tree, site)?;
    let text = read(&inventory)?;
    let asked = cached(tree, &format!("site-{site}-asked-{asked}.txt"), |lines| {
        let mut random = Rng::with_seed(13);
        let all: Vec<&str> = text.lines().collect();
        let mut directories: HashMap<&str, Vec<&str>> = HashMap::new();
        for path in &all {
            directories.entry(super::plan::directory(path)).or_default().push(path);
        }
        let mut names: Vec<&str> = directories.keys().copied().collect();
        names.sort_unstable();
        random.shuffle(&mut names);
        let whole = names.iter().flat_map(|name| &directories[name]).copied().take(asked / 2);
        let mut chosen: Vec<&str> = whole.collect();
        chosen.extend((chosen.len()..asked).map(|_| all[random.usize(..all.len())]));
        random.shuffle(&mut chosen);
        chosen.iter().try_for_each(|path| lines.add(path))
    })?;
    Ok((inventory, asked))
}

struct Lines {
    file: BufWriter<File>,
}

impl Lines {
    fn add(&mut self, line: &str) -> Result<(), Error> {
        writeln!(self.file, "{line}").map_err(|e| Error::new(format!("cannot write an input: {e}")))
    }
}

/// Creates a file unless it exists. An interrupted run leaves no partial file.
fn cached(
    tree: &Tree,
    name: &str,
    write: impl FnOnce(&mut Lines) -> Result<(), Error>,
) -> Result<PathBuf, Error> {
    let folder = tree.path("target/bench");
    let file = folder.join(name);
    if file.is_file() {
        return Ok(file);
    }
    let failed = |e: std::io::Error| Error::new(format!("cannot write {}: {e}", file.display()));
    fs::create_dir_all(&folder).map_err(failed)?;
    let half = file.with_extension("half");
    let mut lines = Lines { file: BufWriter::new(File::create(&half).map_err(failed)?) };
    write(&mut lines)?;
    lines.file.flush().map_err(failed)?;
    fs::rename(&half, &file).map_err(failed)?;
    Ok(file)
}
