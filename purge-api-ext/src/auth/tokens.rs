//! What is known about the token, as a plain value: the only place that decides which token is sent, and whether to ask
//! the provider.
//!
//! Nothing here waits, reads a clock or performs I/O. [`Credential`](super::credential::Credential) asks the provider,
//! and keeps this value behind one lock.

use purge_api::Token;

use crate::error::Error;
use crate::sanitize::Redactor;

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
    /// Removes the current token from texts, and earlier ones, which a late response may quote.
    redactor: Redactor,
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

    /// What the provider has answered so far, if there is no token.
    ///
    /// Both are read together. If the provider answered between two reads, it would be asked again.
    pub(super) fn missing(&self) -> Option<Seen> {
        self.current.is_none().then(|| self.seen())
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
    pub(super) fn answer(&mut self, answer: Result<Token, Error>) {
        self.answers += 1;
        match answer {
            Err(why) => self.failed = Some(why),
            Ok(token) => {
                self.failed = None;
                if self.current.as_ref() != Some(&token) {
                    self.redactor = self.redactor.with(&token);
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
        let start = tokens.missing().expect("there is none");
        assert_eq!(said(tokens.answer_since(start)), None);
        tokens.answer(Err(failure("no login server")));
        assert_eq!(said(tokens.answer_since(start)), Some(Err("no login server".to_owned())));
        let later = tokens.missing().expect("there is none yet");
        assert_eq!(said(tokens.answer_since(later)), None, "it is asked again");
        tokens.answer(Ok(token("first-t0ken")));
        assert_eq!(tokens.missing(), None);
        assert_eq!(said(tokens.answer_since(start)), Some(Ok(true)));
        assert_eq!(Tokens::fixed(token("a")).missing(), None);
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
            tokens.answer(Ok(token(text)));
        }
        let shown = tokens.redactor().excerpt("first-t0ken second-t0ken third-t0ken fourth-t0ken");
        assert_eq!(shown, "[token] [token] [token] fourth-t0ken");
        assert!(!format!("{tokens:?}").contains("t0ken"), "{tokens:?}");
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
                tokens.answer(answer.map(|n| token(&n.to_string())).ok_or_else(|| failure("no")));
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
