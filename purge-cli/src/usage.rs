//! Command lines that cannot be parsed.

use std::ffi::OsString;
use std::io;

use clap::builder::StyledStr;
use clap::error::{ContextKind, ContextValue, ErrorKind};

use crate::config::is_secret;
use crate::exit::{Exit, Failure};
use crate::output::{self, Console, Format};
use crate::shown::{redacted, shown};

/// Reports what is wrong. `print` writes clap's own text, such as the help or version.
pub(crate) fn say(
    error: clap::Error,
    arguments: impl Iterator<Item = OsString>,
    console: &mut Console<'_>,
    print: impl FnOnce(&clap::Error, &mut Console<'_>) -> io::Result<()>,
) -> Exit {
    if let Some(failure) = secret(&error) {
        output::failure(console, format(arguments), &failure);
        return failure.exit();
    }
    let error = harmless(error);
    let asked = matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion);
    let format = format(arguments);
    let text = error.render().to_string();
    // A value parser's message may repeat the value, and clap offers no way to replace it.
    let shown = redacted(&text);
    if asked || (format == Format::Text && shown == text) {
        // If the stream is closed, only the exit code can report it.
        drop(print(&error, console));
    } else if format == Format::Text {
        drop(write!(console.err, "{shown}"));
    } else {
        let text = shown.strip_prefix("error: ").unwrap_or(&shown);
        // The usage that follows is for people.
        let message = text.split("\n\nUsage:").next().unwrap_or(text);
        let message = message.split("\n\nFor more").next().unwrap_or(message);
        output::failure(console, format, &Failure::usage(message.trim_end()));
    }
    if asked { Exit::Success } else { Exit::Usage }
}

/// Explains why there is no option for the token itself, which people expect from other programs.
fn secret(error: &clap::Error) -> Option<Failure> {
    if error.kind() != ErrorKind::UnknownArgument {
        return None;
    }
    let Some(ContextValue::String(typed)) = error.get(ContextKind::InvalidArg) else { return None };
    let (option, _) = typed.split_once('=').unwrap_or((typed, ""));
    let name = option.strip_prefix("--")?.to_lowercase().replace('_', "-");
    // The rest are misspelt options that name a file or a command.
    if !is_secret(&name) || name.starts_with("token-") || name.starts_with("api-key-") {
        return None;
    }
    let message = format!(
        "there is no option `{}`: every user of the machine can see program arguments, so no option takes \
         a secret itself; set PURGE_API_KEY and PURGE_API_SECRET, or PURGE_TOKEN, or pass --api-key-file FILE, \
         --token-file FILE or --token-command CMD",
        shown(option)
    );
    Some(Failure::usage(message))
}

/// Shows what was typed, but without tokens and without anything that a terminal or a CI system would obey.
/// Clap repeats arguments in many places, tips included; only the usage is entirely its own text.
fn harmless(mut error: clap::Error) -> clap::Error {
    let values: Vec<_> = error.context().map(|(kind, value)| (kind, value.clone())).collect();
    for (kind, value) in values {
        let plain = |text: &StyledStr| StyledStr::from(shown(&text.to_string()));
        let value = match value {
            _ if kind == ContextKind::Usage => continue,
            ContextValue::String(text) => ContextValue::String(shown(&text)),
            ContextValue::Strings(texts) => {
                ContextValue::Strings(texts.iter().map(|text| shown(text)).collect())
            }
            ContextValue::StyledStr(text) => ContextValue::StyledStr(plain(&text)),
            ContextValue::StyledStrs(texts) => {
                ContextValue::StyledStrs(texts.iter().map(plain).collect())
            }
            _ => continue,
        };
        error.insert(kind, value);
    }
    error
}

/// The requested output format, as far as it can be found in arguments that cannot be parsed.
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

#[cfg(test)]
mod tests {
    use clap::Parser as _;
    use purge_api_ext::escape;

    use super::*;
    use crate::args::Args;
    use crate::output::{Messages, Screen};

    /// What is written about these arguments; none if they can be parsed.
    fn refused(arguments: &[String]) -> Option<String> {
        let arguments: Vec<OsString> = arguments.iter().map(OsString::from).collect();
        let error = Args::try_parse_from(&arguments).err()?;
        let (mut out, mut err) = (Vec::new(), Vec::new());
        let mut console = Console {
            out: &mut out,
            err: &mut err,
            screen: Screen::NONE,
            interactive: false,
            err_colour: false,
            messages: Messages::Normal,
            unwritten: None,
        };
        say(error, arguments.into_iter(), &mut console, |error, console| {
            write!(console.err, "{}", error.render().ansi())
        });
        let err = String::from_utf8(err).expect("text");
        // These bytes are all that begins and ends clap's styles.
        let styles = [0, 1, 4, 31, 32, 33].map(|style| format!("\u{1b}[{style}m"));
        Some(styles.iter().fold(err, |err, style| err.replace(style, "")))
    }

