//! Where the bearer token comes from.

mod command;
mod file;

use std::env;
use std::error::Error as StdError;
use std::ffi::OsString;
use std::fmt;
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use purge_api::Bearer;
use secrecy::{ExposeSecret, SecretString};

use crate::text::{escape, excerpt};
use crate::{Error, ErrorKind};

/// Where a [`Client`](crate::Client) gets its bearer token from.
///
/// The service's tokens live for hours, a program may run for months. All but a [fixed](Self::fixed) token
/// are fetched when the first request needs one, and once more when the service refuses it (401): if the
/// token is another one by then, the request is sent again with it. Requests that are refused at the same
/// time fetch it only once.
///
/// ```
/// use purge_api_ext::{Client, TokenProvider};
///
/// let client = Client::builder(TokenProvider::from_file("/run/secrets/cdn-token")).build()?;
/// # Ok::<(), purge_api_ext::Error>(())
/// ```
///
/// A token is one word of visible ASCII characters, at most 64 KiB, without `Bearer`. White space around
/// it is dropped, line ends of any kind included. It is shown in no error and no `Debug`.
#[derive(Clone)]
#[must_use]
pub struct TokenProvider {
    source: Source,
    timeout: Duration,
}

#[derive(Clone)]
enum Source {
    Fixed(SecretString),
    Env(OsString),
    File(PathBuf),
    Command(Arc<command::TokenCommand>),
    Function(Arc<Function>),
}

type Function =
    dyn Fn() -> Pin<Box<dyn Future<Output = Result<SecretString, BoxError>> + Send>> + Send + Sync;

type BoxError = Box<dyn StdError + Send + Sync>;

/// More than any token has; what is longer is another file, or another command's output.
const MAX_BYTES: usize = 64 * 1024;

impl TokenProvider {
    /// A token that never changes. A `&str`, `String` or `SecretString` can be given in its place.
    pub fn fixed(token: impl Into<SecretString>) -> Self {
        Self::new(Source::Fixed(token.into()))
    }

    /// An environment variable of this process.
    pub fn from_env(variable: impl Into<OsString>) -> Self {
        Self::new(Source::Env(variable.into()))
    }

    /// A file that holds the token and nothing else. On Unix it is refused when others than its owner may
    /// use it.
    pub fn from_file(path: impl Into<PathBuf>) -> Self {
        Self::new(Source::File(path.into()))
    }

    /// A command that prints the token and nothing else, such as that of a secret store. No shell reads the
    /// arguments. When it fails, what it wrote to its standard error is shown, never what it printed.
    ///
    /// ```
    /// use purge_api_ext::TokenProvider;
    ///
    /// let vault = TokenProvider::from_command("vault", ["kv", "get", "-field=token", "secret/cdn"]);
    /// assert_eq!(format!("{vault:?}"), r#"TokenProvider::from_command("vault", ..)"#);
    /// ```
    pub fn from_command(
        program: impl Into<OsString>,
        arguments: impl IntoIterator<Item = impl Into<OsString>>,
    ) -> Self {
        let arguments = arguments.into_iter().map(Into::into).collect();
        let command = command::TokenCommand { program: program.into(), arguments };
        Self::new(Source::Command(Arc::new(command)))
    }

    /// An asynchronous function of the program, for example one that exchanges a key for a token. The text
    /// of its error is shown.
    ///
    /// ```
    /// use purge_api_ext::{Client, TokenProvider};
    ///
    /// # async fn log_in() -> std::io::Result<String> { Ok(String::new()) }
    /// let client = Client::builder(TokenProvider::from_fn(|| async { log_in().await })).build()?;
    /// # Ok::<(), purge_api_ext::Error>(())
    /// ```
    pub fn from_fn<F, T, E>(function: impl Fn() -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Result<T, E>> + Send + 'static,
        T: Into<SecretString>,
        E: Into<Box<dyn StdError + Send + Sync>>,
    {
        Self::new(Source::Function(Arc::new(move || {
            let token = function();
            Box::pin(async move { token.await.map(Into::into).map_err(Into::into) })
        })))
    }

    /// How long fetching a token may take. Default: 30 s.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    fn new(source: Source) -> Self {
        Self { source, timeout: Duration::from_secs(30) }
    }

    /// The token that needs no fetching.
    pub(crate) fn known(&self) -> Option<&SecretString> {
        match &self.source {
            Source::Fixed(token) => Some(token),
            _ => None,
        }
    }

    /// Fetches the token, which surely can stand in a header.
    pub(crate) async fn fetch(&self) -> Result<SecretString, Error> {
        let token =
            tokio::time::timeout(self.timeout, self.source.read()).await.map_err(|_| {
                let limit = humantime::format_duration(self.timeout);
                let message = format!("{} gave no token within {limit}", self.source.name());
                Error::new(ErrorKind::Unauthorized, message)
            })??;
        match token.expose_secret().trim() {
            trimmed if trimmed.len() > MAX_BYTES => {
                let message = format!("{} gave more than 64 KiB", self.source.name());
                Err(Error::new(ErrorKind::InvalidInput, message))
            }
            trimmed => {
                Bearer::new(trimmed).map_err(|error| {
                    let message = format!("{} gave no usable token: {error}", self.source.name());
                    Error::new(ErrorKind::InvalidInput, message)
                })?;
                Ok(trimmed.into())
            }
        }
    }
}

