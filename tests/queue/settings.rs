//! The settings of a queue in `purge.toml`, and profiles, with every command that uses them.

use std::fs;
use std::time::Duration;

use purge_tests::cli::{Ended, Run};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::bench::Bench;
use crate::servers::{Cluster, Options, ports};
use crate::{PURGE, RESOURCE};

/// A user whose own file has the queue and two profiles: `shop`, and `blog` with another account.
struct User<'a> {
    folder: TempDir,
    shop: &'a Bench<'a>,
    blog: &'a Bench<'a>,
}

impl<'a> User<'a> {
    fn new(shop: &'a Bench<'a>, blog: &'a Bench<'a>) -> Self {
        let folder = TempDir::new().expect("a folder");
        let home = folder.path().join("purge");
        fs::create_dir(&home).expect("a folder");
        let mut text =
            format!("[queue]\nurl = '{}'\nlane = 'shop'\nproducer = 'cms'\n", shop.cluster.urls());
        for (name, bench) in [("shop", shop), ("blog", blog)] {
            let token = home.join(name);
            fs::write(&token, bench.sandbox.token()).expect("a file");
            use std::os::unix::fs::PermissionsExt as _;
            fs::set_permissions(&token, fs::Permissions::from_mode(0o600)).expect("a mode");
            text += &format!(
                "[profile.{name}]\norganization = '{}'\nresource = '{RESOURCE}'\nbase-url = '{}'\n\
                 token-file = '{name}'\nlane = '{name}'\nprefix = '/{name}'\nrate = '50/s'\n",
                bench.sandbox.organization(),
                bench.sandbox.base_url(),
            );
        }
        fs::write(home.join("purge.toml"), text).expect("a file");
        Self { folder, shop, blog }
    }

    fn run(&self, arguments: &[&str]) -> Run {
        // The profile takes precedence over the environment.
        Run::new(PURGE, arguments)
            .folder(self.folder.path())
            .env("XDG_CONFIG_HOME", self.folder.path().to_str().expect("UTF-8"))
            .env("PURGE_QUEUE_LANE", "environment")
            .env("PURGE_RESOURCE", "00000000-0000-4000-8000-000000000000")
            .env("PURGE_BASE_URL", "http://127.0.0.1:1")
    }

    async fn end(&self, arguments: &[&str]) -> Ended {
        self.run(arguments).end().await
    }

    fn posted(bench: &Bench<'_>) -> Vec<String> {
        bench.posted().0.into_keys().collect()
    }
}

/// The metrics of a worker.
async fn scraped(port: u16) -> String {
    let mut worker = TcpStream::connect(("127.0.0.1", port)).await.expect("metrics");
    let request = b"GET /metrics HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: close\r\n\r\n";
    worker.write_all(request).await.expect("a request");
    let mut text = String::new();
    worker.read_to_string(&mut text).await.expect("a response");
    text
}

