//! NATS JetStream as the engine. Only its core protocol is used: requests and answers, as its documentation describes
//! them. A stream that is read by requests has no consumer that could stand still after a change of leader.

mod api;
mod connect;
mod read;
mod check;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_nats::client::RequestErrorKind;
use async_nats::{HeaderMap, Request};
use futures_util::StreamExt as _;
use serde_json::{Value, json};
use tokio::sync::{Notify, OnceCell, watch};
use tokio::task::JoinHandle;
use tokio::time::Instant;

pub use check::{Finding, Layout};
pub use connect::NatsOptions;

use crate::engine::{Engine, EngineError, Message, NewMessage, Stream, matches};
use api::{Answer, Stored};

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(5);

/// A cluster of NATS servers with JetStream. Clones are one connection.
#[derive(Clone)]
pub struct NatsEngine(Arc<Inner>);

struct Inner {
    client: async_nats::Client,
    /// What the server has refused last, and how many times it has refused something: it says so apart from the
    /// request, which just gets no answer.
    refusals: watch::Receiver<(u64, String)>,
    /// Changes when a connection is lost, and with it every answer that is under way.
    losses: watch::Receiver<()>,
    woken: tokio::sync::Mutex<Option<Woken>>,
    lease: OnceCell<Duration>,
    /// When a server was last left.
    left: Mutex<Option<Instant>>,
}

/// A subscription that only wakes somebody.
struct Woken {
    filter: String,
    notify: Arc<Notify>,
    task: JoinHandle<()>,
}

impl Drop for Woken {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl std::fmt::Debug for NatsEngine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NatsEngine").finish_non_exhaustive()
    }
}

impl NatsEngine {
    /// The version of the server that this is connected to.
    #[must_use]
    pub fn version(&self) -> String {
        self.0.client.server_info().version
    }

    /// Sends a request and returns the body of its answer.
    async fn request(
        &self,
        subject: &str,
        headers: Option<HeaderMap>,
        body: Vec<u8>,
    ) -> Result<async_nats::Message, EngineError> {
        let mut request = Request::new().payload(body.into()).timeout(Some(PATIENCE));
        if let Some(headers) = headers {
            request = request.headers(headers);
        }
        let mut refusals = self.0.refusals.clone();
        let mut losses = self.0.losses.clone();
        losses.mark_unchanged();
        let before = refusals.borrow_and_update().0;
        let refused = async {
            // Without the right to this subject the server answers nothing, and complains elsewhere.
            loop {
                let (count, why) = refusals.borrow_and_update().clone();
                if count > before && names(&why, subject) {
                    return why;
                }
                if refusals.changed().await.is_err() {
                    std::future::pending::<()>().await;
                }
            }
        };
        let error = tokio::select! {
            answer = self.0.client.send_request(subject.to_owned(), request) => match answer {
                Ok(answer) => return Ok(answer),
                Err(error) => error,
            },
            Ok(()) = losses.changed() => {
                return Err(EngineError::Unavailable("the connection to the engine was lost".to_owned()));
            }
            why = refused => return Err(EngineError::Denied(format!("the engine refuses this user: {why}"))),
        };
        Err(match error.kind() {
            RequestErrorKind::NoResponders => EngineError::Unavailable(format!(
                "no node of the engine answers for {subject}: there is no majority, or the queue is not set up \
                 (`cdn-purge queue init`)"
            )),
            RequestErrorKind::TimedOut => EngineError::Unavailable(format!(
                "no answer of the engine within {} s",
                PATIENCE.as_secs()
            )),
            RequestErrorKind::MaxPayloadExceeded | RequestErrorKind::InvalidSubject => {
                EngineError::Refused(error.to_string())
            }
            RequestErrorKind::Other => EngineError::Unavailable(error.to_string()),
        })
    }

    /// Asks the interface of JetStream.
    async fn ask(&self, verb: &str, body: Value) -> Result<Value, EngineError> {
        let answer =
            self.request(&format!("$JS.API.{verb}"), None, body.to_string().into_bytes()).await?;
        api::answer::<Value>(&answer.payload)
    }

    async fn subscribe(&self, filter: &str) -> Option<Arc<Notify>> {
        let mut woken = self.0.woken.lock().await;
        if let Some(woken) = woken.as_ref().filter(|woken| woken.filter == filter) {
            return Some(Arc::clone(&woken.notify));
        }
        let mut messages = self.0.client.subscribe(filter.to_owned()).await.ok()?;
        let notify = Arc::new(Notify::new());
        let told = Arc::clone(&notify);
        let task = tokio::spawn(async move {
            while messages.next().await.is_some() {
                told.notify_one();
            }
        });
        *woken = Some(Woken { filter: filter.to_owned(), notify: Arc::clone(&notify), task });
        Some(notify)
    }
}

