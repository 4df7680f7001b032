//! The journals of several profiles, in one folder.

use std::fs;
use std::io;
use std::path::Path;

use purge_api_ext::{Journal, Plan};

use super::Member;
use crate::config::Settings;
use crate::exit::Failure;
use crate::shown::{excerpt, file_name};

/// A journal for each profile in a new folder. The journals contain all plans before anything is sent.
pub(super) async fn journals(
    folder: Option<&Path>,
    members: &[Member],
    plans: &[Plan],
) -> Result<Vec<Option<Journal>>, Failure> {
    let Some(folder) = folder else { return Ok(members.iter().map(|_| None).collect()) };
    new_folder(folder).map_err(|error| {
        let name = file_name(folder);
        let advice = match error.kind() {
            io::ErrorKind::AlreadyExists => "; resume it, or name another",
            _ => "",
        };
        Failure::usage(format!(
            "the folder `{name}` for journals cannot be created: {error}{advice}"
        ))
    })?;
    let mut journals = Vec::new();
    for (member, plan) in members.iter().zip(plans) {
        let journal = async {
            Journal::create(folder.join(&member.name))?.record(&member.resource, plan).await
        };
        let journal = journal.await.map_err(|e| Failure::from(e).of_profile(&member.name))?;
        journals.push(Some(journal));
    }
    Ok(journals)
}

/// A folder that only its owner can use.
fn new_folder(folder: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
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
