//! The token and its provider, which is asked only once on behalf of all concurrent requests.

use std::sync::{Arc, Mutex};

use purge_api::Bearer;
use secrecy::ExposeSecret as _;

use super::tokens::{Seen, Tokens};
use crate::error::{Error, ErrorKind};
use crate::lock::lock;
use crate::sanitize::{Redactor, shown};
use crate::token::{TokenProvider, parse};
use crate::trace::step;

/// A provider, and what is known about its tokens.
pub(super) struct Credential {
    provider: TokenProvider,
    /// Shared with the generated client, which reads the token of each request here.
    state: Arc<State>,
    /// Held while the provider is asked. This is an asynchronous lock, since tasks that wait for the provider must not
    /// block their thread. If the task that asks is dropped, the next waiting task asks.
    asking: tokio::sync::Mutex<()>,
}

/// What is known, behind its only lock.
#[derive(Default)]
struct State {
    tokens: Mutex<Tokens>,
    /// What another thread does right after the next access.
    #[cfg(test)]
    meanwhile: Mutex<Option<Meanwhile>>,
}

#[cfg(test)]
type Meanwhile = Box<dyn FnOnce(&mut Tokens) + Send>;

impl State {
    fn look<T>(&self, look: impl FnOnce(&mut Tokens) -> T) -> T {
        let mut tokens = lock(&self.tokens);
        let seen = look(&mut tokens);
        #[cfg(test)]
        if let Some(meanwhile) = lock(&self.meanwhile).take() {
            meanwhile(&mut tokens);
        }
        seen
    }
}

impl Credential {
    pub(super) fn new(provider: TokenProvider) -> Result<Self, Error> {
        // A fixed token is known already, and can be checked without a request.
        let tokens = match provider.known() {
            None => Tokens::default(),
            Some(token) => Tokens::fixed(parse(token.expose_secret()).map_err(|why| {
                let message = shown!("the token cannot be used: {why}", why);
                Error::new(ErrorKind::InvalidInput, message)
            })?),
        };
        let state = State::default();
        *lock(&state.tokens) = tokens;
        Ok(Self { provider, state: Arc::new(state), asking: tokio::sync::Mutex::default() })
    }

    pub(super) fn provider(&self) -> &TokenProvider {
        &self.provider
    }

    /// Where the generated client reads the token of each request.
    pub(super) fn bearer(&self) -> Bearer {
        let state = Arc::clone(&self.state);
        Bearer::from_fn(move || state.look(|tokens| tokens.current()))
    }

    pub(super) fn redactor(&self) -> Redactor {
        self.state.look(|tokens| tokens.redactor())
    }

    pub(super) fn seen(&self) -> Seen {
        self.state.look(|tokens| tokens.seen())
    }

    /// Ensures that there is a token.
    pub(super) async fn ensure(&self) -> Result<(), Error> {
        match self.state.look(|tokens| tokens.missing()) {
            None => Ok(()),
            Some(seen) => self.renew(seen).await.map(drop),
        }
    }

    /// Asks the provider, unless it has answered since `seen`. Returns whether there is a new token.
    pub(super) async fn renew(&self, seen: Seen) -> Result<bool, Error> {
        let _asking = self.asking.lock().await;
        if let Some(known) = self.state.look(|tokens| tokens.answer_since(seen)) {
            return known;
        }
        // State changes only after the provider has answered, so dropping this future changes nothing.
        let answer = step!(self.provider.fetch(), "token").await;
        self.state.look(|tokens| {
            tokens.answer(answer);
            // The answer is newer than `seen`.
            tokens.answer_since(seen).unwrap_or(Ok(false))
        })
    }

    /// Asks the provider, unless another task is already asking. Returns whether there is a new token.
    pub(super) async fn refresh(&self) -> Result<bool, Error> {
        self.renew(self.seen()).await
    }

