//! `install.sh` against a copy of the releases: what it installs, and that it installs nothing else.

use std::fs;
use std::path::PathBuf;

use purge_tests::cli::Ended;

use super::mirror::{Mirror, VERSION};
use super::{Bench, root, text};

/// A bench with a copy of the releases, and an empty folder to install to.
struct Place {
    bench: Bench,
    mirror: Mirror,
}

impl Place {
    async fn new() -> Self {
        let bench = Bench::in_ci().await;
        let mirror = Mirror::start(bench.path("releases")).await;
        Self { bench, mirror }
    }

    fn to(&self) -> PathBuf {
        self.bench.path("tools")
    }

    async fn install(&self, arguments: &str) -> Ended {
        self.install_from(self.mirror.address(), arguments).await
    }

    async fn install_from(&self, releases: &str, arguments: &str) -> Ended {
        let script = root().join("install.sh");
        let line = format!("sh '{}' --to \"$HOME/tools\" {arguments}", script.display());
        self.bench.shell(&["sh", "-c"], &line, &[("CDN_PURGE_MIRROR", releases)]).await
    }

    /// The files that are in the folder, hidden ones too; nothing if there is no folder.
    fn installed(&self) -> Vec<String> {
        let entries = fs::read_dir(self.to()).into_iter().flatten();
        entries
            .map(|entry| entry.expect("a file").file_name().to_string_lossy().into_owned())
            .collect()
    }

    /// Fails unless an installation ended with this code, said why, left no trace, and kept a program that was there
    /// before.
    async fn refuses(&self, releases: &str, arguments: &str, code: i32, why: &str) {
        let ended = self.install_from(releases, arguments).await;
        assert_eq!(ended.code, Some(code), "{ended:?}");
        assert!(ended.err.contains(why), "{why}: {ended:?}");
        assert!(!self.to().exists(), "{why}: {:?}", self.installed());
        fs::create_dir(self.to()).expect("a folder");
        fs::write(self.to().join("cdn-purge"), "the old version").expect("a file");
        let ended = self.install_from(releases, arguments).await;
        assert_eq!(ended.code, Some(code), "{ended:?}");
        assert_eq!(self.installed(), ["cdn-purge"], "{why}");
        let old = fs::read_to_string(self.to().join("cdn-purge")).expect("a file");
        assert_eq!(old, "the old version", "{why}");
        fs::remove_dir_all(self.to()).expect("a folder");
    }

