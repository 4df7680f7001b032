use purge_api_ext::Journal;

use super::run;
use crate::args::ResumeArgs;
use crate::config::Config;
use crate::exit::{Exit, Failure};
use crate::output::{self, Console, Progress, Summary};
use crate::signals::Signals;
use crate::target::Target;

pub(crate) async fn run(
    mut args: ResumeArgs,
    signals: &Signals,
    console: &mut Console<'_>,
) -> Result<Exit, Failure> {
    if args.target.sandbox {
        let message = "a server that is started with --sandbox ends with its command, so that there is \
                       nothing to resume";
        return Err(Failure::usage(message));
    }
    let settings = Config::load()?.settings;
    let journal = Journal::open(&args.journal)?;
    // What is given must be the same; what is not given stands in the journal, and not in the files: they
    // may have changed since.
    args.target.organization = args.target.organization.or(journal.organization());
    args.target.resource = args.target.resource.or(journal.resource());
    let service = journal.service().map(str::to_owned);
    args.target.base_url = args.target.base_url.take().or(service);
    let target = Target::check(&args.target, &settings)?;
    let summary = Summary::open(args.report.summary.as_deref())?;
    let format = args.report.output.format;
    let mut progress = Progress::start(args.messages.level(), console.interactive, "resuming");
    let target = target.connect().await?;
    let left = journal.requests() - journal.accepted();
    let purge = target.resource.resume(journal)?;
    let plural = if left == 1 { "" } else { "s" };
    progress.say(console.err, format_args!("resuming: {left} request{plural} left"));
    let purge = args.sending.apply(&settings, purge).shutdown(signals.shutdown());
    let report = run::follow(purge.events(), progress, signals, console, format).await;
    target.close().await;
    let report = report?;
    summary.write(&report)?;
    output::outcome(console, format, &report, signals, Some(&args.journal))
}
