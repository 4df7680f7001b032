use std::path::PathBuf;
use std::time::Duration;

use purge_api_ext::{BaseUrl, OrganizationId, PurgePath, Rate, ResourceId, TokenProvider};

use crate::advice::{Next, file_option, option};
use crate::config::{Config, Settings, base_url, timeout};
use crate::environment;
use crate::exit::Failure;

#[derive(Clone, clap::Args)]
#[command(next_help_heading = "Service")]
pub(crate) struct TargetArgs {
    /// Profile of `purge.toml`, whose settings take precedence over the environment; `create` and `resume` take
    /// several, such as `a,b` [env: PURGE_PROFILE]
    #[arg(long, value_name = "NAME", value_delimiter = ',', conflicts_with = "sandbox")]
    pub(crate) profile: Vec<String>,
    /// The source of the token of the profile.
    #[arg(skip)]
    pub(crate) token: Option<TokenProvider>,
    /// The folder of the profile.
    #[arg(skip)]
    pub(crate) prefix: Option<PurgePath>,
    /// Whether the command cannot use an embedded server.
    #[arg(skip)]
    pub(crate) no_sandbox: bool,
    /// The options of the command line that a command which follows this one needs as well.
    #[arg(skip)]
    pub(crate) again: String,
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
    /// Completes the options of the command line from the profile and the environment. The embedded server needs
    /// neither.
    ///
    /// With several profiles, each has its own settings: see [`of_profile`](Self::of_profile).
    pub(crate) fn complete(&mut self, profiles: Profiles) -> Result<(), Failure> {
        if self.sandbox {
            return Ok(());
        }
        self.again = self.repeated();
        if self.profile.is_empty() && profiles != Profiles::OfJournals {
            self.profile = profiles_of_environment()?;
        }
        let why = match profiles {
            Profiles::Several if self.profile.len() > 1 => return Ok(()),
            // Only the command line says that some journals are left for later.
            Profiles::OfJournals => return Ok(()),
            Profiles::One(why) => why,
            // With several, it has returned.
            Profiles::Several => "",
        };
        self.apply_profile(why)?;
        self.apply_environment()
    }

    /// A copy, completed for one of several profiles.
    pub(crate) fn of_profile(&self, name: &str, settings: &Settings) -> Result<Self, Failure> {
        let mut own = Self { profile: vec![name.to_owned()], ..self.clone() };
        own.fill(settings.profile(name)?);
        own.apply_environment()?;
        Ok(own)
    }

    /// Completes the options from the named profile, if there is one. If there are several, `why` says why that cannot be.
    pub(crate) fn apply_profile(&mut self, why: &str) -> Result<(), Failure> {
        if self.profile.is_empty() {
            self.profile = profiles_of_environment()?;
        }
        if let Some(name) = only_one(self.profile.clone(), why)? {
            self.fill(Config::load()?.settings.profile(&name)?);
        }
        Ok(())
    }

    /// What a command that follows this one needs.
    pub(crate) fn next(&self) -> Next {
        Next {
            profile: self.profile.first().cloned(),
            has_prefix: self.prefix.is_some(),
            options: self.again.clone(),
            is_sandbox: self.sandbox,
            ..Next::default()
        }
    }

    /// The options of the command line for the account and the resource, without the profile.
    fn repeated(&self) -> String {
        let mut options = String::new();
        for (name, id) in [
            ("organization", self.organization.map(|id| id.to_string())),
            ("resource", self.resource.map(|id| id.to_string())),
            // A wrong one may contain a password, and nothing follows such a command.
            ("base-url", self.base_url.as_deref().and_then(|url| base_url(url).ok())),
            // Its arguments may be secret.
            ("token-command", self.token_command.as_ref().map(|_| "…".to_owned())),
        ] {
            options.extend(id.map(|id| option(name, &id)));
        }
        for (name, path) in [("api-key-file", &self.api_key_file), ("token-file", &self.token_file)]
        {
            options.extend(path.as_ref().map(|path| file_option(name, path)));
        }
        options
    }

    /// Completes the options from the settings of a profile.
    fn fill(&mut self, profile: &Settings) {
        self.organization = self.organization.or(profile.organization);
        self.resource = self.resource.or(profile.resource);
        self.rate = self.rate.or(profile.rate);
        let base_url = self.base_url.take().or_else(|| profile.base_url.clone());
        self.base_url = base_url;
        self.token.clone_from(&profile.token);
        self.prefix.clone_from(&profile.prefix);
    }

    /// Completes the options for a command with one profile that continues without an ID which is not valid, and returns
    /// what is wrong with those of the organization and the resource.
    pub(crate) fn complete_without_ids(
        &mut self,
        why: &str,
    ) -> Result<[Result<(), Failure>; 2], Failure> {
        self.apply_profile(why)?;
        self.apply_base_url()?;
        Ok([self.apply_organization(), self.apply_resource()])
    }

    fn apply_environment(&mut self) -> Result<(), Failure> {
        self.apply_organization()?;
        self.apply_resource()?;
        self.apply_base_url()
    }

    fn apply_organization(&mut self) -> Result<(), Failure> {
        if self.organization.is_none() {
            self.organization =
                environment::value(environment::ORGANIZATION).map_err(Failure::usage)?;
        }
        Ok(())
    }

    fn apply_resource(&mut self) -> Result<(), Failure> {
        if self.resource.is_none() {
            self.resource = environment::value(environment::RESOURCE).map_err(Failure::usage)?;
        }
        Ok(())
    }

    fn apply_base_url(&mut self) -> Result<(), Failure> {
        self.base_url = match &self.base_url {
            Some(given) => Some(base_url(given).map_err(Failure::usage)?),
            None => environment::value(environment::BASE_URL)
                .map_err(Failure::usage)?
                .map(|base: BaseUrl| base.as_str().to_owned()),
        };
        Ok(())
    }
}

/// How many profiles a command takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Profiles {
    /// One, and why.
    One(&'static str),
    Several,
    /// Those whose journals it resumes.
    OfJournals,
}

/// The profile of a command that takes one: the one that was named, or that of the environment. If there are several,
/// `why` says why that cannot be.
pub(crate) fn one_profile(named: Option<&str>, why: &str) -> Result<Option<String>, Failure> {
    let names = match named {
        Some(names) => names_in(names),
        None => profiles_of_environment()?,
    };
    only_one(names, why)
}

fn only_one(mut names: Vec<String>, why: &str) -> Result<Option<String>, Failure> {
    if names.len() > 1 {
        return Err(Failure::usage(format!("only one profile can be named here: {why}")));
    }
    Ok(names.pop())
}

/// The profiles that the environment names.
fn profiles_of_environment() -> Result<Vec<String>, Failure> {
    let text = environment::text(environment::PROFILE).map_err(Failure::usage)?;
    Ok(text.as_deref().map(names_in).unwrap_or_default())
}

fn names_in(text: &str) -> Vec<String> {
    text.split(',').map(|name| name.trim().to_owned()).collect()
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
