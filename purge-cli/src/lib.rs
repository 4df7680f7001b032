//! The command line `purge`, as a library: the binary is one call of [`main`], and whatever documents
//! the command line takes it from [`command`].

mod args;
mod command;
mod exit;
mod input;
mod output;
mod signals;
mod target;

use std::io::{self, BufWriter, Write as _};
use std::process::ExitCode;

use clap::{CommandFactory as _, FromArgMatches as _};

use args::{Args, Command};
use exit::{Exit, Failure};
use output::{Format, Out};
use signals::Signals;

/// The command line with all its commands and options.
#[must_use]
pub fn command() -> clap::Command {
    Args::command()
}

/// Runs the command line of this process.
pub fn main() -> ExitCode {
    let matches = command().get_matches();
    // What `get_matches` accepts, `from_arg_matches` takes; both come from the same declaration.
    let args = match Args::from_arg_matches(&matches) {
        Ok(args) => args,
        Err(error) => error.exit(),
    };
    let format = args.command.format();
    let signals = match args.command {
        // A server that is told to stop has done its work.
        Command::Sandbox(_) => Signals::default(),
        _ => Signals::watch(),
    };
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            let failure = Failure::new(Exit::Failed, format!("the runtime cannot start: {error}"));
            output::failure(&mut io::stderr(), format, &failure);
            return failure.exit().into();
        }
    };
    let mut out = BufWriter::new(io::stdout().lock());
    let mut err = io::stderr();
    let done = runtime.block_on(run(args, &signals, &mut out, &mut err));
    let done = done.and_then(|exit| match out.flush() {
        // Whoever closed the pipe has read enough.
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(error.into()),
        _ => Ok(exit),
    });
    match done {
        Ok(exit) => exit.into(),
        Err(failure) => {
            output::failure(&mut err, format, &failure);
            failure.exit().into()
        }
    }
}

async fn run(args: Args, signals: &Signals, out: Out<'_>, err: Out<'_>) -> Result<Exit, Failure> {
    match args.command {
        Command::Create(args) => command::create::run(args, signals, out, err).await,
        Command::Plan(args) => command::create::plan(&args, out),
        Command::Resume(args) => command::resume::run(args, signals, out, err).await,
        Command::List(args) => command::list::run(args, out).await,
        Command::Wait(args) => command::wait::run(args, signals, out, err).await,
        Command::Sandbox(args) => command::sandbox::run(args, out).await,
    }
}

impl Command {
    fn format(&self) -> Format {
        match self {
            Self::Create(args) => args.output.format,
            Self::Plan(args) => args.output.format,
            Self::Resume(args) => args.output.format,
            Self::List(args) => args.output.format,
            Self::Wait(args) => args.output.format,
            Self::Sandbox(_) => Format::Text,
        }
    }
}
