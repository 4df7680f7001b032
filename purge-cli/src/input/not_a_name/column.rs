//! Columns and notes that other programs write before and after a file name.

use super::is_file;

/// Whether a line has a column before the name, or is a line of a log.
pub(crate) fn has_column(line: &str) -> bool {
    const PREFIXES: [&str; 10] = [
        "diff --git ",
        "--- a/",
        "+++ b/",
        "@@ -",
        "*deleting ",
        "sending incremental file list",
        "building file list",
        "total size is ",
        "Only in ",
        "## ",
    ];
    let bytes = line.as_bytes();
    PREFIXES[..8].iter().any(|prefix| line.starts_with(prefix))
        || (line.starts_with(PREFIXES[8]) && line.contains(": "))
        || (line.starts_with(PREFIXES[9]) && line.contains("..."))
        || has_status(bytes)
        || has_long_status(bytes)
        || has_mode(bytes)
        || has_changes(bytes)
        || has_checksum(bytes)
        || has_date(bytes)
        || has_table(line)
        || has_verb(line)
}

/// The column of git, hg, `du` or `sha256sum` with which an entry that ends with a NUL byte begins.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum EntryColumn {
    /// A name follows. As many entries after this one are further names, without a column.
    Certain { more_names: usize },
    /// Among the others, `git status --porcelain=v2` writes this before files that it does not track, and about the
    /// branch. Some names begin like this.
    Possible,
}

/// The column before the name of an entry that ends with a NUL byte.
pub(crate) fn entry_column(entry: &[u8]) -> Option<EntryColumn> {
    let is_certain = has_entry_column(entry);
    let more_names = match entry {
        [b'2', b' ', ..] if has_long_status(entry) => 1,
        // `1<TAB>2<TAB>`, as `git diff --numstat` writes it before the old and the new name.
        [.., b'\t'] => 2,
        _ => 0,
    };
    if is_certain {
        return Some(EntryColumn::Certain { more_names });
    }
    let is_possible =
        matches!(entry, [b'?' | b'!', b' ', _, ..]) || entry.starts_with(b"# branch.");
    is_possible.then_some(EntryColumn::Possible)
}

fn has_entry_column(entry: &[u8]) -> bool {
    // `100644 blob d41d8cd98f00b204e9800998ecf8427e…<TAB>a`, `1<TAB>2<TAB>a`, `4.0K<TAB>a`
    let tab = entry.iter().position(|&byte| byte == b'\t');
    let is_number = |column: &[u8]| {
        let is_digit = |byte: &u8| byte.is_ascii_digit() || b".,KMGT- ".contains(byte);
        !column.is_empty() && column.iter().all(is_digit)
    };
    let is_object = |column: &[u8]| {
        let (mode, rest) = column.split_at_checked(6).unwrap_or((column, &[]));
        mode.iter().all(u8::is_ascii_digit) && rest.first() == Some(&b' ') && rest.len() > 40
    };
    has_long_status(entry)
        || has_checksum(entry)
        || tab.is_some_and(|at| is_number(&entry[..at]) || is_object(&entry[..at]))
}

/// Status codes that a real name may also begin with.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Code {
    /// `? a`, `- a`
    Marker(u8),
    /// `M a`
    Letter(u8),
    /// `AM a`, ` M a`
    Pair { has_old_name: bool },
}

/// The status code before a name.
pub(crate) fn code(entry: &[u8]) -> Option<Code> {
    match *entry {
        [marker @ (b'?' | b'!' | b'+' | b'-' | b'*' | b'='), b' ', _, ..] => {
            Some(Code::Marker(marker))
        }
        [
            letter @ (b'M' | b'A' | b'R' | b'C' | b'D' | b'T' | b'U' | b'I' | b'H'),
            b' ',
            name,
            ..,
        ] if name != b' ' => Some(Code::Letter(letter)),
        [index, tree, b' ', name, ..] if name != b' ' && is_pair(index, tree) => {
            let has_old_name = [index, tree].iter().any(|state| b"RC".contains(state));
            Some(Code::Pair { has_old_name })
        }
        _ => None,
    }
}

/// The states of a file in the index and in the tree, as git combines them.
fn is_pair(index: u8, tree: u8) -> bool {
    let pair = [index, tree];
    let is_unmerged = [*b"DD", *b"AU", *b"UD", *b"UA", *b"DU", *b"AA", *b"UU"].contains(&pair);
    let is_changed = b"MTARC ".contains(&index) && b" MTDRCA".contains(&tree) && pair != *b"  ";
    is_unmerged || is_changed || [*b"??", *b"!!", *b"D "].contains(&pair)
}

/// `index.html   100%   12 KB`, `modified:   a`, ` a | 2 +-`, `├── a`, `  12 a`
fn has_table(line: &str) -> bool {
    let has = |text: &str| line.contains(text);
    let is_diffstat = line.starts_with(' ') && (has(" | ") || has(" mode 1") || has(" changed, "));
    let indented = line.strip_prefix("  ").map_or("", str::trim_ascii_start);
    let is_count = indented.split_once(' ').is_some_and(|(count, _)| {
        count.bytes().all(|byte| byte.is_ascii_digit() || b".%".contains(&byte))
    });
    is_diffstat
        || is_count
        || ["   ", ":  ", " bytes  received ", "\u{2500}\u{2500} "].iter().any(|text| has(text))
}

