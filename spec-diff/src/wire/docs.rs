//! The places whose text is only for people. Everything that is not listed here is judged by a rule.

/// The kinds of objects of an OpenAPI document, as the specification names them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Document,
    Info,
    Components,
    PathItem,
    Operation,
    Parameter,
    RequestBody,
    MediaType,
    Responses,
    Response,
    Header,
    Schema,
    Link,
    SecurityScheme,
    /// The flows of a security scheme, one of them, and its scopes.
    Flows,
    Server,
    ServerVariable,
    Encoding,
}

pub(super) fn holds(kind: Kind, key: &str) -> bool {
    let listed: &[&str] = match kind {
        Kind::Document => &["externalDocs"],
        Kind::Info => &["title", "description", "termsOfService", "contact", "license"],
        Kind::PathItem => &["summary", "description"],
        Kind::Operation => &["summary", "description", "externalDocs"],
        Kind::Parameter | Kind::Header => &["description", "example", "examples"],
        Kind::RequestBody
        | Kind::Response
        | Kind::Link
        | Kind::SecurityScheme
        | Kind::Server
        | Kind::ServerVariable => &["description"],
        Kind::MediaType => &["example", "examples"],
        Kind::Schema => &["description", "example", "externalDocs"],
        Kind::Components | Kind::Responses | Kind::Flows | Kind::Encoding => &[],
    };
    listed.contains(&key)
}

/// Extensions that the generator of the bindings acts on.
pub(super) fn generator_reads(extension: &str) -> bool {
    extension == "x-rust-type" || extension.starts_with("x-dropshot-")
}
