//! The command line `purge`, as a library: the binary is one call of [`main`], whatever runs commands
//! inside a program calls [`run`], and whatever documents the command line takes it from [`command`].

mod args;
mod command;
mod exit;
mod input;
mod output;
mod signals;
mod target;

use std::env;
use std::ffi::OsString;
use std::io::{self, BufWriter, Write};
use std::process::ExitCode;

use clap::{CommandFactory as _, Parser as _};

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
    // What clap prints itself, it prints in colour where that is welcome.
    let args = Args::try_parse_from(env::args_os()).unwrap_or_else(|error| error.exit());
    let signals = match args.command {
        // A server that is told to stop has done its work.
        Command::Sandbox(_) => Signals::default(),
        _ => Signals::watch(),
    };
    let mut out = BufWriter::new(io::stdout().lock());
    let mut err = io::stderr();
    let exit = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime.block_on(execute(args, &signals, &mut out, &mut err)),
        Err(error) => {
            let failure = Failure::new(Exit::Failed, format!("the runtime cannot start: {error}"));
            output::failure(&mut err, args.command.format(), &failure);
            failure.exit()
        }
    };
    exit.into()
}

/// Runs one command inside a program: arguments in, of which the first is the program's name; results
/// to `out`, messages to `err`; and the exit code back. Options that are not given are taken from the
/// environment, as on the command line. Signals are left to the program.
///
/// ```
/// # let runtime = tokio::runtime::Builder::new_current_thread().build()?;
/// # runtime.block_on(async {
/// let (mut out, mut err) = (Vec::new(), Vec::new());
/// let code = purge_cli::run(["purge", "plan", "/a", "/a"], &mut out, &mut err).await;
/// assert_eq!(code, 0);
/// assert!(out.ends_with(b"1 of 2 not sent: given twice\n"));
/// # });
/// # Ok::<(), std::io::Error>(())
/// ```
pub async fn run(
    arguments: impl IntoIterator<Item = impl Into<OsString> + Clone>,
    out: &mut dyn Write,
    err: &mut dyn Write,
) -> u8 {
    match Args::try_parse_from(arguments) {
        Ok(args) => execute(args, &Signals::default(), out, err).await as u8,
        Err(error) => {
            let text = error.render();
            // Where nobody reads, only the exit code is left to tell it.
            let _ = if error.use_stderr() { write!(err, "{text}") } else { write!(out, "{text}") };
            u8::try_from(error.exit_code()).unwrap_or(Exit::Usage as u8)
        }
    }
}

async fn execute(args: Args, signals: &Signals, out: Out<'_>, err: Out<'_>) -> Exit {
    let format = args.command.format();
    let done = dispatch(args, signals, out, err).await;
    let done = done.and_then(|exit| match out.flush() {
        // Whoever closed the pipe has read enough.
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(error.into()),
        _ => Ok(exit),
    });
    done.unwrap_or_else(|failure| {
        output::failure(err, format, &failure);
        failure.exit()
    })
}

async fn dispatch(
    args: Args,
    signals: &Signals,
    out: Out<'_>,
    err: Out<'_>,
) -> Result<Exit, Failure> {
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
