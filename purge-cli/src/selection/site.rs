//! The difference between a site and its baseline.

use std::fs;
use std::io;
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use purge_api_ext::{Paths, PurgePath, ResourceId};
use purge_site::read::{self, Hashing, LeftOut, ReadError, Site};
use purge_site::{Baseline, BaselineError, Change, Difference, Finished, Manifest};

use crate::args::PathArgs;
use crate::exit::{Exit, Failure};
use crate::input::Format;
use crate::shown::{file_name, redacted, shown};

/// How many names a note lists.
const NOTED: usize = 5;

/// The coarsest resolution of times in file systems, in nanoseconds.
const TIME_UNIT: i64 = 2_000_000_000;

/// A site, its baseline, and what differs.
pub(crate) struct Changes {
    site: Site,
    baseline: Baseline,
    difference: Difference,
    kind: Kind,
}

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Difference,
    /// There is no baseline, and nothing is purged.
    First,
    /// There is no baseline, and everything is purged.
    Everything,
}

impl Changes {
    /// The name of what a site is purged from: a resource, and the folder in it.
    pub(crate) fn cache(resource: ResourceId, folder: Option<&PurgePath>) -> String {
        format!("{resource}{}", folder.map(Self::folder).unwrap_or_default())
    }

    /// The folder as part of a name. Commas separate names.
    fn folder(folder: &PurgePath) -> String {
        folder.as_str().trim_end_matches('/').replace(',', "%2C")
    }

    /// `None` without `--site`. The resource is the one to purge, or those to purge, separated by commas. Each may have a
    /// folder, which `--prefix` replaces.
    pub(crate) fn read(args: &PathArgs, resource: Option<&str>) -> Result<Option<Self>, Failure> {
        super::only_one_standard_input(args)?;
        let (Some(folder), Some(file)) = (&args.site.site, &args.site.baseline) else {
            return Ok(None);
        };
        let baseline = Baseline::open(file).map_err(|error| broken(&error))?;
        not_inside(baseline.file(), folder)?;
        let resource = resource.map(|caches| in_folder(caches, args.input.prefix.as_ref()));
        of_this_resource(&baseline, resource.as_deref())?;
        let kind = kind(args, &baseline)?;
        let mut site = match (args.site.quick && folder.is_dir(), baseline.manifest()) {
            (false, _) => read_site(folder)?,
            (true, known) => quick(folder, known)?,
        };
        if site.manifest.is_empty() && !args.allow_full_purge {
            return Err(Failure::usage(format!(
                "`{}` has no files, as if the build had failed; if the site really is empty, pass \
                 --allow-full-purge; nothing was sent",
                file_name(folder)
            )));
        }
        if let Some(resource) = resource {
            site.manifest = site.manifest.with_resource(resource);
        }
        let difference = match (kind, baseline.manifest()) {
            (Kind::Difference, Some(old)) => Difference::between(old, &site.manifest),
            _ => Difference::default(),
        };
        Ok(Some(Self { site, baseline, difference, kind }))
    }

    pub(super) fn site(&self) -> &Manifest {
        &self.site.manifest
    }

    /// Adds the paths of the files that differ.
    pub(super) fn add_to(&self, paths: &mut Paths, format: Format<'_>) -> Result<(), Failure> {
        if self.kind == Kind::Everything {
            // It is unknown whether `*` may match nothing.
            for path in ["/*", "/"] {
                paths.try_push(path).map_err(|error| Failure::usage(error.to_string()))?;
            }
        }
        add_names(self.difference.iter().map(|(name, _)| name), paths, format)
    }

    pub(crate) fn notes(&self) -> Vec<String> {
        let mut notes = Vec::new();
        if !self.site.left_out.is_empty() {
            notes.push(left_out(&self.site.left_out));
        }
        let in_doubt = self.difference.count(Change::InDoubt);
        if in_doubt > 0 {
            let are = if in_doubt == 1 { "file is" } else { "files are" };
            notes.push(format!(
                "{in_doubt} {are} purged again, because an earlier run did not finish or two runs overlapped"
            ));
        }
        notes
    }

    pub(crate) fn into_renewal(self) -> Renewal {
        Renewal {
            baseline: self.baseline,
            difference: self.difference,
            site: self.site.manifest,
            is_first: self.kind == Kind::First,
        }
    }
}

