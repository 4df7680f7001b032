//! From a text to a document that can be compared.

use std::fmt;

use serde_json::Value;

use crate::text::plain;
use crate::validate;

/// Why a text cannot be compared. Fit to be printed as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invalid(String);

impl fmt::Display for Invalid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Invalid {}

/// Reads a document, and refuses it unless it is OpenAPI 3.0.
///
/// # Errors
///
/// When the text is not YAML or JSON, or is not OpenAPI 3.0. The message begins with `name`.
pub fn parse(name: &str, text: &str) -> Result<Value, Invalid> {
    let name = plain(name);
    let document: Value = yaml_serde::from_str(text).map_err(|e| {
        Invalid(format!("{name}: {}", plain(&format!("not a YAML or JSON document: {e}"))))
    })?;
    let problems = validate::problems(&document);
    if problems.is_empty() {
        return Ok(document);
    }
    let shown: Vec<_> =
        problems.iter().take(5).map(|problem| format!("  {}", plain(problem))).collect();
    let more = problems.len().saturating_sub(shown.len());
    let more = if more > 0 { format!("\n  and {more} more") } else { String::new() };
    Err(Invalid(format!("{name} is not a valid OpenAPI 3.0 document:\n{}{more}", shown.join("\n"))))
}
