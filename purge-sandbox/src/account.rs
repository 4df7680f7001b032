//! Who may sign in, and the tokens that are accepted.

use std::collections::VecDeque;
use std::time::Duration;

use crate::admission::{Token, Verdict};

/// How long a token is valid if nothing else was set: the shorter of the two times that the service publishes.
const LIFETIME: Duration = Duration::from_secs(4 * 60 * 60);
/// How many issued tokens are remembered. The oldest are dropped, so that logins do not fill the memory.
const ISSUED: usize = 64;

/// An account with a key, a secret and its tokens.
#[derive(Debug)]
pub(crate) struct Account {
    pub(crate) key: String,
    pub(crate) secret: String,
    /// The token that is valid without a login.
    fixed: Token,
    /// The tokens that logins issued, oldest first.
    issued: VecDeque<Token>,
    logins: u64,
}

/// The result of a login.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Issued {
    pub(crate) token: String,
    pub(crate) session: String,
    pub(crate) lifetime: Duration,
}

impl Account {
    pub(crate) fn new(key: String, secret: String, fixed: Token) -> Self {
        Self { key, secret, fixed, issued: VecDeque::new(), logins: 0 }
    }

    pub(crate) fn fixed_token(&self) -> &str {
        &self.fixed.text
    }

    /// Accepts only this token from now on.
    pub(crate) fn replace(&mut self, text: String, now: Duration) {
        self.fixed.replace(text, now);
        self.issued.clear();
    }

    /// Issues a token with the lifetime of the fixed one, or 4 hours if that does not expire. Earlier tokens stay valid.
    pub(crate) fn issue(&mut self, now: Duration) -> Issued {
        self.logins += 1;
        let text = format!("{}-{}", self.fixed.text, self.logins);
        let session = format!("{}-session-{}", self.fixed.text, self.logins);
        let lifetime = self.fixed.lifetime().unwrap_or(LIFETIME);
        self.issued.push_back(self.fixed.another(text.clone(), now).valid_for(lifetime));
        while self.issued.len() > ISSUED {
            self.issued.pop_front();
        }
        Issued { token: text, session, lifetime }
    }

    /// Whether a client sent a token of this account, expired or not.
    pub(crate) fn is_known(&self, sent: &str) -> bool {
        self.fixed.is(sent) || self.issued.iter().any(|token| token.is(sent))
    }

    pub(crate) fn judge(&mut self, sent: &str, now: Duration) -> Verdict {
        let issued = self.issued.iter_mut().find(|token| token.is(sent));
        issued.unwrap_or(&mut self.fixed).judge(sent, now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn account(lifetime: Option<Duration>) -> Account {
        let fixed = Token::new("a".to_owned(), lifetime, None);
        Account::new("key".to_owned(), "secret".to_owned(), fixed)
    }

    #[test]
    fn issued_tokens_have_their_own_lifetime_and_the_fixed_one_stays_valid() {
        let mut account = account(Some(10 * SECOND));
        let first = account.issue(5 * SECOND);
        let second = account.issue(12 * SECOND);
        assert_eq!((first.lifetime, &*first.token, &*second.token), (10 * SECOND, "a-1", "a-2"));
        assert_eq!(account.judge("a", 9 * SECOND), Verdict::Valid);
        assert_eq!(account.judge("a", 10 * SECOND), Verdict::Expired);
        assert_eq!(account.judge(&first.token, 14 * SECOND), Verdict::Valid);
        assert_eq!(account.judge(&first.token, 15 * SECOND), Verdict::Expired);
        assert_eq!(account.judge(&second.token, 15 * SECOND), Verdict::Valid);
        assert_eq!(account.judge(&second.session, 15 * SECOND), Verdict::Wrong);
        assert!(account.is_known(&first.token) && !account.is_known("b"));
        account.replace("b".to_owned(), 16 * SECOND);
        assert_eq!(account.judge(&second.token, 16 * SECOND), Verdict::Wrong);
        assert_eq!(account.judge("b", 16 * SECOND), Verdict::Valid);
    }

    #[test]
    fn issued_token_expires_although_the_fixed_one_does_not() {
        let mut account = account(None);
        let first = account.issue(SECOND);
        assert_eq!(account.judge(&first.token, LIFETIME), Verdict::Valid);
        assert_eq!(account.judge(&first.token, LIFETIME + SECOND), Verdict::Expired);
        assert_eq!(account.judge("a", 1000 * LIFETIME), Verdict::Valid);
    }

    #[test]
    fn logins_do_not_fill_the_memory() {
        let mut account = account(None);
        let first = account.issue(SECOND);
        for _ in 0..ISSUED {
            assert_eq!(account.issue(SECOND).lifetime, LIFETIME);
        }
        assert_eq!(account.issued.len(), ISSUED);
        assert_eq!(account.judge(&first.token, SECOND), Verdict::Wrong);
        assert_eq!(account.judge("a-65", SECOND), Verdict::Valid);
    }
}
