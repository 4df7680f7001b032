use std::fmt;

/// Parses a YAML or JSON document.
///
/// # Errors
///
/// When the text is neither YAML nor JSON. The message has the line and the column.
///
/// ```
/// let document = purge_openapi::parse(purge_openapi::PURGE.yaml)?;
/// assert_eq!(document["openapi"], "3.0.3");
/// # Ok::<(), purge_openapi::ParseError>(())
/// ```
pub fn parse(text: &str) -> Result<serde_json::Value, ParseError> {
    yaml_serde::from_str(text).map_err(ParseError)
}

/// The error for text that is not YAML.
#[derive(Debug)]
pub struct ParseError(yaml_serde::Error);

impl fmt::Display for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "not a YAML or JSON document: {}", self.0)
    }
}

impl std::error::Error for ParseError {}
