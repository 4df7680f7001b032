use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use purge_api_ext::{OrganizationId, ResourceId};

#[derive(clap::Args)]
#[command(next_help_heading = "Service")]
pub(crate) struct TargetArgs {
    /// Organization
    #[arg(short, long, value_name = "UUID", env = "PURGE_ORGANIZATION")]
    pub(crate) organization: Option<OrganizationId>,
    /// CDN resource
    #[arg(short, long, value_name = "UUID", env = "PURGE_RESOURCE")]
    pub(crate) resource: Option<ResourceId>,
    /// File that holds the bearer token, readable by you alone [or, the token itself: env: PURGE_TOKEN]
    #[arg(long, value_name = "FILE", conflicts_with = "token_command")]
    pub(crate) token_file: Option<PathBuf>,
    /// Command that prints the bearer token; run again if the service refuses the token
    ///
    /// Words are split as in a shell, but no shell runs it: write `sh -c '...'` for pipes and variables.
    #[arg(long, value_name = "CMD")]
    pub(crate) token_command: Option<TokenCommand>,
    /// Address of the service; plain http only to this machine [default: https://cloud.medianova.com]
    #[arg(long, value_name = "URL", env = "PURGE_BASE_URL")]
    pub(crate) base_url: Option<String>,
    /// Start the embedded server for this command and use it; the options above are not needed then, and
    /// not used
    #[arg(long)]
    pub(crate) sandbox: bool,
    /// How long one request may take [default: 30s]
    #[arg(long, value_name = "DURATION", value_parser = humantime::parse_duration)]
    pub(crate) timeout: Option<Duration>,
}

/// A program and its arguments.
#[derive(Clone)]
pub(crate) struct TokenCommand {
    pub(crate) program: String,
    pub(crate) arguments: Vec<String>,
}

impl FromStr for TokenCommand {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut words = shlex::split(text).ok_or("a quote is not closed")?.into_iter();
        let program = words.next().ok_or("it names no program")?;
        Ok(Self { program, arguments: words.collect() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn token_commands() {
        let words = |text: &str| {
            let command = text.parse::<TokenCommand>().map_err(str::to_owned)?;
            Ok::<_, String>([vec![command.program], command.arguments].concat().join("|"))
        };
        assert_eq!(words("vault kv get 'a b' \"c\"").expect("words"), "vault|kv|get|a b|c");
        assert_eq!(words("sh -c 'a | b'").expect("words"), "sh|-c|a | b");
        assert_eq!(words("a 'b").expect_err("open"), "a quote is not closed");
        assert_eq!(words(" ").expect_err("empty"), "it names no program");
    }

    #[test]
    fn help_names_the_address_that_is_used() {
        let command = crate::command();
        let create = command.find_subcommand("create").expect("a command");
        let option = create.get_arguments().find(|arg| arg.get_id() == "base_url");
        let help = option.and_then(|option| option.get_help()).expect("its help").to_string();
        assert!(help.contains(purge_api_ext::Client::BASE_URL), "{help}");
    }
}
