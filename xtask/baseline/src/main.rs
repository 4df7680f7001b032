//! The baselines of `cargo xtask bench`: the least code that does the same work, as separate processes so
//! that each can be measured alone.

mod target;
mod serve;
mod peak;
mod submit;
mod list;
mod poll;

use std::error::Error;
use std::io::Write as _;
use std::process::ExitCode;

const USAGE: &str = "usage: purge-baseline serve [CERTIFICATE] | submit hyper|reqwest BODIES | list | \
                     poll IDS | peak PROGRAM [ARGUMENT]...";

type Failure = Box<dyn Error + Send + Sync>;

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // If even this cannot be written, only the exit code is left.
            let _ = writeln!(std::io::stderr(), "error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<(), Failure> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    if let ["peak", program, arguments @ ..] = &args[..] {
        return peak::run(program, arguments);
    }
    // One thread, as in the command line.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        match args[..] {
            ["serve"] => serve::run(None).await,
            ["serve", certificate] => serve::run(Some(certificate.as_ref())).await,
            ["submit", "hyper", bodies] => submit::with_hyper(bodies.as_ref()).await,
            ["submit", "reqwest", bodies] => submit::with_reqwest(bodies.as_ref()).await,
            ["list"] => list::run().await,
            ["poll", ids] => poll::run(ids.as_ref()).await,
            _ => Err(USAGE.into()),
        }
    })
}
