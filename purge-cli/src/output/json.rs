//! Results for programs, and the schemas of their forms.

use std::io::{self, Write as _};

use purge_api_ext::escape;
use serde::Serialize;
use serde_json::ser::Formatter;

use super::Out;
use crate::exit::Failure;

/// Writes one value and ends the line.
pub(super) fn line(out: Out<'_>, value: &impl Serialize) -> io::Result<()> {
    // The serializer writes a few bytes at a time, and a report may have a million paths.
    let mut out = io::BufWriter::with_capacity(16 * 1024, out);
    write(&mut out, value)?;
    out.write_all(b"\n")?;
    // What lies beneath need not be flushed with each line.
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

/// Escapes within texts what [`escape`] does, as JSON does it, and the `##[` and `##vso[` that CI systems
/// obey anywhere in a line of their log. Whoever parses it reads the text as it was.
struct Harmless;

impl Formatter for Harmless {
    fn write_string_fragment<W>(&mut self, writer: &mut W, fragment: &str) -> io::Result<()>
    where
        W: ?Sized + io::Write,
    {
        // Nearly all are like this, and it takes comparisons that a processor makes for many bytes at once.
        let is_plain = |byte: u8| (b' '..=b'~').contains(&byte) & (byte != b'#');
        if fragment.bytes().fold(true, |plain, byte| plain & is_plain(byte)) {
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

/// Why there is no result, or what is wrong with it.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(title = "Failure"))]
pub(super) struct Failed {
    /// The version of this form: 1.
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
    /// What happened, with what, and how to fix it; harmless to show.
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

/// The schemas, by the name of their file without its ending.
#[cfg(feature = "schema")]
pub(crate) fn schemas() -> Vec<(&'static str, serde_json::Value)> {
    use purge_api_ext::{OperationOutcome, PageSize, PurgeRecord, Report};
    use schemars::JsonSchema;
    use schemars::generate::SchemaSettings;

    /// Purge requests: one page, or all.
    #[derive(JsonSchema)]
    #[expect(dead_code, reason = "it is written piece by piece, and here described as a whole")]
    struct List {
        /// The version of this form: 1.
        #[schemars(extend("const" = 1))]
        schema: u32,
        /// The number of the first page that was read, from 1.
        page: u64,
        /// The number of records that were asked for at a time.
        limit: PageSize,
        /// The records, in the order in which the service sends them.
        requests: Vec<PurgeRecord>,
        /// The number of records that there are, if the service says so.
        total: Option<u64>,
    }

    fn schema_for<T: JsonSchema>() -> serde_json::Value {
        let generator = SchemaSettings::draft2020_12().for_serialize().into_generator();
        let mut schema = generator.into_root_schema_for::<T>().to_value();
        for_readers_of_json(&mut schema);
        schema
    }
    vec![
        ("error", schema_for::<Failed>()),
        ("list", schema_for::<List>()),
        ("operation", schema_for::<OperationOutcome>()),
        ("record", schema_for::<PurgeRecord>()),
        ("report", schema_for::<Report>()),
        ("settings", schema_for::<super::settings::Object>()),
    ]
}

/// Takes what is for Rust only out of the descriptions: examples, and links to other items.
#[cfg(feature = "schema")]
fn for_readers_of_json(schema: &mut serde_json::Value) {
    use serde_json::Value;

    match schema {
        Value::Object(object) => {
            for (key, value) in object {
                match value {
                    Value::String(text) if key == "description" => {
                        let prose = text.split("\n\n```").next().unwrap_or_default();
                        let words: Vec<_> = prose.split("](").collect();
                        // `[name](crate::name)` becomes `name`.
                        let links = words.iter().enumerate().map(|(index, part)| {
                            let part = match part.split_once(')').filter(|_| index > 0) {
                                Some((_, rest)) => rest,
                                None => part,
                            };
                            part.replace("[`", "`")
                        });
                        *text = links.collect();
                    }
                    value => for_readers_of_json(value),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(for_readers_of_json),
        _ => {}
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
        check("a ##vso[task.x]y", r##"a #\u0023vso[task.x]y"##);
        check("###[x", r##"#\u0023\u0023[x"##);
        check("a::b ::c", "a::b ::c");
    }

    #[test]
    fn nothing_in_a_line_is_a_command() {
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
