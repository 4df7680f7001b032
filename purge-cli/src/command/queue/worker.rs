//! `worker`.

use std::io::Write as _;
use std::sync::Arc;

use purge_api_ext::Throttle;
use purge_queue::{Metrics, NatsEngine, Worker};
use tokio::net::TcpListener;

use super::connect;
use crate::args::WorkerArgs;
use crate::config::Config;
use crate::exit::{Exit, Failure};
use crate::output::Console;
use crate::signals::{Signals, Voice};
use crate::target::Target;

pub(crate) async fn run(
    args: WorkerArgs,
    signals: &Signals,
    console: &mut Console<'_>,
) -> Result<Exit, Failure> {
    let settings = Config::load()?.settings;
    if args.target.sandbox {
        return Err(Failure::usage(
            "the sandbox must outlive the worker; run `cdn-purge sandbox` and set PURGE_BASE_URL",
        ));
    }
    let rate = args.target.rate.or(settings.rate);
    let throttle = Throttle::new(rate);
    let account = Target::account(&args.target, &settings, &throttle)?;
    account.client.fetch_token().await?;
    // `complete` has refused several.
    let profile = args.target.profile.first();
    let lane = connect::lane_of(&args.queue, profile.map(String::as_str), &settings)?;
    let engine = connect::connect(&args.queue, &settings).await?;
    let quiet = args.quiet;
    if let Some(warning) = engine.version_warning().filter(|_| !quiet) {
        drop(writeln!(console.err, "warning: {warning}"));
    }
    let (metrics, address) = (Metrics::new(lane.clone()), args.metrics);
    let mut worker = Worker::new(engine, lane, account.client, account.organization)
        .resource(account.resource)
        .throttle(throttle, rate)
        .metrics(metrics.clone());
    if let Some(requests) = args.concurrency.or(settings.concurrency) {
        worker = worker.concurrency(requests.into());
    }
    worker = configured(worker, args);
    let voice = Arc::new(Plain { is_quiet: quiet });
    let told = Arc::clone(&voice);
    worker = worker.messages(move |message| told.say(message));
    let serving = async {
        if let Some(address) = address {
            let listener = TcpListener::bind(address).await.map_err(|error| {
                Failure::usage(format!("cannot serve metrics at {address}: {error}"))
            })?;
            metrics.serve(listener).await;
        }
        std::future::pending::<Result<Exit, Failure>>().await
    };
    let working = signals.drain(voice, async {
        worker.run(signals.shutdown()).await?;
        // A worker that was asked to stop has succeeded.
        Ok(Exit::Success)
    });
    tokio::select! {
        ended = working => ended,
        ended = serving => ended,
    }
}

/// Applies the options of the command line to the worker.
fn configured(worker: Worker<NatsEngine>, args: WorkerArgs) -> Worker<NatsEngine> {
    let worker =
        worker.everything_from(args.everything_from).window(args.window).follow(args.follow);
    let worker = args.also.into_iter().fold(worker, Worker::resource);
    args.holder.into_iter().fold(worker, Worker::holder)
}

/// Writes messages to standard error, one per line.
struct Plain {
    is_quiet: bool,
}

impl Voice for Plain {
    fn say(&self, line: &str) {
        if !self.is_quiet {
            // A closed standard error is not a reason to stop sending.
            let _ = writeln!(std::io::stderr(), "{}", purge_api_ext::escape(line));
        }
    }

    fn leave(&self) {}
}