    /// The name of the archive that is installed here.
    async fn archive(&self) -> String {
        self.install("--archive-name").await.out.trim().to_owned()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn installer_installs_the_program_and_replaces_an_older_one() {
    let place = Place::new().await;
    for _ in 0..2 {
        let ended = place.install("").await;
        assert_eq!(ended.code, Some(0), "{ended:?}");
        let program = place.to().join("cdn-purge");
        let said = format!("installed cdn-purge {VERSION}: {}\n", program.display());
        assert_eq!((ended.out.as_str(), ended.err.as_str()), (said.as_str(), ""));
        assert_eq!(place.installed(), ["cdn-purge"]);
        let says = place.bench.bash("tools/cdn-purge -V", &[]).await;
        assert_eq!(says.out, format!("cdn-purge {VERSION}\n"));
        fs::write(program, "an older version").expect("a file");
    }
    let ended = place.install(&format!("--version v{VERSION}")).await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    // The token goes nowhere.
    place.bench.cargo_calls();
}

#[tokio::test(flavor = "multi_thread")]
async fn installer_uses_the_folder_of_the_user_and_says_if_it_is_not_in_path() {
    let place = Place::new().await;
    let mirror = [("CDN_PURGE_MIRROR", place.mirror.address())];
    let script = root().join("install.sh");
    for (setup, note) in [("", true), ("PATH=$HOME/.local/bin:$PATH", false)] {
        let line = format!("{setup}\nsh '{}'", script.display());
        let ended = place.bench.shell(&["sh", "-c"], &line, &mirror).await;
        assert_eq!(ended.code, Some(0), "{ended:?}");
        assert_eq!(ended.out.contains("/.local/bin is not in PATH\n"), note, "{ended:?}");
        assert!(place.bench.path(".local/bin/cdn-purge").is_file());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn installer_works_with_wget_alone() {
    let place = Place::new().await;
    let tools =
        "cat cp cut dirname env grep gzip mkdir mktemp mv rm rmdir sed sh sha256sum tar uname wget";
    // The first folder of the search path has the programs of the bench.
    let setup = format!(
        "PATH=${{PATH#*:}}; mkdir few; for tool in {tools}; do ln -s \"$(command -v $tool)\" few/; done"
    );
    let ended = place.bench.shell(&["sh", "-e", "-c"], &setup, &[]).await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let few = place.bench.path("few");
    let variables =
        [("PATH", few.to_str().expect("UTF-8")), ("CDN_PURGE_MIRROR", place.mirror.address())];
    let line = format!("sh '{}' --to \"$HOME/tools\"", root().join("install.sh").display());
    let install = |arguments: &str| {
        let line = format!("{line} {arguments}");
        let (place, variables) = (&place, &variables);
        async move { place.bench.shell(&["/bin/sh", "-c"], &line, variables).await }
    };
    let ended = install("--version 9.9.9").await;
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert!(ended.err.contains("there is no release 9.9.9"), "{ended:?}");
    let ended = install("").await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert_eq!(place.installed(), ["cdn-purge"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn installer_refuses_another_checksum() {
    let place = Place::new().await;
    place.mirror.tamper();
    place.refuses(place.mirror.address(), "", 1, "but SHA256SUMS says").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn installer_refuses_a_download_that_is_cut_off() {
    let place = Place::new().await;
    let archive = place.archive().await;
    for name in [archive.as_str(), "SHA256SUMS"] {
        place.mirror.cut(name);
        place
            .refuses(place.mirror.address(), "", 1, &format!("{name} could not be downloaded"))
            .await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn installer_says_that_a_version_is_missing() {
    let place = Place::new().await;
    place.refuses(place.mirror.address(), "--version 9.9.9", 1, "there is no release 9.9.9").await;
    // The checksums are there, but not the archive.
    let archive = place.archive().await;
    fs::remove_file(place.mirror.file(&archive)).expect("a file");
    place.refuses(place.mirror.address(), "", 1, &format!("{archive} is not there")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn installer_has_an_exit_code_for_a_platform_without_a_binary() {
    let place = Place::new().await;
    let archive = place.archive().await;
    let sums = text_of(&place, "SHA256SUMS")
        .lines()
        .filter(|line| !line.contains(&archive))
        .collect::<Vec<_>>()
        .join("\n");
    fs::write(place.mirror.file("SHA256SUMS"), sums).expect("a file");
    place
        .refuses(place.mirror.address(), "", 3, &format!("release {VERSION} has no {archive}"))
        .await;
    for (system, processor) in [("Plan9", "x86_64"), ("Linux", "riscv64"), ("Linux", "armv7l")] {
        let script = format!("case $1 in -s) echo {system} ;; *) echo {processor} ;; esac\n");
        place.bench.program("uname", &script);
        place.refuses(place.mirror.address(), "", 3, "there is no binary for").await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn installer_asks_for_the_archive_of_the_platform() {
    let place = Place::new().await;
    for (system, processor, target) in [
        ("Linux", "x86_64", "x86_64-unknown-linux-musl"),
        ("Linux", "aarch64", "aarch64-unknown-linux-musl"),
        ("Darwin", "x86_64", "x86_64-apple-darwin"),
        ("Darwin", "arm64", "aarch64-apple-darwin"),
        ("MINGW64_NT-10.0-26100", "x86_64", "x86_64-pc-windows-msvc"),
        ("MINGW64_NT-10.0-26100", "aarch64", "x86_64-pc-windows-msvc"),
    ] {
        let script = format!("case $1 in -s) echo {system} ;; *) echo {processor} ;; esac\n");
        place.bench.program("uname", &script);
        assert_eq!(place.archive().await, format!("cdn-purge-{VERSION}-{target}.tar.gz"));
    }
    assert!(!place.to().exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn installer_fails_without_a_network() {
    let place = Place::new().await;
    place.refuses("http://127.0.0.1:1", "", 1, "could not be downloaded").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn installer_refuses_a_program_that_does_not_run_or_is_another_version() {
    let place = Place::new().await;
    for (script, why) in
        [("exit 126", "does not run here"), ("echo cdn-purge 9.9.9", "says 'cdn-purge 9.9.9'")]
    {
        place.mirror.release(script);
        place.refuses(place.mirror.address(), "", 1, why).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn cached_archive_is_used_if_its_checksum_matches() {
    let place = Place::new().await;
    let archive = place.archive().await;
    let kept = place.bench.path("kept").join(&archive);
    for (expected, content) in [(2, None), (3, None), (5, Some("poisoned")), (6, None)] {
        if let Some(content) = content {
            fs::write(&kept, content).expect("a file");
        }
        let ended = place.install("--cache kept").await;
        assert_eq!(ended.code, Some(0), "{ended:?}");
        assert_eq!(place.mirror.requested().len(), expected, "{:?}", place.mirror.requested());
        assert_eq!(
            fs::read(&kept).expect("a file"),
            fs::read(place.mirror.file(&archive)).expect("a file")
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn installer_does_nothing_unless_all_of_it_has_arrived() {
    let place = Place::new().await;
    let script = text("install.sh");
    let last = script.trim_end().rfind('\n').expect("lines");
    for end in (1..=8).map(|part| last * part / 8) {
        fs::write(place.bench.path("part.sh"), &script[..end]).expect("a file");
        let mirror = [("CDN_PURGE_MIRROR", place.mirror.address())];
        place.bench.shell(&["sh", "-c"], "sh part.sh --to \"$HOME/tools\"", &mirror).await;
        assert!(
            !place.to().exists() && place.mirror.requested().is_empty(),
            "the first {end} bytes"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn installer_refuses_bad_usage() {
    let place = Place::new().await;
    for (arguments, why) in [
        ("--version", "--version needs a value"),
        ("--version ''", "--version needs a value"),
        ("--version ../1", "is not a version"),
        ("--version latest", "is not a version"),
        ("--prefix /usr", "unknown argument --prefix"),
    ] {
        place.refuses(place.mirror.address(), arguments, 2, why).await;
    }
    for address in
        ["http://example.com", "ftp://127.0.0.1:1", "file:///tmp", "http://127.0.0.1.example.com:1"]
    {
        place.refuses(address, "", 2, "it must begin with https://").await;
    }
    place.refuses("http://127.0.0.1:1@example.com", "", 2, "has a user name in it").await;
    assert_eq!(place.mirror.requested(), [""; 0]);
}

fn text_of(place: &Place, name: &str) -> String {
    fs::read_to_string(place.mirror.file(name)).expect("a file")
}
