//! Where the bearer token comes from.

mod api_key;
mod command;
mod file;
#[cfg(test)]
mod tests;

use std::env;
use std::error::Error as StdError;
use std::ffi::{OsStr, OsString};
use std::fmt;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use purge_api::Token;
use secrecy::{ExposeSecret, SecretString};

use crate::error::{Error, ErrorKind};
use crate::sanitize::{Harmless, Shown, escaped, excerpt, shown};
pub(crate) use api_key::ApiKey;

/// Where a [`Client`](crate::Client) gets its bearer token from.
///
/// The service's tokens are valid for hours, but a program may run for months. Unless it is [fixed](Self::fixed), the
/// token is fetched when the first request needs one, and again when the service refuses it (401). If the token has
/// changed by then, the request is sent again with the new one. Requests that are refused at the same time fetch it
/// only once.
///
/// A user of the service's control panel has an API key and its secret, which are exchanged for tokens:
/// [`from_api_key`](Self::from_api_key).
///
/// ```
/// use purge_api_ext::{Client, TokenProvider};
///
/// let client = Client::builder(TokenProvider::from_file("/run/secrets/cdn-token")).build()?;
/// # Ok::<(), purge_api_ext::Error>(())
/// ```
///
/// A token is one word of visible ASCII characters, at most 64 KiB, without `Bearer`. Surrounding white space,
/// including line ends of any kind, is trimmed. Neither errors nor `Debug` ever show the token.
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
    ApiKey(SecretString, SecretString),
    ApiKeyFile(PathBuf),
}

/// What a source provides.
pub(crate) enum Provided {
    Token(Token),
    /// A key that must be exchanged for a token.
    Key(ApiKey),
}

type Function =
    dyn Fn() -> Pin<Box<dyn Future<Output = Result<SecretString, BoxError>> + Send>> + Send + Sync;

type BoxError = Box<dyn StdError + Send + Sync>;

/// Longer than any token. Anything longer is the wrong file, or the output of the wrong command.
const MAX_BYTES: usize = 64 * 1024;

impl TokenProvider {
    /// A token that never changes. You can also pass a `&str`, `String` or `SecretString` instead of a provider.
    pub fn fixed(token: impl Into<SecretString>) -> Self {
        Self::new(Source::Fixed(token.into()))
    }

    /// An environment variable of this process.
    pub fn from_env(variable: impl Into<OsString>) -> Self {
        Self::new(Source::Env(variable.into()))
    }

    /// A file that contains the token and nothing else. On Unix, the file is refused if anyone but its owner can use
    /// it.
    pub fn from_file(path: impl Into<PathBuf>) -> Self {
        Self::new(Source::File(path.into()))
    }

    /// A command that prints the token and nothing else, such as that of a secret store. It is run without a shell. If
    /// it fails, the error shows its standard error, never its standard output.
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

    /// An API key and its secret, as the service's control panel shows them. The [`Client`](crate::Client) signs in with
    /// them at its own base URL and nowhere else, and does so again shortly before the token expires: after four fifths
    /// of its lifetime, but at most 5 minutes early.
    ///
    /// Requests wait for one login together. If the service refuses the key or its secret, that is remembered: the same
    /// pair is not sent again. Requests then fail with [`ErrorKind::Unauthorized`].
    ///
    /// ```
    /// use purge_api_ext::{Client, TokenProvider};
    ///
    /// let client = Client::builder(TokenProvider::from_api_key("key", "secret")).build()?;
    /// # Ok::<(), purge_api_ext::Error>(())
    /// ```
    pub fn from_api_key(key: impl Into<SecretString>, secret: impl Into<SecretString>) -> Self {
        Self::new(Source::ApiKey(key.into(), secret.into()))
    }

    /// Like [`from_api_key`](Self::from_api_key), with a file that contains the key and the secret as two lines of TOML.
    /// It is read for each login. On Unix, the file is refused if anyone but its owner can use it.
    ///
    /// ```toml
    /// api-key = "…"
    /// api-secret = "…"
    /// ```
    pub fn from_api_key_file(path: impl Into<PathBuf>) -> Self {
        Self::new(Source::ApiKeyFile(path.into()))
    }

    /// An asynchronous function, for example one that asks a secret store. If it fails, its error message is shown.
    ///
    /// ```
    /// use purge_api_ext::{Client, TokenProvider};
    ///
    /// # async fn read_secret() -> std::io::Result<String> { Ok(String::new()) }
    /// let client = Client::builder(TokenProvider::from_fn(|| async { read_secret().await })).build()?;
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

