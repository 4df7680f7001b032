//! The picture in the README: the output of the command line, in the colors of a terminal.

use anstyle_svg::{Term, WIN10_CONSOLE};

use crate::Error;
use crate::workspace::Tree;

/// The first succeeds; the second shows how a mistake is reported and how to fix it.
const COMMANDS: [&[&str]; 2] = [
    &["create", "--sandbox", "--wait", "/index.html", "/images/*", "/images/logo.png", "/old.html"],
    &["create", "--sandbox", "index.html", "/about us.html"],
];

/// The operation ID from the reference, shown instead of one that differs in each run.
const OPERATION: &str = "0b508058-9c8c-475a-b5e7-0bf9014423b2";

/// Runs the commands with the real binary against the embedded server, and draws their output.
pub(super) fn svg(tree: &Tree) -> Result<String, Error> {
    let mut screen = String::new();
    for (number, arguments) in COMMANDS.iter().enumerate() {
        let typed: Vec<_> = arguments.iter().map(|argument| quoted(argument)).collect();
        let typed = typed.join(" ");
        let gap = if number == 0 { "" } else { "\n" };
        screen.push_str(&format!("{gap}\x1b[90m$\x1b[0m \x1b[1mcdn-purge {typed}\x1b[0m\n"));
        screen.push_str(&run(tree, arguments)?);
    }
    Ok(Term::new().palette(WIN10_CONSOLE).min_width_px(0).render_svg(screen.trim_end()))
}

/// What a terminal shows when the command has ended: its result, or else its error.
fn run(tree: &Tree, arguments: &[&str]) -> Result<String, Error> {
    let mut cargo = tree.cargo_command(&["run", "--quiet", "--package=purge-cli", "--"]);
    cargo.args(arguments).env("CLICOLOR_FORCE", "1").env_remove("NO_COLOR");
    // The picture must not depend on your personal settings.
    cargo.env("XDG_CONFIG_HOME", tree.path("target"));
    let ended =
        cargo.output().map_err(|e| Error::new(format!("cargo could not be started: {e}")))?;
    let shown = if ended.stdout.is_empty() { ended.stderr } else { ended.stdout };
    let shown = String::from_utf8(shown).map_err(|e| Error::new(e.to_string()))?;
    let lines = shown.lines().map(|line| match line.split_once("  operation ") {
        Some(_) => format!("  operation {OPERATION}\n"),
        None => format!("{line}\n"),
    });
    Ok(lines.collect())
}

fn quoted(argument: &str) -> String {
    if argument.contains(['*', ' ']) { format!("'{argument}'") } else { argument.to_owned() }
}
