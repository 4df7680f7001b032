use std::borrow::Cow;
use std::fs;
use std::io::{self, Write as _};

use purge_api_ext::escape;
use purge_sandbox::{Fault, Sandbox, SandboxBuilder};

use crate::args::{Origin, SandboxArgs};
use crate::exit::{Exit, Failure};
use crate::output::{Console, Out};
use crate::shown::shown;

pub(crate) async fn run(args: SandboxArgs, console: &mut Console<'_>) -> Result<Exit, Failure> {
    let out = &mut *console.out;
    let sandbox = builder(&args)?.start().await.map_err(|error| {
        // On the command line, it is an option that allows it.
        let why = error.to_string().replace("allow that explicitly", "pass --allow-non-loopback");
        Failure::usage(shown(&format!("the sandbox cannot start: {why}")))
    })?;
    write_hello(out, &sandbox)?;
    out.flush()?;
    stop_signal().await.map_err(|error| Failure::new(Exit::Failed, error.to_string()))?;
    sandbox.shutdown().await;
    Ok(Exit::Success)
}

/// Writes the address and the pages of the server, and the variables that a shell needs to use it.
fn write_hello(out: Out<'_>, sandbox: &Sandbox) -> io::Result<()> {
    let base = sandbox.base_url();
    writeln!(out, "listening on {base}")?;
    writeln!(out, "  {base}/      jobs, caches and requests")?;
    writeln!(out, "  {base}/docs  the API, to read and try")?;
    writeln!(out, "export PURGE_BASE_URL={base} PURGE_TOKEN={}", shell_word(sandbox.token()))?;
    writeln!(out, "export PURGE_ORGANIZATION={}", sandbox.organization())?;
    writeln!(out, "export PURGE_RESOURCE={}", sandbox.resource())?;
    let (key, secret) = (shell_word(sandbox.api_key()), shell_word(sandbox.api_secret()));
    writeln!(out, "  or, in place of PURGE_TOKEN: PURGE_API_KEY={key} PURGE_API_SECRET={secret}")
}

fn shell_word(text: &str) -> Cow<'_, str> {
    shlex::try_quote(text).unwrap_or(Cow::Borrowed(text))
}

fn builder(args: &SandboxArgs) -> Result<SandboxBuilder, Failure> {
    let mut builder =
        Sandbox::builder().listen(args.listen).purge_delay(args.purge_delay).star(args.star.into());
    if args.allow_non_loopback {
        builder = builder.allow_non_loopback();
    }
    builder = match &args.origin {
        Some(Origin::Folder(folder)) => builder.origin(folder),
        Some(Origin::Server(address)) => builder.origin_server(*address),
        None => builder,
    };
    if let Some((delay, folder)) = &args.origin_later {
        if let Some(Origin::Server(_)) = &args.origin {
            let why = "--origin-later replaces a folder, but --origin is a server; pass a folder as --origin";
            return Err(Failure::usage(why));
        }
        builder = builder.origin_later(folder, *delay);
    }
    for pop in &args.pop {
        builder = builder.pop(pop.clone());
    }
    if args.compress {
        builder = builder.compress();
    }
    if let Some(file) = &args.faults {
        let cannot = |error: &dyn std::fmt::Display| {
            Failure::usage(shown(&format!("faults file {}: {error}", file.display())))
        };
        let text = fs::read_to_string(file).map_err(|error| cannot(&error))?;
        builder = builder.faults(Fault::from_json(&text).map_err(|error| cannot(&error))?);
    }
    if let Some(rate) = args.rate_limit {
        builder = builder.rate_limit(rate.requests(), rate.per());
    }
    if let Some(lifetime) = args.token_lifetime {
        builder = builder.token_lifetime(lifetime);
    }
    if !args.quiet {
        builder = builder.on_request(|request| {
            let query = request.query.as_deref().map(|q| format!("?{q}")).unwrap_or_default();
            let line = format!("{} {}{query}", request.method, request.path);
            let status = request.status.map_or("aborted".to_owned(), |s| s.to_string());
            // A closed standard error is not a reason to stop serving.
            let _ = writeln!(std::io::stderr(), "{status} {}", escape(&line));
        });
    }
    Ok(builder)
}

#[cfg(unix)]
async fn stop_signal() -> std::io::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};

    let mut terminate = signal(SignalKind::terminate())?;
    tokio::select! {
        interrupted = tokio::signal::ctrl_c() => interrupted,
        _ = terminate.recv() => Ok(()),
    }
}

#[cfg(not(unix))]
async fn stop_signal() -> std::io::Result<()> {
    tokio::signal::ctrl_c().await
}
