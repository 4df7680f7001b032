//! What the two pages have in common.

use std::fmt;

use axum::response::{IntoResponse, Response};
use http::{HeaderName, header};

use crate::text::write_visible;

/// Text that is escaped for HTML, and cannot reorder the text around it. Line breaks are kept.
pub(crate) struct Text<'a>(pub(crate) &'a str);

impl fmt::Display for Text<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.chars().try_for_each(|character| match character {
            '&' => f.write_str("&amp;"),
            '<' => f.write_str("&lt;"),
            '>' => f.write_str("&gt;"),
            '"' => f.write_str("&quot;"),
            '\'' => f.write_str("&#39;"),
            '\n' => f.write_str("\n"),
            _ => write_visible(f, character),
        })
    }
}

/// A complete page with this main content.
pub(crate) fn page(title: &str, here: &str, script: &str, main: &str) -> Response {
    let link = |to: &str, name: &str| {
        let current = if to == here { " aria-current=\"page\"" } else { "" };
        format!("<a href=\"{to}\"{current}>{name}</a>")
    };
    let text = format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>{title} · cdn-purge sandbox</title>\n\
         <link rel=\"icon\" href=\"data:,\">\n\
         <link rel=\"stylesheet\" href=\"/ui/style.css\">\n\
         <script src=\"/ui/{script}\" defer></script>\n</head>\n<body>\n\
         <a class=\"skip\" href=\"#main\">Skip to the content</a>\n\
         <header><p class=\"name\">cdn-purge sandbox</p>\n<nav aria-label=\"Pages\">{} {}</nav></header>\n\
         <main id=\"main\" tabindex=\"-1\">\n<h1>{title}</h1>\n{main}</main>\n</body>\n</html>\n",
        link("/", "State"),
        link("/docs", "API documentation"),
    );
    asset("text/html; charset=utf-8", text)
}

/// A page loads nothing from other servers, whatever text got into it.
const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; \
                      img-src data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

pub(crate) fn asset(media_type: &'static str, text: impl IntoResponse) -> Response {
    let no_sniff = HeaderName::from_static("x-content-type-options");
    let headers = [
        (header::CONTENT_TYPE, media_type),
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::CACHE_CONTROL, "no-store"),
        (no_sniff, "nosniff"),
    ];
    (headers, text).into_response()
}

#[cfg(test)]
mod tests {
    use super::Text;

    #[test]
    fn markup_in_text_is_escaped() {
        assert_eq!(
            Text("/<script>alert('x')</script>&\"é").to_string(),
            "/&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;&amp;&quot;é"
        );
        assert_eq!(Text("").to_string(), "");
        assert_eq!(Text("plain\nline").to_string(), "plain\nline");
        assert_eq!(Text("\u{202e}\u{1b}\r").to_string(), r"\u{202e}\u{1b}\u{d}");
    }
}
