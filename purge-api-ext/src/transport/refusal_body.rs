//! The message in the body of a refusal, which the service, a gateway, a proxy or a firewall may have sent.
//!
//! Nothing is published about the bodies of refusals, so anything readable is shown: the messages in a JSON object, the
//! title of an HTML page, or the text itself.

use serde_json::Value;

use crate::sanitize::{Redactor, Shown};

/// The members of JSON objects in which services report errors, in the order in which they are shown.
const MEMBERS: [&str; 9] = [
    "message",
    "error",
    "error_description",
    "title",
    "detail",
    "details",
    "reason",
    "errors",
    "messages",
];
/// The maximum number of messages read from a refusal.
const MESSAGES: usize = 8;
/// The maximum nesting depth of messages in a refusal.
const DEPTH: usize = 4;

/// The message of a body, sanitized; none if it has no text.
pub(super) fn message_of(body: &[u8], redactor: &Redactor) -> Option<Shown> {
    let text = String::from_utf8_lossy(body);
    let said = match serde_json::from_str::<Value>(&text) {
        Ok(json) => {
            let mut texts = Vec::new();
            collect(&json, None, DEPTH, &mut texts);
            // An object without a known member is shown as JSON.
            if texts.is_empty() && !is_empty(&json) { text.into_owned() } else { texts.join("; ") }
        }
        Err(_) if is_html(&text) => of_html(&text),
        Err(_) => text.into_owned(),
    };
    let said = redactor.excerpt(said.trim_end_matches('.'));
    (!said.is_empty()).then_some(said)
}

/// Whether JSON contains no information.
fn is_empty(json: &Value) -> bool {
    match json {
        Value::Null | Value::Bool(_) => true,
        Value::String(text) => text.trim().is_empty(),
        Value::Array(items) => items.iter().all(is_empty),
        Value::Object(members) => members.values().all(is_empty),
        Value::Number(_) => false,
    }
}

