//! The command line `cdn-purge` as a library. The binary calls [`main`], programs that run commands in process call
//! [`run`], and generators of documentation use [`command`].

// The process: environment, exit codes, signals.
mod environment;
mod shown;
mod version;
mod exit;
mod token;
mod signals;
mod advice;

// What `doctor` concludes.
mod doctor;

// What is read and written.
mod config;
mod input;
mod output;

// The command line.
mod args;
mod usage;
mod target;
mod selection;
mod verification;
mod command;
mod derived;

use std::env;
use std::ffi::OsString;
use std::io::{self, BufWriter, IsTerminal as _, Write};
use std::process::ExitCode;

use anstream::{AutoStream, ColorChoice};
use clap::{CommandFactory as _, Parser as _};

use args::{Args, Command, Profiles, TargetArgs};
use exit::{Exit, Failure};
use output::{Console, Format, Messages, Screen};
use signals::Signals;

pub use derived::derived_files;
#[cfg(any(test, fuzzing))]
#[doc(hidden)]
pub use input::fuzz::paths_file;

/// The command line with all its commands and options.
#[must_use]
pub fn command() -> clap::Command {
    Args::command()
}

/// Runs the command line of this process.
pub fn main() -> ExitCode {
    let mut out = BufWriter::new(io::stdout().lock());
    let mut err = io::stderr();
    let interactive = err.is_terminal() && env::var_os("TERM").is_none_or(|term| term != "dumb");
    let screen = Screen::of_stdout();
    let err_colour = AutoStream::choice(&err) != ColorChoice::Never;
    let messages = Messages::Normal;
    let mut console = Console {
        out: &mut out,
        err: &mut err,
        screen,
        interactive,
        err_colour,
        messages,
        unwritten: None,
    };
    let args = match Args::try_parse_from(env::args_os()) {
        Ok(args) => args,
        Err(error) => {
            // Clap's own printing uses colours where the terminal supports them.
            let print = |error: &clap::Error, _: &mut Console<'_>| error.print();
            return usage::say(error, env::args_os(), &mut console, print).into();
        }
    };
    let signals = match args.command {
        // For the server, a signal is the normal way to stop.
        Command::Sandbox(_) => Signals::default(),
        _ => Signals::watch(),
    };
    let exit = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime.block_on(execute(args, &signals, &mut console)),
        Err(error) => {
            let failure = Failure::new(Exit::Failed, format!("the runtime cannot start: {error}"));
            output::failure(&mut console, args.command.format(), &failure);
            failure.exit()
        }
    };
    exit.into()
}

/// Runs one command in process and returns its exit code. The first argument is the name of the program; results go
/// to `out`, and messages to `err`. Options that are not given come from the environment and from `purge.toml`, as on
/// the command line. Signals are left to the caller.
///
/// ```
/// # let runtime = tokio::runtime::Builder::new_current_thread().build()?;
/// # runtime.block_on(async {
/// let (mut out, mut err) = (Vec::new(), Vec::new());
/// let code = purge_cli::run(["cdn-purge", "plan", "/a", "/a"], &mut out, &mut err).await;
/// assert_eq!(code, 0);
/// assert!(out.ends_with(b"1 of 2 given paths is a duplicate\n"));
/// # });
/// # Ok::<(), std::io::Error>(())
/// ```
pub async fn run(
    arguments: impl IntoIterator<Item = impl Into<OsString>>,
    out: &mut dyn Write,
    err: &mut dyn Write,
) -> u8 {
    let arguments: Vec<OsString> = arguments.into_iter().map(Into::into).collect();
    let mut console = Console {
        out,
        err,
        screen: Screen::NONE,
        interactive: false,
        err_colour: false,
        messages: Messages::Normal,
        unwritten: None,
    };
    let exit = match Args::try_parse_from(&arguments) {
        Ok(args) => execute(args, &Signals::default(), &mut console).await,
        Err(error) => usage::say(error, arguments.into_iter(), &mut console, |error, console| {
            let text = error.render();
            if error.use_stderr() {
                write!(console.err, "{text}")
            } else {
                write!(console.out, "{text}")
            }
        }),
    };
    exit as u8
}

async fn execute(args: Args, signals: &Signals, console: &mut Console<'_>) -> Exit {
    let format = args.command.format();
    console.messages = args.command.messages();
    let done = dispatch(args, signals, console).await;
    let done = done.and_then(|exit| {
        console.write(|out, _| out.flush());
        console.written().map(|()| exit)
    });
    done.unwrap_or_else(|failure| {
        output::failure(console, format, &failure);
        failure.exit()
    })
}