    /// How long fetching a token may take; reading its file, for an API key. Default: 30 s.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// Whether another provider has the same source, and so returns the same token.
    pub(crate) fn has_source_of(&self, other: &Self) -> bool {
        use Source::{ApiKey, ApiKeyFile, Command, Env, File, Fixed, Function};

        let same =
            |one: &SecretString, other: &SecretString| one.expose_secret() == other.expose_secret();
        match (&self.source, &other.source) {
            (Fixed(one), Fixed(other)) => same(one, other),
            (Env(one), Env(other)) => one == other,
            (File(one), File(other)) | (ApiKeyFile(one), ApiKeyFile(other)) => one == other,
            (Command(one), Command(other)) => one == other,
            (Function(one), Function(other)) => Arc::ptr_eq(one, other),
            (ApiKey(key, secret), ApiKey(other, its)) => same(key, other) && same(secret, its),
            _ => false,
        }
    }

    /// Whether it signs in with an API key.
    pub(crate) fn is_key(&self) -> bool {
        matches!(self.source, Source::ApiKey(..) | Source::ApiKeyFile(_))
    }

    fn new(source: Source) -> Self {
        Self { source, timeout: Duration::from_secs(30) }
    }

    /// The token, if it need not be fetched. A token or a key that was given is checked here.
    pub(crate) fn known(&self) -> Result<Option<Token>, Error> {
        match &self.source {
            Source::Fixed(token) => match parse(trimmed(token)) {
                Ok(token) => Ok(Some(token)),
                Err(why) => {
                    let message = shown!("the token cannot be used: {why}", why);
                    Err(Error::new(ErrorKind::InvalidInput, message))
                }
            },
            Source::ApiKey(key, secret) => ApiKey::new(key, secret).map(|_| None),
            _ => Ok(None),
        }
    }

    /// Fetches the token, or the key to exchange for one.
    pub(crate) async fn provide(&self) -> Result<Provided, Error> {
        let read = tokio::time::timeout(self.timeout, self.source.provide());
        read.await.unwrap_or_else(|_| {
            let (name, limit) = (self.source.name(), humantime::format_duration(self.timeout));
            let message = shown!("{name} returned no token within {limit}", name, limit);
            Err(Error::new(ErrorKind::Unauthorized, message))
        })
    }

    /// Fetches the token of a source that has one.
    #[cfg(test)]
    pub(crate) async fn fetch(&self) -> Result<Token, Error> {
        match self.provide().await? {
            Provided::Token(token) => Ok(token),
            Provided::Key(_) => panic!("a key is not a token"),
        }
    }
}

fn trimmed(token: &SecretString) -> &str {
    // Windows programs write a byte order mark, which `trim` does not remove.
    let token = token.expose_secret();
    token.strip_prefix('\u{feff}').unwrap_or(token).trim()
}

/// Parses a token. The error does not quote the text.
pub(crate) fn parse(text: &str) -> Result<Token, Shown> {
    let is_scheme = |start: &str| start.eq_ignore_ascii_case("bearer");
    if text.split_ascii_whitespace().next().is_some_and(is_scheme) {
        return Err("it begins with `Bearer`: remove that".into());
    }
    if let Some(why) = crate::typed::unfilled(text) {
        return Err(shown!("it {why}", why));
    }
    Token::new(text).map_err(|error| shown!("it {why}", why = error.why()))
}

fn unusable(name: &Shown, why: impl Harmless) -> Error {
    Error::new(ErrorKind::InvalidInput, shown!("{name} provided no usable token: {why}", name, why))
}

impl Source {
    async fn provide(&self) -> Result<Provided, Error> {
        let token = match self {
            Self::ApiKey(key, secret) => return ApiKey::new(key, secret).map(Provided::Key),
            Self::ApiKeyFile(path) => {
                let text = file::read(path.clone(), self.name(), self.missing()).await?;
                let key = ApiKey::from_toml(text.expose_secret());
                return key.map(Provided::Key).map_err(|why| {
                    let message = shown!("{name} cannot be used: {why}", name = self.name(), why);
                    Error::new(ErrorKind::InvalidInput, message)
                });
            }
            Self::Fixed(token) => Ok(token.clone()),
            Self::Env(variable) => match env::var(variable) {
                Ok(token) => Ok(token.into()),
                Err(env::VarError::NotPresent) => Err(Error::new(
                    ErrorKind::InvalidInput,
                    shown!("{name} is not set; set it to the token", name = self.name()),
                )),
                // The message of this error shows the value.
                Err(env::VarError::NotUnicode(_)) => Err(not_text(&self.name())),
            },
            Self::File(path) => file::read(path.clone(), self.name(), self.missing()).await,
            Self::Command(command) => command.run(&self.name(), &self.missing()).await,
            Self::Function(function) => function().await.map_err(|error| {
                let (name, why) = (self.name(), excerpt(&error));
                let message = shown!("{name} failed: {why}", name, why);
                Error::new(ErrorKind::Unauthorized, message).with_source(error)
            }),
        }?;
        self.parsed(&token).map(Provided::Token)
    }

