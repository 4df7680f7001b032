//! Recognizes lines that are not file names. If such a line were taken for a name, no such file would exist, and its
//! purge would look like a success.
//!
//! A real name that looks like this is accepted in a list whose names end with a NUL byte. Where a single line is not
//! enough to decide, the whole [list](super::evidence) is judged.

mod column;
mod host;
mod markup;
#[cfg(test)]
mod tests;

use std::borrow::Cow;

use column::has_column;
pub(super) use column::{Code, EntryColumn, code, entry_column};
pub(super) use host::is_domain;
use host::is_host;

/// The extensions that are most frequent in lists of files.
const ENDINGS: [&str; 20] = [
    "html", "htm", "css", "js", "mjs", "json", "map", "xml", "txt", "pdf", "svg", "png", "jpg",
    "jpeg", "gif", "webp", "avif", "ico", "woff", "woff2",
];

/// How to pass a name that looks like something else.
pub(super) const LIKE_THAT: &str = "; a name that looks like this needs `-0`";
const HAS_ONE: &str = "; a name that contains one needs `-0`";

/// Why a line cannot be the name of a file.
#[derive(Debug)]
pub(super) struct Reason {
    /// What is wrong, and what to do about it.
    pub(super) what: Cow<'static, str>,
    /// What to do if it is a name after all; shown only to those who pass names.
    pub(super) unless: &'static str,
}

/// Git quotes a name that has a control character, a quote, a backslash or anything beyond ASCII.
pub(super) fn is_quoted_by_git(line: &[u8]) -> bool {
    line.len() > 1 && line.starts_with(b"\"") && line.ends_with(b"\"") && line.contains(&b'\\')
}

/// Why a line cannot be the name of a file, and what to do about it.
pub(super) fn refusal(line: &[u8]) -> Option<Reason> {
    let text = String::from_utf8_lossy(line);
    let (what, unless) = of_quotes(line)
        .or_else(|| of_log(&text))
        .or_else(|| of_control(&text))
        .or_else(|| of_address(&text))
        .or_else(|| markup::refusal(&text))
        .or_else(|| of_several(&text))
        .or_else(|| of_ends(&text))?;
    Some(Reason { what, unless })
}

/// What is wrong, and what to do if it is not.
type Says = Option<(Cow<'static, str>, &'static str)>;

fn says(what: &'static str, unless: &'static str) -> Says {
    Some((what.into(), unless))
}

fn of_quotes(line: &[u8]) -> Says {
    if !is_quoted_by_git(line) {
        return None;
    }
    says("git quotes such names: run git with `-z`, and pass `-0 --raw` here", "")
}

fn of_log(line: &str) -> Says {
    if line.contains('\u{feff}') {
        return says("a byte order mark inside the list: remove it", HAS_ONE);
    }
    if column::is_error(line) {
        return says(
            "an error message from the program before the pipe: fix that first",
            LIKE_THAT,
        );
    }
    if !has_column(line) {
        return None;
    }
    says(
        "status or log output: list only the names, as `git diff --name-only` and `rsync \
         --out-format=%n` do",
        LIKE_THAT,
    )
}

fn of_control(line: &str) -> Says {
    if line.contains('\n') {
        return says("several names: pass them with `--from -`, which reads one per line", "");
    }
    if let Some(control) = line.chars().find(char::is_ascii_control) {
        let name = if control == '\t' { " (tab)" } else { "" };
        let what = format!("a control character{name}: list only the names, one per line");
        return Some((what.into(), HAS_ONE));
    }
    if line.contains(['\u{85}', '\u{2028}', '\u{2029}']) {
        return says("a Unicode line separator: list one name per line", HAS_ONE);
    }
    let escapes = ["%0A", "%0a", "%0D", "%0d", "%00"];
    if escapes.iter().any(|escape| line.contains(escape)) {
        return says("an escaped control character: list one name per line", LIKE_THAT);
    }
    None
}

fn of_address(line: &str) -> Says {
    if line.contains("://") || host::has_scheme(line) {
        return says(
            "a URL or log output: list file names, or omit --raw and write the paths of the URLs",
            "",
        );
    }
    if !is_host(line) {
        return None;
    }
    says("this looks like a host: remove it", " (if it is a folder name, pass `-0`)")
}

