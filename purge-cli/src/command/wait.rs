use crate::args::WaitArgs;
use crate::exit::{Exit, Failure};
use crate::output::{self, Out};
use crate::signals::Signals;
use crate::target::Target;

pub(crate) async fn run(
    args: WaitArgs,
    signals: &Signals,
    out: Out<'_>,
    err: Out<'_>,
) -> Result<Exit, Failure> {
    let target = Target::connect(&args.target).await?;
    let wait = target.resource.wait(args.operations).deadline(args.deadline);
    let report = signals.drain(args.output.quiet, wait.shutdown(signals.shutdown())).await;
    target.close().await;
    output::outcome(out, err, args.output.format, &report, signals, None)
}
