//! What is known about the token, as a plain value: the only place that decides which token is sent, and whether to ask
//! the provider.
//!
//! Nothing here waits, reads a clock or performs I/O. [`Credential`](super::credential::Credential) asks the provider,
//! and keeps this value behind one lock.

use purge_api::Token;
use tokio::time::Instant;

use crate::error::Error;
use crate::login::{Issued, Renewal};
use crate::sanitize::Redactor;
use crate::token::ApiKey;

/// The token in use, and what the provider has answered.
#[derive(Debug, Default)]
pub(super) struct Tokens {
    current: Option<Token>,
    /// The number of answers when the current token arrived.
    since: u64,
    /// How often the provider has answered.
    answers: u64,
    /// Why the last answer was not a token.
    failed: Option<Error>,
    /// When the current token is to be renewed, although the service still accepts it.
    renewal: Option<Renewal>,
    /// The API key that the service refused, and how.
    refused: Option<(ApiKey, Error)>,
    /// Removes the API key, the current token, and earlier tokens, which a late response may quote, from texts.
    redactor: Redactor,
}

/// What is needed before a request is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Need {
    Nothing,
    /// There is no token.
    Token(Seen),
    /// The token is good, but not for long.
    Renewal(Seen),
}

/// How often the provider had answered at some moment, such as when a request was sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Seen(u64);

impl Tokens {
    /// A token that is known without asking the provider.
    pub(super) fn fixed(token: Token) -> Self {
        Self { redactor: Redactor::default().with(&token), current: Some(token), ..Self::default() }
    }

    pub(super) fn current(&self) -> Option<Token> {
        self.current.clone()
    }

    pub(super) fn redactor(&self) -> Redactor {
        self.redactor.clone()
    }

    pub(super) fn seen(&self) -> Seen {
        Seen(self.answers)
    }

    /// What is needed at this time, and what has been seen.
    ///
    /// Both are read together. If the provider answered between two reads, it would be asked again.
    pub(super) fn need(&self, now: Instant) -> Need {
        match (&self.current, self.renewal) {
            (None, _) => Need::Token(self.seen()),
            (Some(_), Some(renewal)) if now >= renewal.at => Need::Renewal(self.seen()),
            _ => Need::Nothing,
        }
    }

    /// Tries a renewal that failed again later. Until then, the token is used as it is.
    pub(super) fn postpone(&mut self, now: Instant) {
        self.renewal = self
            .renewal
            .and_then(|renewal| Some(Renewal { at: now.checked_add(renewal.again)?, ..renewal }));
    }

    /// Hides a key from now on, and returns why it is not sent again, if the service has refused it.
    pub(super) fn use_key(&mut self, key: &ApiKey) -> Option<Error> {
        self.redactor = self.redactor.with_lasting(&key.key).with_lasting(&key.secret);
        self.refused.as_ref().filter(|(refused, _)| refused == key).map(|(_, why)| why.clone())
    }

    /// Remembers that the service refused a key.
    pub(super) fn refuse_key(&mut self, key: ApiKey, why: Error) {
        self.refused = Some((key, why));
    }

    /// What the provider has answered since `seen`: whether there is a new token, or why not. None if it has not
    /// answered, and so must be asked.
    pub(super) fn answer_since(&self, seen: Seen) -> Option<Result<bool, Error>> {
        if self.seen() == seen {
            return None;
        }
        Some(match &self.failed {
            _ if self.since > seen.0 => Ok(true),
            Some(why) => Err(why.clone()),
            None => Ok(false),
        })
    }

    /// Why the provider returned no token, if it was asked since `seen`.
    pub(super) fn failure_since(&self, seen: Seen) -> Option<Error> {
        self.failed.clone().filter(|_| self.seen() != seen)
    }