    /// Why the provider returned no token, if it was asked since `seen`. For callers that cannot wait for it.
    pub(super) fn failure_since(&self, seen: Seen) -> Option<Error> {
        self.state.look(|tokens| tokens.failure_since(seen))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use futures_util::FutureExt as _;
    use futures_util::future::{join, join_all};
    use tokio::sync::Semaphore;

    use super::*;

    /// A credential whose provider returns `t0ken-0`, `t0ken-1` and so on, one for each permit of the gate.
    fn gated() -> (Credential, Arc<AtomicUsize>, Arc<Semaphore>) {
        let (asked, gate) = (Arc::new(AtomicUsize::new(0)), Arc::new(Semaphore::new(0)));
        let provider = TokenProvider::from_fn({
            let (asked, gate) = (Arc::clone(&asked), Arc::clone(&gate));
            move || {
                let (number, gate) = (asked.fetch_add(1, Ordering::SeqCst), Arc::clone(&gate));
                async move {
                    gate.acquire().await?.forget();
                    Ok::<_, tokio::sync::AcquireError>(format!("t0ken-{number}"))
                }
            }
        });
        (Credential::new(provider).expect("a credential"), asked, gate)
    }

    fn current(credential: &Credential) -> Option<String> {
        credential
            .state
            .look(|tokens| tokens.current())
            .map(|token| token.expose_secret().to_owned())
    }

    #[tokio::test]
    async fn requests_refused_at_the_same_time_ask_once() {
        let (credential, asked, gate) = gated();
        gate.add_permits(1);
        credential.ensure().await.expect("a token");
        let seen = credential.seen();
        let refused = join_all((0..8).map(|_| credential.renew(seen)));
        // All of them wait before the provider answers.
        let opened = async { gate.add_permits(1) };
        let (renewed, ()) = join(refused, opened).await;
        assert!(renewed.iter().all(|renewed| matches!(renewed, Ok(true))), "{renewed:?}");
        assert_eq!(asked.load(Ordering::SeqCst), 2);
        // A late refusal of the previous token.
        assert!(matches!(credential.renew(seen).await, Ok(true)));
        assert_eq!(asked.load(Ordering::SeqCst), 2);
        assert_eq!(current(&credential).as_deref(), Some("t0ken-1"));
    }

    #[tokio::test]
    async fn requests_started_at_the_same_time_ask_once() {
        let (credential, asked, gate) = gated();
        let first = join_all((0..8).map(|_| credential.ensure()));
        let (ready, ()) = join(first, async { gate.add_permits(1) }).await;
        assert!(ready.iter().all(Result::is_ok), "{ready:?}");
        assert_eq!(asked.load(Ordering::SeqCst), 1);
    }

    /// A decision that read the state twice would treat an answer that arrived in between as already seen, and ask
    /// again.
    #[tokio::test(start_paused = true)]
    async fn answer_that_arrives_right_after_the_read_counts() {
        let (credential, asked, _) = gated();
        let answer =
            |tokens: &mut Tokens| tokens.answer(parse("t0ken").map_err(|_| unreachable!()));
        *lock(&credential.state.meanwhile) = Some(Box::new(answer));
        credential.ensure().await.expect("the answer to another task");
        assert_eq!(asked.load(Ordering::SeqCst), 0);
        let answer =
            |tokens: &mut Tokens| tokens.answer(parse("fresh").map_err(|_| unreachable!()));
        *lock(&credential.state.meanwhile) = Some(Box::new(answer));
        assert!(credential.refresh().await.expect("the answer to another task"));
        assert_eq!(
            (asked.load(Ordering::SeqCst), current(&credential).as_deref()),
            (0, Some("fresh"))
        );
    }

    #[tokio::test]
    async fn dropped_future_changes_nothing() {
        let (credential, asked, gate) = gated();
        let seen = credential.seen();
        assert!(credential.ensure().now_or_never().is_none(), "the provider takes its time");
        assert_eq!((credential.seen(), current(&credential)), (seen, None));
        gate.add_permits(1);
        credential.ensure().await.expect("a token");
        assert_eq!(asked.load(Ordering::SeqCst), 2, "another task asked again");
        // If the asking task is dropped, a waiting task takes over.
        let seen = credential.seen();
        let mut dropped = Box::pin(credential.renew(seen));
        assert!(dropped.as_mut().now_or_never().is_none());
        let mut waits = Box::pin(credential.renew(seen));
        assert!(waits.as_mut().now_or_never().is_none());
        drop(dropped);
        gate.add_permits(1);
        assert!(matches!(waits.await, Ok(true)));
        assert_eq!(asked.load(Ordering::SeqCst), 4);
    }
}
