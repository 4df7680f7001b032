//! Recognizes lists in which every line has another column after the path, such as a status: `/index.html,200`.
//!
//! Commas, semicolons, colons and vertical bars are legal in a path, so a list is taken for a table only if every line
//! has a number in a further column, and only if that is a number that tables have and addresses hardly ever have: it
//! follows a whole file name or a vertical bar, or there are several lines and it may be an HTTP status.

use memchr::{memchr, memchr3};

use super::not_a_name::is_file;
use crate::shown::excerpt;

/// What the lines of a list have looked like so far.
#[derive(Debug, Default)]
pub(super) struct Rows {
    /// The first line, as messages show it.
    first: Option<String>,
    /// Whether a single line would be enough.
    is_certain: bool,
    has_several: bool,
    /// A line had no further column, so nothing more is looked at.
    is_broken: bool,
}

impl Rows {
    /// Looks at a line. In nearly all lists, the first line decides that there is nothing more to look at.
    pub(super) fn add(&mut self, line: &[u8]) {
        if self.is_broken {
            return;
        }
        match number(line) {
            None => self.is_broken = true,
            Some(number) => self.is_certain |= number == Number::Any,
        }
        self.has_several = self.first.is_some();
        if self.first.is_none() {
            self.first = Some(excerpt(&String::from_utf8_lossy(line)));
        }
    }

    /// Why the lines are not paths or names, and what to do about it.
    pub(super) fn refusal(&self) -> Option<String> {
        let is_table = !self.is_broken && (self.is_certain || self.has_several);
        let first = self.first.as_deref().filter(|_| is_table)?;
        Some(format!(
            "every line has another column, as in `{first}`: list only the first column; paths and names that look \
             like this need `-0`"
        ))
    }
}

/// The number in a further column.
#[derive(Clone, Copy, PartialEq)]
enum Number {
    /// Any number, since the column before it is a whole path.
    Any,
    /// One that may be an HTTP status.
    Status,
}

/// `/index.html,200`, `/a|200|text/html`, `/index.html:12`
fn number(line: &[u8]) -> Option<Number> {
    let at = memchr3(b',', b';', b'|', line).or_else(|| memchr(b':', line))?;
    let (path, separator) = (&line[..at], line[at]);
    let is_whole = separator == b'|' || std::str::from_utf8(path).is_ok_and(is_file);
    let columns = line[at + 1..].split(|&byte| byte == separator);
    let is_number = |column: &&[u8]| !column.is_empty() && column.iter().all(u8::is_ascii_digit);
    let is_status = |column: &[u8]| column.len() == 3 && matches!(column[0], b'1'..=b'5');
    let mut numbers = columns.filter(is_number);
    match is_whole {
        true => numbers.next().map(|_| Number::Any),
        false => {
            numbers.find(|number| separator != b':' && is_status(number)).map(|_| Number::Status)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(lines: &[&str]) -> Option<String> {
        let mut rows = Rows::default();
        lines.iter().for_each(|line| rows.add(line.as_bytes()));
        rows.refusal()
    }

    #[test]
    fn tables_of_paths_are_refused() {
        for list in [
            &["/index.html,200"][..],
            &["/a,200", "/b/,404", "/c,301"],
            &["/a|200", "/b|15360"],
            &["/index.html;12", "/b.css;3456"],
            &["/a,200,text/html", "/b,304,"],
            &["a.html;200", "b,404"],
            &["/a.html|GET|200"],
            &["/index.html:3", "/main.css:12:x"],
            &["https://www.example.com/a,200", "https://www.example.com/b,404"],
        ] {
            let refusal = refusal(list);
            let is = format!("every line has another column, as in `{}`", list[0]);
            assert!(
                refusal.as_ref().is_some_and(|why| why.starts_with(&is)),
                "{list:?}: {refusal:?}"
            );
        }
    }

    /// These are legal, and lists of real sites have them.
    #[test]
    fn paths_are_accepted() {
        for list in [
            &[][..],
            &["/index.html"],
            // One line is not enough.
            &["/article,200"],
            &["/a,200", "/b"],
            &["/b", "/a,200", "/c,200"],
            &["/index.html,200", "/img/a,b.png"],
            &["/news/title,114871,12345.html"],
            &["/title,1234567", "/other,12"],
            &["/size/600,800"],
            &["/maps/@52.1,4.3"],
            &["/a;v=1", "/b;jsessionid=12"],
            &["/chapter:200", "/v1/users:12"],
            &["/a|b", "/c|"],
            &["/a,"],
            &["/wiki/File:a.png", "/wiki/Help:2"],
            &["/a.html,b.html"],
            &["/0200"],
        ] {
            assert_eq!(refusal(list), None, "{list:?}");
        }
    }
}