    /// Records an answer of the provider. A failure keeps the current token.
    pub(super) fn answer(&mut self, answer: Result<Issued, Error>) {
        self.answers += 1;
        match answer {
            Err(why) => self.failed = Some(why),
            Ok(Issued { token, session, renewal }) => {
                self.failed = None;
                self.renewal = renewal;
                // The token comes last, even if it has not changed: the newest is the last to be forgotten.
                self.redactor = session
                    .iter()
                    .chain([&token])
                    .fold(self.redactor.clone(), |all, one| all.with(one));
                if self.current.as_ref() != Some(&token) {
                    self.since = self.answers;
                    self.current = Some(token);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::error::ErrorKind;

    fn token(text: &str) -> Token {
        Token::new(text).expect("a token")
    }

    fn failure(message: &'static str) -> Error {
        Error::new(ErrorKind::Unauthorized, message)
    }

    fn said(answer: Option<Result<bool, Error>>) -> Option<Result<bool, String>> {
        answer.map(|answer| answer.map_err(|error| error.to_string()))
    }

    #[test]
    fn token_is_missing_until_the_provider_returns_one() {
        let mut tokens = Tokens::default();
        let now = Instant::now();
        let missing = |tokens: &Tokens| match tokens.need(now) {
            Need::Token(seen) => Some(seen),
            _ => None,
        };
        let start = missing(&tokens).expect("there is none");
        assert_eq!(said(tokens.answer_since(start)), None);
        tokens.answer(Err(failure("no login server")));
        assert_eq!(said(tokens.answer_since(start)), Some(Err("no login server".to_owned())));
        let later = missing(&tokens).expect("there is none yet");
        assert_eq!(said(tokens.answer_since(later)), None, "it is asked again");
        tokens.answer(Ok(token("first-t0ken").into()));
        assert_eq!(tokens.need(now), Need::Nothing);
        assert_eq!(said(tokens.answer_since(start)), Some(Ok(true)));
        assert_eq!(Tokens::fixed(token("a")).need(now), Need::Nothing);
    }

    #[test]
    fn token_is_renewed_early_and_a_renewal_that_fails_is_tried_later() {
        let (now, second) = (Instant::now(), std::time::Duration::from_secs(1));
        let renewal = Some(Renewal { at: now + 8 * second, again: second });
        let mut tokens = Tokens::default();
        tokens.answer(Ok(Issued { renewal, ..token("first-t0ken").into() }));
        assert_eq!(tokens.need(now + 7 * second), Need::Nothing);
        assert_eq!(tokens.need(now + 8 * second), Need::Renewal(tokens.seen()));
        tokens.postpone(now + 8 * second);
        assert_eq!(tokens.need(now + 8 * second), Need::Nothing);
        assert_eq!(tokens.need(now + 9 * second), Need::Renewal(tokens.seen()));
        tokens.answer(Ok(token("second-t0ken").into()));
        assert_eq!(tokens.need(now + 900 * second), Need::Nothing);
    }

    #[test]
    fn refused_key_is_remembered_until_there_is_another() {
        let key = |secret: &str| ApiKey { key: token("the-api-k3y"), secret: token(secret) };
        let mut tokens = Tokens::default();
        assert!(tokens.use_key(&key("wrong-s3cret")).is_none());
        tokens.refuse_key(key("wrong-s3cret"), failure("refused"));
        let why = tokens.use_key(&key("wrong-s3cret")).expect("it was refused");
        assert_eq!(why.to_string(), "refused");
        assert!(tokens.use_key(&key("right-s3cret")).is_none());
        tokens.answer(Ok(Issued {
            session: Some(token("s3ssion-1")),
            ..token("t0ken-number-1").into()
        }));
        let shown = "the-api-k3y wrong-s3cret right-s3cret s3ssion-1 t0ken-number-1";
        assert!(!tokens.redactor().excerpt(shown).contains('3'));
        assert!(!format!("{tokens:?}").contains("s3cret"), "{tokens:?}");
    }

    #[test]
    fn failure_keeps_the_token_and_counts_for_earlier_requests() {
        let mut tokens = Tokens::fixed(token("first-t0ken"));
        let before = tokens.seen();
        assert_eq!(tokens.failure_since(before).map(|why| why.to_string()), None);
        tokens.answer(Err(failure("no login server")));
        assert_eq!(tokens.current(), Some(token("first-t0ken")));
        let why = tokens.failure_since(before).expect("it has failed since");
        assert_eq!(why.to_string(), "no login server");
        assert!(tokens.failure_since(tokens.seen()).is_none());
    }

    #[test]
    fn earlier_tokens_stay_hidden() {
        let mut tokens = Tokens::fixed(token("first-t0ken"));
        for text in ["second-t0ken", "second-t0ken", "third-t0ken"] {
            tokens.answer(Ok(token(text).into()));
        }
        let shown = tokens.redactor().excerpt("first-t0ken second-t0ken third-t0ken fourth-t0ken");
        assert_eq!(shown, "[token] [token] [token] fourth-t0ken");
        assert!(!format!("{tokens:?}").contains("t0ken"), "{tokens:?}");
    }

    #[test]
    fn token_in_use_stays_hidden_however_many_sessions_come_with_it() {
        let mut tokens = Tokens::default();
        for number in 0..100 {
            let session = Some(token(&format!("s3ssion-number-{number:03}")));
            tokens.answer(Ok(Issued { session, ..token("the-same-t0ken").into() }));
        }
        let shown = tokens.redactor().excerpt("the-same-t0ken s3ssion-number-099");
        assert_eq!(shown, "[token] [token]");
    }

    proptest! {
        /// Compares with a history of all answers.
        #[test]
        fn answer_since_agrees_with_the_history(
            answers in prop::collection::vec(prop::option::of(0_u8..3), 0..8),
            at in 0_usize..9,
        ) {
            let at = at.min(answers.len());
            let (mut tokens, mut seen) = (Tokens::default(), Seen::default());
            let mut sent = vec![None];
            for (index, answer) in answers.iter().enumerate() {
                if index == at {
                    seen = tokens.seen();
                }
                let issued = answer.map(|n| token(&n.to_string()).into());
                tokens.answer(issued.ok_or_else(|| failure("no")));
                sent.push(answer.or(sent[index]));
            }
            if at == answers.len() {
                seen = tokens.seen();
            }
            let is_changed = sent[at..].windows(2).any(|pair| pair[0] != pair[1]);
            let expected = match answers[at..].last() {
                None => None,
                _ if is_changed => Some(Ok(true)),
                Some(None) => Some(Err("no".to_owned())),
                Some(Some(_)) => Some(Ok(false)),
            };
            prop_assert_eq!(said(tokens.answer_since(seen)), expected);
            let current = sent[answers.len()].map(|n| token(&n.to_string()));
            prop_assert_eq!(tokens.current(), current);
        }
    }
}
