//! The effective settings, and where each comes from.

use std::io;

use serde::Serialize;

use super::screen::pad;
use super::{Format, Out, json};

/// Settings, as `cdn-purge config` shows them.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(title = "Settings"))]
pub(crate) struct Object {
    /// The version of this format: 1.
    #[cfg_attr(feature = "schema", schemars(extend("const" = 1)))]
    pub(crate) schema: u32,
    /// The files that were read, the nearest first.
    pub(crate) files: Vec<String>,
    /// The settings.
    pub(crate) settings: Vec<Setting>,
}

/// A setting.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub(crate) struct Setting {
    /// Its name in `purge.toml` and, after two dashes, on the command line. A setting of the queue has the prefix
    /// `queue.`, and one of a profile `profile.NAME.`. Only the environment and the system set `token`, `api-key`,
    /// `proxy`, `no-proxy`, `ssl-cert-file` and `ssl-cert-dir`. `profile` is the profile in use, and `prefix` its folder.
    pub(crate) name: String,
    /// Its value; null if it is not set, and for the token and the API key, which are not shown.
    pub(crate) value: Option<String>,
    /// Where it comes from: `default`, an environment variable, a file and its line, `system`, or an option of the command
    /// line; null if it is not set.
    pub(crate) source: Option<String>,
}

impl Setting {
    pub(super) fn is_set(&self) -> bool {
        self.value.is_some() || self.source.is_some()
    }
}

pub(crate) fn settings(out: Out<'_>, format: Format, object: &Object) -> io::Result<()> {
    match format {
        Format::Text => text(out, object),
        Format::Json => json::line(out, object),
        Format::Ndjson => object.settings.iter().try_for_each(|setting| json::line(out, setting)),
    }
    .or_else(super::closed_pipe)
}

fn text(out: Out<'_>, object: &Object) -> io::Result<()> {
    object.settings.iter().try_for_each(|setting| writeln!(out, "{}", line_of(setting)))
}

/// A setting as a line of a table.
pub(super) fn line_of(setting: &Setting) -> String {
    let name = pad(&setting.name, 14);
    let value = match (&setting.value, &setting.source) {
        (Some(value), _) => purge_api_ext::escape(value),
        (None, Some(_)) => "(not shown)".to_owned(),
        (None, None) => "-".to_owned(),
    };
    let source = setting.source.as_deref().map(purge_api_ext::escape).unwrap_or_default();
    format!("{name} {}  {source}", pad(&value, 36)).trim_end().to_owned()
}
