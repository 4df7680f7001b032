//! The token and its provider, which is asked only once on behalf of all concurrent requests.

use std::sync::{Arc, Mutex};

use purge_api::Bearer;
use tokio::time::Instant;

use super::tokens::{Need, Seen, Tokens};
use crate::error::Error;
use crate::gate::Gate;
use crate::lock::lock;
use crate::login::{Issued, Login, NoToken};
use crate::sanitize::Redactor;
use crate::token::{Provided, TokenProvider};
use crate::trace::step;

/// A provider, and what is known about its tokens.
pub(super) struct Credential {
    provider: TokenProvider,
    /// Shared with the generated client, which reads the token of each request here.
    state: Arc<State>,
    /// Held while the provider is asked. This is an asynchronous lock, since tasks that wait for the provider must not
    /// block their thread. If the task that asks is dropped, the next waiting task asks.
    asking: tokio::sync::Mutex<()>,
    /// Where an API key is exchanged for a token.
    login: Login,
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
    pub(super) fn new(provider: TokenProvider, login: Login) -> Result<Self, Error> {
        // A fixed token is known already, and can be checked without a request.
        let tokens = provider.known()?.map_or_else(Tokens::default, Tokens::fixed);
        let state = State::default();
        *lock(&state.tokens) = tokens;
        Ok(Self { provider, state: Arc::new(state), asking: tokio::sync::Mutex::default(), login })
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

    /// Ensures that there is a token, and that it does not expire soon.
    pub(super) async fn ensure(&self, gate: &Gate) -> Result<(), Error> {
        match self.state.look(|tokens| tokens.need(Instant::now())) {
            Need::Nothing => Ok(()),
            Need::Token(seen) => self.renew(seen, gate).await.map(drop),
            Need::Renewal(seen) => self.renew_early(seen, gate).await,
        }
    }

    /// Asks the provider, unless it has answered since `seen`. Returns whether there is a new token.
    pub(super) async fn renew(&self, seen: Seen, gate: &Gate) -> Result<bool, Error> {
        // The task that is asking may be waiting out a longer pause than this caller accepts.
        let _asking = match self.asking.try_lock() {
            Ok(asking) => asking,
            Err(_) => gate.unless_held_back(self.asking.lock()).await?,
        };
        if let Some(known) = self.state.look(|tokens| tokens.answer_since(seen)) {
            return known;
        }
        // State changes only after the provider has answered, so dropping this future changes nothing.
        let answer = match self.ask(gate).await {
            Ok(issued) => Ok(issued),
            // The provider has not answered, so other callers ask it themselves.
            Err(NoToken::NotSent(why)) => return Err(why),
            Err(NoToken::Refused(why) | NoToken::Failed(why)) => Err(why),
        };
        self.state.look(|tokens| {
            tokens.answer(answer);
            // The answer is newer than `seen`.
            tokens.answer_since(seen).unwrap_or(Ok(false))
        })
    }

    /// Replaces a token that the service still accepts. If that fails, or if another task is doing it, requests
    /// use the current token.
    async fn renew_early(&self, seen: Seen, gate: &Gate) -> Result<(), Error> {
        let Ok(_asking) = self.asking.try_lock() else { return Ok(()) };
        if self.state.look(|tokens| tokens.answer_since(seen)).is_some() {
            return Ok(());
        }
        match self.ask(gate).await {
            Ok(issued) => self.state.look(|tokens| tokens.answer(Ok(issued))),
            Err(NoToken::NotSent(why)) => return Err(why),
            Err(_) => self.state.look(|tokens| tokens.postpone(Instant::now())),
        }
        Ok(())
    }

    /// Asks the provider. A key is exchanged for a token, unless the service has refused it before.
    async fn ask(&self, gate: &Gate) -> Result<Issued, NoToken> {
        // The span excludes the login, which may pause between its attempts.
        let provided = step!(self.provider.provide(), "token").await;
        let key = match provided.map_err(NoToken::Failed)? {
            Provided::Token(token) => return Ok(token.into()),
            Provided::Key(key) => key,
        };
        if let Some(why) = self.state.look(|tokens| tokens.use_key(&key)) {
            return Err(NoToken::Refused(why));
        }
        let issued = self.login.sign_in(&key, gate, &self.redactor()).await;
        if let Err(NoToken::Refused(why)) = &issued {
            self.state.look(|tokens| tokens.refuse_key(key, why.clone()));
        }
        issued
    }

    /// Asks the provider, unless another task is already asking. Returns whether there is a new token.
    pub(super) async fn refresh(&self, gate: &Gate) -> Result<bool, Error> {
        self.renew(self.seen(), gate).await
    }

    /// Why the provider returned no token, if it was asked since `seen`. For callers that cannot wait for it.
    pub(super) fn failure_since(&self, seen: Seen) -> Option<Error> {
        self.state.look(|tokens| tokens.failure_since(seen))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::LazyLock;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use futures_util::FutureExt as _;
    use futures_util::future::{join, join_all};
    use purge_api::Token;
    use tokio::sync::Semaphore;

    use super::*;
    use crate::connection::{BaseUrl, Settings};
    use crate::throttle::Throttle;

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
        (credential(provider), asked, gate)
    }

    fn credential(provider: TokenProvider) -> Credential {
        let base = BaseUrl::parse("http://127.0.0.1:1").expect("a base URL");
        let (http, route) = Settings::default().http_client(&base).expect("an HTTP client");
        let login = Login::new(base.as_str(), http, route);
        Credential::new(provider, login).expect("a credential")
    }

    /// A gate that everything passes.
    fn open() -> &'static Gate {
        static OPEN: LazyLock<Gate> = LazyLock::new(|| Gate::new(Throttle::default()));
        &OPEN
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
        credential.ensure(open()).await.expect("a token");
        let seen = credential.seen();
        let refused = join_all((0..8).map(|_| credential.renew(seen, open())));
        // All of them wait before the provider answers.
        let opened = async { gate.add_permits(1) };
        let (renewed, ()) = join(refused, opened).await;
        assert!(renewed.iter().all(|renewed| matches!(renewed, Ok(true))), "{renewed:?}");
        assert_eq!(asked.load(Ordering::SeqCst), 2);
        // A late refusal of the previous token.
        assert!(matches!(credential.renew(seen, open()).await, Ok(true)));
        assert_eq!(asked.load(Ordering::SeqCst), 2);
        assert_eq!(current(&credential).as_deref(), Some("t0ken-1"));
    }

