//! Caches of other projects: nginx (`proxy_cache`) and Varnish in front of an origin, which is nginx, too.

use std::fs;
use std::io::Write as _;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

use purge_tests::cli::Run;
use serde_json::Value;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::process::{Child, Command};

use crate::PURGE;

/// How many files there are, and how many of them are compressed by the origin.
const FILES: usize = 10_000;
const PAGES: usize = 1_000;

/// The longest time for a program to start, or for a copy to age.
const PATIENCE: Duration = Duration::from_secs(300);

/// An origin with an nginx and a Varnish in front of it. They end when it is dropped.
struct Caches {
    folder: TempDir,
    nginx: u16,
    varnish: u16,
    _programs: Vec<Child>,
}

/// A program of a Debian package. In CI, it must be there.
fn program(name: &str) -> Option<PathBuf> {
    let folders = ["/usr/sbin", "/usr/bin", "/usr/local/sbin", "/usr/local/bin"];
    let found =
        folders.iter().map(|folder| Path::new(folder).join(name)).find(|path| path.exists());
    if found.is_none() {
        assert!(std::env::var("CI").as_deref() != Ok("true"), "{name} is not installed");
        let _ = writeln!(std::io::stderr(), "{name} is not installed: real caches are not tested");
    }
    found
}

fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    listener.local_addr().expect("an address").port()
}

impl Caches {
    /// None if a program is not installed.
    async fn start() -> Option<Self> {
        let (nginx, varnish) = (program("nginx")?, program("varnishd")?);
        let folder = tempfile::tempdir().expect("a folder");
        let root = folder.path();
        fs::create_dir_all(root.join("public")).expect("a folder");
        let [origin, edge, other] = [free_port(), free_port(), free_port()];
        let config = nginx_config(root, origin, edge);
        fs::write(root.join("nginx.conf"), config).expect("a file");
        let vcl = format!(
            "vcl 4.1;\n\
             backend default {{ .host = \"127.0.0.1\"; .port = \"{origin}\"; }}\n\
             sub vcl_recv {{ if (req.method == \"BAN\") {{ ban(\"obj.status != 0\"); return (synth(200)); }} }}\n\
             sub vcl_backend_response {{ set beresp.ttl = 1h; }}\n"
        );
        fs::write(root.join("edge.vcl"), vcl).expect("a file");
        let start = |program: &Path, arguments: &[&str]| {
            let mut command = Command::new(program);
            command.args(arguments).kill_on_drop(true);
            let log = fs::File::create(root.join(program.file_name().expect("a name")));
            let log = log.expect("a file");
            command.stdout(log.try_clone().expect("a file")).stderr(log);
            command.spawn().expect("it starts")
        };
        let text = |name: &str| root.join(name).to_str().expect("UTF-8").to_owned();
        let programs = vec![
            start(&nginx, &["-c", &text("nginx.conf"), "-e", &text("error.log")]),
            start(
                &varnish,
                &[
                    "-F",
                    "-n",
                    &text("varnish"),
                    "-j",
                    "none",
                    "-f",
                    &text("edge.vcl"),
                    "-a",
                    &format!("127.0.0.1:{other}"),
                    "-s",
                    "malloc,256m",
                ],
            ),
        ];
        for port in [origin, edge, other] {
            listening(port).await;
        }
        Some(Self { nginx: edge, varnish: other, _programs: programs, folder })
    }

    /// Builds the site. Every file is different, also from that of any other version.
    fn build(&self, version: &str) {
        let build = self.folder.path().join(version);
        fs::create_dir(&build).expect("a folder");
        for number in 0..FILES {
            let text = format!("{number} in the build {version}\n").repeat(120);
            fs::write(build.join(name(number)), text).expect("a file");
        }
    }

    fn upload(&self, version: &str) {
        for number in 0..FILES {
            let file = self.folder.path().join(version).join(name(number));
            fs::copy(file, self.folder.path().join("public").join(name(number))).expect("a file");
        }
    }

    /// Asks the edges at these ports for all files, and returns the counts of verdicts and of reasons.
    async fn verify(&self, ports: &[u16], options: &[&str]) -> Found {
        let list: String = (0..FILES).map(|number| format!("/{}\n", name(number))).collect();
        let mut run = vec!["verify".to_owned()];
        run.extend(ports.iter().map(|port| format!("--edge=http://127.0.0.1:{port}")));
        let fixed = ["--from", "-", "--output", "ndjson", "--quiet", "--verify-rate", "1000000/s"];
        run.extend(fixed.iter().chain(options).map(|&option| option.to_owned()));
        run.extend(["--verify-concurrency".to_owned(), "32".to_owned()]);
        let ended = Run::new(PURGE, &run).folder(self.folder.path()).input(list).end().await;
        let lines = ended.out.lines().map(|line| serde_json::from_str(line).expect("JSON"));
        let paths: Vec<Value> = lines.collect();
        assert_eq!(paths.len(), FILES, "{}", ended.err);
        Found { code: ended.code, paths }
    }

