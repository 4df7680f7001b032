use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use secrecy::SecretString;
use secrecy::zeroize::Zeroizing;
use tokio::sync::oneshot;

use super::{MAX_BYTES, text_of};
use crate::error::{Error, ErrorKind};
use crate::sanitize::{Shown, excerpt, shown};

/// Reads a file on a thread of its own. The file may be a pipe that blocks its reader forever, and a blocked runtime
/// thread would keep the program from exiting.
///
/// Pipes are supported, since `--token-file <(login)` in a shell names one.
pub(super) async fn read(
    path: PathBuf,
    name: Shown,
    missing: Shown,
) -> Result<SecretString, Error> {
    let cannot = |error: &dyn std::fmt::Display| unreadable(&name, error);
    let (sender, receiver) = oneshot::channel();
    let read = {
        let name = name.clone();
        // If sending fails, the receiver has stopped waiting.
        move || drop(sender.send(read_now(&path, &name, &missing)))
    };
    std::thread::Builder::new().name("token".to_owned()).spawn(read).map_err(|e| cannot(&e))?;
    receiver.await.map_err(|e| cannot(&e))?
}

fn unreadable(name: &Shown, error: &dyn std::fmt::Display) -> Error {
    let message = shown!("{name} cannot be read: {error}", name, error = excerpt(error));
    Error::new(ErrorKind::InvalidInput, message)
}

fn read_now(path: &Path, name: &Shown, missing: &Shown) -> Result<SecretString, Error> {
    let cannot = |error: std::io::Error| unreadable(name, &error);
    let file = File::open(path).map_err(|error| unreadable(missing, &error))?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt as _;

        // Checks the open file, so that it cannot be replaced between the check and the read.
        let mode = file.metadata().map_err(cannot)?.mode();
        if mode & 0o077 != 0 {
            let mode = mode & 0o777;
            let message = shown!(
                "{name} can be used by others (mode {mode:03o}); run `chmod 600` on it",
                name,
                mode,
            );
            return Err(Error::new(ErrorKind::InvalidInput, message));
        }
    }
    // Allocated in full, since a growing buffer would leave copies behind.
    let mut bytes = Zeroizing::new(Vec::with_capacity(MAX_BYTES + 64));
    file.take(MAX_BYTES as u64 + 2).read_to_end(&mut bytes).map_err(cannot)?;
    text_of(&bytes, name)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::token::TokenProvider;

    /// A file that is removed after the test.
    struct Scratch(PathBuf);

    impl Scratch {
        fn new(test: &str, content: &[u8]) -> Self {
            let name = format!("purge-token-{test}-{}", std::process::id());
            let path = std::env::temp_dir().join(name);
            fs::write(&path, content).expect("a file");
            #[cfg(unix)]
            mode(&path, 0o600);
            Self(path)
        }
    }

    impl Drop for Scratch {
        fn drop(&mut self) {
            let _ = fs::remove_file(&self.0);
        }
    }

    #[cfg(unix)]
    fn mode(path: &Path, mode: u32) {
        use std::os::unix::fs::PermissionsExt as _;

        fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("a mode");
    }

    #[tokio::test]
    async fn token_is_read_again_each_time() {
        let file = Scratch::new("anew", b"c4nary\r\n");
        let provider = TokenProvider::from_file(&file.0);
        let first = provider.fetch().await.expect("a token");
        fs::write(&file.0, "fresh").expect("a file");
        let second = provider.fetch().await.expect("a token");
        assert_eq!((first.expose_secret(), second.expose_secret()), ("c4nary", "fresh"));
    }

    #[tokio::test]
    async fn unusable_files_are_refused_without_echo() {
        for content in [&b"c4nary\x07"[..], b"c4nary\xff", b"c4nary two", b"", &[b'c'; 70_000]] {
            let file = Scratch::new("unusable", content);
            let error = TokenProvider::from_file(&file.0).fetch().await.expect_err("no token");
            assert_eq!(error.kind(), ErrorKind::InvalidInput);
            let shown = format!("{error} {error:?}");
            assert!(!shown.contains("c4nary") && !shown.contains("ccc"), "{shown}");
        }
        let wide = |text: &str| text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<_>>();
        for (content, why) in [
            (wide("\u{feff}c4nary\r\n"), "it is UTF-16; write it as UTF-8"),
            (wide("c4nary"), "it is UTF-16; write it as UTF-8"),
            (b"\xfe\xff\0c\x004".to_vec(), "it is UTF-16; write it as UTF-8"),
            (b"\xef\xbb\xbf".to_vec(), "it is empty"),
        ] {
            let file = Scratch::new("encoding", &content);
            let error = TokenProvider::from_file(&file.0).fetch().await.expect_err("no token");
            let expected = format!("provided no usable token: {why}");
            assert!(error.to_string().ends_with(&expected), "{error}");
        }
        let file = Scratch::new("mark", b"\xef\xbb\xbfc4nary\r\n");
        let token = TokenProvider::from_file(&file.0).fetch().await.expect("a token");
        assert_eq!(token.expose_secret(), "c4nary");
        let error = TokenProvider::from_file("/not/there").fetch().await.expect_err("no file");
        assert!(error.to_string().starts_with("the token file `/not/there` cannot be read: "));
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn reading_a_folder_device_or_pipe_ends() {
        use std::time::Duration;

        let folder = std::env::temp_dir();
        let error = TokenProvider::from_file(&folder).fetch().await.expect_err("a folder");
        assert_eq!(error.kind(), ErrorKind::InvalidInput, "{error}");
        // It is refused because others can use it; otherwise, 64 KiB of it would be read.
        let error = TokenProvider::from_file("/dev/zero").fetch().await.expect_err("a device");
        assert_eq!(error.kind(), ErrorKind::InvalidInput, "{error}");
        let pipe = folder.join(format!("purge-token-pipe-{}", std::process::id()));
        let made = std::process::Command::new("mkfifo").args(["-m", "600"]).arg(&pipe).status();
        assert!(made.expect("mkfifo").success());
        let silent = TokenProvider::from_file(&pipe).timeout(Duration::from_millis(50));
        let error = silent.fetch().await.expect_err("nobody writes");
        let written = std::thread::spawn({
            let pipe = pipe.clone();
            move || fs::write(pipe, "c4nary\n")
        });
        written.join().expect("a thread").expect("the first reader takes it");
        fs::remove_file(&pipe).expect("a pipe");
        assert!(error.to_string().ends_with("returned no token within 50ms"), "{error}");
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn file_that_others_can_use_is_refused() {
        let file = Scratch::new("mode", b"c4nary");
        for (bits, refused) in [(0o640, true), (0o604, true), (0o620, true), (0o400, false)] {
            mode(&file.0, bits);
            let token = TokenProvider::from_file(&file.0).fetch().await;
            assert_eq!(token.is_err(), refused, "{bits:o}");
            if let Err(error) = token {
                let expected = format!("can be used by others (mode {bits:o}); run `chmod 600`");
                assert!(error.to_string().contains(&expected), "{error}");
            }
        }
    }
}
