//! Purges one path, and follows it until it is finished.

use futures_util::StreamExt as _;
use purge_api_ext::{Event, Plan, PurgePath, Report, Resource};

use super::examine::Examination;
use super::steps::without_quotes;
use crate::doctor::{Step, story};
use crate::exit::{Exit, Failure};

impl Examination<'_, '_> {
    /// A signal ends this early, and what the service has accepted is in the step nevertheless.
    pub(super) async fn purge(&mut self, resource: &Resource, path: &PurgePath) -> Step {
        let plan = match Plan::planner().plan([path.clone()]) {
            Ok(plan) => plan,
            Err(error) => {
                let failure = Failure::from(error);
                return Step::failed("purge", failure.exit(), failure.to_string());
            }
        };
        let limit = humantime::format_duration(self.args.deadline);
        let line = format!("purging {path}, and following it for at most {limit}");
        self.progress.say(self.console.err, format_args!("{line}"));
        let run = resource.purge(plan).wait_for(self.args.deadline);
        let mut events = run.shutdown(self.signals.shutdown()).events();
        let mut report = None;
        while let Some(event) = events.next().await {
            self.describe();
            match event {
                Event::Finished(finished) => report = Some(*finished),
                event => self.progress.on(self.console.err, &event),
            }
        }
        match report {
            Some(report) => self.ended(&report, path),
            None => Step::failed("purge", Exit::Failed, "the run ended without a report"),
        }
    }

    fn ended(&self, report: &Report, path: &PurgePath) -> Step {
        let op_id = report.operations.first().and_then(|operation| operation.op_id.as_ref());
        self.watch.purged(path.as_str(), op_id.map(ToString::to_string));
        let outcome = report.outcome(path.as_str());
        let state =
            outcome.as_ref().map_or("unknown".to_owned(), |outcome| outcome.state.to_string());
        let story = self.watch.with(story);
        let text = format!("{state}; {story}");
        match report.error() {
            None if report.is_success() => Step::well("purge", text),
            error => {
                let said = outcome.and_then(|outcome| outcome.message.map(str::to_owned));
                let why = error.map(ToString::to_string).or(said);
                let why = why.map(|why| format!("{why}; ")).unwrap_or_default();
                let exit = Exit::from_report(report, self.signals.received());
                let public = format!("{}{text}", without_quotes(&why));
                Step::failed("purge", exit, format!("{why}{text}")).for_others(public)
            }
        }
    }
}
