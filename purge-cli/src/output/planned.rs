//! A plan for programs. Each alias names the path that it belongs to.

use purge_site::Aliases;
use serde::Serialize;
use serde_json::{Value, json};

/// A plan, or a request of it.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(title = "Plan"))]
pub(super) struct WithAliases<T> {
    #[serde(flatten)]
    what: T,
    /// The paths that are additional addresses of other paths; left out if there are none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    aliases: Vec<Alias>,
}

/// An additional address of a path.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub(super) struct Alias {
    /// The address.
    path: String,
    /// The path that it is an address of.
    alias_of: String,
}

impl<T> WithAliases<T> {
    pub(super) fn new<'a>(
        what: T,
        paths: impl Iterator<Item = &'a str>,
        aliases: &Aliases,
    ) -> Self {
        let alias = |path: &'a str| {
            let alias_of = aliases.of(path)?.to_owned();
            Some(Alias { path: path.to_owned(), alias_of })
        };
        // Most plans have no aliases, but a plan may have millions of paths.
        let aliases =
            if aliases.is_empty() { Vec::new() } else { paths.filter_map(alias).collect() };
        Self { what, aliases }
    }
}

/// The report of a run that had nothing to purge.
pub(super) fn nothing(dry_run: bool) -> Value {
    json!({
        "schema": 1,
        "dry_run": dry_run,
        "organization": null,
        "resource": null,
        "summary": {
            "input": 0, "duplicates": 0, "covered": 0, "extra": 0, "requests": 0, "paths": 0, "accepted": 0,
            "purged": 0, "not_cached": 0, "pending": 0, "failed": 0, "unconfirmed": 0, "not_sent": 0,
        },
        "operations": [],
    })
}

#[cfg(test)]
mod tests {
    use purge_api_ext::{Plan, Report};

    use super::*;

    #[test]
    fn empty_report_has_the_members_of_any_report() {
        let plan = Plan::parse(["/a"]).expect("a plan");
        let report = serde_json::to_value(Report::planned(&plan)).expect("JSON");
        let keys = |value: &Value| {
            value.as_object().map(|object| object.keys().cloned().collect::<Vec<_>>())
        };
        assert_eq!(keys(&nothing(true)), keys(&report));
        assert_eq!(keys(&nothing(true)["summary"]), keys(&report["summary"]));
    }
}