    /// Purges everything, in the way of each program.
    async fn purge(&self) {
        let cache = self.folder.path().join("cache");
        for entry in fs::read_dir(&cache).expect("a folder") {
            fs::remove_dir_all(entry.expect("an entry").path()).expect("to be removed");
        }
        let answer = ask(self.varnish, "BAN").await;
        assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    }
}

struct Found {
    code: Option<i32>,
    paths: Vec<Value>,
}

impl Found {
    fn count(&self, key: &str, word: &str) -> usize {
        self.paths.iter().filter(|path| path[key] == word).count()
    }

    #[track_caller]
    fn all(&self, code: i32, reason: &str) {
        let other = self.paths.iter().find(|path| path["reason"] != reason);
        assert_eq!((other, self.code), (None, Some(code)), "not all are {reason}");
    }
}

fn name(number: usize) -> String {
    let ending = if number < PAGES { "html" } else { "bin" };
    format!("{number}.{ending}")
}

fn nginx_config(root: &Path, origin: u16, edge: u16) -> String {
    let root = root.to_str().expect("UTF-8");
    let temporary: String = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
        .iter()
        .map(|kind| format!("  {kind}_temp_path {root}/{kind};\n"))
        .collect();
    format!(
        "daemon off;\nmaster_process off;\npid {root}/nginx.pid;\nerror_log {root}/error.log;\n\
         events {{ worker_connections 4096; }}\n\
         http {{\n{temporary}\
           access_log off;\n\
           types {{ text/html html; }}\n\
           default_type application/octet-stream;\n\
           gzip on; gzip_vary on; gzip_proxied any; gzip_min_length 1;\n\
           keepalive_requests 1000000;\n\
           proxy_cache_path {root}/cache levels=1:2 keys_zone=edge:20m inactive=1h;\n\
           server {{ listen 127.0.0.1:{origin}; root {root}/public; }}\n\
           server {{\n\
             listen 127.0.0.1:{edge};\n\
             gzip off;\n\
             location / {{\n\
               proxy_pass http://127.0.0.1:{origin};\n\
               proxy_http_version 1.1;\n\
               proxy_cache edge;\n\
               proxy_cache_valid 200 1h;\n\
             }}\n\
           }}\n\
         }}\n"
    )
}

async fn listening(port: u16) {
    let start = Instant::now();
    while TcpStream::connect(("127.0.0.1", port)).await.is_err() {
        assert!(start.elapsed() < PATIENCE, "nothing listens on port {port}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

async fn ask(port: u16, method: &str) -> String {
    let mut socket = TcpStream::connect(("127.0.0.1", port)).await.expect("a connection");
    let request = format!("{method} / HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: close\r\n\r\n");
    socket.write_all(request.as_bytes()).await.expect("a request");
    let mut answer = String::new();
    socket.read_to_string(&mut answer).await.expect("an answer");
    answer
}

#[tokio::test(flavor = "multi_thread")]
async fn copies_of_nginx_and_varnish_are_stale_before_a_purge_and_fresh_after_it() {
    let Some(caches) = Caches::start().await else { return };
    let both = [caches.nginx, caches.varnish];
    caches.build("old");
    caches.build("new");
    caches.upload("old");
    // The first visit fills the caches.
    let first = caches.verify(&both, &["--site", "old"]).await;
    first.all(0, "same_as_site");
    let coded =
        first.paths.iter().filter(|path| path["looks"].as_array().expect("looks").len() >= 6);
    assert_eq!(coded.count(), PAGES + 1, "the pages, and the first file of the others");

    caches.upload("new");
    let builds = ["--site", "new", "--baseline", "old"];
    caches.verify(&both, &builds).await.all(1, "old_bytes");
    // Varnish sends `Age`: without any build, it shows that the copies are older than a purge that was sent now.
    let start = Instant::now();
    loop {
        let found = caches.verify(&[caches.varnish], &["--since", "0s"]).await;
        if found.count("verdict", "stale") == FILES {
            break;
        }
        assert_eq!(found.count("verdict", "fresh") + found.count("verdict", "differs"), 0);
        assert!(start.elapsed() < PATIENCE, "{:?}", found.paths[0]);
    }

    let purged = humantime::format_rfc3339_millis(SystemTime::now()).to_string();
    caches.purge().await;
    caches.verify(&both, &builds).await.all(0, "same_as_site");
    let start = Instant::now();
    loop {
        let found = caches.verify(&[caches.varnish], &["--since", &purged]).await;
        assert_eq!(found.count("verdict", "stale"), 0);
        if found.count("reason", "fetched_after") == FILES {
            break;
        }
        assert!(start.elapsed() < PATIENCE, "{:?}", found.paths[0]);
    }
}
