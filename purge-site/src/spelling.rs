//! The different ways in which programs percent-encode a path.

use purge_api_ext::escaped;

/// The characters that each kind of program leaves unescaped, besides letters, digits and `-_.~`.
const KINDS: [&[u8]; 5] = [
    // Browsers, when they parse a URL.
    b"!$&'()+,:;=@[]|",
    // `encodeURI`.
    b"!$&'()+,:;=@",
    // `encodeURIComponent`.
    b"!'()",
    // `net/url` of Go.
    b"$&+,:;=@",
    // RFC 3986 to the letter, as in Python's `urllib.parse.quote` and PHP's `rawurlencode`.
    b"",
];

/// Adds the other spellings of a path without a query string. A `*` stays as it is, and so does an escaped `*` or an
/// escaped slash.
pub(crate) fn add_others(path: &str, add: &mut impl FnMut(String)) {
    let is_spelled = |byte: u8| byte == b'%' || KINDS[0].contains(&byte);
    // Most paths have only one spelling.
    if !path.bytes().any(is_spelled) {
        return;
    }
    for kind in KINDS {
        for digits in [b"0123456789ABCDEF", b"0123456789abcdef"] {
            let spelled = spelled(path, kind, digits);
            if spelled != path {
                add(spelled);
            }
        }
    }
}

fn spelled(path: &str, kind: &[u8], digits: &[u8; 16]) -> String {
    let mut spelled = String::with_capacity(path.len());
    let mut rest = path.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        let escaped = escaped(rest);
        let byte = escaped.unwrap_or(first);
        rest = if escaped.is_some() { &rest[3..] } else { after };
        let is_structure = escaped.is_none() && matches!(byte, b'/' | b'*');
        let is_plain = byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte);
        if is_structure || is_plain || kind.contains(&byte) {
            spelled.push(char::from(byte));
        } else {
            let digit = |value: u8| char::from(digits[usize::from(value)]);
            spelled.extend(['%', digit(byte >> 4), digit(byte & 15)]);
        }
    }
    spelled
}

#[cfg(test)]
mod tests {
    use super::*;

    fn others(path: &str) -> Vec<String> {
        let mut all = Vec::new();
        add_others(path, &mut |path| all.push(path));
        all.sort();
        all.dedup();
        all
    }

    #[test]
    fn spellings_of_common_programs_are_added() {
        let of = |path: &str, expected: &[&str]| assert_eq!(others(path), expected, "{path}");
        of("/index.html", &[]);
        of("/~ann/a_b-c", &[]);
        of("/[slug].js", &["/%5Bslug%5D.js", "/%5bslug%5d.js"]);
        of("/caf%C3%A9", &["/caf%c3%a9"]);
        of("/a(1)", &["/a%281%29"]);
        of("/a,b", &["/a%2Cb", "/a%2cb"]);
        of("/%7Eann/%41", &["/~ann/A"]);
        of(
            "/it's%20%5b1%5d",
            &["/it%27s%20%5B1%5D", "/it%27s%20%5b1%5d", "/it's%20%5B1%5D", "/it's%20[1]"],
        );
    }

    #[test]
    fn special_characters_keep_their_meaning() {
        // Slashes, stars and question marks stay as they are, escaped or not.
        assert_eq!(others("/a%2Fb%2A%3F%23%25"), ["/a%2fb%2a%3f%23%25"]);
        assert_eq!(others("/[*"), ["/%5B*", "/%5b*"]);
        assert_eq!(others("/a%0Ab"), ["/a%0ab"]);
    }
}
