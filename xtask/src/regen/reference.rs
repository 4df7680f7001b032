//! A command line as a Markdown page, read from its definition in clap.

use std::fmt::Write as _;

use clap::{Arg, ArgAction, Command};

/// Renders a command and, below it, each of its subcommands.
///
/// Hidden commands and arguments are left out, as they are in `--help`.
///
/// ```
/// use clap::{Arg, Command};
///
/// let command = Command::new("purge").about("Purge a cache").arg(Arg::new("path").help("What to purge"));
/// let page = xtask::regen::reference::markdown(&command);
/// assert!(page.contains("| `[path]` | What to purge |"));
/// ```
#[must_use]
pub fn markdown(command: &Command) -> String {
    // The width of the current terminal must not matter.
    let mut command = command.clone().term_width(0);
    // Fills in usage lines and propagates global arguments, as parsing would.
    command.build();
    let mut page = format!("# Command-line reference of `{}`\n", command.get_name());
    page.push_str("\n<!-- Written by `cargo xtask regen`; do not edit. -->\n");
    section(&command, "", 1, &mut page);
    page
}

fn section(command: &Command, parents: &str, depth: usize, page: &mut String) {
    let name = format!("{parents}{}", command.get_name());
    if depth > 1 {
        line(page, format_args!("\n{} `{name}`", "#".repeat(depth.min(6))));
    }
    if let Some(about) = command.get_long_about().or(command.get_about()) {
        line(page, format_args!("\n{}", paragraphs(&about.to_string())));
    }
    let usage = command.clone().render_usage().to_string();
    let usage = usage.trim_start_matches("Usage:").trim();
    line(page, format_args!("\n```text\n{usage}\n```"));
    arguments(command, page);
    for sub in
        command.get_subcommands().filter(|sub| !sub.is_hide_set() && sub.get_name() != "help")
    {
        section(sub, &format!("{name} "), depth + 1, page);
    }
}

fn arguments(command: &Command, page: &mut String) {
    let shown = |arg: &&Arg| {
        !arg.is_hide_set()
            && !matches!(
                arg.get_action(),
                ArgAction::Help | ArgAction::HelpShort | ArgAction::HelpLong
            )
    };
    let (positional, options): (Vec<_>, Vec<_>) =
        command.get_arguments().filter(shown).partition(|arg| arg.is_positional());
    for (title, arguments) in [("argument", positional), ("option", options)] {
        if !arguments.is_empty() {
            line(page, format_args!("\n| {title} | meaning |\n|---|---|"));
        }
        for arg in arguments {
            line(page, format_args!("| {} | {} |", cell(&spelling(arg)), cell(&meaning(arg))));
        }
    }
}

fn spelling(arg: &Arg) -> String {
    let value = if arg.get_action().takes_values() { value(arg) } else { String::new() };
    if arg.is_positional() {
        return format!("`{value}`");
    }
    let short = arg.get_short().map(|short| format!("-{short}"));
    let long = arg.get_long().map(|long| format!("--{long}"));
    let names: Vec<_> = short.into_iter().chain(long).collect();
    format!("`{}{value}`", names.join(", "))
}

fn value(arg: &Arg) -> String {
    let names = arg.get_value_names().unwrap_or_default();
    let name = if names.is_empty() {
        arg.get_id().to_string()
    } else {
        names.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
    };
    let many = if matches!(arg.get_action(), ArgAction::Append) && arg.is_positional() {
        "..."
    } else {
        ""
    };
    let may_be_absent = arg.get_num_args().is_some_and(|count| count.min_values() == 0);
    match (arg.is_positional(), arg.is_required_set()) {
        (true, true) => format!("<{name}>{many}"),
        (true, false) => format!("[{name}]{many}"),
        (false, _) if may_be_absent && arg.is_require_equals_set() => format!("[=<{name}>]"),
        (false, _) if may_be_absent => format!(" [<{name}>]"),
        (false, _) => format!(" <{name}>"),
    }
}

fn meaning(arg: &Arg) -> String {
    let mut text =
        arg.get_long_help().or(arg.get_help()).map(ToString::to_string).unwrap_or_default();
    if arg.get_action().takes_values() {
        let possible = arg.get_possible_values();
        let possible: Vec<_> = possible
            .iter()
            .filter(|v| !v.is_hide_set())
            .map(|v| format!("`{}`", v.get_name()))
            .collect();
        if !possible.is_empty() && !arg.is_hide_possible_values_set() {
            note(&mut text, &format!("one of {}", possible.join(", ")));
        }
        let defaults: Vec<_> =
            arg.get_default_values().iter().map(|v| format!("`{}`", v.display())).collect();
        if let Some(variable) = arg.get_env().filter(|_| !arg.is_hide_env_set()) {
            note(&mut text, &format!("or the environment variable `{}`", variable.display()));
        }
        if !defaults.is_empty() && !arg.is_hide_default_value_set() {
            note(&mut text, &format!("default {}", defaults.join(" ")));
        }
    }
    if arg.is_required_set() && !arg.is_positional() {
        note(&mut text, "required");
    }
    text
}

fn note(text: &mut String, note: &str) {
    if !text.is_empty() {
        text.push_str("; ");
    }
    text.push_str(note);
}

/// A line break inside a paragraph only wraps the source text.
fn paragraphs(text: &str) -> String {
    text.trim().lines().map(str::trim_end).collect::<Vec<_>>().join("\n")
}

fn cell(text: &str) -> String {
    text.trim().replace('|', "\\|").replace("\n\n", "<br>").replace('\n', " ")
}

fn line(page: &mut String, text: std::fmt::Arguments<'_>) {
    // Writing to a `String` cannot fail.
    let _ = writeln!(page, "{text}");
}

#[cfg(test)]
mod tests {
    use clap::builder::PossibleValuesParser;

    use super::*;

    #[test]
    fn a_command_line_becomes_a_page() {
        let command = Command::new("cook")
            .about("Cook things")
            .arg(
                Arg::new("quiet")
                    .short('q')
                    .long("quiet")
                    .help("Say less")
                    .global(true)
                    .action(ArgAction::SetTrue),
            )
            .subcommand(
                Command::new("boil")
                    .about("Boil things\n\nIn water.")
                    .arg(
                        Arg::new("thing")
                            .required(true)
                            .action(ArgAction::Append)
                            .value_name("THING")
                            .help("What to boil"),
                    )
                    .arg(
                        Arg::new("heat")
                            .long("heat")
                            .value_name("LEVEL")
                            .env("COOK_HEAT")
                            .value_parser(PossibleValuesParser::new(["low", "high"]))
                            .default_value("low")
                            .help("How hot | how fast"),
                    )
                    .arg(
                        Arg::new("wait")
                            .long("wait")
                            .value_name("TIME")
                            .num_args(0..=1)
                            .require_equals(true),
                    )
                    .arg(Arg::new("secret").long("secret").hide(true)),
            )
            .subcommand(Command::new("hidden").hide(true));
        insta::assert_snapshot!(markdown(&command));
    }
}
