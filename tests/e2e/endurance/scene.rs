//! One plan and its runs: their input, what happens to them, and what they report.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use fastrand::Rng;
use purge_api_ext::Journal;
use purge_sandbox::{Sandbox, Star};
use purge_tests::cli::{Ended, Run, Running};
use serde_json::Value;
use tokio::sync::watch;
use tokio::time::{sleep, timeout};

use super::chance::{self, Act, Options, When, once_in, one};
use super::others::{MARK, Others};
use super::{Figures, binary};

/// No run takes this long.
const STUCK: Duration = Duration::from_secs(120);

/// The time after a signal by which everything sent before it has certainly reached the server.
const ON_ITS_WAY: Duration = Duration::from_secs(2);

/// The maximum number of runs in which something goes wrong.
const RUNS: usize = 4;

pub(super) struct Scene {
    pub(super) random: Rng,
    pub(super) sandbox: Sandbox,
    pub(super) others: Others,
    pub(super) folder: tempfile::TempDir,
    pub(super) star: Star,
    /// How many requests the server has responded to.
    answered: watch::Receiver<usize>,
    /// The parts of the tokens that look the same in every escaping.
    pub(super) secrets: Vec<String>,
    /// Whether the program gets its token from a command.
    by_command: bool,
    pub(super) has_journal: bool,
    /// The paths of the input, and the paths to be sent, by request.
    pub(super) given: Vec<String>,
    pub(super) planned: Vec<Vec<String>>,
    /// The cached objects that must be purged, and those that must stay.
    pub(super) cached: BTreeSet<String>,
    pub(super) bystanders: BTreeSet<String>,
    pub(super) told: Vec<Told>,
    pub(super) figures: Figures,
    /// What has happened so far, shown on failure.
    pub(super) history: String,
}

/// What one run has reported.
pub(super) struct Told {
    pub(super) options: Options,
    pub(super) code: Option<i32>,
    /// Whether it was killed or ended by a second signal, so that its report may be incomplete.
    pub(super) is_cut_off: bool,
    pub(super) ended: SystemTime,
    pub(super) operations: Vec<Value>,
}

impl Scene {
    pub(super) async fn set(seed: u64) -> Self {
        let mut random = Rng::with_seed(seed);
        let (token, secret) = chance::token(&mut random);
        let (count, answered) = watch::channel(0);
        let star = one(&mut random, &[Star::OneOrMore, Star::ZeroOrMore]);
        let delay = one(&mut random, &[0, 50, 200, 1500]);
        let mut builder = Sandbox::builder().token(token).star(star);
        builder = builder.purge_delay(Duration::from_millis(delay)).on_request(move |request| {
            if request.header(MARK).is_none() {
                count.send_modify(|count| *count += 1);
            }
        });
        if once_in(&mut random, 4) {
            builder = builder.page_limit(random.u32(20..100));
        }
        if once_in(&mut random, 4) {
            builder = builder.rate_limit(random.u32(15..50), Duration::from_secs(1));
        }
        let sandbox = builder.start().await.expect("a sandbox");
        let given = chance::paths(&mut random);
        let mut scene = Self {
            others: Others::at(&sandbox),
            folder: tempfile::tempdir().expect("a folder"),
            star,
            answered,
            secrets: vec![secret],
            by_command: random.bool(),
            has_journal: !once_in(&mut random, 6),
            given,
            planned: Vec::new(),
            cached: BTreeSet::new(),
            bystanders: BTreeSet::new(),
            told: Vec::new(),
            figures: Figures { plans: 1, ..Figures::default() },
            history: format!("seed {seed}\n"),
            random,
            sandbox,
        };
        scene.prepare().await;
        scene
    }

    async fn prepare(&mut self) {
        std::fs::write(self.file("paths"), self.given.join("\n")).expect("a file");
        self.write_token();
        let ended = self.run(&["plan", "--from", "paths", "--output", "json"]).end().await;
        let operations = ended.json()["operations"].take();
        self.planned = operations.as_array().expect("operations").iter().map(paths_of).collect();
        // Operations of other clients for the same paths, older than any tolerance.
        if once_in(&mut self.random, 3) {
            let same = self.random.usize(1..=self.planned.len());
            for paths in self.planned.iter().take(same) {
                self.others.create(&self.sandbox, paths).await;
            }
            self.figures.alike = same;
            // Only waiting makes them older.
            sleep(Duration::from_millis(3100)).await;
        }
        self.fill_cache();
    }

    fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Writes the token to the file that the token command prints.
    fn write_token(&self) {
        let (new, file) = (self.file("new-token"), self.file("token"));
        std::fs::write(&new, self.sandbox.token()).expect("a file");
        std::fs::rename(new, file).expect("a file");
    }

    fn run(&self, arguments: &[&str]) -> Run {
        let run = Run::new(&binary(), arguments).folder(self.folder.path());
        let run = run.env("PATH", "/usr/bin:/bin").env("PURGE_BASE_URL", self.sandbox.base_url());
        let run = run.env("PURGE_ORGANIZATION", self.sandbox.organization());
        let run = run.env("PURGE_RESOURCE", self.sandbox.resource());
        match self.by_command {
            true => run,
            false => run.env("PURGE_TOKEN", self.sandbox.token()),
        }
    }

    /// Runs the program until everything is sent. What goes wrong on the way is random.
    pub(super) async fn play(&mut self) {
        let chaotic = self.random.usize(1..=RUNS);
        for _ in 0..chaotic {
            self.fail_at_random();
            let (options, acts) = (Options::any(&mut self.random), chance::acts(&mut self.random));
            self.once(options, &acts).await;
            // Without a journal, there is nothing to resume.
            if self.is_done() || !self.has_journal {
                break;
            }
        }
        self.figures.faults -= self.others.drain().await;
        // The limits of the server apply to the last run too, so it may take a second one.
        for _ in 0..3 {
            if self.is_done() || !self.has_journal {
                break;
            }
            let options = Options::last(&mut self.random);
            self.once(options, &[]).await;
        }
    }

    fn is_done(&self) -> bool {
        self.told.last().is_some_and(|told| told.code == Some(0))
    }

    fn fail_at_random(&mut self) {
        let (posts, gets) = (self.random.usize(..9), self.random.usize(..6));
        for _ in 0..posts {
            self.sandbox.fault(chance::post_fault(&mut self.random, self.sandbox.token()));
        }
        for _ in 0..gets {
            self.sandbox.fault(chance::get_fault(&mut self.random, self.sandbox.token()));
        }
        self.figures.faults += posts + gets;
    }

    /// One run of the program.
    async fn once(&mut self, options: Options, acts: &[(When, Act)]) {
        let journal = self.file("journal");
        let is_planned = self.requests("POST") > 0 || Journal::open(&journal).is_ok();
        let mut arguments = match (self.has_journal, is_planned) {
            (true, true) => vec!["resume", "journal"],
            (true, false) => {
                let _ = std::fs::remove_file(&journal);
                vec!["create", "--from", "paths", "--journal", "journal"]
            }
            (false, _) => vec!["create", "--from", "paths"],
        };
        self.figures.resumes += usize::from(arguments[0] == "resume");
        let before = self.sandbox.requests().len();
        if self.by_command {
            // The delay keeps it from printing a token that is just being replaced.
            arguments.extend(["--token-command", "sh -c 'sleep 0.05; cat token'"]);
        }
        arguments.extend(options.arguments.iter().map(String::as_str));
        let running = self.run(&arguments).start();
        let what = format!("{} with {acts:?}", arguments.join(" "));
        let ended = match timeout(STUCK, self.act(running, acts, &options)).await {
            Ok(ended) => ended,
            Err(_) => panic!("{}\n{what} does not end", self.history),
        };
        self.figures.runs += 1;
        self.history += &format!("{what}\n  {}\n", self.seen(before).join(", "));
        self.history += &format!("  code {:?}: {}\n", ended.code, ended.err.trim_end());
        self.hides_the_tokens(&ended, before);
        self.told.push(Told::new(options, &ended));
    }

    async fn act(
        &mut self,
        mut running: Running,
        acts: &[(When, Act)],
        options: &Options,
    ) -> Ended {
        // The number of requests when the program announced that it sends no new ones.
        let mut said = None;
        for (when, act) in acts {
            self.wait_for(*when, &mut running).await;
            if running.has_ended() {
                break;
            }
            match act {
                Act::Signal(name) => {
                    running.signal(name).await;
                    self.figures.signals += 1;
                    if said.is_none() && running.says("interrupted: no new requests are sent").await
                    {
                        said = Some(self.all_requests());
                    }
                }
                Act::Kill => {
                    self.figures.kills += 1;
                    return running.kill().await;
                }
                Act::NewToken => self.replace_token(),
                Act::OtherJob => {
                    let number = self.others.operations.len();
                    let paths = [format!("/others/{number}")];
                    self.others.create(&self.sandbox, &paths).await;
                }
            }
        }
        let Some(said) = said else { return running.end().await };
        let _ = timeout(ON_ITS_WAY, running.ended()).await;
        let on_its_way = self.all_requests();
        let ended = running.end().await;
        let all = self.all_requests();
        // One polling round asks for up to four operations.
        let most = if options.waits { options.concurrency.max(4) } else { options.concurrency };
        let begun = (on_its_way - said, all - on_its_way);
        assert!(
            begun.0 <= most && begun.1 == 0,
            "{}\nstarted after a signal: {begun:?}, at most {most} allowed\n{ended:?}",
            self.history
        );
        ended
    }