#[tokio::test(flavor = "multi_thread")]
async fn every_command_of_the_queue_follows_the_profile() {
    let Some(cluster) = Cluster::start(1, &Options::default()).await else { return };
    let (shop, blog) = (Bench::new(&cluster, "shop").await, Bench::new(&cluster, "blog").await);
    let user = User::new(&shop, &blog);
    let (mut workers, metrics) = (Vec::new(), ports(2));
    for (name, port) in ["shop", "blog"].into_iter().zip(&metrics) {
        let metrics = format!("127.0.0.1:{port}");
        let options = ["--window", "0s", "--holder", name, "--profile", name, "--metrics"];
        let worker = [&["worker"][..], &options, &[&*metrics]].concat();
        let mut worker = user.run(&worker).start();
        assert!(worker.says(&format!("holds the lane {name}")).await, "{:?}", worker.end().await);
        workers.push(worker);
    }
    for name in ["shop", "blog"] {
        let enqueue = ["enqueue", "/a", "--id", name, "--profile", name, "--wait=30s"];
        let ended = user.end(&enqueue).await;
        assert_eq!(ended.code, Some(0), "{ended:?}");
        assert!(ended.out.contains(&format!(" /{name}/a\n")), "{ended:?}");
        // The same from the environment.
        let status = user.run(&["status", name]).env("PURGE_PROFILE", name).end().await;
        assert_eq!((status.code, &status.out), (Some(0), &ended.out), "{status:?}");
        let show = user.run(&["queue", "show"]).env("PURGE_PROFILE", name).end().await;
        assert_eq!(show.out, format!("lane {name} is held by {name}\nnothing is waiting\n"));
        let log = user.end(&["queue", "log", "--profile", name]).await;
        // The last note of its journal stays.
        assert!(log.out.contains(" round "), "{log:?}");
    }
    assert_eq!(User::posted(user.shop), ["/shop/a"]);
    assert_eq!(User::posted(user.blog), ["/blog/a"]);
    // The command line takes precedence over the profile.
    let options = ["--lane", "shop", "--resource", RESOURCE, "--prefix", "/other"];
    let enqueue = [&["enqueue", "/b", "--profile", "blog", "--wait=30s"][..], &options].concat();
    assert_eq!(user.end(&enqueue).await.code, Some(0));
    assert_eq!(User::posted(user.shop), ["/other/b", "/shop/a"]);

    // A pause concerns the lane of the profile alone.
    let paused = user.run(&["queue", "pause"]).env("PURGE_PROFILE", "blog").end().await;
    assert_eq!(paused.code, Some(0), "{paused:?}");
    let show = user.end(&["queue", "show", "--profile", "blog"]).await.out;
    assert!(show.starts_with("lane blog is held by blog, paused"), "{show}");
    // The worker learns of it within a second.
    while !scraped(metrics[1]).await.contains("purge_paused{lane=\"blog\"} 1\n") {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let show = user.end(&["queue", "show", "--profile", "shop"]).await.out;
    assert!(show.starts_with("lane shop is held by shop\n"), "{show}");
    user.end(&["enqueue", "/c", "--id", "c", "--profile", "blog"]).await;
    assert_eq!(user.end(&["queue", "drop", "c", "--profile", "blog"]).await.code, Some(0));
    assert_eq!(user.end(&["queue", "go", "--profile", "blog"]).await.code, Some(0));
    let mut status = user.end(&["status", "c", "--profile", "blog"]).await;
    while status.code == Some(4) {
        status = user.end(&["status", "c", "--profile", "blog"]).await;
    }
    assert!(status.out.starts_with("not_sent    /blog/c"), "{status:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn environment_and_options_take_precedence_over_the_table() {
    let Some(cluster) = Cluster::start(1, &Options::default()).await else { return };
    let bench = Bench::new(&cluster, "shop").await;
    let user = User::new(&bench, &bench);
    let lane = async |variable: &str, options: &[&str]| {
        let run = user.run(&[&["queue", "show"], options].concat());
        run.env("PURGE_QUEUE_LANE", variable).end().await.out
    };
    assert!(lane("", &[]).await.starts_with("lane shop is"));
    assert!(lane("blog", &[]).await.starts_with("lane blog is"));
    assert!(lane("blog", &["--lane", "mine"]).await.starts_with("lane mine is"));
    // The producer of the file, unless the environment or an option names another one.
    let enqueue = async |variable: &str, options: &[&str]| {
        let arguments = ["enqueue", "/a", "--profile", "shop", "--output", "json"];
        let ended = user.run(&[&arguments, options].concat());
        let ended = ended.env("PURGE_QUEUE_PRODUCER", variable).end().await;
        assert_eq!(ended.code, Some(0), "{ended:?}");
    };
    enqueue("", &[]).await;
    enqueue("pim", &[]).await;
    enqueue("pim", &["--producer", "stock"]).await;
    let show = user.end(&["queue", "show", "--profile", "shop"]).await.out;
    for producer in ["cms", "pim", "stock"] {
        assert!(show.contains(&format!("1 path from {producer} for {RESOURCE}")), "{show}");
    }
    let refused = user.run(&["queue", "show"]).env("PURGE_QUEUE_URL", "nats://127.0.0.1:1");
    assert_eq!(refused.end().await.code, Some(4));
}
