//! A command line that cannot be understood.

use std::ffi::OsString;
use std::io;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use purge_api_ext::escape;

use crate::exit::{Exit, Failure};
use crate::output::{self, Console, Format};

/// Says what is wrong with it, or the help or version that it asks for, which `print` does.
pub(crate) fn say(
    error: clap::Error,
    arguments: impl Iterator<Item = OsString>,
    console: &mut Console<'_>,
    print: impl FnOnce(&clap::Error, &mut Console<'_>) -> io::Result<()>,
) -> Exit {
    let error = harmless(error);
    let asked = matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion);
    let format = format(arguments);
    if asked || format == Format::Text {
        // Where the stream is closed, only the exit code is left to tell it.
        drop(print(&error, console));
    } else {
        let text = error.render().to_string();
        let text = text.strip_prefix("error: ").unwrap_or(&text);
        // What follows is the usage, which is for people.
        let message = text.split("\n\nUsage:").next().unwrap_or(text);
        let message = message.split("\n\nFor more").next().unwrap_or(message);
        output::failure(console.err, format, &Failure::usage(message.trim_end()));
    }
    if asked { Exit::Success } else { Exit::Usage }
}

/// What was typed is shown, and what a terminal or a CI system would obey in it is not.
fn harmless(mut error: clap::Error) -> clap::Error {
    let shown: Vec<_> = error
        .context()
        .filter_map(|(kind, value)| match (kind, value) {
            (
                ContextKind::InvalidValue
                | ContextKind::InvalidSubcommand
                | ContextKind::InvalidArg,
                ContextValue::String(text),
            ) => Some((kind, ContextValue::String(escape(text)))),
            _ => None,
        })
        .collect();
    for (kind, value) in shown {
        error.insert(kind, value);
    }
    error
}

/// The form that was asked for, as far as that can be told from what was not understood.
fn format(arguments: impl Iterator<Item = OsString>) -> Format {
    let mut format = Format::Text;
    let mut is_value = false;
    for argument in arguments {
        let Some(text) = argument.to_str() else { continue };
        let value = if is_value { Some(text) } else { text.strip_prefix("--output=") };
        match value {
            Some("json") => format = Format::Json,
            Some("ndjson") => format = Format::Ndjson,
            _ => {}
        }
        is_value = text == "--output";
    }
    format
}
