use clap::builder::PossibleValuesParser;
use clap_complete::Shell;

/// The commands that have a manual page; completion offers them.
const COMMANDS: &[&str] = &[
    "create",
    "plan",
    "diff",
    "resume",
    "list",
    "wait",
    "verify",
    #[cfg(feature = "queue")]
    "enqueue",
    #[cfg(feature = "queue")]
    "status",
    #[cfg(feature = "queue")]
    "worker",
    #[cfg(feature = "queue")]
    "queue",
    "sandbox",
    "config",
    "doctor",
    "completions",
    "man",
];

#[derive(clap::Args)]
pub(crate) struct CompletionsArgs {
    /// Shell to generate the script for
    #[arg(value_name = "SHELL", value_enum)]
    pub(crate) shell: Shell,
}

#[derive(clap::Args)]
pub(crate) struct ManArgs {
    /// Command whose page to print [default: `cdn-purge` itself]
    #[arg(value_name = "COMMAND", value_parser = PossibleValuesParser::new(COMMANDS.iter().copied()), hide_possible_values = true)]
    pub(crate) command: Option<String>,
}

#[cfg(test)]
mod tests {
    #[test]
    fn each_command_has_a_page() {
        let command = crate::command();
        let names: Vec<_> = crate::command::shell::names(&command).collect();
        assert_eq!(super::COMMANDS, names);
    }
}
