//! Media types and their ranges.

/// Whether a media type is one of a range, and not the range itself.
pub(super) fn is_in(name: &str, range: &str) -> bool {
    let (name, range) = (meaning(name), meaning(range));
    let main = range.strip_suffix('*').map(|main| if main == "*/" { "" } else { main });
    name != range && main.is_some_and(|main| name.starts_with(main))
}

/// A media type without what makes no difference: case, spaces and the order of parameters (RFC 9110, section 8.3.1).
pub(super) fn meaning(name: &str) -> String {
    let mut parts = name.split(';').map(str::trim);
    let essence = parts.next().unwrap_or_default().to_lowercase();
    let mut parameters: Vec<String> =
        parts.filter(|part| !part.is_empty()).map(parameter).collect();
    parameters.sort_unstable();
    std::iter::once(essence).chain(parameters).collect::<Vec<_>>().join(";")
}

fn parameter(part: &str) -> String {
    let Some((name, value)) = part.split_once('=') else { return part.to_lowercase() };
    let (name, value) = (name.trim().to_lowercase(), value.trim().trim_matches('"'));
    let value = if name == "charset" { value.to_lowercase() } else { value.to_owned() };
    format!("{name}={value}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letter_case_spaces_and_order_make_no_difference() {
        for same in ["text/plain;a=B;charset=utf-8", "Text/PLAIN ; Charset=\"UTF-8\";A=B;"] {
            assert_eq!(meaning(same), "text/plain;a=B;charset=utf-8");
        }
        assert_ne!(meaning("text/plain;a=b"), meaning("text/plain;a=B"));
    }

    #[test]
    fn ranges_contain_what_is_narrower() {
        for (name, range, expected) in [
            ("text/plain", "text/*", true),
            ("Text/plain", "*/*", true),
            ("text/*", "*/*", true),
            ("text/*", "text/*", false),
            ("textual/plain", "text/*", false),
            ("text/plain", "text/plain", false),
        ] {
            assert_eq!(is_in(name, range), expected, "{name} {range}");
        }
    }
}
