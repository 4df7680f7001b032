use crate::args::WaitArgs;
use crate::exit::{Exit, Failure};
use crate::output::{self, Out};
use crate::target::Target;

pub(crate) async fn run(args: WaitArgs, out: Out<'_>, err: Out<'_>) -> Result<Exit, Failure> {
    let target = Target::connect(&args.target).await?;
    let report = target.resource.wait(args.operations).deadline(args.deadline).await;
    target.close().await;
    output::outcome(out, err, args.output.format, &report)
}