/// `  adding: a (deflated 10%)`, `removed 'a'`, `Files a and b differ`, `SHA256 (a) = e3b0`
fn has_verb(line: &str) -> bool {
    const VERBS: [&str; 7] =
        ["adding", "updating", "deleting", "inflating", "extracting", "creating", "freshening"];
    const SUMS: [&str; 4] = ["MD5", "SHA", "BLAKE", "SM3"];
    let verb = line.strip_prefix(' ').and_then(|line| line.trim_ascii_start().split_once(": "));
    let is_commit = line.strip_prefix("commit ").and_then(|rest| rest.get(..40));
    verb.is_some_and(|(verb, _)| VERBS.contains(&verb))
        || (line.starts_with("removed '") && line.ends_with('\''))
        || (line.starts_with("Files ") && line.ends_with(" differ"))
        || (SUMS.iter().any(|sum| line.starts_with(sum)) && line.contains(") = "))
        || is_commit.is_some_and(|hash| hash.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

/// `index.html:12:a`, `index.html: OK`, `index.html: HTML document`, `/a.html:/b.html`
pub(crate) fn has_note(line: &str) -> bool {
    let mut colons = line.match_indices(':');
    colons.any(|(at, _)| is_file(&line[..at]))
        || line.ends_with(": OK")
        || line.ends_with(": FAILED")
}

/// An error message of a shell, git or a tool. It gets into the list if standard error goes into the same pipe.
pub(crate) fn is_error(line: &str) -> bool {
    const PROGRAMS: [&str; 28] = [
        "fatal", "error", "warning", "hint", "usage", "bash", "sh", "zsh", "dash", "find", "ls",
        "git", "hg", "svn", "rsync", "cat", "grep", "sed", "awk", "xargs", "jq", "sort", "tar",
        "ssh", "scp", "curl", "cp", "mv",
    ];
    const ENDS: [&str; 4] = [
        ": No such file or directory",
        ": Permission denied",
        ": command not found",
        ": Is a directory",
    ];
    let program = line.split_once(": ").map_or("", |(program, _)| program);
    let program = program.trim_start_matches('-').rsplit('/').next().unwrap_or_default();
    let is_word = ["Error", "ERROR", "Warning", "WARNING", "Fatal", "FATAL"].contains(&program);
    is_word || PROGRAMS.contains(&program) || ENDS.iter().any(|end| line.ends_with(end))
}

/// `M<TAB>a`, `R100<TAB>a<TAB>b`; ` M a`, `R  a -> b`, `?? a`; `M       a`.
fn has_status(line: &[u8]) -> bool {
    const STATES: &[u8] = b" MTADRCUXI?!~";
    if let Some(tab) = memchr::memchr(b'\t', line) {
        let (state, score) = line[..tab].split_first().unwrap_or((&0, &[]));
        return STATES.contains(state) && score.iter().all(u8::is_ascii_digit);
    }
    let [index, tree, b' ', name, ..] = *line else { return false };
    let is_blank = index == b' ' && tree == b' ';
    let is_pair = [*b"??", *b"!!", *b"MM", *b"UU"].contains(&[index, tree]);
    let is_half = (index == b' ' || tree == b' ') && !b"?!".contains(&index);
    STATES.contains(&index)
        && STATES.contains(&tree)
        && (is_pair || (is_half && !is_blank))
        && (name != b' ' || tree == b' ')
}

/// `1 .M N... 100644 100644 100644 abc abc a`, as `git status --porcelain=v2` writes it.
fn has_long_status(line: &[u8]) -> bool {
    let [b'1' | b'2' | b'u', b' ', index, tree, b' ', module, a, b, c, b' ', ..] = *line else {
        return false;
    };
    let is_state = |state: u8| b".MADRCUT".contains(&state);
    let is_flag = |flag: u8| b".CMU".contains(&flag);
    is_state(index)
        && is_state(tree)
        && b"NS".contains(&module)
        && [a, b, c].into_iter().all(is_flag)
}

/// `-rw-r--r-- 1 root root 12 Jan  1 00:00 a`, as `ls -l` and `tar -tv` write it.
fn has_mode(line: &[u8]) -> bool {
    let Some((mode, [b' ' | b'.' | b'+' | b'@', ..])) = line.split_at_checked(10) else {
        return false;
    };
    b"-dlbcpsD".contains(&mode[0]) && mode[1..].iter().all(|byte| b"-rwxsStT".contains(byte))
}

/// `>f.st...... a`, as `rsync --itemize-changes` writes it.
fn has_changes(line: &[u8]) -> bool {
    let Some(([kind, file, changes @ ..], [b' ', ..])) = line.split_at_checked(11) else {
        return false;
    };
    b"<>ch.*".contains(kind)
        && b"fdLDS".contains(file)
        && changes.iter().all(|byte| b".+cstTpoguaxbn?".contains(byte))
}

/// `d41d8cd98f00b204e9800998ecf8427e  a`
fn has_checksum(line: &[u8]) -> bool {
    let digits = line.iter().take_while(|byte| byte.is_ascii_hexdigit()).count();
    digits >= 32 && matches!(line[digits..], [b' ', b' ' | b'*', ..])
}

/// `2026-01-31 12:00:00 a` and `[12:00:00] a`, as logs and lists of buckets write it.
fn has_date(line: &[u8]) -> bool {
    let is_time = |time: &[u8]| {
        time.iter().map(|byte| if byte.is_ascii_digit() { b'0' } else { *byte }).eq(*b"[00:00:00] ")
    };
    if line.get(..11).is_some_and(is_time) {
        return true;
    }
    let Some(start) = line.get(..16) else { return false };
    let format = |byte: &u8| match byte {
        b'0'..=b'9' => b'0',
        b'/' => b'-',
        b'T' => b' ',
        other => *other,
    };
    start.iter().map(format).eq(*b"0000-00-00 00:00")
}
