use std::ffi::OsString;
use std::process::Stdio;

use futures_util::future::join3;
use secrecy::SecretString;
use secrecy::zeroize::Zeroizing;
use tokio::io::{AsyncRead, AsyncReadExt as _};
use tokio::process::Command;

use super::{MAX_BYTES, text_of};
use crate::error::{Error, ErrorKind};
use crate::sanitize::{Shown, excerpt, shown};
use crate::typed;

/// A program and its arguments, run without a shell.
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
        let printed = beginning(child.stdout.take(), MAX_BYTES + 2);
        let complained = beginning(child.stderr.take(), 4096);
        let (printed, complained, status) = join3(printed, complained, child.wait()).await;
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

/// Returns the first bytes of a pipe. The rest is read and discarded, since a full pipe would block its writer.
async fn beginning(pipe: Option<impl AsyncRead + Unpin>, most: usize) -> Zeroizing<Vec<u8>> {
    // Allocated in full, since a growing buffer would leave copies behind.
    let mut bytes = Zeroizing::new(Vec::with_capacity(most + 64));
    let Some(mut pipe) = pipe else { return bytes };
    // If reading fails, the token is incomplete and refused as unusable.
    let read = (&mut pipe).take(most as u64).read_to_end(&mut bytes).await;
    if read.is_ok_and(|read| read == most) {
        let _ = tokio::io::copy(&mut pipe, &mut tokio::io::sink()).await;
    }
    bytes
}

#[cfg(all(test, unix))]
mod tests {
    use std::time::{Duration, Instant};

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
    async fn hanging_command_times_out() {
        let started = Instant::now();
        let provider = TokenProvider::from_command("sleep", ["600"]);
        let error = provider.timeout(Duration::from_millis(50)).fetch().await.expect_err("late");
        assert_eq!(error.to_string(), "the token command `sleep` returned no token within 50ms");
        assert!(started.elapsed() < Duration::from_secs(60));
    }
}
