use purge_sandbox::Sandbox;

use crate::args::SandboxArgs;
use crate::exit::{Exit, Failure};
use crate::output::Out;

pub(crate) async fn run(args: SandboxArgs, out: Out<'_>) -> Result<Exit, Failure> {
    let cannot = |error: &dyn std::fmt::Display| {
        Failure::usage(format!("the sandbox cannot start: {error}"))
    };
    let sandbox = Sandbox::builder().listen(args.listen).start().await.map_err(|e| cannot(&e))?;
    writeln!(out, "listening on {}", sandbox.base_url())?;
    writeln!(out, "  token         {}", sandbox.token())?;
    writeln!(out, "  organization  {}", sandbox.organization())?;
    writeln!(out, "  resource      {}", sandbox.resource())?;
    out.flush()?;
    stop_signal().await.map_err(|error| Failure::new(Exit::Failed, error.to_string()))?;
    sandbox.shutdown().await;
    Ok(Exit::Success)
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