async fn dispatch(
    mut args: Args,
    signals: &Signals,
    console: &mut Console<'_>,
) -> Result<Exit, Failure> {
    let profiles = match &args.command {
        Command::Create(_) => Profiles::Several,
        Command::Resume(args) if args.journal.is_dir() => Profiles::OfJournals,
        #[cfg(feature = "queue")]
        Command::Worker(_) => {
            Profiles::One("a worker sends for one account; run a worker for each profile")
        }
        _ => Profiles::One("this command is for one resource"),
    };
    if let Some(target) = args.command.target() {
        target.complete(profiles)?;
    }
    match args.command {
        Command::Create(args) => command::create::run(*args, signals, console).await,
        Command::Plan(args) => command::create::plan(*args, console),
        Command::Diff(args) => command::diff::run(&args, console),
        Command::Resume(args) => command::resume::run(*args, signals, console).await,
        Command::List(args) => command::list::run(args, console).await,
        Command::Wait(args) => command::wait::run(args, signals, console).await,
        Command::Verify(args) => command::verify::run(*args, signals, console).await,
        #[cfg(feature = "queue")]
        Command::Enqueue(args) => command::queue::enqueue::run(*args, console).await,
        #[cfg(feature = "queue")]
        Command::Status(args) => command::queue::enqueue::status(*args, console).await,
        #[cfg(feature = "queue")]
        Command::Worker(args) => command::queue::worker::run(*args, signals, console).await,
        #[cfg(feature = "queue")]
        Command::Queue(args) => command::queue::operate::run(args.command, console).await,
        Command::Sandbox(args) => command::sandbox::run(args, console).await,
        Command::Config(args) => command::config::run(&args, console),
        Command::Doctor(args) => command::doctor::run(*args, signals, console).await,
        Command::Completions(args) => command::shell::completions(&args, console),
        Command::Man(args) => command::shell::man(&args, console),
    }
}

impl Command {
    /// The target, if the command sends anything.
    fn target(&mut self) -> Option<&mut TargetArgs> {
        match self {
            Self::Create(args) if args.dry_run => None,
            Self::Create(args) => Some(&mut args.target),
            Self::Resume(args) => {
                args.target.no_sandbox = true;
                Some(&mut args.target)
            }
            Self::List(args) => Some(&mut args.target),
            Self::Wait(args) => Some(&mut args.target),
            #[cfg(feature = "queue")]
            Self::Worker(args) => {
                args.target.no_sandbox = true;
                Some(&mut args.target)
            }
            #[cfg(feature = "queue")]
            Self::Enqueue(_) | Self::Status(_) | Self::Queue(_) => None,
            Self::Plan(_)
            | Self::Diff(_)
            | Self::Verify(_)
            | Self::Sandbox(_)
            | Self::Config(_)
            // It reports missing and wrong settings itself.
            | Self::Doctor(_)
            | Self::Completions(_)
            | Self::Man(_) => None,
        }
    }

    /// Which messages go to standard error.
    fn messages(&self) -> Messages {
        match self {
            Self::Create(args) => args.messages.level(),
            Self::Plan(args) => args.messages.level(),
            Self::Diff(args) => args.messages.level(),
            Self::Resume(args) => args.messages.level(),
            Self::List(args) => args.messages.level(),
            Self::Wait(args) => args.messages.level(),
            Self::Verify(args) => args.messages.level(),
            Self::Doctor(args) => args.messages.level(),
            #[cfg(feature = "queue")]
            Self::Worker(args) if args.quiet => Messages::Quiet,
            #[cfg(feature = "queue")]
            Self::Worker(_) | Self::Enqueue(_) | Self::Status(_) | Self::Queue(_) => {
                Messages::Normal
            }
            Self::Sandbox(_) | Self::Config(_) | Self::Completions(_) | Self::Man(_) => {
                Messages::Normal
            }
        }
    }

    fn format(&self) -> Format {
        match self {
            Self::Create(args) => args.report.output.format,
            Self::Plan(args) => args.report.output.format,
            Self::Diff(args) => args.output.format,
            Self::Resume(args) => args.report.output.format,
            Self::List(args) => args.output.format,
            Self::Wait(args) => args.report.output.format,
            Self::Verify(args) => args.report.output.format,
            Self::Config(args) => args.output.format,
            Self::Doctor(args) => args.output.format,
            #[cfg(feature = "queue")]
            Self::Enqueue(args) => args.output.format,
            #[cfg(feature = "queue")]
            Self::Status(args) => args.output.format,
            #[cfg(feature = "queue")]
            Self::Queue(args) => args.command.format(),
            #[cfg(feature = "queue")]
            Self::Worker(_) => Format::Text,
            Self::Sandbox(_) | Self::Completions(_) | Self::Man(_) => Format::Text,
        }
    }
}