    async fn wait_for(&self, when: When, running: &mut Running) {
        let mut answered = self.answered.clone();
        let before = *answered.borrow();
        let happens = async {
            match when {
                When::After(time) => sleep(time).await,
                When::Answers(count) => {
                    let _ = answered.wait_for(|now| now - before >= count).await;
                }
            }
        };
        tokio::select! {
            () = happens => {}
            () = running.ended() => {}
        }
    }

    fn replace_token(&mut self) {
        let (token, secret) = chance::token(&mut self.random);
        self.secrets.push(secret);
        self.sandbox.replace_token(token).expect("a token");
        self.write_token();
        self.figures.tokens += 1;
    }

    /// How many requests the program has sent with a method.
    pub(super) fn requests(&self, method: &str) -> usize {
        let requests = self.sandbox.requests();
        let own = requests.iter().filter(|request| request.header(MARK).is_none());
        own.filter(|request| request.method == method).count()
    }

    fn all_requests(&self) -> usize {
        self.requests("POST") + self.requests("GET")
    }

    /// What the program has sent after the first `before` requests, and the responses.
    fn seen(&self, before: usize) -> Vec<String> {
        let requests = self.sandbox.requests().into_iter().skip(before);
        let own = requests.filter(|request| request.header(MARK).is_none());
        let shown = own.map(|request| {
            let body: Value = serde_json::from_slice(&request.body).unwrap_or_default();
            let paths = body["file_path"].as_array().map_or(0, Vec::len);
            let status = request.status.unwrap_or_default();
            format!("{} {paths}: {status}", request.method)
        });
        shown.collect()
    }

    /// Checks that the tokens are nowhere in what the program leaves behind.
    fn hides_the_tokens(&self, ended: &Ended, before: usize) {
        let journal = std::fs::read(self.file("journal")).unwrap_or_default();
        let requests = self.sandbox.requests();
        let sent = requests[before..].iter().filter(|request| request.header(MARK).is_none());
        let sent: BTreeSet<_> = sent.filter_map(|sent| sent.header("authorization")).collect();
        // A run cannot know the tokens of other runs.
        let is_sent = |secret: &&String| sent.iter().any(|sent| sent.contains(*secret));
        for secret in self.secrets.iter().filter(is_sent) {
            let shown = |text: &[u8]| text.windows(secret.len()).any(|w| w == secret.as_bytes());
            for text in [ended.out.as_bytes(), ended.err.as_bytes(), &journal] {
                assert!(!shown(text), "{}\nthe token is shown: {ended:?}", self.history);
            }
        }
    }
}

impl Told {
    pub(super) fn new(options: Options, ended: &Ended) -> Self {
        // A line that was cut off when the program ended does not count.
        let lines = ended.out.split_inclusive('\n').filter(|line| line.ends_with('\n'));
        let lines = lines.map(|line| serde_json::from_str::<Value>(line).expect("JSON"));
        let operations = lines.flat_map(|mut line| match line["operations"].take() {
            Value::Array(operations) => operations,
            _ => vec![line],
        });
        let operations = operations.collect();
        let mut said =
            ended.err.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
        let says_why = said.any(|line| line["error"].is_object());
        let is_cut_off = match ended.code {
            None => true,
            // A run that ends after the first signal says so.
            Some(130 | 143) => !says_why,
            Some(_) => false,
        };
        Self { options, code: ended.code, is_cut_off, ended: SystemTime::now(), operations }
    }
}

/// The paths of an operation in a report.
pub(super) fn paths_of(operation: &Value) -> Vec<String> {
    let paths = operation["paths"].as_array().expect("paths").iter();
    paths.map(|path| path["path"].as_str().expect("a path").to_owned()).collect()
}
