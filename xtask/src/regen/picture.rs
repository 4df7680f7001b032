//! The picture in the README: the output of the command line, in the colors of a terminal.

use std::process::Command;

use anstyle_svg::{Term, WIN10_CONSOLE};
use serde_json::Value;

use crate::Error;
use crate::workspace::Tree;

/// The first succeeds; the second shows how a mistake is reported and how to fix it. Each has its exit code.
const COMMANDS: [(&[&str], i32); 2] = [
    (
        &[
            "create",
            "--sandbox",
            "--wait",
            "/index.html",
            "/images/*",
            "/images/logo.png",
            "/old.html",
        ],
        0,
    ),
    (&["create", "--sandbox", "index.html", "/about us.html"], 2),
];

/// The operation ID from the reference, shown instead of one that differs in each run.
const OPERATION: &str = "0b508058-9c8c-475a-b5e7-0bf9014423b2";

/// Runs the commands with the real binary against the embedded server, and draws their output.
pub(super) fn svg(tree: &Tree) -> Result<String, Error> {
    let mut screen = String::new();
    let binary = binary(tree)?;
    for (number, (arguments, code)) in COMMANDS.iter().enumerate() {
        let typed: Vec<_> = arguments.iter().map(|argument| quoted(argument)).collect();
        let typed = typed.join(" ");
        let gap = if number == 0 { "" } else { "\n" };
        screen.push_str(&format!("{gap}\x1b[90m$\x1b[0m \x1b[1mcdn-purge {typed}\x1b[0m\n"));
        screen.push_str(&run(tree, &binary, arguments, *code)?);
    }
    Ok(Term::new().palette(WIN10_CONSOLE).min_width_px(0).render_svg(screen.trim_end()))
}

/// Builds the binary, and returns its path. Cargo's own messages are not part of the picture.
fn binary(tree: &Tree) -> Result<String, Error> {
    let build =
        ["build", "--quiet", "--package=purge-cli", "--message-format=json-render-diagnostics"];
    let messages = tree.cargo(&build)?;
    let executable =
        |line| serde_json::from_str::<Value>(line).ok()?["executable"].as_str().map(str::to_owned);
    let built = messages.lines().filter_map(executable).next_back();
    built.ok_or_else(|| Error::new("cargo built no binary of purge-cli"))
}

/// What a terminal shows when the command has ended: its result, or else its error.
fn run(tree: &Tree, binary: &str, arguments: &[&str], code: i32) -> Result<String, Error> {
    let mut command = Command::new(binary);
    command.current_dir(tree.path("")).args(arguments);
    command.env("CLICOLOR_FORCE", "1").env_remove("NO_COLOR");
    // The picture must not depend on your personal settings.
    command.env("XDG_CONFIG_HOME", tree.path("target"));
    let ended =
        command.output().map_err(|e| Error::new(format!("{binary} could not be started: {e}")))?;
    if ended.status.code() != Some(code) {
        let said = String::from_utf8_lossy(&ended.stderr);
        let line = arguments.join(" ");
        return Err(Error::new(format!(
            "`cdn-purge {line}` ended with {} instead of exit code {code}: {}",
            ended.status,
            said.trim()
        )));
    }
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
