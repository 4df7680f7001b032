use super::FormatArgs;

#[derive(clap::Args)]
pub(crate) struct ConfigArgs {
    #[command(flatten)]
    pub(crate) output: FormatArgs,
}
