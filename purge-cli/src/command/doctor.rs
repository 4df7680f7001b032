//! Checks the settings, the connection, the account, and every graded fact of the descriptions.

mod settings;
mod network;
mod observe;
mod steps;
mod examine;
mod purge;

use purge_api_ext::{BaseUrl, Proxy};

use self::examine::Examination;
use self::observe::{Watch, is_described};
use self::settings::Settled;
use self::steps::complete;
use crate::args::{DoctorArgs, TargetArgs};
use crate::config::Settings;
use crate::doctor::{Ended, Outcome, Seen, Step, findings};
use crate::exit::{Exit, Failure};
use crate::output::{self, Checkup, Console, Progress, ReportFile};
use crate::signals::Signals;
use crate::target::{Parts, Target, base_url};

pub(crate) async fn run(
    mut args: DoctorArgs,
    signals: &Signals,
    console: &mut Console<'_>,
) -> Result<Exit, Failure> {
    let format = args.output.format;
    let report = ReportFile::open(args.report.as_deref())?;
    let progress = Progress::start(console.messages, format, console.interactive, "checking");
    let mut checkup = Checkup::new(args.path.as_ref());
    let mut seen = Seen::default();
    let steps = match prepare(&mut args.target, &mut checkup).await {
        Ok((parts, wrong, proxy)) => {
            let watch = Watch::new(&parts.client, &checkup.base_url);
            let examination = Examination::new(&args, &watch, signals, progress, console);
            let steps = examination.run(parts, &wrong, &checkup.base_url, proxy).await;
            // The command that prints the token may contain it, which is known only now.
            watch.hide_token(&mut checkup.settings);
            seen = watch.into_seen();
            steps
        }
        Err(failure) => {
            drop(progress);
            vec![Step::failed("settings", failure.exit(), failure.to_string())]
        }
    };
    checkup.steps = complete(steps, signals.received().is_some());
    checkup.findings = findings(&seen);
    checkup.has_responses = !seen.exchanges.is_empty();
    checkup.exit = exit(&checkup, signals.received());
    let written = report.write(&checkup);
    output::checkup(console, format, &checkup)?;
    written.map(|()| checkup.exit)
}

/// What is needed to send requests.
async fn prepare(
    target: &mut TargetArgs,
    checkup: &mut Checkup,
) -> Result<(Parts, Vec<Failure>, Option<Proxy>), Failure> {
    let Settled { shown, settings, wrong } = settings::settle(target)?;
    checkup.settings = shown;
    let mut parts = Target::parts(target, &settings).await?;
    parts.organization = wrong.organization.map_or(parts.organization, Err);
    parts.resource = wrong.resource.map_or(parts.resource, Err);
    checkup.base_url = address(target, &settings, &parts);
    checkup.is_described_server = is_described(&checkup.base_url);
    let base: BaseUrl = checkup.base_url.parse()?;
    let proxy = base.proxy()?;
    checkup.proxy = proxy.as_ref().map(|proxy| proxy.address().to_owned());
    Ok((parts, wrong.others, proxy))
}

fn address(target: &TargetArgs, settings: &Settings, parts: &Parts) -> String {
    match &parts.sandbox {
        Some(sandbox) => sandbox.base_url().to_owned(),
        None => base_url(target, settings).to_owned(),
    }
}

/// The worst of all steps, and 1 if a fact is contradicted.
fn exit(checkup: &Checkup, signal: Option<Exit>) -> Exit {
    let of_steps = checkup.steps.iter().filter_map(|step| match step.ended {
        Ended::Failed(exit) => Some(exit),
        Ended::Well | Ended::NotChecked => None,
    });
    let is_contradicted = checkup.findings.iter().any(|f| f.outcome == Outcome::Contradicted);
    let of_facts = is_contradicted.then_some(Exit::Failed);
    Exit::worst(of_steps.chain(of_facts).chain(signal))
}