    #[tokio::test]
    async fn requests_started_at_the_same_time_ask_once() {
        let (credential, asked, gate) = gated();
        let first = join_all((0..8).map(|_| credential.ensure(open())));
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
            |tokens: &mut Tokens| tokens.answer(Ok(Token::new("t0ken").expect("a token").into()));
        *lock(&credential.state.meanwhile) = Some(Box::new(answer));
        credential.ensure(open()).await.expect("the answer of somebody else");
        assert_eq!(asked.load(Ordering::SeqCst), 0);
        let answer =
            |tokens: &mut Tokens| tokens.answer(Ok(Token::new("fresh").expect("a token").into()));
        *lock(&credential.state.meanwhile) = Some(Box::new(answer));
        assert!(credential.refresh(open()).await.expect("the answer of somebody else"));
        assert_eq!(
            (asked.load(Ordering::SeqCst), current(&credential).as_deref()),
            (0, Some("fresh"))
        );
    }

    #[tokio::test(start_paused = true)]
    async fn nobody_waits_longer_than_the_gate_allows_for_another_task() {
        let throttle = Throttle::default();
        let (gate, patient) =
            (Gate::new(throttle.clone()), Gate::new(throttle.clone()).of_waiting());
        let (credential, asked, _) = gated();
        let mut asks = Box::pin(credential.ensure(&patient));
        assert!(asks.as_mut().now_or_never().is_none(), "the provider takes its time");
        let mut waits = Box::pin(credential.ensure(&patient));
        assert!(waits.as_mut().now_or_never().is_none());
        let mut run = Box::pin(credential.ensure(&gate));
        throttle.pause_for(Gate::PATIENCE);
        assert!(run.as_mut().now_or_never().is_none(), "it waits out such a pause itself");
        throttle.pause_for(std::time::Duration::from_secs(3600));
        for run in [run, Box::pin(credential.ensure(&gate))] {
            let why = run.await.expect_err("the pause is too long");
            assert_eq!(why.retry_after(), Some(std::time::Duration::from_secs(3600)));
        }
        assert!(asks.as_mut().now_or_never().is_none() && waits.as_mut().now_or_never().is_none());
        assert_eq!(asked.load(Ordering::SeqCst), 1);
    }

    #[tokio::test]
    async fn dropped_future_changes_nothing() {
        let (credential, asked, gate) = gated();
        let seen = credential.seen();
        assert!(credential.ensure(open()).now_or_never().is_none(), "the provider takes its time");
        assert_eq!((credential.seen(), current(&credential)), (seen, None));
        gate.add_permits(1);
        credential.ensure(open()).await.expect("a token");
        assert_eq!(asked.load(Ordering::SeqCst), 2, "another task asked again");
        // If the asking task is dropped, a waiting task takes over.
        let seen = credential.seen();
        let mut dropped = Box::pin(credential.renew(seen, open()));
        assert!(dropped.as_mut().now_or_never().is_none());
        let mut waits = Box::pin(credential.renew(seen, open()));
        assert!(waits.as_mut().now_or_never().is_none());
        drop(dropped);
        gate.add_permits(1);
        assert!(matches!(waits.await, Ok(true)));
        assert_eq!(asked.load(Ordering::SeqCst), 4);
    }
}
