//! Who issued a certificate, and when it ends. The TLS library has verified it before, and shows neither.

/// What is shown of a certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Certificate {
    /// The name of the issuer, and its organization.
    pub(crate) issuer: String,
    /// The day on which it ends, such as `2026-12-01`.
    pub(crate) ends: String,
}

const INTEGER: u8 = 0x02;
const OBJECT_IDENTIFIER: u8 = 0x06;
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;
const SEQUENCE: u8 = 0x30;
const SET: u8 = 0x31;
const VERSION: u8 = 0xa0;
const COMMON_NAME: [u8; 3] = [0x55, 4, 3];
const ORGANIZATION: [u8; 3] = [0x55, 4, 10];

impl Certificate {
    /// Reads a certificate in DER; none if it is not one.
    pub(crate) fn parse(der: &[u8]) -> Option<Self> {
        let mut certificate = Reader(Reader(der).expect(SEQUENCE)?);
        let mut fields = Reader(certificate.expect(SEQUENCE)?);
        let (tag, _) = fields.clone().next()?;
        if tag == VERSION {
            fields.next()?;
        }
        fields.expect(INTEGER)?;
        fields.expect(SEQUENCE)?;
        let issuer = name(fields.expect(SEQUENCE)?);
        let mut validity = Reader(fields.expect(SEQUENCE)?);
        validity.next()?;
        let (tag, end) = validity.next()?;
        Some(Self { issuer, ends: day(tag, end)? })
    }
}

/// A sequence of values, each with a tag and a length.
#[derive(Clone)]
struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn expect(&mut self, wanted: u8) -> Option<&'a [u8]> {
        self.next().filter(|(tag, _)| *tag == wanted).map(|(_, content)| content)
    }
}

impl<'a> Iterator for Reader<'a> {
    type Item = (u8, &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        let (&[tag, length], rest) = self.0.split_first_chunk::<2>()?;
        let (length, rest) = match length {
            0..=0x7f => (usize::from(length), rest),
            // The number of bytes that hold the length.
            0x81..=0x84 => {
                let (digits, rest) = rest.split_at_checked(usize::from(length & 0x7f))?;
                let length = digits.iter().fold(0, |all, &digit| all << 8 | usize::from(digit));
                (length, rest)
            }
            _ => return None,
        };
        let (content, rest) = rest.split_at_checked(length)?;
        self.0 = rest;
        Some((tag, content))
    }
}

/// The common name, and the organization in parentheses.
fn name(content: &[u8]) -> String {
    let (mut common, mut organization) = (None, None);
    for (_, set) in Reader(content).filter(|(tag, _)| *tag == SET) {
        for (_, attribute) in Reader(set).filter(|(tag, _)| *tag == SEQUENCE) {
            let mut parts = Reader(attribute);
            let (Some(kind), Some((_, text))) = (parts.expect(OBJECT_IDENTIFIER), parts.next())
            else {
                continue;
            };
            let text = || purge_api_ext::escape(&String::from_utf8_lossy(text));
            if kind == COMMON_NAME {
                common.get_or_insert_with(text);
            } else if kind == ORGANIZATION {
                organization.get_or_insert_with(text);
            }
        }
    }
    match (common, organization) {
        (Some(common), Some(organization)) => format!("{common} ({organization})"),
        (Some(only), None) | (None, Some(only)) => only,
        (None, None) => "an authority without a name".to_owned(),
    }
}

fn day(tag: u8, time: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(time).ok()?;
    let (year, rest) = match tag {
        // RFC 5280, section 4.1.2.5.1.
        UTC_TIME => {
            let (year, rest) = text.split_at_checked(2)?;
            (format!("{}{year}", if year < "50" { "20" } else { "19" }), rest)
        }
        GENERALIZED_TIME => {
            let (year, rest) = text.split_at_checked(4)?;
            (year.to_owned(), rest)
        }
        _ => return None,
    };
    let (month, day) = (rest.get(..2)?, rest.get(2..4)?);
    let all = [year.as_str(), month, day];
    let are_numbers = all.iter().all(|part| part.bytes().all(|byte| byte.is_ascii_digit()));
    are_numbers.then(|| all.join("-"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn value(tag: u8, parts: &[Vec<u8>]) -> Vec<u8> {
        let content = parts.concat();
        let length = content.len();
        let length = match length {
            0..=0x7f => vec![length as u8],
            _ => vec![0x82, (length >> 8) as u8, length as u8],
        };
        [vec![tag], length, content].concat()
    }

    fn attribute(kind: [u8; 3], text: &str) -> Vec<u8> {
        let kind = value(OBJECT_IDENTIFIER, &[kind.to_vec()]);
        value(SET, &[value(SEQUENCE, &[kind, value(0x0c, &[text.into()])])])
    }

    fn certificate(version: bool, issuer: &[Vec<u8>], end: (u8, &str)) -> Vec<u8> {
        let version =
            if version { value(VERSION, &[value(INTEGER, &[vec![2]])]) } else { Vec::new() };
        let start = value(UTC_TIME, &["250101000000Z".into()]);
        let end = value(end.0, &[end.1.into()]);
        let fields = value(
            SEQUENCE,
            &[
                version,
                value(INTEGER, &[vec![1; 20]]),
                value(SEQUENCE, &[]),
                value(SEQUENCE, issuer),
                value(SEQUENCE, &[start, end]),
                value(SEQUENCE, &[vec![0; 200]]),
            ],
        );
        value(SEQUENCE, &[fields, value(SEQUENCE, &[])])
    }

    #[test]
    fn issuer_and_end_are_read() {
        let (name, company) = (attribute(COMMON_NAME, "R3"), attribute(ORGANIZATION, "Let\u{1b}s"));
        let country = attribute([0x55, 4, 6], "US");
        let check = |der: Vec<u8>, issuer: &str, ends: &str| {
            let expected = Certificate { issuer: issuer.to_owned(), ends: ends.to_owned() };
            assert_eq!(Certificate::parse(&der), Some(expected));
        };
        let utc = (UTC_TIME, "261201235959Z");
        check(
            certificate(true, &[country, company.clone(), name.clone()], utc),
            r"R3 (Let\u{1b}s)",
            "2026-12-01",
        );
        check(
            certificate(false, &[name], (GENERALIZED_TIME, "20510203000000Z")),
            "R3",
            "2051-02-03",
        );
        check(
            certificate(true, &[company], (UTC_TIME, "991231000000Z")),
            r"Let\u{1b}s",
            "1999-12-31",
        );
        check(certificate(true, &[], utc), "an authority without a name", "2026-12-01");
        assert_eq!(Certificate::parse(&certificate(true, &[], (INTEGER, "1"))), None);
    }

    proptest! {
        #[test]
        fn no_bytes_are_too_odd(
            bytes in proptest::collection::vec(any::<u8>(), 0..300),
            at in 0..300_usize,
            byte: u8,
        ) {
            let _ = Certificate::parse(&bytes);
            let mut damaged = certificate(true, &[attribute(COMMON_NAME, "R3")], (UTC_TIME, "261201235959Z"));
            let at = at % damaged.len();
            damaged[at] = byte;
            let _ = Certificate::parse(&damaged);
            let _ = Certificate::parse(&damaged[..at]);
        }
    }
}