/// A baseline that is replaced once everything has been purged.
pub(crate) struct Renewal {
    baseline: Baseline,
    difference: Difference,
    site: Manifest,
    pub(crate) is_first: bool,
}

impl Renewal {
    /// Ends a run that had nothing to send. Returns the message and, if there is one, a note for the user.
    pub(crate) fn unchanged(renewal: Option<Self>) -> Result<(String, Option<String>), Failure> {
        let mut text = "nothing changed; nothing was sent".to_owned();
        let Some(renewal) = renewal else { return Ok((text, None)) };
        if renewal.is_first {
            text = format!("{}; nothing was sent", renewal.first());
        }
        let note = renewal
            .replace()
            .map_err(|error| Failure::new(Exit::Failed, format!("nothing was sent, but {error}")));
        Ok((text, note?))
    }

    /// The new build.
    pub(crate) fn site(&self) -> &Manifest {
        &self.site
    }

    /// The old build, if it is known.
    pub(crate) fn old(&self) -> Option<&Manifest> {
        self.baseline.manifest()
    }

    /// The contents that the old build had for the files that are in doubt.
    pub(crate) fn doubted(&self) -> &Manifest {
        self.baseline.doubted()
    }

    /// Records what is about to be purged, before anything is sent.
    pub(crate) fn begin(&mut self) -> Result<(), Failure> {
        let begun = self.baseline.begin(&self.difference);
        begun.map_err(|error| Failure::usage(format!("{error}; nothing was sent")))
    }

    /// Replaces the baseline after everything was purged. Returns a note for the user, if there is one.
    pub(crate) fn finish(self) -> Result<Option<String>, Failure> {
        // The paths came from elsewhere, so nothing else says that there is a baseline now.
        let is_first = self.is_first;
        let first = is_first.then(|| self.first());
        let replaced = self.replace().map(|note| note.or(first));
        replaced.map_err(|error| {
            let next = match is_first {
                true => "there is still no baseline",
                false => {
                    "the baseline is unchanged, and the next run will purge the same paths again"
                }
            };
            Failure::new(Exit::Failed, format!("everything was purged, but {error}; {next}"))
        })
    }

    fn first(&self) -> String {
        let (files, file) = (self.site.len(), file_name(self.baseline.file()));
        let s = if files == 1 { "" } else { "s" };
        format!("`{file}` is now the baseline of {files} file{s}")
    }

    fn replace(self) -> Result<Option<String>, BaselineError> {
        Ok(match self.baseline.finish(&self.site)? {
            Finished::Replaced => None,
            Finished::InDoubt(count) => {
                let s = if count == 1 { "" } else { "s" };
                Some(format!(
                    "another run of this baseline overlapped with this one; the next run will purge the {count} file{s} \
                     in which their sites may differ"
                ))
            }
        })
    }
}

/// Reads a site from a folder, an archive or a manifest; `-` is standard input.
pub(crate) fn read_site(path: &Path) -> Result<Site, Failure> {
    let site = match path == Path::new("-") {
        true => read::stream(io::stdin().lock()),
        false => read::path(path),
    };
    site.map_err(|error| unreadable(path, &error))
}

/// The failure for a site that cannot be read.
pub(crate) fn unreadable(path: &Path, error: &ReadError) -> Failure {
    Failure::usage(format!("`{}`: {error}", file_name(path)))
}

/// Adds the paths of files.
pub(crate) fn add_names<'a>(
    names: impl Iterator<Item = &'a [u8]>,
    paths: &mut Paths,
    format: Format<'_>,
) -> Result<(), Failure> {
    for name in names {
        // It is a file name, even if it begins like a Windows drive.
        let path = PurgePath::from_file_name([b"./", name].concat());
        let path = path.and_then(|path| match format.prefix {
            Some(prefix) => path.in_folder(prefix),
            None => Ok(path),
        });
        let path = path.map_err(|error| {
            let name = shown(&String::from_utf8_lossy(name));
            Failure::usage(format!("`{name}`: {error}; nothing was sent"))
        })?;
        paths.push(&path);
    }
    Ok(())
}

