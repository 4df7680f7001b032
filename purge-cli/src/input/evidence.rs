//! Signs that a list does not hold file names, judged over all its entries: a status before each, a common host,
//! percent escapes. A single name may look like that, such as `AM radio.html`.

mod status;

use percent_encoding::percent_decode_str;

use super::not_a_name::{LIKE_THAT, are_two_files, is_domain, is_file};
use crate::shown::excerpt;
use status::{Codes, Columns, Pairs};

/// What the entries of a list have looked like so far.
#[derive(Debug, Default)]
pub(super) struct Evidence {
    total: usize,
    /// The first entry, as messages show it.
    first: String,
    codes: Codes,
    pairs: Pairs,
    columns: Columns,
    /// `12 34 a.html`
    two_numbers: usize,
    /// `a.html; more`
    notes: usize,
    /// `upload: a`
    transfers: usize,
    /// `a.html b.html`
    two_files: usize,
    /// `total 8`, as `ls` writes it above the names.
    has_total: bool,
    host: Host,
    escapes: Escapes,
}

impl Evidence {
    /// Looks at an entry.
    pub(super) fn add(&mut self, entry: &[u8]) {
        const TRANSFERS: [&str; 6] =
            ["upload: ", "download: ", "copy: ", "move: ", "delete: ", "(dryrun) "];

        self.total += 1;
        let is_first = self.total == 1;
        let text = String::from_utf8_lossy(entry);
        if is_first {
            self.first = excerpt(&text);
            let count = text.strip_prefix("total ");
            self.has_total = count.is_some_and(|n| n.bytes().all(|byte| byte.is_ascii_digit()));
        }
        self.codes.add(entry);
        self.pairs.add(&text);
        self.columns.add(entry);
        self.two_numbers += usize::from(begins_with_two_numbers(&text));
        self.notes += usize::from(text.split_once("; ").is_some_and(|(name, _)| is_file(name)));
        self.transfers += usize::from(TRANSFERS.iter().any(|verb| text.starts_with(verb)));
        self.two_files += usize::from(are_two_files(&text));
        self.host.add(&text, is_first);
        self.escapes.add(&text);
    }

    /// Why the entries cannot be names, judged by what they have in common, and what to do about it.
    pub(super) fn refusal(&self, null: bool) -> Option<String> {
        if self.total == 0 {
            return None;
        }
        let first = &self.first;
        if null {
            let is_status =
                self.total > 1 && (self.codes.are_all(self.total, true) || self.pairs.are_all());
            let is_column = self.total > 1 && self.columns.are_all(self.total);
            return (is_status || is_column).then(|| {
                format!(
                    "every name has a status or another column, as in `{first}`: use `--name-only -z`; to pass a \
                     name that looks like this, put `./` before it"
                )
            });
        }
        let all = |count: usize| count == self.total;
        let are_columns = self.total > 1 && (all(self.two_numbers) || all(self.notes));
        let are_codes = self.codes.are_all(self.total, false);
        if self.has_total || are_codes || all(self.transfers) || are_columns {
            return Some(format!(
                "`{first}` and all other lines are status or log output: list only the names, as `git diff \
                 --name-only` and `rsync --out-format=%n` do{LIKE_THAT}"
            ));
        }
        if self.two_files * 2 >= self.total {
            return Some(format!("several names on a line: list one per line{LIKE_THAT}"));
        }
        if let Some(host) = self.host.of_all().filter(|_| self.total > 1) {
            return Some(format!(
                "every name begins with `{host}`, which looks like a host: remove it (if it is a folder name, \
                 pass `-0`)"
            ));
        }
        let encoded = self.escapes.example()?;
        Some(format!(
            "the names are already percent-encoded, such as `{}`: omit --raw, and begin each with `/`; a file \
             with such a name needs `-0`",
            encoded
        ))
    }
}

/// `2382 12 index.html`, as `cksum` writes it.
fn begins_with_two_numbers(line: &str) -> bool {
    let mut words = line.splitn(3, ' ');
    let mut is_number = || {
        words
            .next()
            .is_some_and(|word| !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_digit()))
    };
    is_number() && is_number() && words.next().is_some()
}

/// The same host before every name. A folder may be named like a site, but rarely holds every file of a list.
#[derive(Debug, Default)]
struct Host(Option<String>);

impl Host {
    fn add(&mut self, entry: &str, is_first: bool) {
        let host = entry.split_once('/').map_or("", |(host, _)| host);
        if is_first {
            self.0 = is_common(host).then(|| host.to_owned());
        } else if self.0.as_deref() != Some(host) {
            self.0 = None;
        }
    }

    fn of_all(&self) -> Option<&str> {
        self.0.as_deref()
    }
}

/// `example.com`, `cdn.example.org`; not `docs.rs` or `socket.io`, which also name other things.
fn is_common(host: &str) -> bool {
    const DOMAINS: [&str; 3] = ["com", "net", "org"];
    is_domain(host) && host.rsplit('.').next().is_some_and(|last| DOMAINS.contains(&last))
}

/// Percent escapes that only an encoded name has.
#[derive(Debug, Default)]
struct Escapes {
    /// A name was not encoded.
    has_plain: bool,
    /// One of them, as messages show it.
    example: Option<String>,
}

impl Escapes {
    fn add(&mut self, entry: &str) {
        if self.has_plain {
            return;
        }
        let is_escaped = |c: char| !c.is_ascii_graphic() || "\"<>\\^`{|}".contains(c);
        match decoded(entry) {
            Some(escapes) if !entry.contains(is_escaped) => {
                if self.example.is_none()
                    && escapes.iter().any(|byte| !byte.is_ascii_alphanumeric())
                {
                    self.example = Some(excerpt(entry));
                }
            }
            _ => self.has_plain = true,
        }
    }

