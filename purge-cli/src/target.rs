//! What a command talks to: the service, or a server of its own.

use std::env;
use std::fs;
use std::path::Path;

use purge_api_ext::{Client, Resource, escape};
use purge_sandbox::Sandbox;
use secrecy::SecretString;

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
        let token = match &args.token_file {
            Some(file) => token_from(file)?,
            None => env::var("PURGE_TOKEN")
                .map_err(|_| missing("token", "--token-file FILE", "PURGE_TOKEN"))?
                .into(),
        };
        let client = Client::builder(token)
            .base_url(&args.base_url)
            .attempt_timeout(args.timeout)
            .build()?;
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

fn token_from(file: &Path) -> Result<SecretString, Failure> {
    let name = escape(&file.to_string_lossy());
    let cannot = |error| Failure::usage(format!("the token file {name} cannot be read: {error}"));
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt as _;

        let mode = fs::metadata(file).map_err(cannot)?.mode();
        if mode & 0o077 != 0 {
            return Err(Failure::usage(format!(
                "the token file {name} can be used by others (mode {:03o}); run `chmod 600` on it",
                mode & 0o777
            )));
        }
    }
    let text = fs::read_to_string(file).map_err(cannot)?;
    Ok(text.trim().into())
}