/// Whether a complaint of the server is about a subject, or a pattern that includes it.
fn names(why: &str, subject: &str) -> bool {
    let mut words = why.split(['"', ' ', '\'']).filter(|word| word.contains('.'));
    words.any(|word| matches(word, subject))
}

impl Engine for NatsEngine {
    async fn store(&self, message: NewMessage) -> Result<u64, EngineError> {
        let NewMessage { subject, headers: given, body, id, after } = message;
        let mut headers = HeaderMap::new();
        for (name, value) in given {
            headers.insert(name.as_str(), value.as_str());
        }
        if let Some(id) = id {
            headers.insert("Nats-Msg-Id", id.as_str());
        }
        if let Some(after) = after {
            headers.insert("Nats-Expected-Last-Subject-Sequence", after.to_string().as_str());
        }
        let answer = self.request(&subject, Some(headers), body).await?;
        api::answer::<Stored>(&answer.payload).map(|stored| stored.seq)
    }

    async fn read(
        &self,
        stream: Stream,
        filter: &str,
        from: u64,
    ) -> Result<Vec<Message>, EngineError> {
        self.read_checked(stream, filter, from).await
    }

    async fn last(&self, stream: Stream, subject: &str) -> Result<Option<Message>, EngineError> {
        self.get(stream, &json!({ "last_by_subj": subject })).await
    }

    async fn recent(&self, stream: Stream, subject: &str) -> Result<Option<Message>, EngineError> {
        // With the subject in the subject of the request, so that a right to it can be given.
        let asked = format!("$JS.API.DIRECT.GET.{stream}.{subject}");
        let answer = self.request(&asked, None, Vec::new()).await?;
        match answer.status.map(|status| status.as_u16()) {
            Some(404) => Ok(None),
            Some(status) => {
                let why = answer.description.unwrap_or_default();
                Err(EngineError::Unavailable(format!("the engine answered {status} {why}")))
            }
            None => read::direct(answer).map(Some),
        }
    }

    async fn trim(&self, stream: Stream, filter: &str, below: u64) -> Result<(), EngineError> {
        let body = json!({ "filter": filter, "seq": below });
        self.ask(&format!("STREAM.PURGE.{stream}"), body).await.map(drop)
    }

    async fn woken(&self, filter: &str, longest: Duration) -> bool {
        match self.subscribe(filter).await {
            Some(notify) => tokio::time::timeout(longest, notify.notified()).await.is_ok(),
            None => {
                tokio::time::sleep(longest).await;
                false
            }
        }
    }

    async fn reconnect(&self) {
        {
            let mut left = self.0.left.lock().unwrap_or_else(PoisonError::into_inner);
            // Others that wait for an answer of the same server ask for this, too.
            if left.is_some_and(|at| at.elapsed() < PATIENCE / 2) {
                return;
            }
            *left = Some(Instant::now());
        }
        // What fails here shows with the next request.
        let _ = self.0.client.force_reconnect().await;
    }

    async fn lease(&self) -> Result<Duration, EngineError> {
        let lease = self.0.lease.get_or_try_init(|| async {
            let info = self.ask(&format!("STREAM.INFO.{}", Stream::Lease), json!({})).await?;
            match info["config"]["max_age"].as_u64() {
                Some(nanos @ 1..) => Ok(Duration::from_nanos(nanos)),
                _ => Err(EngineError::Refused(
                    "the leases of this queue never end; set it up with `cdn-purge queue init`"
                        .to_owned(),
                )),
            }
        });
        lease.await.copied()
    }
}

impl NatsEngine {
    /// A message from the leader of a stream.
    async fn get(&self, stream: Stream, which: &Value) -> Result<Option<Message>, EngineError> {
        /// What the server says if there is no such message.
        const NONE: u64 = 10037;
        let subject = format!("$JS.API.STREAM.MSG.GET.{stream}");
        let answer = self.request(&subject, None, which.to_string().into_bytes()).await?;
        match api::parse::<api::Got>(&answer.payload)? {
            Answer::Done(got) => got.message.read().map(Some),
            Answer::Failed(error) if error.err_code == NONE => Ok(None),
            Answer::Failed(error) => Err(error.into()),
        }
    }
}
