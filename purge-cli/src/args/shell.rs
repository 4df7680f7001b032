use clap::builder::PossibleValuesParser;
use clap_complete::Shell;

/// The commands that have a page, for completion.
#[cfg(feature = "queue")]
const COMMANDS: [&str; 13] = [
    "create",
    "plan",
    "resume",
    "list",
    "wait",
    "enqueue",
    "status",
    "worker",
    "queue",
    "sandbox",
    "config",
    "completions",
    "man",
];
/// The commands that have a page, for completion.
#[cfg(not(feature = "queue"))]
const COMMANDS: [&str; 9] =
    ["create", "plan", "resume", "list", "wait", "sandbox", "config", "completions", "man"];

#[derive(clap::Args)]
pub(crate) struct CompletionsArgs {
    /// Shell that the script is for
    #[arg(value_name = "SHELL", value_enum)]
    pub(crate) shell: Shell,
}

#[derive(clap::Args)]
pub(crate) struct ManArgs {
    /// Command that the page is about [default: `cdn-purge` itself]
    #[arg(value_name = "COMMAND", value_parser = PossibleValuesParser::new(COMMANDS), hide_possible_values = true)]
    pub(crate) command: Option<String>,
}

#[cfg(test)]
mod tests {
    #[test]
    fn each_command_has_a_page() {
        let command = crate::command();
        let names: Vec<_> = crate::command::shell::names(&command).collect();
        assert_eq!(super::COMMANDS[..], names);
    }
}
