//! Columns and codes before every name of a list: what `git status`, `du` and others write.

use crate::input::not_a_name::{self, Code, EntryColumn, code};

/// Codes of `git status`, `hg status` and `svn status`, each before its name.
#[derive(Debug, Default)]
pub(super) struct Codes {
    count: usize,
    /// `? a`, `! a`
    unknown: usize,
    /// `- a`, `* a`, `+ a`
    bullets: usize,
    pairs: usize,
    /// The letters seen, as bits.
    letters: u32,
    /// The next entry may be the old name of this one, without a code of its own.
    is_old_name: bool,
    /// Whether this is not the first entry.
    has_begun: bool,
}

impl Codes {
    pub(super) fn add(&mut self, entry: &[u8]) {
        let is_old_name = std::mem::take(&mut self.is_old_name);
        // `## main`, as `git status --branch` writes it first.
        if !std::mem::replace(&mut self.has_begun, true) && entry.starts_with(b"## ") {
            self.count += 1;
            return;
        }
        let code = match code(entry) {
            None if is_old_name => {
                self.count += 1;
                return;
            }
            None => return,
            Some(code) => code,
        };
        self.count += 1;
        match code {
            Code::Marker(b'?' | b'!') => self.unknown += 1,
            Code::Marker(_) => self.bullets += 1,
            Code::Letter(letter) => self.letters |= 1 << (letter - b'A'),
            Code::Pair { has_old_name } => {
                self.pairs += 1;
                self.is_old_name = has_old_name;
            }
        }
    }

    /// Whether these are status codes. All names of a list may begin with `A `, or all with `C `, but hardly ever some
    /// with each.
    pub(super) fn are_all(&self, total: usize, null: bool) -> bool {
        let markers = self.unknown + self.bullets;
        // `git ls-files -t` writes an `H` before almost all names.
        let has = |letter: u8| self.letters & 1 << (letter - b'A') != 0;
        let is_modified = has(b'M') || has(b'H');
        let are_codes = self.pairs > 0
            || is_modified
            || self.letters.count_ones() > 1
            || (self.letters > 0 && self.unknown > 0);
        self.count == total
            && match total == markers {
                true => !null || self.bullets == 0,
                false => total > 1 && are_codes,
            }
    }
}

/// Sizes, modes, checksums and long statuses, each before its name.
#[derive(Debug, Default)]
pub(super) struct Columns {
    count: usize,
    certain: usize,
    /// How many of the next entries are further names of the last one.
    names_left: usize,
}

impl Columns {
    pub(super) fn add(&mut self, entry: &[u8]) {
        if self.names_left > 0 {
            self.names_left -= 1;
            self.count += 1;
            return;
        }
        match not_a_name::entry_column(entry) {
            Some(EntryColumn::Certain { more_names }) => {
                self.names_left = more_names;
                self.certain += 1;
                self.count += 1;
            }
            Some(EntryColumn::Possible) => self.count += 1,
            None => {}
        }
    }

    pub(super) fn are_all(&self, total: usize) -> bool {
        self.count == total && self.certain > 0
    }
}

/// `M<NUL>a<NUL>R100<NUL>a<NUL>b<NUL>`, as `git diff --name-status -z` and `--raw -z` write it.
#[derive(Debug, Default)]
pub(super) struct Pairs {
    is_broken: bool,
    names_left: usize,
    /// Whether an entry was certainly a name.
    has_name: bool,
}

impl Pairs {
    pub(super) fn add(&mut self, entry: &str) {
        let is_raw = entry.starts_with(':') && entry.contains(' ');
        let state = entry.rsplit(' ').next().filter(|_| is_raw).unwrap_or(entry);
        let (letter, score) = state.split_at_checked(1).unwrap_or(("", ""));
        let is_number = !score.is_empty() && score.bytes().all(|byte| byte.is_ascii_digit());
        let names = match letter {
            "R" | "C" if is_number => 2,
            "M" | "A" | "D" | "T" | "U" | "X" if score.is_empty() || is_number => 1,
            _ => 0,
        };
        match (self.names_left, names) {
            (0, 0) => self.is_broken = true,
            (0, names) => self.names_left = names,
            (left, _) => {
                self.names_left = left - 1;
                self.has_name |= entry.contains(['.', '/']);
                self.is_broken |= names > 0 && !is_number;
            }
        }
    }

    pub(super) fn are_all(&self) -> bool {
        !self.is_broken && self.names_left == 0 && self.has_name
    }
}
