//! The target of a command: the service, or an embedded server.

use std::time::Duration;

use purge_api_ext::{
    Client, ClientBuilder, OrganizationId, Rate, Resource, ResourceId, TokenProvider,
};
use purge_sandbox::Sandbox;

use crate::args::TargetArgs;
use crate::config::Settings;
use crate::environment;
use crate::exit::{Exit, Failure};
use crate::token;

/// The default time limit of a request.
const TIMEOUT: Duration = Duration::from_secs(30);

/// A resource and, with `--sandbox`, the embedded server.
pub(crate) struct Target {
    pub(crate) resource: Resource,
    sandbox: Option<Sandbox>,
}

/// A target with complete settings, to which nothing has been sent yet.
pub(crate) enum Checked {
    Sandbox { timeout: Duration, rate: Option<Rate> },
    Service { client: Client, organization: OrganizationId, resource: ResourceId },
}

/// An account of the service, and one of its resources.
pub(crate) struct Account {
    pub(crate) client: Client,
    pub(crate) organization: OrganizationId,
    pub(crate) resource: ResourceId,
}

impl Target {
    /// Collects the settings of the target, or says which one is missing.
    pub(crate) fn check(args: &TargetArgs, settings: &Settings) -> Result<Checked, Failure> {
        let timeout = args.timeout.or(settings.timeout).unwrap_or(TIMEOUT);
        let rate = args.rate.or(settings.rate);
        if args.sandbox {
            return Ok(Checked::Sandbox { timeout, rate });
        }
        let client = |client| limited(client, timeout, rate);
        let Account { client, organization, resource } = account(args, settings, client)?;
        Ok(Checked::Service { client, organization, resource })
    }

    /// The account, for a command that throttles its requests itself.
    #[cfg(feature = "queue")]
    pub(crate) fn account(
        args: &TargetArgs,
        settings: &Settings,
        throttle: &purge_api_ext::Throttle,
    ) -> Result<Account, Failure> {
        let timeout = args.timeout.or(settings.timeout).unwrap_or(TIMEOUT);
        let client = |client| limited(client, timeout, None).throttle(throttle.clone());
        account(args, settings, client)
    }

    async fn sandbox(timeout: Duration, rate: Option<Rate>) -> Result<Self, Failure> {
        let cannot = |error: &dyn std::fmt::Display| {
            Failure::new(Exit::Failed, format!("the sandbox cannot start: {error}"))
        };
        let sandbox = Sandbox::start().await.map_err(|error| cannot(&error))?;
        let client = Client::builder(sandbox.token()).base_url(sandbox.base_url());
        let client = limited(client, timeout, rate).build()?;
        let organization = sandbox.organization().parse().map_err(|error| cannot(&error))?;
        let resource = sandbox.resource().parse().map_err(|error| cannot(&error))?;
        Ok(Self { resource: client.resource(organization, resource), sandbox: Some(sandbox) })
    }

    pub(crate) async fn close(self) {
        if let Some(sandbox) = self.sandbox {
            sandbox.shutdown().await;
        }
    }
}

impl Checked {
    /// The resource whose cache is purged; none for an embedded server, which ends with the command.
    pub(crate) fn resource(&self) -> Option<ResourceId> {
        match self {
            Self::Service { resource, .. } => Some(*resource),
            Self::Sandbox { .. } => None,
        }
    }

    pub(crate) async fn connect(self) -> Result<Target, Failure> {
        match self {
            Self::Sandbox { timeout, rate } => Target::sandbox(timeout, rate).await,
            Self::Service { client, organization, resource } => {
                // A missing token is bad input, and is reported before anything is sent.
                client.fetch_token().await?;
                Ok(Target { resource: client.resource(organization, resource), sandbox: None })
            }
        }
    }
}

fn account(
    args: &TargetArgs,
    settings: &Settings,
    finish: impl FnOnce(ClientBuilder) -> ClientBuilder,
) -> Result<Account, Failure> {
    let organization = args
        .organization
        .or(settings.organization)
        .ok_or_else(|| missing("organization", "--organization UUID", environment::ORGANIZATION))?;
    let resource = args
        .resource
        .or(settings.resource)
        .ok_or_else(|| missing("resource", "--resource UUID", environment::RESOURCE))?;
    let token = provider(args, settings)?.ok_or_else(no_token)?;
    let base_url = args.base_url.as_deref().or(settings.base_url.as_deref());
    let client = Client::builder(token).base_url(base_url.unwrap_or(Client::BASE_URL));
    Ok(Account { client: finish(client).build()?, organization, resource })
}

fn limited(client: ClientBuilder, timeout: Duration, rate: Option<Rate>) -> ClientBuilder {
    let client = client.attempt_timeout_of("--timeout", timeout);
    rate.into_iter().fold(client, ClientBuilder::rate)
}

fn missing(what: &str, flag: &str, variable: &str) -> Failure {
    let empty = match environment::is_empty(variable) {
        true => format!("{variable} is empty; "),
        false => String::new(),
    };
    Failure::usage(format!("no {what}: {empty}pass {flag} or set {variable}, or use --sandbox"))
}

fn no_token() -> Failure {
    let empty = environment::SECRETS.into_iter().find(|name| environment::is_empty(name));
    let empty = empty.map(|name| format!("{name} is empty; ")).unwrap_or_default();
    Failure::usage(format!(
        "no token: {empty}pass --api-key-file FILE, --token-file FILE or --token-command CMD, or set PURGE_API_KEY and \
         PURGE_API_SECRET, or PURGE_TOKEN, or use --sandbox"
    ))
}

/// The command line takes precedence over the profile, that over the environment, and that over the files.
fn provider(args: &TargetArgs, settings: &Settings) -> Result<Option<TokenProvider>, Failure> {
    if let Some(file) = &args.token_file {
        return Ok(Some(TokenProvider::from_file(file)));
    }
    if let Some(command) = &args.token_command {
        let wrong = |why: &str| Failure::usage(format!("--token-command: {why}"));
        return token::from_command(command, None).map(Some).map_err(wrong);
    }
    if let Some(file) = &args.api_key_file {
        return Ok(Some(TokenProvider::from_api_key_file(file)));
    }
    if let Some(token) = &args.token {
        return Ok(Some(token.clone()));
    }
    match token::from_environment()? {
        Some((provider, _)) => Ok(Some(provider)),
        None => Ok(settings.token.clone()),
    }
}