fn of_several(line: &str) -> Says {
    if line.contains('\\') {
        return says("a backslash: write `/` between folders, and one name per line", HAS_ONE);
    }
    if is_rename(line.as_bytes()) {
        return says("two names (a rename?): list both, one per line", LIKE_THAT);
    }
    if is_cut(line) {
        return says("part of a list or a table: list only the names, one per line", LIKE_THAT);
    }
    if line.trim_ascii_start().contains(" /") || is_list(line) {
        return says("several names: list one per line", LIKE_THAT);
    }
    if line.starts_with(' ') && line.trim_ascii_start().starts_with('/') {
        return says("a space before the `/`: remove it", HAS_ONE);
    }
    if column::has_note(line) {
        return says("a name followed by `:` and other text: list only the names", LIKE_THAT);
    }
    None
}

/// Refuses invisible characters at either end, which are never intended. A leading space is allowed, since rsync prints
/// the names of such files with it.
fn of_ends(line: &str) -> Says {
    let is_invisible = |c: char| c.is_whitespace() || is_zero_width(c);
    let (begins, ends) = (line.chars().next(), line.chars().next_back());
    if ends.is_some_and(is_invisible) {
        return says("an invisible character at the end, such as a space: remove it", HAS_ONE);
    }
    if begins.is_some_and(|c| c != ' ' && is_invisible(c)) {
        return says("an invisible character at the beginning: remove it", HAS_ONE);
    }
    None
}

fn is_zero_width(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200d}' | '\u{2060}' | '\u{ad}' | '\u{feff}')
}

/// Why a text between two NUL bytes cannot be a name: each of its lines is a name, or the first line is an error
/// message.
pub(super) fn lines(name: &[u8]) -> Option<&'static str> {
    memchr::memchr(b'\n', name)?;
    let name = String::from_utf8_lossy(name);
    let mut lines = name.lines().filter(|line| !line.is_empty());
    if lines.clone().all(is_file) && lines.clone().count() > 1 {
        return Some("line breaks between names: end each with a NUL byte, or leave -0 out");
    }
    let is_error = lines.next().is_some_and(column::is_error);
    is_error.then_some("an error message from the program before the pipe: fix that first")
}

/// `a -> b`
pub(super) fn is_rename(line: &[u8]) -> bool {
    [b" -> ", b" => "].iter().any(|arrow| memchr::memmem::find(line, *arrow).is_some())
}

/// Whether a name is followed by another column, or by quotes and a comma: `index.html,200`, `a','b`.
fn is_cut(line: &str) -> bool {
    let split = line.split_once([',', ';', '|']);
    let is_cut =
        |(name, rest): (&str, &str)| is_file(name) && !rest.starts_with(' ') && !is_list(line);
    split.is_some_and(is_cut)
        || ["','", "\",\"", "', '", "\", \""].iter().any(|between| line.contains(between))
}

/// Whether a text is certainly more than one name: `a.html,b.css`, or three names with spaces between them.
fn is_list(line: &str) -> bool {
    let names = || line.split([' ', ',', ';', '|']).filter(|name| !name.is_empty());
    let least = if line.contains([',', ';', '|']) { 2 } else { 3 };
    names().count() >= least && names().all(is_file)
}

/// `a.html b.css`, which may be the name of one file, unlike three such words.
pub(super) fn are_two_files(line: &str) -> bool {
    let Some((one, two)) = line.split_once(' ').filter(|(one, two)| is_file(one) && is_file(two))
    else {
        return false;
    };
    let stem =
        |name: &str| name.rsplit_once('.').map_or(String::new(), |(stem, _)| stem.to_owned());
    let is_copy = two.starts_with(|c: char| !c.is_alphanumeric() && !"_./".contains(c))
        || ["copy", "kopie", "backup", "old", "new"].contains(&stem(two).to_lowercase().as_str());
    !two.contains(' ') && !is_copy && stem(one) != stem(two)
}

pub(super) fn is_file(name: &str) -> bool {
    name.rsplit_once('.').is_some_and(|(name, end)| {
        !name.is_empty() && ENDINGS.iter().any(|ending| end.eq_ignore_ascii_case(ending))
    })
}
