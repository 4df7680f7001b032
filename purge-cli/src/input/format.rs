//! How paths are written: one per line or NUL-terminated, as paths or as file names.

mod strip;
#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::str;

use purge_api_ext::{PathError, PathErrorKind as Kind, Paths, PurgePath};

use super::evidence::Evidence;
use super::not_a_name;

/// The format of a list of paths.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Format<'a> {
    /// Whether entries end with a NUL byte instead of a line break.
    pub(crate) null: bool,
    /// Whether the entries are file names, to be percent-encoded.
    pub(crate) raw: bool,
    /// The folder that is prepended to every path.
    pub(crate) prefix: Option<&'a PurgePath>,
    /// The hosts of the entries, which are URLs; if there are none, the entries are paths or names.
    pub(crate) hosts: &'a [String],
    /// The folder that every entry begins with, without slashes around it.
    pub(crate) strip: Option<&'a str>,
    /// Whether a path may have a query string.
    pub(crate) query: bool,
}

impl Format<'_> {
    /// What ends an entry.
    pub(crate) fn end(self) -> u8 {
        if self.null { b'\0' } else { b'\n' }
    }

    /// Whether an entry is either a path that is used unchanged, or invalid.
    pub(crate) fn is_whole(self, entry: &str) -> bool {
        let is_bare = !self.null && !self.raw && self.prefix.is_none() && !self.is_cut();
        is_bare && entry.starts_with('/') && !entry.ends_with('\r')
    }

    /// The entry without a byte order mark or carriage return; none if it is blank or a comment. Entries are numbered
    /// from 1.
    pub(crate) fn entry(self, entry: &[u8], number: usize) -> Option<&[u8]> {
        let marked = entry.strip_prefix(MARK).filter(|_| number == 1);
        let line = marked.unwrap_or(entry);
        if self.null {
            return Some(line).filter(|entry| !entry.is_empty());
        }
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        // A file name may begin with anything, and may be a blank. It is refused later, as others that end with one.
        let is_blank = match self.raw {
            true => line.is_empty(),
            false => line.trim_ascii().is_empty() || line.starts_with(b"#"),
        };
        Some(line).filter(|_| !is_blank)
    }

    /// Adds the path of an entry, or says what is wrong with it.
    pub(crate) fn read(
        self,
        text: &[u8],
        is_inventory: bool,
        paths: &mut Paths,
    ) -> Result<(), Refusal> {
        let text = match self.is_cut() {
            true => &*strip::site_path(self, text)?,
            false => text,
        };
        if !self.raw && self.prefix.is_none() && !self.query {
            let path = checked(text, is_inventory).map_err(|why| self.refusal(text, why))?;
            return paths.try_push(path).map_err(|error| self.refusal(text, Why::Path(error)));
        }
        let path = if self.raw {
            self.name(text)?
        } else {
            checked(text, is_inventory)
                .and_then(|text| self.path(text).map_err(Why::Path))
                .map_err(|why| self.refusal(text, why))?
        };
        // Prefix and path are valid, but together they may be too long.
        let whole = self.prefix.map(|prefix| path.in_folder(prefix)).transpose();
        let whole = whole.map_err(|error| self.refusal(text, Why::Path(error)))?;
        paths.push(whole.as_ref().unwrap_or(&path));
        Ok(())
    }

    /// Whether entries have a host or a folder before the path, which is to be removed.
    fn is_cut(self) -> bool {
        !self.hosts.is_empty() || self.strip.is_some()
    }

    fn path(self, text: &str) -> Result<PurgePath, PathError> {
        if self.query { PurgePath::with_query(text) } else { PurgePath::new(text) }
    }

    fn name(self, name: &[u8]) -> Result<PurgePath, Refusal> {
        let name = with_slashes(name, cfg!(windows));
        // The root of the site is the only folder with an empty name.
        if *name == *b"/" {
            return PurgePath::new("/").map_err(|error| error.into());
        }
        if is_folder(&name) {
            let what =
                "the folder itself, as `find` lists it: list files only, as `find -type f` does";
            return Err(what.into());
        }
        let path = PurgePath::from_file_name(&name);
        // A path that Git Bash has changed is reported first: it has spaces and may have backslashes.
        let is_drive = path.as_ref().is_err_and(|error| error.kind() == Kind::Drive);
        if is_drive && self.null && !cfg!(windows) {
            // Git Bash does not change names in such a list; `./` marks it as a name.
            return Ok(PurgePath::from_file_name([b"./", &name[..]].concat())?);
        }
        let refusal = match self.null {
            true => not_a_name::lines(&name).map(Cow::from),
            false => not_a_name::refusal(&name).map(|why| why.what + why.unless),
        };
        match refusal.filter(|_| !is_drive) {
            Some(why) => Err(Refusal { message: why.into_owned(), is_name: false }),
            None => path.map_err(|error| error.into()),
        }
    }

    fn refusal(self, text: &[u8], why: Why) -> Refusal {
        let is_name = !self.raw && self.might_be_name(text, &why);
        let message = match why {
            _ if !self.raw && not_a_name::is_quoted_by_git(text) => {
                "git quotes such names: run git with `-z`, and pass `-0 --raw` here".into()
            }
            Why::NotUtf8 { at } => format!("not UTF-8, at byte {at}: percent-encode it"),
            Why::Star { at } => format!(
                "a `*`, at byte {at}: an inventory has no wildcards; write `%2A` for the character"
            ),
            Why::Path(error)
                if text.get(error.position()..).is_some_and(|rest| rest.starts_with(MARK)) =>
            {
                "a byte order mark inside the list: remove it".into()
            }
            Why::Path(error) if error.kind() == Kind::ControlEscape => {
                format!("{error}; a file name that contains one needs `-0 --raw`")
            }
            Why::Path(error) if text.get(error.position()) == Some(&b'\n') => format!(
                "a line break, at byte {}: give each path separately; `--from -` reads one per line",
                error.position()
            ),
            Why::Path(error) if error.kind() == Kind::Several && not_a_name::is_rename(text) => {
                "two paths (a rename?): list both, one per line".into()
            }
            Why::Path(_) if !self.raw && are_two_files(text) => {
                "several names: list one per line".into()
            }
            // It is more helpful to say what the text is than what it is not.
            Why::Path(error) if error.kind() == Kind::NoLeadingSlash && !is_name => {
                let why = not_a_name::refusal(text).map(|why| why.what.into_owned());
                why.unwrap_or_else(|| error.to_string())
            }
            Why::Path(error) => error.to_string(),
        };
        Refusal { message, is_name }
    }

    /// Whether the text would be a valid file name, although it is not a valid path.
    fn might_be_name(self, text: &[u8], why: &Why) -> bool {
        let is_kind = match why {
            Why::NotUtf8 { .. } => true,
            Why::Star { .. } => false,
            Why::Path(error) => matches!(
                error.kind(),
                Kind::NoLeadingSlash
                    | Kind::Space
                    | Kind::NonAscii
                    | Kind::Unescaped
                    | Kind::Escape
            ),
        };
        let raw = Format { raw: true, ..self };
        let is_listed = || {
            let mut evidence = Evidence::default();
            evidence.add(text);
            evidence.refusal(false).is_none()
        };
        is_kind && (not_a_name::is_quoted_by_git(text) || (raw.name(text).is_ok() && is_listed()))
    }
}