    /// Checks a token that was read.
    fn parsed(&self, token: &SecretString) -> Result<Token, Error> {
        let trimmed = trimmed(token);
        if trimmed.len() > MAX_BYTES {
            let message = shown!("{name} provided more than 64 KiB", name = self.name());
            return Err(Error::new(ErrorKind::InvalidInput, message));
        }
        parse(trimmed).map_err(|why| unusable(&self.name(), why))
    }

    /// The name, in messages, of a source that cannot be opened or started: its name may be the token itself.
    fn missing(&self) -> Shown {
        match self {
            Self::File(path) if looks_like_token(path.as_os_str()) => {
                "the token file (its name looks like a token and is not shown)".into()
            }
            Self::ApiKeyFile(path) if looks_like_token(path.as_os_str()) => {
                "the API key file (its name looks like a token and is not shown)".into()
            }
            Self::Command(command) if looks_like_token(&command.program) => {
                "the token command (its name looks like a token and is not shown)".into()
            }
            _ => self.name(),
        }
    }

    /// The name of the source in messages.
    fn name(&self) -> Shown {
        match self {
            Self::Fixed(_) => "the fixed token".into(),
            Self::Env(name) => {
                shown!("the environment variable `{name}`", name = escaped(&name.to_string_lossy()))
            }
            Self::File(path) => {
                shown!("the token file `{name}`", name = escaped(&path.to_string_lossy()))
            }
            Self::Command(command) => {
                let program = escaped(&command.program.to_string_lossy());
                shown!("the token command `{program}`", program)
            }
            Self::Function(_) => "the token function".into(),
            Self::ApiKey(..) => "the API key".into(),
            Self::ApiKeyFile(path) => {
                shown!("the API key file `{name}`", name = escaped(&path.to_string_lossy()))
            }
        }
    }
}

/// Whether the name of a file or program looks like a token that was passed by mistake. Such a name is not shown.
fn looks_like_token(name: &OsStr) -> bool {
    const SHORTEST: usize = 20;

    let Some(text) = name.to_str() else { return false };
    let of_a_token = |c: char| c.is_ascii_alphanumeric() || "-._~+=".contains(c);
    // Some tokens contain slashes, so each part is checked.
    let random = |part: &str| {
        part.len() >= SHORTEST
            && part.chars().all(of_a_token)
            && part.contains(|c: char| c.is_ascii_digit())
            && part.contains(|c: char| c.is_ascii_alphabetic())
    };
    let folder = Path::new(text).parent().filter(|folder| !folder.as_os_str().is_empty());
    matches!(crate::typed::without_tokens(text), std::borrow::Cow::Owned(_))
        || text.to_ascii_lowercase().starts_with("bearer ")
        || (!folder.is_some_and(Path::is_dir) && text.split('/').any(random))
}

fn not_text(name: &Shown) -> Error {
    unusable(name, "it is not UTF-8")
}

/// Converts the bytes to text, without leaving a copy behind.
fn text_of(bytes: &[u8], name: &Shown) -> Result<SecretString, Error> {
    // PowerShell writes UTF-16, with or without a byte order mark: for ASCII, every second byte is zero.
    let zeros = |odd: usize| bytes.iter().skip(odd).step_by(2).take(8).all(|&byte| byte == 0);
    let marked = bytes.starts_with(b"\xff\xfe") || bytes.starts_with(b"\xfe\xff");
    if marked || (bytes.len() > 1 && (zeros(0) || zeros(1))) {
        return Err(unusable(name, "it is UTF-16; write it as UTF-8"));
    }
    std::str::from_utf8(bytes).map(Into::into).map_err(|_| not_text(name))
}

impl fmt::Debug for TokenProvider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TokenProvider::")?;
        match &self.source {
            Source::Fixed(_) => f.write_str("fixed(..)"),
            Source::Env(variable) => write!(f, "from_env({variable:?})"),
            Source::File(path) if looks_like_token(path.as_os_str()) => {
                f.write_str("from_file(..)")
            }
            Source::Command(command) if looks_like_token(&command.program) => {
                f.write_str("from_command(..)")
            }
            Source::File(path) => write!(f, "from_file({path:?})"),
            // An argument may be a secret, too.
            Source::Command(command) => write!(f, "from_command({:?}, ..)", command.program),
            Source::Function(_) => f.write_str("from_fn(..)"),
            Source::ApiKey(..) => f.write_str("from_api_key(..)"),
            Source::ApiKeyFile(path) if looks_like_token(path.as_os_str()) => {
                f.write_str("from_api_key_file(..)")
            }
            Source::ApiKeyFile(path) => write!(f, "from_api_key_file({path:?})"),
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
