//! Results as JSON.

mod record;

use std::io::{self, Write as _};
use std::time::Duration;

use purge_api_ext::{Report, escape};
use serde::Serialize;
use serde_json::ser::Formatter;

pub(super) use self::record::record;
use super::Out;
use crate::exit::Failure;

/// Writes one value and ends the line.
pub(super) fn line(out: Out<'_>, value: &impl Serialize) -> io::Result<()> {
    // The serializer writes a few bytes at a time, and a report may have a million paths.
    let mut out = io::BufWriter::with_capacity(16 * 1024, out);
    write(&mut out, value)?;
    out.write_all(b"\n")?;
    // This flushes only the buffer, not the writer below it.
    out.into_inner().map(drop).map_err(|error| error.into_error())
}

/// Writes one value.
pub(super) fn write<W>(out: &mut W, value: &impl Serialize) -> io::Result<()>
where
    W: io::Write + ?Sized,
{
    let mut serializer = serde_json::Serializer::with_formatter(out, Harmless);
    Ok(value.serialize(&mut serializer)?)
}

/// Whether a text has nothing to escape, for JSON or for [`Harmless`].
///
/// Nearly all texts are plain. The comparisons compile to vector instructions that check 16 bytes at once.
fn is_plain(text: &str) -> bool {
    let is_odd = |byte: u8| {
        let has_meaning = (b'"'..=b'#').contains(&byte) | (byte == b'\\');
        !(b' '..=b'~').contains(&byte) | has_meaning
    };
    let is_any_odd = |block: &[u8; 16]| block.iter().fold(false, |any, &byte| any | is_odd(byte));
    let bytes = text.as_bytes();
    // The last block may overlap the one before it.
    !match bytes.last_chunk::<16>() {
        Some(last) => bytes
            .as_chunks::<16>()
            .0
            .iter()
            .fold(is_any_odd(last), |any, block| any | is_any_odd(block)),
        None => bytes.iter().any(|&byte| is_odd(byte)),
    }
}

/// Escapes in JSON strings what [`escape`] escapes in plain text, and the `##[` and `##vso[` that CI systems obey
/// anywhere in a log line. A parser reads the original text.
struct Harmless;

impl Formatter for Harmless {
    fn write_string_fragment<W>(&mut self, writer: &mut W, fragment: &str) -> io::Result<()>
    where
        W: ?Sized + io::Write,
    {
        if is_plain(fragment) {
            return writer.write_all(fragment.as_bytes());
        }
        let mut before = None;
        for character in fragment.chars() {
            let mut buffer = [0; 4];
            let text = &*character.encode_utf8(&mut buffer);
            if escape(text) == text && (character, before) != ('#', Some('#')) {
                writer.write_all(text.as_bytes())?;
            } else {
                for unit in character.encode_utf16(&mut [0; 2]) {
                    write!(writer, "\\u{unit:04x}")?;
                }
            }
            before = Some(character);
        }
        Ok(())
    }
}

/// The requests that would be sent.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(title = "Plan"))]
pub(super) struct Planned {
    #[serde(flatten)]
    report: Report,
    /// The seconds until the last request is sent at the given rate; null without a rate.
    duration_seconds: Option<f64>,
}

impl Planned {
    pub(super) fn new(report: Report, duration: Option<Duration>) -> Self {
        Self { report, duration_seconds: duration.map(|duration| duration.as_secs_f64()) }
    }
}

/// A message on standard error, as one line.
pub(super) fn message(message: String) -> String {
    let mut line = Vec::new();
    // Writing text to a buffer cannot fail.
    drop(write(&mut line, &Message { schema: 1, message }));
    String::from_utf8_lossy(&line).into_owned()
}

/// A message about a command in progress.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub(super) struct Message {
    /// The version of this format: 1.
    #[cfg_attr(feature = "schema", schemars(extend("const" = 1)))]
    schema: u32,
    /// A text for people, safe to display. Its wording may change.
    message: String,
}

/// Why a command failed, or what is wrong with its result.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(title = "Failure"))]
pub(super) struct Failed {
    /// The version of this format: 1.
    #[cfg_attr(feature = "schema", schemars(extend("const" = 1)))]
    schema: u32,
    /// What went wrong.
    error: Detail,
}

/// What went wrong.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
struct Detail {
    /// A word for the exit code.
    kind: Kind,
    /// What happened, with which value, and how to fix it; safe to display.
    message: String,
    /// The exit code of the process.
    #[cfg_attr(feature = "schema", schemars(range(min = 1, max = 143)))]
    exit_code: u8,
}

/// A word for an exit code.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(with = "String"))]
struct Kind(&'static str);

impl Failed {
    pub(super) fn new(failure: &Failure) -> Self {
        let exit = failure.exit();
        let (kind, message) = (Kind(exit.kind()), failure.to_string());
        Self { schema: 1, error: Detail { kind, message, exit_code: exit as u8 } }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escaped_texts_parse_to_the_original() {
        let check = |text: &str, expected: &str| {
            let mut out = Vec::new();
            line(&mut out, &text).expect("memory");
            assert_eq!(String::from_utf8(out).expect("UTF-8"), format!("\"{expected}\"\n"));
            let read: String = serde_json::from_str(&format!("\"{expected}\"")).expect("JSON");
            assert_eq!(read, text);
        };
        check("/a#b/\u{fc}", "/a#b/\u{fc}");
        check("\u{1b}[2J\n", r"\u001b[2J\n");
        check("\u{9b}2J \u{202e}\u{2028}", r"\u009b2J \u202e\u2028");
        check("##vso[x] \"##[y]", r##"#\u0023vso[x] \"#\u0023[y]"##);
        check("a ##vso[task.x]y", r##"a #\u0023vso[task.x]y"##);
        check("###[x", r##"#\u0023\u0023[x"##);
        check("a::b ::c", "a::b ::c");
    }

    #[test]
    fn no_line_contains_a_ci_command() {
        for text in ["##[error]x", "####[x", "#", "a\n::error::x", "\"##["] {
            let mut out = Vec::new();
            line(&mut out, &[text]).expect("a buffer takes everything");
            let written = String::from_utf8(out).expect("text");
            assert!(!written.contains("##") && written.lines().count() == 1, "{written}");
            let read: [String; 1] = serde_json::from_str(&written).expect("JSON");
            assert_eq!(read, [text]);
        }
    }
}
