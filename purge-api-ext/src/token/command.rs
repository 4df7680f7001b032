use std::ffi::OsString;
use std::pin::pin;
use std::process::Stdio;
use std::time::Duration;

use futures_util::future::{Either, join, select};
use secrecy::SecretString;
use secrecy::zeroize::Zeroizing;
use tokio::io::{AsyncRead, AsyncReadExt as _};
use tokio::process::Command;
use tokio::time::timeout;

use super::{MAX_BYTES, text_of};
use crate::error::{Error, ErrorKind};
use crate::sanitize::{Shown, excerpt, shown};
use crate::typed;

/// How long the output of a command is read after its exit. A process that it has started, such as an agent, may keep its
/// pipes open forever.
const AFTER_EXIT: Duration = Duration::from_secs(1);

/// A program and its arguments, run without a shell.
#[derive(PartialEq)]
pub(super) struct TokenCommand {
    pub(super) program: OsString,
    pub(super) arguments: Vec<OsString>,
}

impl TokenCommand {
    /// Runs the command to completion. Dropping the future kills it.
    pub(super) async fn run(&self, name: &Shown, missing: &Shown) -> Result<SecretString, Error> {
        let mut command = Command::new(&self.program);
        command.args(&self.arguments).kill_on_drop(true);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().map_err(|error| {
            let why = excerpt(&error);
            let message = shown!("{missing} cannot be started: {why}", missing, why);
            Error::new(ErrorKind::InvalidInput, message)
        })?;
        let (mut printed, mut complained) = (Beginning::new(MAX_BYTES + 2), Beginning::new(4096));
        let reading = join(printed.read(child.stdout.take()), complained.read(child.stderr.take()));
        let status = match select(pin!(child.wait()), pin!(reading)).await {
            Either::Left((status, reading)) => {
                // Whatever it has printed is in the pipes by now.
                let _ = timeout(AFTER_EXIT, reading).await;
                status
            }
            Either::Right((_, wait)) => wait.await,
        };
        let (printed, complained) = (printed.bytes, complained.bytes);
        let failed = |why: Shown| {
            Error::new(ErrorKind::Unauthorized, shown!("{name} failed {why}", name, why))
        };
        let status = status.map_err(|error| {
            failed(shown!("({error}); run it to see why", error = excerpt(&error)))
        })?;
        if !status.success() {
            let how = match status.code() {
                Some(code) => shown!("with exit status {code}", code),
                None => shown!("({status})", status = excerpt(&status)),
            };
            let said = typed::in_message(&String::from_utf8_lossy(&complained));
            let said = match said.is_empty() {
                true => "; run it to see why".into(),
                false => Shown::after_colon(Some(said)),
            };
            return Err(failed(shown!("{how}{said}", how, said)));
        }
        text_of(&printed, name)
    }
}

/// The first bytes from a pipe.
struct Beginning {
    bytes: Zeroizing<Vec<u8>>,
    most: usize,
}

impl Beginning {
    fn new(most: usize) -> Self {
        // Allocated in full, since a growing buffer would leave copies behind.
        Self { bytes: Zeroizing::new(Vec::with_capacity(most + 64)), most }
    }

    /// Reads to the end of the pipe. Further bytes are discarded, since a full pipe would block its writer. If this is
    /// dropped, what was read is kept.
    async fn read(&mut self, pipe: Option<impl AsyncRead + Unpin>) {
        let Some(mut pipe) = pipe else { return };
        let mut first = (&mut pipe).take(self.most as u64);
        // If reading fails, the token is incomplete and refused as unusable.
        while let Ok(1..) = first.read_buf(&mut *self.bytes).await {}
        let _ = tokio::io::copy(&mut pipe, &mut tokio::io::sink()).await;
    }
}

#[cfg(all(test, unix))]
mod tests {
    use std::time::Instant;

    use super::*;
    use crate::token::TokenProvider;

    fn sh(script: &str) -> TokenProvider {
        TokenProvider::from_command("sh", ["-c", script])
    }

    #[tokio::test]
    async fn output_is_the_token() {
        let token = sh(r"echo noise >&2; printf ' c4nary\r\n'").fetch().await.expect("a token");
        assert_eq!(token.expose_secret(), "c4nary");
        let plain = TokenProvider::from_command("echo", ["c4nary;$HOME"]).fetch().await;
        assert_eq!(plain.expect("a token").expose_secret(), "c4nary;$HOME", "no shell reads it");
    }

    #[tokio::test]
    async fn failure_shows_standard_error_and_never_standard_output() {
        let script = r"echo c4nary; printf 'not \033[1mlogged in\n' >&2; exit 7";
        let error = sh(script).fetch().await.expect_err("a failure");
        assert_eq!(error.kind(), ErrorKind::Unauthorized);
        assert_eq!(
            error.to_string(),
            r"the token command `sh` failed with exit status 7: not \u{1b}[1mlogged in"
        );
        for (script, why) in [
            ("exit 3", "with exit status 3; run it to see why"),
            ("kill -9 $$", "(signal: 9 (SIGKILL)); run it to see why"),
        ] {
            let error = sh(script).fetch().await.expect_err("a failure").to_string();
            assert_eq!(error, format!("the token command `sh` failed {why}"));
        }
        assert!(!format!("{error:?}").contains("c4nary"));
    }

    #[tokio::test]
    async fn unusable_output_is_refused_without_echo() {
        for script in ["true", "echo c4nary two", "yes c4nary | head -c 1000000"] {
            let error = sh(script).fetch().await.expect_err(script);
            assert_eq!(error.kind(), ErrorKind::InvalidInput, "{script}");
            assert!(!format!("{error} {error:?}").contains("c4nary"), "{error:?}");
        }
        let error = TokenProvider::from_command("/not/there", [""; 0]).fetch().await;
        let error = error.expect_err("no program");
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
        assert!(error.to_string().starts_with("the token command `/not/there` cannot be started"));
    }

    #[tokio::test]
    async fn agent_that_keeps_the_output_open_is_not_waited_for() {
        let started = Instant::now();
        let agent = |script| sh(script).timeout(Duration::from_secs(60));
        let token = agent("sleep 60 & echo c4nary; echo $! >&2").fetch().await.expect("a token");
        assert_eq!(token.expose_secret(), "c4nary");
        let error = agent("sleep 60 & echo no agent >&2; exit 7").fetch().await.expect_err("7");
        assert!(error.to_string().ends_with("failed with exit status 7: no agent"), "{error}");
        assert!(started.elapsed() < Duration::from_secs(30));
    }

    #[tokio::test]
    async fn hanging_command_times_out() {
        let started = Instant::now();
        let provider = TokenProvider::from_command("sleep", ["600"]);
        let error = provider.timeout(Duration::from_millis(50)).fetch().await.expect_err("late");
        assert_eq!(error.to_string(), "the token command `sleep` returned no token within 50ms");
        assert!(started.elapsed() < Duration::from_secs(60));
    }
}
