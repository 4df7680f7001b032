//! What must hold for any list of paths. Compiled only for the fuzz target and the tests below.

use super::{Format, Input};

/// Takes a byte for the format and a text. Each entry of the text is a path that can be sent, or is counted as
/// invalid.
pub fn paths_file(bytes: &[u8]) {
    let Some((&first, text)) = bytes.split_first() else { return };
    let format = Format { null: first & 1 > 0, raw: first & 2 > 0, ..Format::default() };
    let mut input = Input { format, are_inventory: first & 4 > 0, ..Input::default() };
    if let Err(failure) = input.add_text(text, "paths") {
        // The text has another encoding, other terminators, or more columns.
        assert!(
            text.contains(&0)
                || failure.to_string().contains(": every line has another column, ")
                || text.starts_with(b"\xff\xfe")
                || text.starts_with(b"\xfe\xff")
                || format.null
                || format.raw
        );
        let text = failure.to_string();
        return assert!(
            text.ends_with("; nothing was sent") && !text.contains(char::is_control),
            "{text:?}"
        );
    }

    let entries = text.split(|&byte| byte == format.end()).enumerate();
    let entries = entries.filter(|(index, entry)| format.entry(entry, index + 1).is_some()).count();
    assert_eq!(input.good.len() + input.bad_count, entries);
    for path in input.good.iter() {
        assert!(path.starts_with('/') && path.bytes().all(|b| b.is_ascii_graphic()), "{path:?}");
        assert!(!path.contains('*') || !(format.raw || input.are_inventory), "{path}");
    }
    let bad = input.bad_count;
    match input.finish() {
        Ok(_) => assert_eq!(bad, 0),
        Err(failure) => {
            let text = failure.to_string();
            assert!(!text.contains(|c: char| c.is_control() && c != '\n'), "{text:?}");
            assert!(text.lines().count() <= 23, "{text}");
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::fs;
    use std::path::Path;

    /// Replays the inputs that the fuzzer has kept.
    #[test]
    fn corpus() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/corpus");
        let text = fs::read(folder.join("paths_file.json")).expect("the corpus");
        let inputs: BTreeMap<String, String> = serde_json::from_slice(&text).expect("JSON");
        assert!(!inputs.is_empty());
        for text in inputs.values() {
            // One byte per character.
            let bytes: Vec<u8> = text.chars().map(|c| u8::try_from(c).expect("a byte")).collect();
            super::paths_file(&bytes);
        }
    }

    proptest::proptest! {
        #[test]
        fn random(bytes in "[\\x00-\\x07](\\x{feff}|)([/a0*#%?.\" \u{e9}\\x00\r\n\t{\\\\:,|-]|\n/|\r\n|\\x00\n){0,30}") {
            super::paths_file(bytes.as_bytes());
        }
    }
}
