//! The target of a command: the service, or an embedded server.

use std::time::Duration;

use purge_api_ext::{
    Client, ClientBuilder, Event, OrganizationId, Rate, Resource, ResourceId, TokenProvider,
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

/// What is set of a target, of which anything may be missing.
pub(crate) struct Parts {
    pub(crate) client: Client,
    /// Whether a source of the token is set.
    pub(crate) token: Result<(), Failure>,
    pub(crate) organization: Result<OrganizationId, Failure>,
    pub(crate) resource: Result<ResourceId, Failure>,
    /// With `--sandbox`, the embedded server.
    pub(crate) sandbox: Option<Sandbox>,
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
        Self::check_beside(&[], args, settings)
    }

    /// Does the same beside other clients. Those with the same address and source of the token share the token, so that
    /// there is one login.
    pub(crate) fn check_beside(
        others: &[Client],
        args: &TargetArgs,
        settings: &Settings,
    ) -> Result<Checked, Failure> {
        let timeout = args.timeout.or(settings.timeout).unwrap_or(TIMEOUT);
        let rate = args.rate.or(settings.rate);
        if args.sandbox {
            return Ok(Checked::Sandbox { timeout, rate });
        }
        let client = |client| limited(client, timeout, rate).beside(others);
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
        let (sandbox, account) = embedded(|client| limited(client, timeout, rate)).await?;
        let resource = account.client.resource(account.organization, account.resource);
        Ok(Self { resource, sandbox: Some(sandbox) })
    }

    /// Collects what is set, for a command that continues without the rest. Its client keeps the certificate of the
    /// service.
    pub(crate) async fn parts(args: &TargetArgs, settings: &Settings) -> Result<Parts, Failure> {
        let timeout = args.timeout.or(settings.timeout).unwrap_or(TIMEOUT);
        let rate = args.rate.or(settings.rate);
        let finish = |client: ClientBuilder| limited(client, timeout, rate).keep_certificate();
        if args.sandbox {
            let (sandbox, Account { client, organization, resource }) = embedded(finish).await?;
            let (organization, resource) = (Ok(organization), Ok(resource));
            return Ok(Parts {
                client,
                token: Ok(()),
                organization,
                resource,
                sandbox: Some(sandbox),
            });
        }
        let (provider, token) = match provider(args, settings)? {
            Some(provider) => (provider, Ok(())),
            // It is never asked.
            None => (TokenProvider::from_env(environment::TOKEN), Err(no_token(args))),
        };
        Ok(Parts {
            client: finish(Client::builder(provider).base_url(base_url(args, settings))).build()?,
            token,
            organization: organization(args, settings),
            resource: resource(args, settings),
            sandbox: None,
        })
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

    /// Makes sure that there is a token. A login for it may have to pause, which `on` is told.
    pub(crate) async fn connect(self, on: impl FnMut(&Event)) -> Result<Target, Failure> {
        match self {
            Self::Sandbox { timeout, rate } => Target::sandbox(timeout, rate).await,
            Self::Service { client, organization, resource } => {
                // A missing token is bad input, and is reported before anything is sent.
                client.fetch_token_reporting(on).await?;
                Ok(Target { resource: client.resource(organization, resource), sandbox: None })
            }
        }
    }
}

async fn embedded(
    finish: impl FnOnce(ClientBuilder) -> ClientBuilder,
) -> Result<(Sandbox, Account), Failure> {
    let cannot = |error: &dyn std::fmt::Display| {
        Failure::new(Exit::Failed, format!("the sandbox cannot start: {error}"))
    };
    let sandbox = Sandbox::start().await.map_err(|error| cannot(&error))?;
    let client = Client::builder(sandbox.token()).base_url(sandbox.base_url());
    let client = finish(client).build()?;
    let organization = sandbox.organization().parse().map_err(|error| cannot(&error))?;
    let resource = sandbox.resource().parse().map_err(|error| cannot(&error))?;
    Ok((sandbox, Account { client, organization, resource }))
}

fn account(
    args: &TargetArgs,
    settings: &Settings,
    finish: impl FnOnce(ClientBuilder) -> ClientBuilder,
) -> Result<Account, Failure> {
    let (organization, resource) = (organization(args, settings)?, resource(args, settings)?);
    let token = provider(args, settings)?.ok_or_else(|| no_token(args))?;
    let client = Client::builder(token).base_url(base_url(args, settings));
    Ok(Account { client: finish(client).build()?, organization, resource })
}

fn organization(args: &TargetArgs, settings: &Settings) -> Result<OrganizationId, Failure> {
    let set = args.organization.or(settings.organization);
    let (flag, variable) = ("--organization UUID", environment::ORGANIZATION);
    set.ok_or_else(|| missing(args, "organization", flag, variable))
}

fn resource(args: &TargetArgs, settings: &Settings) -> Result<ResourceId, Failure> {
    let set = args.resource.or(settings.resource);
    set.ok_or_else(|| missing(args, "resource", "--resource UUID", environment::RESOURCE))
}

/// The base URL that is set, or that of the service.
pub(crate) fn base_url<'a>(args: &'a TargetArgs, settings: &'a Settings) -> &'a str {
    let set = args.base_url.as_deref().or(settings.base_url.as_deref());
    set.unwrap_or(Client::BASE_URL)
}

fn limited(client: ClientBuilder, timeout: Duration, rate: Option<Rate>) -> ClientBuilder {
    let client = client.attempt_timeout_of("--timeout", timeout);
    rate.into_iter().fold(client, ClientBuilder::rate)
}

fn missing(args: &TargetArgs, what: &str, flag: &str, variable: &str) -> Failure {
    let empty = match environment::is_empty(variable) {
        true => format!("{variable} is empty; "),
        false => String::new(),
    };
    let sandbox = or_sandbox(args);
    Failure::usage(format!("no {what}: {empty}pass {flag} or set {variable}{sandbox}"))
}

/// The way out for those who have no account.
fn or_sandbox(args: &TargetArgs) -> &'static str {
    if args.no_sandbox || !args.profile.is_empty() { "" } else { ", or use --sandbox" }
}

fn no_token(args: &TargetArgs) -> Failure {
    let empty = environment::SECRETS.into_iter().find(|name| environment::is_empty(name));
    let empty = empty.map(|name| format!("{name} is empty; ")).unwrap_or_default();
    Failure::usage(format!(
        "no token: {empty}pass --api-key-file FILE, --token-file FILE or --token-command CMD, or set PURGE_API_KEY and \
         PURGE_API_SECRET, or PURGE_TOKEN{}",
        or_sandbox(args)
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
