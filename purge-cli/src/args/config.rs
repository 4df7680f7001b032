use super::FormatArgs;

#[derive(clap::Args)]
pub(crate) struct ConfigArgs {
    /// Profile of `purge.toml`, whose settings take precedence over the environment [env: PURGE_PROFILE]
    #[arg(long, value_name = "NAME")]
    pub(crate) profile: Option<String>,
    #[command(flatten)]
    pub(crate) output: FormatArgs,
}
