//! JSON that is harmless to show, too: many a pipeline prints it.

use std::io::{self, Write};

use purge_api_ext::escape;
use serde::Serialize;
use serde_json::Serializer;
use serde_json::ser::Formatter;

use super::Out;

/// Writes a value as one line.
pub(super) fn line(out: Out<'_>, value: &impl Serialize) -> io::Result<()> {
    value.serialize(&mut Serializer::with_formatter(&mut *out, Harmless))?;
    writeln!(out)
}

/// Escapes within texts what [`escape`] does, as JSON does it, so that a reader gets the text as it was.
struct Harmless;

impl Formatter for Harmless {
    fn write_string_fragment<W>(&mut self, writer: &mut W, fragment: &str) -> io::Result<()>
    where
        W: Write + ?Sized,
    {
        if escape(fragment) == fragment {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_escaped_and_read_as_they_were() {
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
        check("a::b ::c", "a::b ::c");
    }
}
