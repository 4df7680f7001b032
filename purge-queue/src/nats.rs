//! NATS JetStream as the engine. It uses only the core protocol: requests and responses, as documented by NATS.
//! Streams are read by requests, so there is no consumer that could stall after a change of leader.

mod api;
mod connect;
mod read;
mod check;

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

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
use crate::time;
use api::{Answer, Stored};

/// How long a response may take.
const PATIENCE: Duration = Duration::from_secs(5);

/// A cluster of NATS servers with JetStream. Clones share one connection.
#[derive(Clone)]
pub struct NatsEngine(Arc<Inner>);

struct Inner {
    client: async_nats::Client,
    options: NatsOptions,
    /// The server reports refusals separately; the refused request itself gets no response.
    refusals: watch::Receiver<Refusals>,
    /// Changes when the connection is lost, and with it every pending response.
    losses: watch::Receiver<()>,
    woken: tokio::sync::Mutex<Option<Woken>>,
    lease: OnceCell<Duration>,
    /// When the connection to a server last ended.
    left: Mutex<Option<Instant>>,
}

/// The server's latest refusals.
#[derive(Default)]
struct Refusals {
    /// How many there have been.
    count: u64,
    latest: VecDeque<String>,
}

impl Refusals {
    /// More than the requests that are sent concurrently.
    const KEPT: usize = 64;

    fn add(&mut self, why: String) {
        self.count += 1;
        self.latest.truncate(Self::KEPT - 1);
        self.latest.push_front(why);
    }

    /// The refusal of a subject among those after the first `before`.
    fn of(&self, subject: &str, before: u64) -> Option<&str> {
        let new = usize::try_from(self.count - before).unwrap_or(Self::KEPT);
        self.latest.iter().take(new).map(String::as_str).find(|why| names(why, subject))
    }
}

/// A subscription that only wakes a waiting task.
struct Woken {
    filter: String,
    notify: Arc<Notify>,
    task: JoinHandle<()>,
    /// Its connection.
    client: async_nats::Client,
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
    /// The version of the connected server.
    #[must_use]
    pub fn version(&self) -> String {
        self.0.client.server_info().version
    }

    /// Sends a request and returns the body of its response.
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
        let before = refusals.borrow_and_update().count;
        let refused = async {
            // Without the right to publish to this subject, the server does not respond, but reports the refusal
            // separately.
            loop {
                let why = refusals.borrow_and_update().of(subject, before).map(str::to_owned);
                if let Some(why) = why {
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
                "no node responds to {subject}: there is no majority, or the queue is not set up \
                 (`cdn-purge queue init`)"
            )),
            RequestErrorKind::TimedOut => EngineError::Unavailable(format!(
                "no response from the engine within {} s",
                PATIENCE.as_secs()
            )),
            RequestErrorKind::MaxPayloadExceeded | RequestErrorKind::InvalidSubject => {
                EngineError::Refused(error.to_string())
            }
            RequestErrorKind::Other => EngineError::Unavailable(error.to_string()),
        })
    }

    /// Sends a request to the JetStream API.
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
        let notify = Arc::new(Notify::new());
        let client = match Stream::of(filter) {
            Some(Stream::Input) => self.0.options.listen(Arc::clone(&notify)).await?,
            _ => self.0.client.clone(),
        };
        let mut messages = client.subscribe(filter.to_owned()).await.ok()?;
        let told = Arc::clone(&notify);
        let subscribed = client.clone();
        let task = tokio::spawn(async move {
            // What was stored before the subscription began brings no hint.
            let _ = subscribed.flush().await;
            told.notify_one();
            while messages.next().await.is_some() {
                told.notify_one();
            }
        });
        *woken =
            Some(Woken { filter: filter.to_owned(), notify: Arc::clone(&notify), task, client });
        Some(notify)
    }
}

/// Whether a refusal by the server is about a subject, or about a pattern that includes it.
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
        match stream {
            Stream::Input => self.read_from_leader(stream, filter, from).await,
            _ => self.read_checked(stream, filter, from).await,
        }
    }

    async fn last(&self, stream: Stream, subject: &str) -> Result<Option<Message>, EngineError> {
        self.get(stream, &json!({ "last_by_subj": subject })).await
    }

    async fn recent(&self, stream: Stream, subject: &str) -> Result<Option<Message>, EngineError> {
        // The request's subject contains the wanted subject, so that rights can be granted for it.
        let asked = format!("$JS.API.DIRECT.GET.{stream}.{subject}");
        let answer = self.request(&asked, None, Vec::new()).await?;
        // A stored message has a sequence: see `read_some`.
        let status = answer.status.filter(|_| read::header(&answer, "Nats-Sequence").is_none());
        match status.map(|status| status.as_u16()) {
            Some(404) => Ok(None),
            Some(status) => {
                let why = answer.description.unwrap_or_default();
                Err(EngineError::Unavailable(format!("the engine responded with {status} {why}")))
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
            // Other tasks that wait for the same server call this, too.
            if left.is_some_and(|at| at.elapsed() < PATIENCE / 2) {
                return;
            }
            *left = Some(Instant::now());
        }
        // A failure here surfaces with the next request.
        let _ = self.0.client.force_reconnect().await;
        if let Some(woken) = self.0.woken.lock().await.as_ref() {
            let _ = woken.client.force_reconnect().await;
        }
    }

    async fn created(&self, stream: Stream) -> Result<SystemTime, EngineError> {
        let info = self.ask(&format!("STREAM.INFO.{stream}"), json!({})).await?;
        info["created"].as_str().and_then(time::parse).ok_or_else(|| {
            EngineError::Unavailable(format!("the engine does not say when {stream} was created"))
        })
    }

    async fn lease(&self) -> Result<Duration, EngineError> {
        let lease = self.0.lease.get_or_try_init(|| async {
            let info = self.ask(&format!("STREAM.INFO.{}", Stream::Lease), json!({})).await?;
            match info["config"]["max_age"].as_u64() {
                Some(nanos @ 1..) => Ok(Duration::from_nanos(nanos)),
                _ => Err(EngineError::Refused(
                    "the leases of this queue never expire; set it up with `cdn-purge queue init`"
                        .to_owned(),
                )),
            }
        });
        lease.await.copied()
    }
}

impl NatsEngine {
    /// A message, read from the leader of a stream. It is in JSON, so its headers may be anything.
    async fn get(&self, stream: Stream, which: &Value) -> Result<Option<Message>, EngineError> {
        /// The server's error code for a message that does not exist.
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
