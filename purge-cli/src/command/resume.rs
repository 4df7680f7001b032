use purge_api_ext::{Journal, PurgeEverything};

use super::profiles;
use super::run::Run;
use crate::args::ResumeArgs;
use crate::config::Config;
use crate::exit::{Exit, Failure};
use crate::output::{self, Console};
use crate::signals::Signals;
use crate::target::{Checked, Target};

pub(crate) async fn run(
    mut args: ResumeArgs,
    signals: &Signals,
    console: &mut Console<'_>,
) -> Result<Exit, Failure> {
    let settings = Config::load()?.settings;
    if args.journal.is_dir() {
        return profiles::resume(args, &settings, signals, console).await;
    }
    let mut journal = Journal::open(&args.journal)?;
    if args.allow_full_purge {
        journal = journal.allow_full_purge(PurgeEverything);
    }
    // The resource comes from the command line or else from the journal, not from the settings files, which may have
    // changed since. The address is found as for `create`: no journal decides where the token goes.
    args.target.organization = args.target.organization.or(journal.organization());
    args.target.resource = args.target.resource.or(journal.resource());
    let target = Target::check(&args.target, &settings)?;
    let left = journal.requests() - journal.accepted();
    // The journal is checked before any other work, such as running a token command.
    let purge = match &target {
        Checked::Service { client, organization, resource } => {
            client.resource(*organization, *resource).resume(journal)?
        }
        Checked::Sandbox { .. } => {
            let message = "a --sandbox server ends with its command, so there is nothing to resume";
            return Err(Failure::usage(message));
        }
    };
    let audit = args.audit.open("resume")?;
    let run = Run::new(&args.report, audit, args.next(), signals)?;
    let mut progress = run.progress("resuming", console);
    let target = target.connect(|event| progress.on(console.err, event)).await?;
    let plural = output::plural(left);
    progress.say(console.err, format_args!("resuming: {left} request{plural} left"));
    let purge = args.sending.apply(&settings, purge).shutdown(signals.shutdown());
    run.follow(purge.events(), target, progress, console).await
}
