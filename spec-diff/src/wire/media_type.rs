//! Media types and their ranges.

/// Whether a media type is one of a range, and not the range itself.
pub(super) fn is_in(name: &str, range: &str) -> bool {
    let (name, range) = (meaning(name), meaning(range));
    name != range && wider(&name).contains(&range)
}

/// What contains a media type, the narrowest first: the type without parameters, and ranges.
pub(super) fn wider(name: &str) -> [String; 3] {
    let name = meaning(name);
    let essence = name.split(';').next().unwrap_or_default();
    let main = essence.split('/').next().unwrap_or_default();
    [essence.to_owned(), format!("{main}/*"), "*/*".to_owned()]
}

/// Whether a body of a media type, or of one in a range, may be a form.
pub(super) fn may_be_form(name: &str) -> bool {
    is_multipart(name) || is_urlencoded(name)
}

pub(super) fn is_multipart(name: &str) -> bool {
    let name = meaning(name);
    name == "*/*" || name.starts_with("multipart/")
}

pub(super) fn is_urlencoded(name: &str) -> bool {
    let [essence, ..] = wider(name);
    ["*/*", "application/*", "application/x-www-form-urlencoded"].contains(&essence.as_str())
}

/// A media type without what makes no difference: case, spaces and the order of parameters (RFC 9110, section 8.3.1). JSON
/// has no charset (RFC 8259, section 11).
pub(super) fn meaning(name: &str) -> String {
    let mut parts = parts(name).into_iter();
    let essence = parts.next().unwrap_or_default().to_lowercase();
    let is_json = essence.ends_with("json");
    let mut parameters: Vec<String> =
        parts.filter(|part| !part.is_empty()).map(parameter).collect();
    parameters.retain(|parameter| !is_json || !parameter.starts_with("charset="));
    parameters.sort_unstable();
    std::iter::once(essence).chain(parameters).collect::<Vec<_>>().join(";")
}

/// The type and the parameters. A value in quotes may contain a semicolon.
fn parts(name: &str) -> Vec<&str> {
    let (mut is_quoted, mut is_escaped) = (false, false);
    let between = |character: char| {
        let ends = character == ';' && !is_quoted;
        is_quoted ^= character == '"' && !is_escaped;
        is_escaped = character == '\\' && is_quoted && !is_escaped;
        ends
    };
    name.split(between).map(str::trim).collect()
}

fn parameter(part: &str) -> String {
    let Some((name, value)) = part.split_once('=') else { return part.to_lowercase() };
    let (name, value) = (name.trim().to_lowercase(), value.trim());
    // Quotes around a token make no difference.
    let inner = value.strip_prefix('"').and_then(|value| value.strip_suffix('"'));
    let is_token = |inner: &&str| {
        !inner.is_empty()
            && inner.chars().all(|c| c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c))
    };
    let value = inner.filter(is_token).unwrap_or(value);
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
        assert_ne!(meaning(r#"a/b; a="b;c=d""#), meaning("a/b; c=d; a=b"));
        assert_eq!(meaning("application/problem+JSON; charset=utf-8"), "application/problem+json");
    }

    #[test]
    fn ranges_contain_what_is_narrower() {
        for (name, range, expected) in [
            ("text/plain", "text/*", true),
            ("text/plain;a=b", "text/plain", true),
            ("text/plain", "text/plain;a=b", false),
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
