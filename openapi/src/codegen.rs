//! Generates Rust bindings from an OpenAPI document.
//!
//! The output is a pure function of the document: no clock, no environment, no network and no `rustfmt`, so that every
//! machine and every toolchain produces the same bytes.

use openapiv3::OpenAPI;
use progenitor::{GenerationSettings, Generator, HooksMode, InterfaceStyle, TypeImpl};
use schemars::schema::{InstanceType, SchemaObject};
use serde_json::Value;

use crate::Description;

mod error;
mod panic;
mod non_exhaustive;
mod object;
mod cycle;
mod field;
mod identifier;
mod page_or_empty_list;
mod lenient;
mod file_paths;

pub use error::CodegenError;

/// Generates the bindings of a description.
///
/// # Errors
///
/// The same as [`generate`].
pub fn bindings(description: &Description) -> Result<String, CodegenError> {
    let document = crate::parse(description.yaml).map_err(|e| CodegenError::new(e.to_string()))?;
    generate(&document)
}

/// Generates the bindings of a document.
///
/// # Errors
///
/// When the document is not OpenAPI 3.0, or uses something that the generator does not support. In some of these cases
/// the generator panics without naming the cause. Here it is an error like any other, and
/// [`CodegenError::operation`] says which operation to fix.
///
/// ```
/// let mut document = purge_openapi::parse(purge_openapi::PURGE.yaml)?;
/// let path = "/api/v1/cdn/{organization_uuid}/job/{resource_uuid}/purge";
/// document["paths"][path]["post"]["responses"]["204"] = serde_json::json!({ "description": "Nothing." });
/// let error = purge_openapi::codegen::generate(&document).expect_err("200 and 204 cannot be combined");
/// assert_eq!(error.operation(), Some("createPurge"));
/// # Ok::<(), purge_openapi::ParseError>(())
/// ```
pub fn generate(document: &Value) -> Result<String, CodegenError> {
    attempt(document).map_err(|error| error.blame(document, attempt))
}

fn attempt(document: &Value) -> Result<String, CodegenError> {
    panic::caught(|| unguarded(document)).unwrap_or_else(|message| {
        Err(CodegenError::new(format!("the generator panicked: {message}")))
    })
}

fn unguarded(document: &Value) -> Result<String, CodegenError> {
    if let Some(component) = cycle::find(document) {
        return Err(CodegenError::new(format!("`{component}` refers to itself")));
    }
    let settings = settings(document)?;
    let mut document = document.clone();
    file_paths::without_limits(&mut document);
    let spec: OpenAPI = serde_json::from_value(document)
        .map_err(|e| CodegenError::new(format!("not an OpenAPI 3.0 document: {e}")))?;
    let tokens = Generator::new(&settings).generate_tokens(&spec).map_err(|e| {
        CodegenError::new(format!(
            "no bindings for this document: {}",
            without_dump(&e.to_string())
        ))
    })?;
    let mut file = syn::parse2(tokens)
        .map_err(|e| CodegenError::new(format!("the generated bindings are not Rust: {e}")))?;
    identifier::read_from_numbers(&mut file);
    page_or_empty_list::read_from_empty_lists(&mut file);
    lenient::read_from_any(&mut file);
    object::read_from_objects_only(&mut file);
    non_exhaustive::leave_open(&mut file);
    // The examples in the generated documentation do not compile on their own. As plain text, they are not listed
    // as ignored tests.
    Ok(prettyplease::unparse(&file).replace("```ignore", "```text"))
}

/// The first line of a message, without the beginning of a `Debug` value that fills the other lines.
fn without_dump(message: &str) -> &str {
    let line = message.lines().next().unwrap_or_default();
    match line.strip_suffix(" {").and_then(|line| line.rsplit_once(' ')) {
        Some((words, _)) => words,
        None => line,
    }
}

fn settings(document: &Value) -> Result<GenerationSettings, CodegenError> {
    let mut settings = GenerationSettings::new();
    if document.pointer("/components/securitySchemes").is_some() {
        // What the hooks of `purge-api` need to authorize a request.
        let bearer = "crate::Bearer".parse();
        settings
            .with_inner_type(bearer.map_err(|e| CodegenError::new(format!("inner type: {e}")))?);
    }
    settings
        .with_interface(InterfaceStyle::Builder)
        .with_hooks(HooksMode::Expected)
        // A timestamp in an unexpected format must not make the whole page unreadable.
        .with_conversion(
            string(|s| s.format = Some("date-time".to_owned())),
            "::std::string::String",
            [TypeImpl::Display, TypeImpl::FromStr].into_iter(),
        )
        // A type that is never printed.
        .with_conversion(
            string(|s| s.format = Some("password".to_owned())),
            "crate::Secret",
            std::iter::empty(),
        )
        // Strings for 100 paths would take a tenth of the CPU time of a request: see the module.
        .with_conversion(file_paths::schema(), file_paths::TYPE, std::iter::empty());
    Ok(settings)
}

fn string(constrain: impl FnOnce(&mut SchemaObject)) -> SchemaObject {
    let mut schema = SchemaObject {
        instance_type: Some(InstanceType::String.into()),
        ..SchemaObject::default()
    };
    constrain(&mut schema);
    schema
}
