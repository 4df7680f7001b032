//! `cdn-purge verify`: what the edges have, against a sandbox whose edge caches.

mod caches;
mod command;
mod create;
mod redirects;

use std::fs;
use std::path::PathBuf;

use purge_sandbox::{Sandbox, SandboxBuilder};
use purge_tests::cli::{Ended, Run};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::PURGE;
use crate::account::purge_at;

/// A site that was built again, its old build, and an edge that has copies of the old one.
struct Bench {
    folder: TempDir,
    sandbox: Sandbox,
}

impl Bench {
    /// The folder `public` is uploaded to the origin; `old` and `new` are builds of it.
    async fn new(builder: SandboxBuilder) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        for name in ["public", "old", "new"] {
            fs::create_dir(folder.path().join(name)).expect("a folder");
        }
        let builder = builder.origin(folder.path().join("public"));
        Self { sandbox: builder.start().await.expect("a sandbox"), folder }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn write(&self, name: &str, text: &str) {
        let file = self.path(name);
        fs::create_dir_all(file.parent().expect("a folder")).expect("a folder");
        fs::write(file, text).expect("a file");
    }

    /// A file of the old build, which is at the origin and at the edge.
    async fn cached(&self, name: &str, text: &str) {
        self.write(&format!("old/{name}"), text);
        self.write(&format!("public/{name}"), text);
        self.visit(&format!("/{name}")).await;
    }

    /// A file of the new build, at the origin.
    fn built(&self, name: &str, text: &str) {
        self.write(&format!("new/{name}"), text);
        self.write(&format!("public/{name}"), text);
    }

    fn edge(&self) -> String {
        format!("{}/edge/{}", self.sandbox.base_url(), self.sandbox.resource())
    }

    /// Asks the edge for a path, as a visitor does.
    async fn visit(&self, path: &str) {
        self.visit_with(path, "").await;
    }

    /// Asks the edge for a path, with further headers.
    async fn visit_with(&self, path: &str, headers: &str) {
        self.get(&format!("/edge/{}{path}", self.sandbox.resource()), headers).await;
    }

    /// Asks an edge of the sandbox for a path.
    async fn visit_at(&self, route: &str, path: &str) {
        self.get(&format!("{route}{path}"), "").await;
    }

    async fn get(&self, target: &str, headers: &str) {
        let address = self.sandbox.address();
        let mut socket = TcpStream::connect(address).await.expect("the sandbox");
        let request = format!(
            "GET {target} HTTP/1.1\r\nhost: {address}\r\n{headers}connection: close\r\n\r\n"
        );
        socket.write_all(request.as_bytes()).await.expect("a request");
        let mut answer = Vec::new();
        socket.read_to_end(&mut answer).await.expect("an answer");
        assert!(answer.starts_with(b"HTTP/1.1 200 "), "{}", String::from_utf8_lossy(&answer));
    }

    /// A run of `verify` at the edge, in an environment that has no account.
    fn verify(&self, arguments: &[&str]) -> Run {
        let edge = self.edge();
        let all = [&["verify", "--edge", &edge], arguments].concat();
        Run::new(PURGE, all).folder(self.folder.path())
    }

    async fn purge(&self, paths: &[&str]) -> Ended {
        let all = [&["create", "--wait"], paths].concat();
        let ended = purge_at(&self.sandbox, &all).end().await;
        assert_eq!(ended.code, Some(0), "{ended:?}");
        ended
    }
}
