//! Journal files that are not private files of the user: nothing is sent, and the files stay unchanged.

use std::fs::{self, Permissions};
use std::os::unix::fs::{FileTypeExt as _, PermissionsExt as _, symlink};
use std::path::Path;

use purge_api_ext::{ErrorKind, Journal};
use purge_sandbox::Sandbox;
use purge_tests::cli::Run;

use super::{Folder, check};
use crate::account::{plan, posts, purge_at, site};
use crate::{ORGANIZATION, PURGE, RESOURCE};

fn mode(path: &Path) -> u32 {
    fs::metadata(path).expect("a file").permissions().mode() & 0o7777
}

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode)).expect("a mode");
}

/// Checks that neither a new nor an existing journal can have this name.
fn refused(path: &Path, expected: &str) {
    for opened in [Journal::create(path), Journal::open(path)] {
        let error = opened.expect_err(expected);
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
        assert!(error.to_string().contains(expected), "{error}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn new_file_is_private_whatever_the_umask() {
    for umask in ["000", "022", "277", "777"] {
        let sandbox = Sandbox::start().await.expect("a sandbox");
        let folder = Folder::new();
        let script = format!("umask {umask}; exec \"$@\"");
        let journal = folder.text();
        let arguments = ["-c", &script, "sh", PURGE, "create", "/a", "--journal", &journal];
        let run = Run::new("sh", arguments);
        let run = run.account(sandbox.base_url(), sandbox.token(), ORGANIZATION, RESOURCE);
        check(&run.end().await, 0, "");
        assert_eq!(mode(&folder.journal()), 0o600, "{umask}");
        check(&purge_at(&sandbox, &["resume", &journal]).end().await, 0, "0 requests left");
    }
}

#[test]
fn existing_file_keeps_its_mode() {
    let folder = Folder::new();
    let journal = folder.journal();
    fs::write(&journal, "").expect("a file");
    for open in [0o644, 0o640, 0o606, 0o601] {
        set_mode(&journal, open);
        let error = Journal::create(&journal).expect_err("others can use it").to_string();
        let expected = format!("can be used by others (mode {open:o}); run `chmod 600` on it");
        assert!(error.contains(&expected), "{error}");
        assert_eq!(mode(&journal), open);
    }
    // A program that reserves a name creates it like this.
    for private in [0o600, 0o700] {
        set_mode(&journal, private);
        drop(Journal::create(&journal).expect("an empty file"));
        assert_eq!(mode(&journal), private);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn journal_that_others_can_write_is_refused() {
    let sandbox = Sandbox::start().await.expect("a sandbox");
    let folder = Folder::new();
    let journal = folder.journal();
    let purge = site(sandbox.base_url()).purge(plan(1, 1));
    assert!(purge.journal(Journal::create(&journal).expect("a journal")).await.is_success());
    for open in [0o620, 0o602, 0o664, 0o666, 0o777] {
        set_mode(&journal, open);
        let ended = purge_at(&sandbox, &["resume", &folder.text()]).end().await;
        let expected = format!(
            "can be written by others (mode {open:o}); if you trust its contents, run `chmod 600` on it"
        );
        check(&ended, 2, &expected);
        assert_eq!(mode(&journal), open);
    }
    // An archive may have restored it like this.
    for closed in [0o600, 0o644, 0o755] {
        set_mode(&journal, closed);
        drop(Journal::open(&journal).expect("a journal"));
        assert_eq!(mode(&journal), closed);
    }
    // Only root can change the owner of a file; the rule itself has a unit test that does not need to.
    if std::os::unix::fs::chown(&journal, Some(12_345), None).is_ok() {
        let ended = purge_at(&sandbox, &["resume", &folder.text()]).end().await;
        let expected = "belongs to another user (ID 12345, you are 0); if you trust its contents, copy it \
                        and resume the copy";
        check(&ended, 2, expected);
    }
    assert_eq!(posts(&sandbox).len(), 1);
}

#[test]
fn links_are_not_followed() {
    let folder = Folder::new();
    let (target, link) = (folder.path().join("target"), folder.journal());
    symlink(&target, &link).expect("a link");
    refused(&link, "is a symbolic link; name the file that it leads to");
    assert!(!target.exists(), "it was made through the link");
    fs::write(&target, "").expect("a file");
    set_mode(&target, 0o644);
    refused(&link, "is a symbolic link");
    assert_eq!(mode(&target), 0o644);
    fs::remove_file(&link).expect("a link");

    set_mode(&target, 0o600);
    fs::hard_link(&target, &link).expect("another name");
    refused(&link, "has several names (hard links); copy it, and name the copy");
    // A link in a parent folder is the user's own choice.
    let folders = folder.path().join("folders");
    symlink(folder.path(), &folders).expect("a link");
    drop(Journal::create(folders.join("new")).expect("a journal"));
}

#[test]
fn only_a_regular_file_can_be_a_journal() {
    let folder = Folder::new();
    refused(folder.path(), "is a folder; name a file");
    // A pipe with no reader or writer at its other end.
    let pipe = folder.path().join("pipe");
    let made = std::process::Command::new("mkfifo").arg("-m644").arg(&pipe).status();
    assert!(made.expect("mkfifo").success());
    refused(&pipe, "is not a regular file, but a device or a pipe; name a file");
    assert!(fs::metadata(&pipe).expect("a pipe").file_type().is_fifo());
    assert_eq!(mode(&pipe), 0o644);
    let socket = folder.path().join("socket");
    let _listener = std::os::unix::net::UnixListener::bind(&socket).expect("a socket");
    refused(&socket, "is not a regular file");
    for device in ["/dev/null", "/dev/tty"].map(Path::new) {
        let before = mode(device);
        refused(device, "is not a regular file");
        assert_eq!(mode(device), before);
    }
}
