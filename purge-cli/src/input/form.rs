//! How paths are written: one a line or NUL by NUL, as paths or as file names.

use std::str;

use purge_api_ext::{Paths, PurgePath};

/// What a text of paths looks like.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Form<'a> {
    /// Whether a NUL byte ends an entry, and not a line break.
    pub(crate) null: bool,
    /// Whether the entries are file names, to be percent-encoded.
    pub(crate) raw: bool,
    /// What stands before every path.
    pub(crate) prefix: Option<&'a PurgePath>,
}

impl Form<'_> {
    /// What ends an entry.
    pub(crate) fn end(self) -> u8 {
        if self.null { b'\0' } else { b'\n' }
    }

    /// Whether an entry is a path, or none, just as it stands.
    pub(crate) fn is_whole(self, entry: &str) -> bool {
        let is_bare = !self.null && !self.raw && self.prefix.is_none();
        is_bare && entry.starts_with('/') && !entry.ends_with('\r')
    }

    /// An entry of a text without what does not belong to it; none if nothing is left. They are counted
    /// from 1.
    pub(crate) fn entry(self, entry: &[u8], number: usize) -> Option<&[u8]> {
        if self.null {
            return Some(entry).filter(|entry| !entry.is_empty());
        }
        let marked = entry.strip_prefix(b"\xef\xbb\xbf").filter(|_| number == 1);
        let line = marked.unwrap_or(entry);
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        // A file name may begin with anything.
        let comment = !self.raw && line.starts_with(b"#");
        Some(line).filter(|line| !line.trim_ascii().is_empty() && !comment)
    }

    /// Adds the path that an entry stands for, or tells what is wrong with it.
    pub(crate) fn read(
        self,
        text: &[u8],
        is_inventory: bool,
        paths: &mut Paths,
    ) -> Result<(), String> {
        if !self.raw && self.prefix.is_none() {
            return paths.try_push(checked(text, is_inventory)?).map_err(|error| error.to_string());
        }
        let path = if self.raw {
            self.name(text)?
        } else {
            PurgePath::new(checked(text, is_inventory)?).map_err(|error| error.to_string())?
        };
        let prefix = self.prefix.map_or("", PurgePath::as_str).trim_end_matches('/');
        // What is checked in two parts may still be too long as a whole.
        paths.try_push(&format!("{prefix}{path}")).map_err(|error| error.to_string())
    }

    fn name(self, name: &[u8]) -> Result<PurgePath, String> {
        // The root of the site is the one folder whose name is empty.
        if name == b"/" {
            return PurgePath::new("/").map_err(|error| error.to_string());
        }
        if !self.null && is_quoted_by_git(name) {
            return Err(
                "a name in quotes, as git writes it in lines: use `-z` there and `-0` here"
                    .to_owned(),
            );
        }
        PurgePath::from_file_name(name).map_err(|error| error.to_string())
    }
}

fn checked(text: &[u8], is_inventory: bool) -> Result<&str, String> {
    let text = str::from_utf8(text).map_err(|error| {
        format!("not UTF-8, at byte {}: percent-encode it", error.valid_up_to())
    })?;
    // Of millions of paths that are no inventory none is searched.
    match is_inventory.then(|| text.find('*')).flatten() {
        Some(star) => Err(format!(
            "a `*`, at byte {star}: an inventory has no wildcards; write `%2A` for the character"
        )),
        None => Ok(text),
    }
}

/// Git puts a name in quotes if a character of it would break a line or needs more than ASCII. Taken as
/// it stands, it would be the name of a file that does not exist, and its purge would look like success.
fn is_quoted_by_git(line: &[u8]) -> bool {
    line.len() > 1 && line.starts_with(b"\"") && line.ends_with(b"\"") && line.contains(&b'\\')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paths(form: Form<'_>, text: &[u8]) -> Vec<String> {
        let mut read = Vec::new();
        let mut number = 0;
        let take = |entry: &[u8], _: Option<&str>| {
            number += 1;
            let Some(entry) = form.entry(entry, number) else { return };
            let mut paths = Paths::new();
            read.push(match form.read(entry, false, &mut paths) {
                Ok(()) => paths.iter().collect(),
                Err(error) => format!("{number}: {error}"),
            });
        };
        crate::input::each_entry(text, form.end(), take).expect("memory can be read");
        read
    }

    #[test]
    fn lines_of_file_names() {
        let raw = Form { raw: true, ..Form::default() };
        assert_eq!(
            paths(raw, b"\xef\xbb\xbfa b.txt\r\n\n#1.txt\n*.png\n./docs/\n/\ncaf\xe9\n"),
            ["/a%20b.txt", "/%231.txt", "/%2A.png", "/docs/", "/", "/caf%E9"]
        );
        assert_eq!(
            paths(raw, b"\"caf\\303\\251\"\n\"\n../a\n"),
            [
                "1: a name in quotes, as git writes it in lines: use `-z` there and `-0` here",
                "/%22",
                "3: a dot segment, at byte 1: write the path without `.` and `..`"
            ]
        );
    }

    #[test]
    fn nothing_but_nul_ends_an_entry() {
        let null = Form { null: true, ..Form::default() };
        assert_eq!(paths(null, b"/a\0\0/b\0"), ["/a", "/b"]);
        assert_eq!(paths(null, b"#/a\0"), ["1: no leading slash, at byte 0: begin with `/`"]);
        let raw = Form { raw: true, ..null };
        assert_eq!(
            paths(raw, b"a\nb\r\0\"\\\"\0 \0\xef\xbb\xbf"),
            ["/a%0Ab%0D", "/%22%5C%22", "/%20", "/%EF%BB%BF"]
        );
    }

    #[test]
    fn prefix_comes_before_every_path() {
        let prefix = PurgePath::new("/assets/").expect("a path");
        let form = Form { prefix: Some(&prefix), ..Form::default() };
        assert_eq!(
            paths(form, b"/a\n/\n/*.js\nb"),
            ["/assets/a", "/assets/", "/assets/*.js", "4: no leading slash, at byte 0: write `/b`"]
        );
        let raw = Form { raw: true, ..form };
        assert_eq!(paths(raw, b"a\n/\nb/c d"), ["/assets/a", "/assets/", "/assets/b/c%20d"]);
        let root = PurgePath::new("/").expect("a path");
        assert_eq!(paths(Form { prefix: Some(&root), ..raw }, b"a"), ["/a"]);
        let longest = format!("/{}", "a".repeat(PurgePath::MAX_BYTES - 1));
        assert_eq!(
            paths(form, longest.as_bytes()),
            ["1: longer than 8192 bytes: shorten it, or purge it by a wildcard"]
        );
    }
}
