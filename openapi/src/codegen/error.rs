use std::fmt;

use serde_json::Value;

const METHODS: [&str; 8] = ["get", "put", "post", "delete", "options", "head", "patch", "trace"];

/// The error for a document that has no Rust bindings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CodegenError {
    message: String,
    culprit: Option<Operation>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Operation {
    method: String,
    path: String,
    id: Option<String>,
}

impl CodegenError {
    /// The operation to fix: its `operationId`, or its path if it has none. `None` if no single operation is to blame.
    #[must_use]
    pub fn operation(&self) -> Option<&str> {
        let culprit = self.culprit.as_ref()?;
        Some(culprit.id.as_deref().unwrap_or(&culprit.path))
    }

    pub(super) fn new(message: String) -> Self {
        Self { message, culprit: None }
    }

    /// Blames the first operation that fails on its own. If the document fails even without any operation, none is to
    /// blame.
    pub(super) fn blame(
        self,
        document: &Value,
        attempt: impl Fn(&Value) -> Result<String, CodegenError>,
    ) -> Self {
        if attempt(&only(document, None)).is_err() {
            return self;
        }
        for operation in operations(document) {
            if let Err(error) = attempt(&only(document, Some(&operation))) {
                return Self { message: error.message, culprit: Some(operation) };
            }
        }
        self
    }
}

fn operations(document: &Value) -> Vec<Operation> {
    let paths = document.get("paths").and_then(Value::as_object);
    paths
        .into_iter()
        .flatten()
        .flat_map(|(path, item)| {
            METHODS.iter().filter_map(move |method| {
                let operation = item.get(method)?;
                Some(Operation {
                    method: (*method).to_owned(),
                    path: path.clone(),
                    id: operation.get("operationId").and_then(Value::as_str).map(str::to_owned),
                })
            })
        })
        .collect()
}

/// The document reduced to one of its operations, or to none.
fn only(document: &Value, keep: Option<&Operation>) -> Value {
    let mut document = document.clone();
    if let Some(paths) = document.get_mut("paths").and_then(Value::as_object_mut) {
        for (path, item) in paths {
            let Some(item) = item.as_object_mut() else { continue };
            item.retain(|key, _| {
                !METHODS.contains(&key.as_str())
                    || keep.is_some_and(|keep| keep.path == *path && keep.method == *key)
            });
        }
    }
    document
}

impl fmt::Display for CodegenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(Operation { method, path, id }) = &self.culprit {
            let method = method.to_uppercase();
            match id {
                Some(id) => write!(f, "operation `{id}` ({method} {path}): ")?,
                None => write!(f, "operation {method} {path}: ")?,
            }
        }
        f.write_str(&self.message)
    }
}

impl std::error::Error for CodegenError {}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::codegen::generate;

    const PATH: &str = "/api/v1/cdn/{organization_uuid}/job/{resource_uuid}/purge";

    fn document() -> serde_json::Value {
        crate::parse(crate::PURGE.yaml).expect("the description parses")
    }

    #[test]
    fn an_error_is_one_line() {
        let mut cookie = document();
        cookie["paths"][PATH]["get"]["parameters"] =
            json!([{ "name": "a", "in": "cookie", "schema": { "type": "string" } }]);
        let error = generate(&cookie).expect_err("cookies are not supported").to_string();
        assert!(error.ends_with("cookie parameters are not supported"), "{error}");
        assert!(error.starts_with("operation `listPurgeRequests`"), "{error}");
    }

    #[test]
    fn a_panic_names_the_operation() {
        let mut second_media_type = document();
        second_media_type["paths"][PATH]["post"]["requestBody"]["content"]["text/plain"] =
            json!({ "schema": { "type": "string" } });
        let error = generate(&second_media_type).expect_err("only one media type is supported");
        assert_eq!(
            error.to_string(),
            format!(
                "operation `createPurge` (POST {PATH}): the generator panicked: not yet implemented: \
                 more media types than expected for createPurge: 2"
            )
        );
    }

    #[test]
    fn an_error_names_the_operation() {
        let mut typed_wrong = document();
        typed_wrong["paths"][PATH]["get"]["responses"]["200"] = json!({ "description": 1 });
        let error = generate(&typed_wrong).expect_err("a description is a string");
        assert_eq!(error.operation(), Some("listPurgeRequests"));
    }

    #[test]
    fn an_operation_without_a_name_is_named_by_its_path() {
        let mut nameless = document();
        nameless["paths"][PATH]["get"]["operationId"].take();
        let error = generate(&nameless).expect_err("the generator needs names");
        assert_eq!(error.operation(), Some(PATH));
        assert!(error.to_string().starts_with(&format!("operation GET {PATH}: ")), "{error}");
    }

    #[test]
    fn error_outside_of_operations_blames_none() {
        let mut untitled = document();
        untitled["info"]["title"].take();
        let error = generate(&untitled).expect_err("a title is required");
        assert_eq!(error.operation(), None);
    }
}