/// Why an entry is not a path.
#[derive(Debug)]
pub(crate) struct Refusal {
    pub(crate) message: String,
    /// Whether it looks like a file name.
    pub(crate) is_name: bool,
}

impl From<&str> for Refusal {
    fn from(message: &str) -> Self {
        Self { message: message.to_owned(), is_name: false }
    }
}

impl From<PathError> for Refusal {
    fn from(error: PathError) -> Self {
        Self { message: error.to_string(), is_name: false }
    }
}

enum Why {
    NotUtf8 { at: usize },
    Star { at: usize },
    Path(PathError),
}

fn checked(text: &[u8], is_inventory: bool) -> Result<&str, Why> {
    let text = str::from_utf8(text).map_err(|error| Why::NotUtf8 { at: error.valid_up_to() })?;
    // Only an inventory is searched: there may be millions of other paths.
    match is_inventory.then(|| text.find('*')).flatten() {
        Some(at) => Err(Why::Star { at }),
        None => Ok(text),
    }
}

/// A byte order mark.
const MARK: &[u8] = b"\xef\xbb\xbf";

/// Whether a name is one of the ways to write the root of the site.
fn is_folder(name: &[u8]) -> bool {
    matches!(name, b"." | b"./" | b"/." | b"././")
}

fn are_two_files(text: &[u8]) -> bool {
    str::from_utf8(text).is_ok_and(not_a_name::are_two_files)
}

/// Replaces the backslashes of Windows, as in `img\logo.png`. Elsewhere, a backslash is part of the name.
fn with_slashes(name: &[u8], windows: bool) -> Cow<'_, [u8]> {
    if !windows || !name.contains(&b'\\') {
        return name.into();
    }
    name.iter().map(|&byte| if byte == b'\\' { b'/' } else { byte }).collect()
}
