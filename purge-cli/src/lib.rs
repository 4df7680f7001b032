//! The command line `purge`, as a library: the binary is one call of [`main`], and whatever documents
//! the command line takes it from [`command`].

mod args;
mod command;
mod config;
mod derived;
mod exit;
mod input;
mod output;
mod refused;
mod signals;
mod target;
mod version;

use std::env;
use std::io::{self, BufWriter, IsTerminal as _, Write as _};
use std::process::ExitCode;

use clap::{CommandFactory as _, FromArgMatches as _};

use args::{Args, Command};
use exit::{Exit, Failure};
use output::{Console, Format, Screen};
use signals::Signals;

pub use derived::derived_files;

/// The command line with all its commands and options.
#[must_use]
pub fn command() -> clap::Command {
    Args::command()
}

/// Runs the command line of this process.
pub fn main() -> ExitCode {
    let parsed = command().try_get_matches().and_then(|m| Args::from_arg_matches(&m));
    let args = match parsed {
        Ok(args) => args,
        Err(error) => return refused::say(error, env::args_os()),
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
    let interactive = err.is_terminal() && env::var_os("TERM").is_none_or(|term| term != "dumb");
    let screen = Screen::of_stdout();
    let mut console = Console { out: &mut out, err: &mut err, screen, interactive };
    let done = runtime.block_on(run(args, &signals, &mut console));
    let done = done.and_then(|exit| match out.flush().or_else(output::closed_pipe) {
        Err(error) => Err(error.into()),
        Ok(()) => Ok(exit),
    });
    match done {
        Ok(exit) => exit.into(),
        Err(failure) => {
            output::failure(&mut err, format, &failure);
            failure.exit().into()
        }
    }
}

async fn run(args: Args, signals: &Signals, console: &mut Console<'_>) -> Result<Exit, Failure> {
    match args.command {
        Command::Create(args) => command::create::run(*args, signals, console).await,
        Command::Plan(args) => command::create::plan(&args, console),
        Command::Resume(args) => command::resume::run(*args, signals, console).await,
        Command::List(args) => command::list::run(args, console).await,
        Command::Wait(args) => command::wait::run(args, signals, console).await,
        Command::Sandbox(args) => command::sandbox::run(args, console).await,
        Command::Config(args) => command::config::run(&args, console),
        Command::Completions(args) => command::shell::completions(&args, console),
        Command::Man(args) => command::shell::man(&args, console),
    }
}

impl Command {
    fn format(&self) -> Format {
        match self {
            Self::Create(args) => args.report.output.format,
            Self::Plan(args) => args.report.output.format,
            Self::Resume(args) => args.report.output.format,
            Self::List(args) => args.output.format,
            Self::Wait(args) => args.report.output.format,
            Self::Config(args) => args.output.format,
            Self::Sandbox(_) | Self::Completions(_) | Self::Man(_) => Format::Text,
        }
    }
}
