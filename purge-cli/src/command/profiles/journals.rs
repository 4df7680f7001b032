//! The journals of several profiles, in one folder.

use std::fs;
use std::io;
use std::path::Path;

use purge_api_ext::{Journal, Plan};

use super::Member;
use crate::config::Settings;
use crate::exit::{Exit, Failure};
use crate::shown::{excerpt, file_name};

/// Exists in a folder until all of its journals are complete. No profile has such a name.
const UNFINISHED: &str = ".unfinished";

/// A journal for each profile in a new folder. The journals contain all plans before anything is sent. If one cannot be
/// written, none is left.
pub(super) async fn journals(
    folder: Option<&Path>,
    members: &[Member],
    plans: &[Plan],
) -> Result<Vec<Option<Journal>>, Failure> {
    let Some(folder) = folder else { return Ok(members.iter().map(|_| None).collect()) };
    new_folder(folder).map_err(|error| {
        let advice = match error.kind() {
            io::ErrorKind::AlreadyExists => "; resume it, or name another",
            _ => "",
        };
        cannot(folder, &format!("be created: {error}{advice}"))
    })?;
    let recorded = recorded(folder, members, plans).await;
    if recorded.is_err() {
        remove(folder, members);
    }
    recorded
}

async fn recorded(
    folder: &Path,
    members: &[Member],
    plans: &[Plan],
) -> Result<Vec<Option<Journal>>, Failure> {
    let unwritten = |error: io::Error| cannot(folder, &format!("be written: {error}"));
    let unfinished = folder.join(UNFINISHED);
    fs::File::create_new(&unfinished).and_then(|file| file.sync_all()).map_err(unwritten)?;
    let mut journals = Vec::new();
    for (member, plan) in members.iter().zip(plans) {
        let journal = async {
            Journal::create(folder.join(&member.name))?.record(&member.resource, plan).await
        };
        let journal = journal.await.map_err(|error| {
            // There is nothing to resume.
            let error = error.to_string();
            let why = error.split("; no further requests are sent").next().unwrap_or(&error);
            let failure = format!("{why}; nothing was sent: fix this, and run the command again");
            Failure::new(Exit::Failed, failure).of_profile(&member.name)
        })?;
        journals.push(Some(journal));
    }
    fs::remove_file(unfinished).and_then(|()| sync(folder)).map_err(unwritten)?;
    Ok(journals)
}

/// Removes the journals of a run that has sent nothing.
pub(super) fn remove(folder: &Path, members: &[Member]) {
    let names = members.iter().map(|member| &*member.name).chain([UNFINISHED]);
    names.for_each(|name| drop(fs::remove_file(folder.join(name))));
    drop(fs::remove_dir(folder));
}

/// Refuses a folder in which journals may be missing.
pub(super) fn is_finished(folder: &Path) -> Result<(), Failure> {
    match folder.join(UNFINISHED).exists() {
        false => Ok(()),
        true => Err(Failure::usage(format!(
            "the folder `{}` does not have all journals, since the run ended while it wrote them and sent nothing: \
             remove the folder, and run that command again",
            file_name(folder)
        ))),
    }
}

/// Makes changes to the entries of a folder outlive a crash of the machine.
fn sync(folder: &Path) -> io::Result<()> {
    if cfg!(unix) { fs::File::open(folder)?.sync_all() } else { Ok(()) }
}

fn cannot(folder: &Path, why: &str) -> Failure {
    Failure::usage(format!(
        "the folder `{}` for journals cannot {why}; nothing was sent",
        file_name(folder)
    ))
}

/// A folder that only its owner can use.
fn new_folder(folder: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

/// A note that names the journals of a folder that are not resumed; none if all of them are.
pub(super) fn left_for_later(folder: &Path, resumed: &[String]) -> Option<String> {
    let entries = fs::read_dir(folder).ok()?;
    let names = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    let mut left: Vec<_> = names.filter(|name| !resumed.contains(name)).collect();
    left.sort();
    let shown: Vec<_> = left.iter().map(|name| format!("`{}`", excerpt(name))).collect();
    (!left.is_empty()).then(|| format!("not resumed: {}", shown.join(", ")))
}

/// The profiles that have a journal in a folder.
pub(super) fn names_in(folder: &Path, settings: &Settings) -> Result<Vec<String>, Failure> {
    let cannot = |error: &dyn std::fmt::Display| {
        Failure::usage(format!("the folder `{}` cannot be read: {error}", file_name(folder)))
    };
    let mut names = Vec::new();
    for entry in fs::read_dir(folder).map_err(|error| cannot(&error))? {
        let name = entry.map_err(|error| cannot(&error))?.file_name();
        names.push(name.to_string_lossy().into_owned());
    }
    names.sort();
    if let Some(name) = names.iter().find(|name| !settings.profiles.contains_key(*name)) {
        let why = settings.profile(name).err().map(|error| error.to_string()).unwrap_or_default();
        return Err(Failure::usage(format!(
            "nothing was sent: the folder `{}` contains `{}`, but {why}; if it is not a journal, move it out of the \
             folder; or name the profiles to resume with --profile",
            file_name(folder),
            excerpt(name)
        )));
    }
    match names.is_empty() {
        false => Ok(names),
        true => Err(cannot(&"there is no journal in it")),
    }
}
