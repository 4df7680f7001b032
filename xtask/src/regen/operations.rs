//! The table of operations in the README of the descriptions.

use serde_json::Value;

use crate::Error;
use openapi_review::METHODS;

const BEGIN: &str = "<!-- operations: written by `cargo xtask regen` -->";
const END: &str = "<!-- operations: end -->";

/// The text, with the table between the two markers derived again.
pub(super) fn replace_table<'a>(
    text: &str,
    documents: impl IntoIterator<Item = (&'a str, &'a Value)>,
) -> Result<String, Error> {
    let parts = text.split_once(BEGIN).and_then(|(head, rest)| {
        let (_, tail) = rest.split_once(END)?;
        Some((head, tail))
    });
    let (head, tail) = parts.ok_or_else(|| {
        Error::new(format!(
            "the markers are missing: put `{BEGIN}` and `{END}` on lines of their own"
        ))
    })?;
    Ok(format!("{head}{BEGIN}\n{}{END}{tail}", table(documents)))
}

/// The operations of all documents, each of which has the name of its file.
fn table<'a>(documents: impl IntoIterator<Item = (&'a str, &'a Value)>) -> String {
    let mut table =
        String::from("| operation | in | method | path | what it does |\n|---|---|---|---|---|\n");
    for (file, document) in documents {
        rows(&mut table, file, document);
    }
    table
}

fn rows(table: &mut String, file: &str, document: &Value) {
    let paths = document.get("paths").and_then(Value::as_object);
    for (path, item) in paths.into_iter().flatten() {
        for method in METHODS {
            let Some(operation) = item.get(method) else { continue };
            let text = |key| operation.get(key).and_then(Value::as_str).unwrap_or("–");
            table.push_str(&format!(
                "| `{}` | `{file}` | {} | `{path}` | {} |\n",
                text("operationId"),
                method.to_uppercase(),
                // A bar or a line break would end the cell.
                text("summary").replace('|', "\\|").replace('\n', " "),
            ));
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_the_table_is_rewritten() {
        let spec = json!({ "paths": { "/a": { "parameters": [], "post": {
            "operationId": "put", "summary": "one | two\nthree"
        }, "get": { } } } });
        let text = format!("before\n{BEGIN}\nold\n{END}\nafter\n");
        let replaced = |text: &str| replace_table(text, [("a.yaml", &spec), ("b.yaml", &spec)]);
        let once = replaced(&text).expect("both markers are there");
        assert_eq!(
            once,
            format!(
                "before\n{BEGIN}\n| operation | in | method | path | what it does |\n|---|---|---|---|---|\n\
                 | `–` | `a.yaml` | GET | `/a` | – |\n| `put` | `a.yaml` | POST | `/a` | one \\| two three |\n\
                 | `–` | `b.yaml` | GET | `/a` | – |\n| `put` | `b.yaml` | POST | `/a` | one \\| two three |\n{END}\nafter\n"
            )
        );
        assert_eq!(replaced(&once).expect("both markers are there"), once);
    }

    #[test]
    fn a_missing_marker_is_named() {
        let error = replace_table("no markers", []).expect_err("nowhere to write");
        assert!(error.to_string().contains(BEGIN), "{error}");
    }
}