    fn example(&self) -> Option<&str> {
        self.example.as_deref().filter(|_| !self.has_plain)
    }
}

/// The bytes that the escapes of a text stand for; none if a `%` begins no escape, or the decoded text is not
/// UTF-8.
fn decoded(text: &str) -> Option<Vec<u8>> {
    percent_decode_str(text).decode_utf8().ok()?;
    purge_api_ext::escapes(text).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(null: bool, names: &[&str]) -> Option<String> {
        let mut evidence = Evidence::default();
        names.iter().for_each(|name| evidence.add(name.as_bytes()));
        evidence.refusal(null)
    }

    #[test]
    fn lists_of_other_programs_are_refused() {
        let check = |null: bool, says: &str, lists: &[&[&str]]| {
            for list in lists {
                let refusal = refusal(null, list);
                assert!(
                    refusal.as_ref().is_some_and(|why| why.contains(says)),
                    "{list:?}: {refusal:?}"
                );
            }
        };
        let status =
            "use `--name-only -z`; to pass a name that looks like this, put `./` before it";
        check(
            true,
            status,
            &[
                &[" M index.html", "?? docs/x.html", "R  new.html", "old.html"],
                &["?? a", "?? b"],
                &["AM a", "DU b"],
                &["M index.html", "A b.html"],
                &["? a", "? b"],
                &["M a.html", "M b.html"],
                &["M", "index.html", "A", "b.html"],
                &["M", "index.html"],
                &["R100", "old.html", "new.html"],
                &["D", "LICENSE", "C75", "a.html", "b.html", "M", "c"],
                &[":100644 100644 bcd1234 0123456 M", "index.html"],
                &[
                    "100644 blob d41d8cd98f00b204e9800998ecf8427e01234567\ta",
                    "100644 blob d41d8cd98f00b204e9800998ecf8427e01234567\tb",
                ],
                &["1\t2\ta", "-\t-\tb.png"],
                &["4.0K\ta", "12\tb"],
                &["1 .M N... 100644 100644 100644 abc abc a", "1 A. N... 0 1 1 abc abc b"],
                &[
                    "# branch.oid abc",
                    "1 .M N... 100644 100644 100644 abc abc index.html",
                    "2 R. N... 100644 100644 100644 abc abc R100 renamed.html",
                    "ren.html",
                    "? new.html",
                    "! ignored.html",
                ],
                &["1\t1\tindex.html", "0\t0\t", "ren.html", "renamed.html", "-\t-\tb.png"],
                &["## main", " M index.html", "?? new.html"],
                &["H index.html", "H a.html"],
            ],
        );
        check(
            false,
            "status or log output",
            &[
                &["AM x.html", "RM y.html"],
                &["AD x", "MD y", "DU z"],
                &["M index.html", "? a.html"],
                &["M index.html", "M a.html"],
                &["A index.html", "D a.html"],
                &["A index.html", "? a.html"],
                &["? help.html"],
                &["! a", "? b"],
                &["- a.html", "- b.html"],
                &["* a.html"],
                &["total 8", "a.html"],
                &["## main", " M index.html"],
                &["= a.html", "- b.html"],
                &["H index.html", "H docs/a.html"],
                &["2382 12 index.html", "17 9 a b.html"],
                &["index.html; Content Length: 1.00 KiB", "a.css; Content Length: 2 B"],
                &["upload: a.html"],
                &["(dryrun) upload: a", "delete: b"],
            ],
        );
        check(false, "several names on a line", &[&["a.html b.css"], &["a.html b.html", "c.html"]]);
        check(
            false,
            "`example.com`, which looks like a host",
            &[&["example.com/a.html", "example.com/b/"]],
        );
        check(
            false,
            "already percent-encoded",
            &[
                &["caf%C3%A9.html"],
                &["index.html", "a%20b.html"],
                &["%2Fa.html"],
                &["50%25.png", "a.png"],
            ],
        );
    }

    #[test]
    fn lists_of_names_are_accepted() {
        let lists: &[&[&str]] = &[
            &[],
            &["index.html", "b.html"],
            &["AM radio.html"],
            &["AM radio.html", "index.html"],
            &["A day.html", "A night.html"],
            &["C basics.html", "C sharp.html"],
            &["M index.html"],
            &["? help.html", "index.html"],
            &["- dash.html", "+ plus.html", "index.html"],
            &["upload: a.html", "index.html"],
            &["index.html", "total 8"],
            &["a.html copy.html", "c.html (copy).html"],
            &["index.html index.htm"],
            &["a.html b.html", "c.html", "d.html"],
            &["docs.rs/a", "docs.rs/b"],
            &["example.com/a.html"],
            &["example.com/a.html", "example.org/a.html"],
            &["socket.io/a", "socket.io/b"],
            &["100%.png", "a%20b.html"],
            &["%41"],
            &["100%DEAL.html"],
            &["\u{fc}ber%20uns.html"],
            &["a b%20c.html"],
            &["./M a", "./A b"],
            &["A", "D", "M", "a.html"],
            &["A", "B"],
            &["M", "Makefile"],
            &["01 intro.html", "02 setup.html"],
            &["? help.html", "# branch.html", "index.html"],
            &["1 2 3.html", "index.html"],
            &["a.html; b", "c.html"],
            &["## heading.html", "index.html"],
        ];
        for list in lists {
            assert_eq!(refusal(false, list), None, "{list:?}");
            assert_eq!(refusal(true, list), None, "{list:?}");
        }
        for list in
            [&[" M index.html"][..], &["- a", "- b"], &["caf%C3%A9.html"], &["a.html b.html"]]
        {
            assert_eq!(refusal(true, list), None, "{list:?}");
        }
        assert_eq!(refusal(true, &["! important.html"]), None);
    }
}
