//! A copy of the releases on loopback, with one release, whose program is the one under test.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, Mutex};

use tokio::io::AsyncWriteExt as _;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

use purge_tests::raw::read_request;
use purge_tests::script::Seen;

use crate::PURGE;

/// The version of the release: the one of this workspace.
pub(super) const VERSION: &str = env!("CARGO_PKG_VERSION");

/// The archives of the release that the tests can ask for.
const TARGETS: [&str; 4] = [
    "x86_64-unknown-linux-musl",
    "aarch64-unknown-linux-musl",
    "x86_64-apple-darwin",
    "aarch64-apple-darwin",
];

pub(super) struct Mirror {
    folder: PathBuf,
    address: String,
    seen: Seen,
    /// Files of which only the first half is sent.
    cut: Arc<Mutex<BTreeSet<String>>>,
    task: JoinHandle<()>,
}

impl Mirror {
    /// Packs a release in an empty folder, and serves it.
    pub(super) async fn start(folder: PathBuf) -> Self {
        fs::create_dir_all(&folder).expect("a folder");
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = format!("http://{}", listener.local_addr().expect("an address"));
        let (seen, cut) = (Seen::default(), Arc::default());
        let task = tokio::spawn(serve(listener, folder.clone(), seen.clone(), Arc::clone(&cut)));
        let mirror = Self { folder, address, seen, cut, task };
        mirror.release(&format!("exec '{PURGE}' \"$@\""));
        mirror
    }

    /// Packs the release, with a program that is this shell script.
    pub(super) fn release(&self, script: &str) {
        let mut sums = String::new();
        for target in TARGETS {
            let stem = format!("cdn-purge-{VERSION}-{target}");
            let program = self.folder.join(&stem).join("cdn-purge");
            fs::create_dir_all(program.parent().expect("a folder")).expect("a folder");
            fs::write(&program, format!("#!/bin/sh\n{script}\n")).expect("a file");
            fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).expect("a program");
            let archive = format!("{stem}.tar.gz");
            let tar = ["-C", self.folder.to_str().expect("UTF-8"), "-czf"];
            let tar =
                Command::new("tar").args(tar).arg(self.folder.join(&archive)).arg(&stem).status();
            assert!(tar.expect("tar runs").success());
            sums.push_str(&format!("{}  {archive}\n", sha256(&self.folder.join(&archive))));
        }
        fs::write(self.folder.join("SHA256SUMS"), sums).expect("a file");
    }

    /// The address for `CDN_PURGE_MIRROR`.
    pub(super) fn address(&self) -> &str {
        &self.address
    }

    /// A file of the release, as it is served.
    pub(super) fn file(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// Changes the archives after their checksums were taken.
    pub(super) fn tamper(&self) {
        for target in TARGETS {
            let file = self.folder.join(format!("cdn-purge-{VERSION}-{target}.tar.gz"));
            let bytes = fs::read(&file).expect("a file");
            fs::write(&file, [bytes, vec![0]].concat()).expect("a file");
        }
    }

    /// Cuts off each response with this file.
    pub(super) fn cut(&self, name: &str) {
        self.cut.lock().expect("the files").insert(name.to_owned());
    }

    /// The paths that were requested so far, without the folder of the version.
    pub(super) fn requested(&self) -> Vec<String> {
        let all = self.seen.all();
        let paths = all.iter().filter_map(|request| request.split(' ').nth(1));
        paths.map(|path| path.rsplit('/').next().unwrap_or_default().to_owned()).collect()
    }
}

impl Drop for Mirror {
    fn drop(&mut self) {
        self.task.abort();
    }
}

fn sha256(file: &Path) -> String {
    let output = Command::new("sha256sum").arg(file).output().expect("sha256sum runs");
    String::from_utf8_lossy(&output.stdout).chars().take(64).collect()
}

async fn serve(
    listener: TcpListener,
    folder: PathBuf,
    seen: Seen,
    cut: Arc<Mutex<BTreeSet<String>>>,
) {
    while let Ok((mut stream, _)) = listener.accept().await {
        let request = read_request(&mut stream).await;
        let path = request.split(' ').nth(1).unwrap_or_default().to_owned();
        seen.add(request);
        let name = path.strip_prefix(&format!("/v{VERSION}/")).unwrap_or_default();
        let body = if name.is_empty() { None } else { fs::read(folder.join(name)).ok() };
        let half = cut.lock().expect("the files").contains(name);
        answer(&mut stream, body, half).await;
    }
}

async fn answer(stream: &mut TcpStream, body: Option<Vec<u8>>, half: bool) {
    let (status, body) = body.map_or(("404 Not Found", Vec::new()), |body| ("200 OK", body));
    let head =
        format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", body.len());
    let sent = if half { &body[..body.len() / 2] } else { &body };
    // A client that has seen enough closes the connection.
    let _ = stream.write_all(&[head.as_bytes(), sent].concat()).await;
    let _ = stream.shutdown().await;
}
