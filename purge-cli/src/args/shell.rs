use clap_complete::Shell;

#[derive(clap::Args)]
pub(crate) struct CompletionsArgs {
    /// Shell that the script is for
    #[arg(value_name = "SHELL", value_enum)]
    pub(crate) shell: Shell,
}

#[derive(clap::Args)]
pub(crate) struct ManArgs {
    /// Command that the page is about [default: `cdn-purge` itself]
    #[arg(value_name = "COMMAND")]
    pub(crate) command: Option<String>,
}
