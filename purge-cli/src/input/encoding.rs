//! Detects text in UTF-16 or UTF-32, which is neither UTF-8 nor a list of file names that `--raw` accepts.

/// The encoding of a text with two or four bytes per character: it has a byte order mark, or NUL bytes next to
/// nearly every character.
///
/// A NUL-terminated list of one-letter names has NUL bytes there, too. Such a list counts as UTF-16 or UTF-32 only if
/// it also has a character that is unlikely to be a name on its own.
pub(crate) fn wide(text: &[u8], null: bool) -> Option<&'static str> {
    const MARKS: [(&[u8], &str); 4] = [
        (b"\xff\xfe\0\0", "UTF-32"),
        (b"\0\0\xfe\xff", "UTF-32"),
        (b"\xff\xfe", "UTF-16"),
        (b"\xfe\xff", "UTF-16"),
    ];
    let marked = MARKS.iter().find(|(mark, _)| text.starts_with(mark));
    if let Some((_, encoding)) = marked {
        return Some(encoding);
    }
    // Nearly all lists have no NUL byte and need no closer look.
    memchr::memchr(0, text)?;
    // The number of NUL bytes at each position of a group of four.
    let mut nuls = [0; 4];
    for four in text.as_chunks::<4>().0 {
        for (nuls, byte) in nuls.iter_mut().zip(four) {
            *nuls += usize::from(*byte == 0);
        }
    }
    let fours = text.len() / 4;
    let [most, none] = [|nuls: usize, of: usize| nuls * 10 >= of * 7, |nuls, _| nuls == 0];
    let encoding = match nuls {
        _ if fours == 0 => None,
        [a, b, c, d] if none(a, 0) && [b, c, d].iter().all(|&nuls| most(nuls, fours)) => {
            Some("UTF-32")
        }
        [a, b, c, d] if none(d, 0) && [a, b, c].iter().all(|&nuls| most(nuls, fours)) => {
            Some("UTF-32")
        }
        [a, b, c, d] if none(a + c, 0) && most(b + d, 2 * fours) => Some("UTF-16"),
        [a, b, c, d] if none(b + d, 0) && most(a + c, 2 * fours) => Some("UTF-16"),
        _ => None,
    };
    let not_names = [b'.', b'\n', b'\r'];
    encoding.filter(|_| !null || text.iter().any(|byte| not_names.contains(byte)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn utf_16(text: &str, mark: bool, to_bytes: fn(u16) -> [u8; 2]) -> Vec<u8> {
        let mark = mark.then_some(0xfeff);
        mark.into_iter().chain(text.encode_utf16()).flat_map(to_bytes).collect()
    }

    #[test]
    fn wide_encodings_are_detected_with_and_without_a_mark() {
        let text = "/index.html\r\n/img/caf\u{e9}.png\r\n";
        for null in [false, true] {
            for mark in [false, true] {
                for to_bytes in [u16::to_le_bytes, u16::to_be_bytes] {
                    let text = utf_16(text, mark, to_bytes);
                    assert_eq!(wide(&text, null), Some("UTF-16"), "{text:?}");
                }
                let mark = mark.then_some('\u{feff}');
                for to_bytes in [u32::to_le_bytes, u32::to_be_bytes] {
                    let letters = mark.into_iter().chain(text.chars()).map(u32::from);
                    let text: Vec<u8> = letters.flat_map(to_bytes).collect();
                    assert_eq!(wide(&text, null), Some("UTF-32"), "{text:?}");
                }
            }
        }
        let chinese = utf_16("\u{4e2d}\u{6587}\n", true, u16::to_le_bytes);
        assert_eq!(wide(&chinese, true), Some("UTF-16"));
    }

    #[test]
    fn lists_are_not_wide() {
        for text in [
            &b""[..],
            b"/a\n",
            b"caf\xe9\n",
            b"\xef\xbb\xbf/a\n",
            b"a\0",
            b"index.html\0docs/a b.html\0",
            b"a\0bcd\0ef\0g.html\0",
            b"\0\0\0\0\0\0",
        ] {
            assert_eq!(wide(text, false), None, "{text:?}");
            assert_eq!(wide(text, true), None, "{text:?}");
        }
        assert_eq!(wide(b"a\0b\0c\0d\0", true), None);
    }
}
