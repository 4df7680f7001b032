use std::path::PathBuf;
use std::time::Duration;

use purge_api_ext::{BaseUrl, OrganizationId, Rate, ResourceId};

use crate::config::{base_url, timeout};
use crate::environment;
use crate::exit::Failure;

#[derive(clap::Args)]
#[command(next_help_heading = "Service")]
pub(crate) struct TargetArgs {
    /// Organization [env: PURGE_ORGANIZATION]
    #[arg(short, long, value_name = "UUID")]
    pub(crate) organization: Option<OrganizationId>,
    /// CDN resource [env: PURGE_RESOURCE]
    #[arg(short, long, value_name = "UUID")]
    pub(crate) resource: Option<ResourceId>,
    /// File with an API key and its secret, readable only by you: two lines, `api-key = "…"` and `api-secret = "…"`
    /// [for the values themselves, env: PURGE_API_KEY, PURGE_API_SECRET]
    #[arg(long, value_name = "FILE", conflicts_with_all = ["token_file", "token_command"])]
    pub(crate) api_key_file: Option<PathBuf>,
    /// File with the bearer token, readable only by you [for the token itself, env: PURGE_TOKEN]
    #[arg(long, value_name = "FILE", conflicts_with = "token_command")]
    pub(crate) token_file: Option<PathBuf>,
    /// Command that prints the bearer token; run again if the service refuses the token
    ///
    /// It is split into words as in a shell, but no shell runs it: use `sh -c '...'` for pipes and variables.
    // Parsed later: clap's errors repeat the value, and the arguments of the command may be secret.
    #[arg(long, value_name = "CMD")]
    pub(crate) token_command: Option<String>,
    /// Base URL of the service; plain HTTP only to this machine [default: https://cloud.medianova.com]
    /// [env: PURGE_BASE_URL]
    // Parsed later, too: a URL may hold a password.
    #[arg(long, value_name = "URL")]
    pub(crate) base_url: Option<String>,
    /// Run against an embedded server, started for this command; the options above and their environment
    /// variables are ignored
    #[arg(long)]
    pub(crate) sandbox: bool,
    /// Maximum time for one request [default: 30s]
    #[arg(long, value_name = "DURATION", value_parser = timeout)]
    pub(crate) timeout: Option<Duration>,
    /// Maximum rate of requests, such as 5/s or 30/m; polls and look-ups count [default: no limit]
    #[arg(long, value_name = "N/s")]
    pub(crate) rate: Option<Rate>,
}

impl TargetArgs {
    /// Fills in from the environment what the command line does not set. The embedded server needs none of it.
    pub(crate) fn complete(&mut self) -> Result<(), Failure> {
        if self.sandbox {
            return Ok(());
        }
        if self.organization.is_none() {
            self.organization =
                environment::value(environment::ORGANIZATION).map_err(Failure::usage)?;
        }
        if self.resource.is_none() {
            self.resource = environment::value(environment::RESOURCE).map_err(Failure::usage)?;
        }
        self.base_url = match &self.base_url {
            Some(given) => Some(base_url(given).map_err(Failure::usage)?),
            None => environment::value(environment::BASE_URL)
                .map_err(Failure::usage)?
                .map(|base: BaseUrl| base.as_str().to_owned()),
        };
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn help_names_the_address_that_is_used() {
        let command = crate::command();
        let create = command.find_subcommand("create").expect("a command");
        let option = create.get_arguments().find(|arg| arg.get_id() == "base_url");
        let help = option.and_then(|option| option.get_help()).expect("its help").to_string();
        assert!(help.contains(purge_api_ext::Client::BASE_URL), "{help}");
    }
}