    fn is_harmless(text: &str) -> bool {
        text.lines().all(|line| {
            !line.trim_start().starts_with("::") && escape(line.trim_start()) == line.trim_start()
        })
    }

    /// All ways to write a text instead of, or after, an option or argument of a command.
    fn spellings(command: &clap::Command, text: &str) -> Vec<Vec<String>> {
        let mut all =
            vec![vec![text.to_owned()], vec![format!("-{text}")], vec![format!("--{text}")]];
        for arg in command.get_arguments() {
            if let Some(long) = arg.get_long() {
                all.push(vec![format!("--{long}={text}")]);
                all.push(vec![format!("--{long}"), text.to_owned()]);
                all.push(vec![format!("--{long}{text}")]);
            }
            if let Some(short) = arg.get_short() {
                all.push(vec![format!("-{short}{text}")]);
                all.push(vec![format!("-{short}"), text.to_owned()]);
            }
        }
        all
    }

    #[test]
    fn nothing_that_was_typed_drives_a_terminal_or_a_ci_system() {
        const ID: &str = "550e8400-e29b-41d4-a716-446655440000";
        let root = crate::command();
        let mut count = 0;
        for evil in ["\u{1b}[2J", "x\n::error::y", "::error::x", "##[error]x", "\u{202e}"] {
            for before in ["", "5", "https://e.net/", ID] {
                let text = format!("{before}{evil}");
                let commands = root.get_subcommands().map(|c| (vec![c.get_name().to_owned()], c));
                for (name, command) in [(Vec::new(), &root)].into_iter().chain(commands) {
                    for given in spellings(command, &text) {
                        let arguments = [vec!["purge".to_owned()], name.clone(), given].concat();
                        for form in [&[][..], &["--output=json".to_owned()]] {
                            let arguments = [arguments.as_slice(), form].concat();
                            let Some(shown) = refused(&arguments) else { continue };
                            count += 1;
                            assert!(is_harmless(&shown), "{arguments:?}: {shown:?}");
                        }
                    }
                }
            }
        }
        assert!(count > 3_000, "{count} command lines were refused");
    }

    #[test]
    fn misplaced_token_is_not_shown() {
        for option in
            ["--token", "--bearer", "--auth-token", "--api-key", "--PASSWORD", "--api_key"]
        {
            for command in ["create", "list", "wait", "plan", "resume", "config", "sandbox"] {
                for given in
                    [vec![format!("{option}=s3cret")], vec![option.into(), "s3cret".into()]]
                {
                    let arguments = [vec!["purge".to_owned(), command.to_owned()], given].concat();
                    let shown = refused(&arguments).expect("it is refused");
                    assert!(!shown.contains("s3cret"), "{arguments:?}: {shown}");
                    let message = format!("error: there is no option `{option}`: ");
                    assert!(shown.starts_with(&message), "{arguments:?}: {shown}");
                    assert!(
                        shown.contains("or PURGE_TOKEN, or pass --api-key-file FILE"),
                        "{shown}"
                    );
                }
            }
        }
        let root = crate::command();
        for token in [
            "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N",
            "Bq0xk7jW2n9tYp4s8vLrwZ1c3e5g7i9kAbCdEfGh",
        ] {
            let commands = root.get_subcommands().map(|c| (vec![c.get_name().to_owned()], c));
            for (name, command) in [(Vec::new(), &root)].into_iter().chain(commands) {
                for given in spellings(command, token) {
                    let arguments = [vec!["purge".to_owned()], name.clone(), given].concat();
                    for form in [&[][..], &["--output=json".to_owned()]] {
                        let arguments = [arguments.as_slice(), form].concat();
                        let Some(shown) = refused(&arguments) else { continue };
                        assert!(!shown.contains(&token[5..20]), "{arguments:?}: {shown}");
                    }
                }
            }
        }
        let typo = ["purge", "create", "--token-fil=s3cret"].map(str::to_owned);
        let shown = refused(&typo).expect("it is refused");
        assert!(shown.contains("'--token-file'") && !shown.contains("s3cret"), "{shown}");
    }
}