/// Collects messages from a string, a list, or an object whose members are fields, as validators write it.
fn collect(json: &Value, field: Option<&str>, depth: usize, texts: &mut Vec<String>) {
    let Some(depth) = depth.checked_sub(1) else { return };
    // Further messages would not be shown.
    if texts.len() >= MESSAGES {
        return;
    }
    match json {
        Value::String(text) if !text.trim().is_empty() => {
            let text = text.trim().trim_end_matches('.');
            let text = field.map_or(text.to_owned(), |field| format!("{field}: {text}"));
            if !texts.contains(&text) {
                texts.push(text);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| collect(item, field, depth, texts)),
        Value::Object(members) => {
            let known = MEMBERS.iter().filter_map(|name| members.get(*name));
            let before = texts.len();
            known.for_each(|member| collect(member, field, depth, texts));
            // The `errors` of a validator: the names of fields, and the errors of each.
            if texts.len() == before && depth + 1 < DEPTH {
                let fields = members.iter();
                fields.for_each(|(name, member)| collect(member, Some(name), depth, texts));
            }
        }
        _ => {}
    }
}

fn is_html(text: &str) -> bool {
    text.trim_start_matches(|c: char| c.is_whitespace() || c == '\u{feff}').starts_with('<')
}

/// The title of a page, or its whole text if it has none.
fn of_html(page: &str) -> String {
    let lower = page.to_ascii_lowercase();
    let title = lower.find("<title").and_then(|start| {
        let start = start + lower[start..].find('>')? + 1;
        let end = start + lower[start..].find("</title")?;
        Some(&page[start..end])
    });
    let title = title.filter(|title| !title.trim().is_empty());
    let text = references(&title.map_or_else(|| without_tags(page, &lower), str::to_owned));
    // Line breaks have no meaning in HTML.
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The text between the tags, without scripts and style sheets.
fn without_tags(page: &str, lower: &str) -> String {
    let mut text = String::new();
    let mut at = 0;
    while let Some(start) = page[at..].find('<').map(|start| at + start) {
        text.push_str(&page[at..start]);
        text.push(' ');
        let raw = ["script", "style"].iter().find(|name| lower[start + 1..].starts_with(**name));
        let end = match raw {
            Some(name) => lower[start..].find(&format!("</{name}")).map(|end| start + end + 1),
            None => Some(start),
        };
        let Some(end) = end.and_then(|end| page[end..].find('>').map(|close| end + close + 1))
        else {
            return text;
        };
        at = end;
    }
    text.push_str(&page[at..]);
    text
}

/// Replaces the HTML character references that are common in titles.
fn references(text: &str) -> String {
    let named = [
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&quot;", "\""),
        ("&#39;", "'"),
        ("&apos;", "'"),
        ("&nbsp;", " "),
        ("&mdash;", "—"),
        ("&ndash;", "–"),
        ("&middot;", "·"),
        ("&amp;", "&"),
    ];
    named.iter().fold(text.to_owned(), |text, (name, character)| text.replace(name, character))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn message_of_a_body_is_shown() {
        let check = |body: &str, expected: &str| {
            let found = message_of(body.as_bytes(), &Redactor::default()).unwrap_or_default();
            assert_eq!(found, expected, "{body}");
        };
        check(r#"{"status":false,"message":"no such resource."}"#, "no such resource");
        check(
            r#"{"success":false,"errors":[{"code":1012,"message":"Request must contain one of purge_everything or files"}]}"#,
            "Request must contain one of purge_everything or files",
        );
        check(
            r#"{"message":"The given data was invalid.","errors":{"file_path.0":["The file path may not be greater than 255 characters."]}}"#,
            "The given data was invalid; file_path.0: The file path may not be greater than 255 characters",
        );
        check("purge quota exceeded for this resource", "purge quota exceeded for this resource");
        check(
            "<html><head><title>Access denied | Error 1020</title></head><body>Your IP 192.0.2.1 is blocked</body></html>",
            "Access denied | Error 1020",
        );
        check(r#"{"success":false,"errors":[{"message":"Unable to purge"}]}"#, "Unable to purge");
        check(r#"{"error":{"message":"denied","detail":"by policy 7"}}"#, "denied; by policy 7");
        check(
            r#"{"error":"invalid_token","error_description":"expired"}"#,
            "invalid_token; expired",
        );
        check(r#"{"title":"Bad Request","detail":"limit"}"#, "Bad Request; limit");
        check(r#"["one","two"]"#, "one; two");
        check(r#""just a text""#, "just a text");
        check(r#"{"fault":"quota"}"#, r#"{"fault":"quota"}"#);
        check(r#"{"code":17}"#, r#"{"code":17}"#);
        check(r#"{"message":null}"#, "");
        check("{}", "");
        check("", "");
        check(" \r\n", "");
        check(
            "<!doctype html>\n<TITLE lang=en>\n 502 &mdash; Bad\n Gateway </TITLE>",
            "502 — Bad Gateway",
        );
        check(
            "<style>b{}</style><h1>Blocked</h1><p>by <b>WAF</b><script>x()</script>",
            "Blocked by WAF",
        );
        check("<Error><Code>AccessDenied</Code></Error>", "AccessDenied");
        check("<html><title></title>nothing here", "nothing here");
        check("no \u{1b}[31msuch\n resource", r"no \u{1b}[31msuch\n resource");
    }

    #[test]
    fn number_of_messages_is_limited() {
        let many: Vec<_> = (0..100_000).map(|i| format!("error {i}")).collect();
        let body = serde_json::to_vec(&many).expect("JSON");
        let said = message_of(&body, &Redactor::default()).expect("messages");
        assert!(said.starts_with("error 0; error 1; ") && said.ends_with("error 7"), "{said}");
    }

    #[test]
    fn token_in_a_body_is_never_shown() {
        let redactor = Redactor::new("c4n/ary-t0ken");
        for body in [
            r#"{"message":"no c4n\/ary-t0ken"}"#,
            r#"{"x":"c4n\/ary-t0ken"}"#,
            "<title>c4n&#47;ary-t0ken</title>",
            "<title>c4n&amp;#47;ary-t0ken</title>",
            "GET /?token=c4n%2Fary-t0ken",
        ] {
            let said = message_of(body.as_bytes(), &redactor).expect("a text");
            assert!(said.contains("token") && !said.contains("ary-t0ken"), "{said}");
        }
    }

    proptest! {
        #[test]
        fn any_body_yields_safe_text(body in "(<(title|script|b)?|</(title|script)?>?|>|[\\[{}\\]\":,]|message|errors|[a-z é\u{1b}]|&lt;){0,40}") {
            let said = message_of(body.as_bytes(), &Redactor::default()).unwrap_or_default();
            prop_assert!(!said.contains(char::is_control));
        }
    }
}
