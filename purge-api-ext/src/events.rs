//! The events of a run.

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
/// Requests are numbered by their position in the plan, from 0. The two halves of a split request get the next
/// free numbers.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Event {
    /// The run begins.
    Started {
        /// How many requests the plan has.
        requests: usize,
        /// How many paths the plan has.
        paths: usize,
    },
    /// A request is being sent.
    Attempt {
        /// Which request.
        request: usize,
        /// Which attempt, from 1.
        attempt: u32,
    },
    /// The service may have accepted a request although no response says so: it is looked up in the list before
    /// anything is sent again.
    LookingUp {
        /// Which request.
        request: usize,
        /// What went wrong with the attempt. `None` if it belongs to an earlier run, which ended before the response.
        error: Option<Error>,
    },
    /// An attempt failed, and there will be another.
    Retrying {
        /// Which request.
        request: usize,
        /// How long until the next attempt.
        delay: Duration,
        /// What went wrong.
        error: Error,
    },
    /// The service accepted a request.
    Accepted {
        /// Which request.
        request: usize,
        /// The operation that was created for it.
        op_id: OperationId,
    },
    /// The service found a request too large (413), so it is split into two smaller ones.
    Split {
        /// Which request.
        request: usize,
        /// The numbers of the two halves: the one with its first paths, and the one with the rest.
        into: [usize; 2],
    },
    /// A request failed for good.
    Failed {
        /// Which request.
        request: usize,
        /// What went wrong.
        error: Error,
    },
    /// The outcome of a request is final. Without waiting: it was accepted, or it failed. With waiting: its paths
    /// are finished, or the deadline has passed.
    Settled {
        /// Its outcome, as it will appear in the report.
        outcome: Box<OperationOutcome>,
    },
    /// While waiting: the progress after a round of polling.
    Progress {
        /// How many paths are finished.
        finished: usize,
        /// How many paths are waited for, as far as known.
        paths: usize,
    },
    /// The service asked for a pause. Until it is over, nothing is sent: no request, no look-up, no poll and no login.
    Paused {
        /// How long the pause is.
        delay: Duration,
        /// The response that asked for it. For a login, or a request that another response holds back: only that there is
        /// a pause.
        error: Error,
    },
    /// While waiting: after several polls, the service still has no record of an operation that is known only by
    /// its ID. The operation may belong to another resource, or not exist. Sent at most once for each operation;
    /// polling continues until the deadline.
    Unseen {
        /// Which operation.
        op_id: OperationId,
    },
    /// The run has ended. This is the last event.
    Finished(Box<Report>),
}

/// The events of a run, as a stream that ends with [`Event::Finished`].
///
/// The run makes progress only while the stream is polled. Dropping the stream stops the run immediately.
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
            // Deliver pending events before polling the run. Only the run sends events, so no waker is
            // needed. Unlike `poll_recv`, `try_recv` does not yield when the task's cooperative budget is
            // used up.
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

/// Where a run sends its events. Without a listener, none are created.
#[derive(Clone, Debug, Default)]
pub(crate) struct Reporter(Option<UnboundedSender<Event>>);

impl Reporter {
    pub(crate) fn tell(&self, event: impl FnOnce() -> Event) {
        if let Some(sender) = &self.0 {
            // Sending cannot fail: the stream that owns the receiver also owns the run.
            let _ = sender.send(event());
        }
    }

    /// Reports the pause that a response asks for, if it does.
    pub(crate) fn paused(&self, error: &Error) {
        if let Some(delay) = error.retry_after().filter(|delay| !delay.is_zero()) {
            self.tell(|| Event::Paused { delay, error: error.clone() });
        }
    }

    pub(crate) fn settled(&self, outcome: &OperationOutcome) {
        self.tell(|| Event::Settled { outcome: Box::new(outcome.clone()) });
    }
}
