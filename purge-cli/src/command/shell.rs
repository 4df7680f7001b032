//! Completion scripts and manual pages.

use std::io;

use clap_mangen::Man;
use clap_mangen::roff::{Roff, roman};

use crate::args::{CompletionsArgs, ManArgs};
use crate::exit::{Exit, Failure};
use crate::output::{Console, closed_pipe};
use crate::shown::excerpt;

pub(crate) fn completions(
    args: &CompletionsArgs,
    console: &mut Console<'_>,
) -> Result<Exit, Failure> {
    console.out.write_all(script(args.shell).as_bytes()).or_else(closed_pipe)?;
    Ok(Exit::Success)
}

pub(crate) fn man(args: &ManArgs, console: &mut Console<'_>) -> Result<Exit, Failure> {
    let page = page(args.command.as_deref())?;
    console.out.write_all(&page).or_else(closed_pipe)?;
    Ok(Exit::Success)
}

/// The completion script for a shell.
pub(crate) fn script(shell: clap_complete::Shell) -> String {
    let mut script = Vec::new();
    // Writing to a buffer cannot fail.
    clap_complete::generate(shell, &mut crate::command(), "cdn-purge", &mut script);
    let script = String::from_utf8_lossy(&script);
    // clap_complete spells a hyphen in the program's name in two ways, so bash completes nothing after a
    // command (https://github.com/clap-rs/clap/issues/6421).
    let script = script.replace("cdn__subcmd__purge", "cdn__purge");
    if shell == clap_complete::Shell::Bash { with_files(&script) } else { script }
}

/// Lets bash complete file names where a command takes a file as an argument. clap_complete offers options there,
/// and bash offers files only if there is nothing else.
fn with_files(script: &str) -> String {
    let mut text = String::new();
    let mut takes_file = false;
    for line in script.split_inclusive('\n') {
        let trimmed = line.trim();
        if let Some(name) =
            trimmed.strip_prefix("cdn__purge__subcmd__").and_then(|name| name.strip_suffix(')'))
        {
            takes_file = crate::command().find_subcommand(name).is_some_and(takes_a_file);
        }
        let options = "COMPREPLY=( $(compgen -W \"${opts}\" -- \"${cur}\") )";
        if takes_file && trimmed.starts_with("if [[ ${cur} == -* || ${COMP_CWORD} -eq ") {
            text.push_str("            if [[ ${cur} == -* ]] ; then\n");
        } else if takes_file && trimmed == options && line.starts_with("            COMP") {
            text.push_str("            COMPREPLY=()\n");
        } else {
            text.push_str(line);
        }
    }
    text
}

fn takes_a_file(command: &clap::Command) -> bool {
    command.get_positionals().any(|arg| arg.get_value_hint() == clap::ValueHint::FilePath)
}

/// The manual page of a command, or of the program itself.
pub(crate) fn page(name: Option<&str>) -> Result<Vec<u8>, Failure> {
    // `cdn-purge help` gets no page.
    let mut command = crate::command().disable_help_subcommand(true);
    command.build();
    let command = match name {
        None => &command,
        Some(name) => command.find_subcommand(name).ok_or_else(|| {
            let names: Vec<_> = names(&command).collect();
            let name = excerpt(name);
            Failure::usage(format!("no command `{name}`; the commands are {}", names.join(", ")))
        })?,
    };
    Ok(render(command.clone())?)
}

/// The commands that have a page.
pub(crate) fn names(command: &clap::Command) -> impl Iterator<Item = &str> {
    command.get_subcommands().map(clap::Command::get_name).filter(|name| *name != "help")
}

fn render(command: clap::Command) -> io::Result<Vec<u8>> {
    let name = command.get_display_name().unwrap_or(command.get_name()).to_uppercase();
    let notes = command.get_after_long_help().map(ToString::to_string).unwrap_or_default();
    let source = format!("cdn-purge {}", env!("CARGO_PKG_VERSION"));
    let has_commands = command.has_subcommands();
    // The page must not depend on the width of the current terminal.
    let man = Man::new(command.term_width(0)).title(name).source(source).manual("cdn-purge");
    let mut page = Vec::new();
    man.render_title(&mut page)?;
    man.render_name_section(&mut page)?;
    man.render_synopsis_section(&mut page)?;
    man.render_description_section(&mut page)?;
    man.render_options_section(&mut page)?;
    if has_commands {
        man.render_subcommands_section(&mut page)?;
    }
    sections(&notes).to_writer(&mut page)?;
    Ok(page)
}

/// The text below the options, as separate sections: a line that ends with a colon is a title.
fn sections(text: &str) -> Roff {
    let mut roff = Roff::new();
    for block in text.split("\n\n") {
        let (title, body) = match block.split_once(":\n") {
            Some((title, body)) if !title.contains('\n') => (title, body),
            _ => ("Notes", block),
        };
        roff.control("SH", [title.to_uppercase().as_str()]);
        roff.control("nf", []);
        roff.text([roman(body)]);
        roff.control("fi", []);
    }
    roff
}
