use purge_api_ext::Journal;

use crate::args::ResumeArgs;
use crate::exit::{Exit, Failure};
use crate::output::{self, Out};
use crate::signals::Signals;
use crate::target::Target;

pub(crate) async fn run(
    mut args: ResumeArgs,
    signals: &Signals,
    out: Out<'_>,
    err: Out<'_>,
) -> Result<Exit, Failure> {
    if args.target.sandbox {
        let message = "a server that is started with --sandbox ends with its command, so that there is \
                       nothing to resume";
        return Err(Failure::usage(message));
    }
    let journal = Journal::open(&args.journal)?;
    // What is given must be the same; what is not given stands in the journal.
    args.target.organization = args.target.organization.or(journal.organization());
    args.target.resource = args.target.resource.or(journal.resource());
    let service = journal.service().map(str::to_owned);
    args.target.base_url = args.target.base_url.take().or(service);
    let target = Target::connect(&args.target).await?;
    let left = journal.requests() - journal.accepted();
    let purge = target.resource.resume(journal)?;
    if !args.output.quiet {
        let plural = if left == 1 { "" } else { "s" };
        // A message that nobody can read must not keep the purge from being sent.
        let _ = writeln!(err, "resuming: {left} request{plural} left");
    }
    let purge = args.sending.apply(purge).shutdown(signals.shutdown());
    let report = signals.drain(args.output.quiet, purge).await;
    target.close().await;
    output::outcome(out, err, args.output.format, &report, signals, Some(&args.journal))
}
