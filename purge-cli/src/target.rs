//! What a command talks to: the service, or a server of its own.

use std::env;

use purge_api_ext::{Client, Resource, TokenProvider};
use purge_sandbox::Sandbox;

use crate::args::TargetArgs;
use crate::exit::{Exit, Failure};

/// A resource, and the server that lives as long as it is used.
pub(crate) struct Target {
    pub(crate) resource: Resource,
    sandbox: Option<Sandbox>,
}

impl Target {
    pub(crate) async fn connect(args: &TargetArgs) -> Result<Self, Failure> {
        if args.sandbox {
            return Self::sandbox(args).await;
        }
        let missing = |what: &str, flag: &str, variable: &str| {
            Failure::usage(format!("no {what}: pass {flag} or set {variable}, or use --sandbox"))
        };
        let organization = args
            .organization
            .ok_or_else(|| missing("organization", "--organization UUID", "PURGE_ORGANIZATION"))?;
        let resource = args
            .resource
            .ok_or_else(|| missing("resource", "--resource UUID", "PURGE_RESOURCE"))?;
        let token = token(args).ok_or_else(|| {
            missing("token", "--token-file FILE or --token-command CMD", "PURGE_TOKEN")
        })?;
        let client = Client::builder(token)
            .base_url(args.base_url.as_deref().unwrap_or(Client::BASE_URL))
            .attempt_timeout(args.timeout)
            .build()?;
        // A token that is not there is bad input, and shows before anything is sent.
        client.fetch_token().await?;
        Ok(Self { resource: client.resource(organization, resource), sandbox: None })
    }

    async fn sandbox(args: &TargetArgs) -> Result<Self, Failure> {
        let cannot = |error: &dyn std::fmt::Display| {
            Failure::new(Exit::Failed, format!("the sandbox cannot start: {error}"))
        };
        let sandbox = Sandbox::start().await.map_err(|error| cannot(&error))?;
        let client = Client::builder(sandbox.token())
            .base_url(sandbox.base_url())
            .attempt_timeout(args.timeout)
            .build()?;
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

/// What is said on the command line goes before the environment.
fn token(args: &TargetArgs) -> Option<TokenProvider> {
    const VARIABLE: &str = "PURGE_TOKEN";

    if let Some(file) = &args.token_file {
        return Some(TokenProvider::from_file(file));
    }
    if let Some(command) = &args.token_command {
        return Some(TokenProvider::from_command(&command.program, &command.arguments));
    }
    env::var_os(VARIABLE).map(|_| TokenProvider::from_env(VARIABLE))
}