/// The note about entries without content.
pub(crate) fn left_out(entries: &[LeftOut]) -> String {
    let named: Vec<_> = entries.iter().take(NOTED).map(ToString::to_string).collect();
    let more = match entries.len().saturating_sub(NOTED) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    // Each name has already been escaped.
    redacted(&format!("left out: {}{more}", named.join(", ")))
}

fn kind(args: &PathArgs, baseline: &Baseline) -> Result<Kind, Failure> {
    let file = file_name(baseline.file());
    match (baseline.manifest(), args.site.first_run, args.allow_full_purge) {
        (Some(_), false, _) => Ok(Kind::Difference),
        (Some(_), true, _) => Err(Failure::usage(format!(
            "the baseline `{file}` exists: leave --first-run out, or nothing would be purged; nothing was sent"
        ))),
        (None, true, _) => Ok(Kind::First),
        (None, false, true) => Ok(Kind::Everything),
        (None, false, false) => Err(Failure::usage(format!(
            "there is no baseline `{file}`, so it is unknown what has changed; {WAYS_OUT}; nothing was sent"
        ))),
    }
}

const WAYS_OUT: &str = "pass --first-run to write it and purge nothing, or --allow-full-purge to write it and \
                        purge the whole resource";

fn broken(error: &BaselineError) -> Failure {
    // With the baseline alone, the next run would miss what the unfinished run has purged.
    let remove =
        if error.is_of_pending_file() { "remove it and the baseline" } else { "remove it" };
    Failure::usage(format!("{error}; restore it, or {remove}: then {WAYS_OUT}; nothing was sent"))
}

/// The names of caches as if all of them were in this folder, if there is one.
fn in_folder(caches: &str, folder: Option<&PurgePath>) -> String {
    let Some(folder) = folder else { return caches.to_owned() };
    let ids = caches.split(',').map(|cache| cache.split('/').next().unwrap_or_default());
    let caches: Vec<_> = ids.map(|id| format!("{id}{}", Changes::folder(folder))).collect();
    caches.join(",")
}

/// The baseline of one cache says nothing about another cache. The baseline of several caches is that of each only as long
/// as all are purged together.
fn of_this_resource(baseline: &Baseline, resource: Option<&str>) -> Result<(), Failure> {
    let of = baseline.manifest().and_then(Manifest::resource);
    let (Some(of), Some(resource)) = (of, resource) else { return Ok(()) };
    if of == resource {
        return Ok(());
    }
    let is_one = !of.contains(',') && !resource.contains(',');
    let has_folder = of.contains('/') || resource.contains('/');
    Err(Failure::usage(format!(
        "the baseline `{}` belongs to the resource{} {}, not to {}: use a separate file for each {}; nothing was sent",
        file_name(baseline.file()),
        if of.contains(',') { "s" } else { "" },
        shown(&of.replace(',', " and ")),
        resource.replace(',', " and "),
        match (is_one, has_folder) {
            (true, false) => "resource",
            (true, true) => "resource and folder",
            (false, _) => "set of profiles",
        },
    )))
}

/// A baseline inside the site would be one of the site's files.
fn not_inside(file: &Path, site: &Path) -> Result<(), Failure> {
    if fs::canonicalize(site).is_ok_and(|site| file.canonicalize().is_ok_and(|file| file == site)) {
        return Err(Failure::usage(format!(
            "the baseline `{}` and the site are the same file, so that nothing would ever differ; nothing was sent",
            file_name(file)
        )));
    }
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty());
    let folder = folder.unwrap_or(Path::new(".")).canonicalize();
    let site_folder = fs::canonicalize(site);
    match (folder, site_folder) {
        (Ok(folder), Ok(site_folder)) if folder.starts_with(&site_folder) => {
            Err(Failure::usage(format!(
                "the baseline `{}` is inside the site `{}`, and would be one of its files: put it elsewhere",
                file_name(file),
                file_name(site)
            )))
        }
        _ => Ok(()),
    }
}

fn quick(folder: &Path, known: Option<&Manifest>) -> Result<Site, Failure> {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let nothing = Manifest::new();
    let site = read::folder(folder, Hashing::Quick(known.unwrap_or(&nothing)));
    let mut site = site.map_err(|error| unreadable(folder, &error))?;
    let start = i64::try_from(since.as_nanos()).unwrap_or_default();
    site.manifest.distrust_since(start.saturating_sub(TIME_UNIT));
    Ok(site)
}
