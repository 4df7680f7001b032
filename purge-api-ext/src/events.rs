//! What happens while a purge is under way.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use futures_core::Stream;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use crate::error::Error;
use crate::id::OperationId;
use crate::report::{OperationOutcome, Report};

/// Something that happened during a run.
///
/// Requests are named by their place in the plan, from 0; those that others are split into have the numbers
/// after these.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Event {
    /// The run begins.
    Started {
        /// Requests of the plan.
        requests: usize,
        /// Paths of the plan.
        paths: usize,
    },
    /// A request is sent.
    Attempt {
        /// Which request.
        request: usize,
        /// Which attempt, from 1.
        attempt: u32,
    },
    /// The service may have taken a job without telling so: the list is looked into before anything is sent
    /// again.
    LookingUp {
        /// Which request.
        request: usize,
        /// What went wrong with the attempt; nothing if it was one of an earlier run, which ended before its
        /// answer.
        error: Option<Error>,
    },
    /// An attempt failed, and there will be another one.
    Retrying {
        /// Which request.
        request: usize,
        /// How long until then.
        delay: Duration,
        /// What went wrong.
        error: Error,
    },
    /// The service took the job.
    Accepted {
        /// Which request.
        request: usize,
        /// The operation that carries it out.
        op_id: OperationId,
    },
    /// The service found a request too large (413): it goes on as two smaller ones.
    Split {
        /// Which request.
        request: usize,
        /// The requests with its first paths, and with the others.
        into: [usize; 2],
    },
    /// Nothing more can be done for a request.
    Failed {
        /// Which request.
        request: usize,
        /// What went wrong.
        error: Error,
    },
    /// What became of a request is known, and does not change any more: without waiting, it was accepted
    /// or failed; with waiting, its paths are finished, or the deadline passed.
    Settled {
        /// Its outcome, as it will stand in the report.
        outcome: Box<OperationOutcome>,
    },
    /// While waiting: some more paths are finished.
    Progress {
        /// Finished paths.
        finished: usize,
        /// Paths that are waited for, as far as they are known.
        paths: usize,
    },
    /// While waiting: the service asked for a pause. No job is asked for until it is over.
    Paused {
        /// How long it takes.
        delay: Duration,
        /// What the service answered.
        error: Error,
    },
    /// While waiting: the service was asked several times for an operation of which nothing is known but its ID,
    /// and has no record of it yet. It may be an operation of another resource, or none at all. Told at most once
    /// for each; the operation is asked for until the deadline.
    Unseen {
        /// Which operation.
        op_id: OperationId,
    },
    /// The end; nothing follows.
    Finished(Box<Report>),
}

/// The events of a run, as a stream that ends with [`Event::Finished`].
///
/// The run makes progress only while the stream is polled; dropping it stops the run at once.
///
/// ```no_run
/// # async fn run(site: purge_api_ext::Resource) -> Result<(), Box<dyn std::error::Error>> {
/// use futures_util::StreamExt;
/// use purge_api_ext::{Event, Plan};
///
/// let mut events = site.purge(Plan::parse(["/index.html"])?).events();
/// while let Some(event) = events.next().await {
///     match event {
///         Event::Accepted { op_id, .. } => println!("accepted as {op_id}"),
///         Event::Finished(report) => println!("{:?}", report.summary),
///         _ => {}
///     }
/// }
/// # Ok(())
/// # }
/// ```
#[must_use = "nothing happens until it is polled"]
pub struct Events {
    run: Option<Pin<Box<dyn Future<Output = Report> + Send>>>,
    report: Option<Report>,
    receiver: UnboundedReceiver<Event>,
}

impl Events {
    pub(crate) fn new<F>(run: impl FnOnce(Reporter) -> F) -> Self
    where
        F: Future<Output = Report> + Send + 'static,
    {
        let (sender, receiver) = unbounded_channel();
        Self { run: Some(Box::pin(run(Reporter(Some(sender))))), report: None, receiver }
    }
}

impl Stream for Events {
    type Item = Event;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Event>> {
        loop {
            // What has happened already comes before what the run does next. Nobody else sends, so no
            // waker is needed; and unlike `poll_recv` this does not end early when the task has used up
            // its share of the runtime.
            if let Ok(event) = self.receiver.try_recv() {
                return Poll::Ready(Some(event));
            }
            let Some(run) = &mut self.run else {
                let report = self.report.take();
                return Poll::Ready(report.map(|report| Event::Finished(Box::new(report))));
            };
            match run.as_mut().poll(cx) {
                Poll::Ready(report) => {
                    self.run = None;
                    self.report = Some(report);
                }
                Poll::Pending if self.receiver.is_empty() => return Poll::Pending,
                Poll::Pending => {}
            }
        }
    }
}

impl fmt::Debug for Events {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Events").field("running", &self.run.is_some()).finish()
    }
}

/// Where a run tells what happens; nowhere, if nobody listens.
#[derive(Clone, Debug, Default)]
pub(crate) struct Reporter(Option<UnboundedSender<Event>>);

impl Reporter {
    pub(crate) fn tell(&self, event: impl FnOnce() -> Event) {
        if let Some(sender) = &self.0 {
            // The stream that holds the receiver also holds the run that tells.
            let _ = sender.send(event());
        }
    }

    pub(crate) fn settled(&self, outcome: &OperationOutcome) {
        self.tell(|| Event::Settled { outcome: Box::new(outcome.clone()) });
    }
}