impl Source {
    async fn read(&self) -> Result<SecretString, Error> {
        match self {
            Self::Fixed(token) => Ok(token.clone()),
            Self::Env(variable) => match env::var(variable) {
                Ok(token) => Ok(token.into()),
                Err(env::VarError::NotPresent) => Err(Error::new(
                    ErrorKind::InvalidInput,
                    format!("{} is not set; set it to the token", self.name()),
                )),
                // The text of this error shows the value.
                Err(env::VarError::NotUnicode(_)) => Err(not_text(&self.name())),
            },
            Self::File(path) => file::read(path.clone(), self.name()).await,
            Self::Command(command) => command.run(&self.name()).await,
            Self::Function(function) => function().await.map_err(|error| {
                let message = format!("{} failed: {}", self.name(), excerpt(&error.to_string()));
                Error::new(ErrorKind::Unauthorized, message).with_source(error)
            }),
        }
    }

    /// How messages call it.
    fn name(&self) -> String {
        match self {
            Self::Fixed(_) => "the fixed token".to_owned(),
            Self::Env(name) => {
                format!("the environment variable `{}`", escape(&name.to_string_lossy()))
            }
            Self::File(path) => format!("the token file `{}`", escape(&path.to_string_lossy())),
            Self::Command(command) => {
                format!("the token command `{}`", escape(&command.program.to_string_lossy()))
            }
            Self::Function(_) => "the token function".to_owned(),
        }
    }
}

fn not_text(name: &str) -> Error {
    Error::new(ErrorKind::InvalidInput, format!("{name} gave no usable token: it is not UTF-8"))
}

/// Takes what was read as text, and leaves no copy of it behind.
fn text_of(bytes: &[u8], name: &str) -> Result<SecretString, Error> {
    std::str::from_utf8(bytes).map(Into::into).map_err(|_| not_text(name))
}

impl fmt::Debug for TokenProvider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TokenProvider::")?;
        match &self.source {
            Source::Fixed(_) => f.write_str("fixed(..)"),
            Source::Env(variable) => write!(f, "from_env({variable:?})"),
            Source::File(path) => write!(f, "from_file({path:?})"),
            // Whoever passes a secret to the command does not want it to be shown either.
            Source::Command(command) => write!(f, "from_command({:?}, ..)", command.program),
            Source::Function(_) => f.write_str("from_fn(..)"),
        }
    }
}

impl From<SecretString> for TokenProvider {
    fn from(token: SecretString) -> Self {
        Self::fixed(token)
    }
}

impl From<String> for TokenProvider {
    fn from(token: String) -> Self {
        Self::fixed(token)
    }
}

impl From<&str> for TokenProvider {
    fn from(token: &str) -> Self {
        Self::fixed(token)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn tokens_are_trimmed_and_refused_without_echo() {
        let fetch = async |text: &str| {
            let text = text.to_owned();
            let provider = TokenProvider::from_fn(move || {
                std::future::ready(Ok::<_, std::convert::Infallible>(text.clone()))
            });
            provider.fetch().await.map(|token| token.expose_secret().to_owned())
        };
        for text in ["c4nary", "c4nary\n", "c4nary\r\n", " \t c4nary \r\n\r\n"] {
            assert_eq!(fetch(text).await.expect("a token"), "c4nary", "{text:?}");
        }
        for text in ["", "\n", "c4nary two", "c4nary\u{0}", "c4nary\nc4nary", "c4narý"] {
            let error = fetch(text).await.expect_err("no token");
            assert_eq!(error.kind(), ErrorKind::InvalidInput, "{text:?}");
            assert!(!format!("{error} {error:?}").contains("c4nar"), "{error:?}");
        }
        let error = fetch(&"a".repeat(MAX_BYTES + 1)).await.expect_err("too long");
        assert_eq!(error.to_string(), "the token function gave more than 64 KiB");
    }

    #[tokio::test]
    async fn environment_variables() {
        // Cargo sets this one for every test.
        let provider = TokenProvider::from_env("CARGO_PKG_NAME");
        let token = provider.fetch().await.expect("a token");
        assert_eq!(token.expose_secret(), "purge-api-ext");
        let error = TokenProvider::from_env("NO_SUCH\nVARIABLE").fetch().await.expect_err("unset");
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
        assert_eq!(
            error.to_string(),
            r"the environment variable `NO_SUCH\nVARIABLE` is not set; set it to the token"
        );
    }

    #[tokio::test]
    async fn functions_can_fail() {
        let provider = TokenProvider::from_fn(|| async {
            Err::<String, _>(std::io::Error::other("the login server\nis down"))
        });
        let error = provider.fetch().await.expect_err("down");
        assert_eq!(error.kind(), ErrorKind::Unauthorized);
        assert_eq!(error.to_string(), r"the token function failed: the login server\nis down");
    }

    #[tokio::test(start_paused = true)]
    async fn functions_have_a_deadline() {
        let provider = TokenProvider::from_fn(std::future::pending::<Result<String, BoxError>>);
        let started = tokio::time::Instant::now();
        let error = provider.fetch().await.expect_err("too late");
        assert_eq!(error.to_string(), "the token function gave no token within 30s");
        assert_eq!(started.elapsed().as_secs(), 30);
    }

    #[test]
    fn debug_shows_no_secret() {
        let shown = |provider: TokenProvider| format!("{provider:?}");
        assert_eq!(shown("c4nary".into()), "TokenProvider::fixed(..)");
        assert_eq!(shown(String::from("c4nary").into()), "TokenProvider::fixed(..)");
        assert_eq!(shown(SecretString::from("c4nary").into()), "TokenProvider::fixed(..)");
        let command = TokenProvider::from_command("login", ["--key", "c4nary"]);
        assert_eq!(shown(command), r#"TokenProvider::from_command("login", ..)"#);
        assert_eq!(shown(TokenProvider::from_env("A")), r#"TokenProvider::from_env("A")"#);
        assert_eq!(shown(TokenProvider::from_file("a")), r#"TokenProvider::from_file("a")"#);
    }
}
