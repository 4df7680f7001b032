//! What bypasses the program under test: operations of another client, and the state of the server.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

use purge_sandbox::Sandbox;
use reqwest::{Client, RequestBuilder, Response, StatusCode};
use serde_json::{Value, json};

/// Marks requests that do not come from the program under test.
pub(super) const MARK: &str = "x-by";

/// An operation as the server has it.
#[derive(Debug)]
pub(super) struct Job {
    pub(super) created: SystemTime,
    pub(super) records: BTreeMap<String, Record>,
}

#[derive(Debug)]
pub(super) struct Record {
    pub(super) status: u64,
    pub(super) completed: Option<SystemTime>,
}

/// Another client of the same resource.
#[derive(Debug)]
pub(super) struct Others {
    http: Client,
    url: String,
    resource: String,
    /// The IDs of the operations that it has created.
    pub(super) operations: Vec<String>,
}

impl Others {
    pub(super) fn at(sandbox: &Sandbox) -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let http = Client::builder().no_proxy().build().expect("a client");
        let (organization, resource) = (sandbox.organization(), sandbox.resource().to_owned());
        let base = sandbox.base_url();
        let url = format!("{base}/api/v1/cdn/{organization}/job/{resource}/purge");
        Self { http, url, resource, operations: Vec::new() }
    }

    /// Creates an operation. Consumes no fault.
    pub(super) async fn create(&mut self, sandbox: &Sandbox, paths: &[String]) {
        let body = json!({ "resource_uuid": self.resource, "file_path": paths }).to_string();
        let request = || {
            let request = self.http.post(&self.url).header("content-type", "application/json");
            request.body(body.clone())
        };
        let created = answer(sandbox, request).await;
        self.operations.push(created["opID"].as_str().expect("an operation").to_owned());
    }

    /// All operations of the server, once they are finished.
    pub(super) async fn jobs(&self, sandbox: &Sandbox) -> BTreeMap<String, Job> {
        loop {
            let jobs = self.jobs_now(sandbox).await;
            let mut records = jobs.values().flat_map(|job| job.records.values());
            if records.all(|record| record.completed.is_some()) {
                return jobs;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    async fn jobs_now(&self, sandbox: &Sandbox) -> BTreeMap<String, Job> {
        let mut jobs: BTreeMap<String, Job> = BTreeMap::new();
        let mut read = 0;
        for page in 1.. {
            let request = || self.http.get(format!("{}?page={page}&limit=100", self.url));
            let data = answer(sandbox, request).await["data"].take();
            let records = data["requests"].as_array().expect("records");
            for record in records {
                let id = record["opID"].as_str().expect("an operation").to_owned();
                let created = time(&record["createdAt"]).expect("a time");
                let job =
                    jobs.entry(id).or_insert_with(|| Job { created, records: BTreeMap::new() });
                let url = record["url"].as_str().expect("a URL");
                let path = url.splitn(4, '/').nth(3).expect("a path");
                let status = record["status"].as_u64().expect("a status");
                let record = Record { status, completed: time(&record["completedAt"]) };
                job.records.insert(format!("/{path}"), record);
            }
            read += records.len() as u64;
            if records.is_empty() || read >= data["total"].as_u64().expect("a number") {
                break;
            }
        }
        jobs
    }

    /// Uses up the remaining faults, and returns how many there were.
    pub(super) async fn drain(&self) -> usize {
        // Part of the genuine response to a request without a token, which no fault contains.
        const GENUINE: &str = "`Authorization: Bearer <token>`";
        let mut drained = 0;
        for request in [self.http.post(&self.url), self.http.get(&self.url)] {
            let request = request.header(MARK, "drain").timeout(Duration::from_millis(300));
            for tries in 1.. {
                assert!(tries < 1000, "no genuine response; is its text still {GENUINE}?");
                let sent = request.try_clone().expect("a request").send().await;
                let text = match sent {
                    Ok(answer) => answer.text().await.unwrap_or_default(),
                    Err(_) => String::new(),
                };
                if text.contains(GENUINE) {
                    break;
                }
                drained += 1;
            }
        }
        drained
    }
}

fn time(value: &Value) -> Option<SystemTime> {
    value.as_str().map(|text| humantime::parse_rfc3339(text).expect("a time"))
}

/// The response to a request that must not receive a fault, after as many pauses as the server asks for.
async fn answer(sandbox: &Sandbox, request: impl Fn() -> RequestBuilder) -> Value {
    loop {
        let request = request().header(MARK, "other").header("x-sandbox-fault", "{}");
        let answer: Response =
            request.bearer_auth(sandbox.token()).send().await.expect("a response");
        match answer.status() {
            StatusCode::OK => {
                let text = answer.text().await.expect("a body");
                return serde_json::from_str(&text).expect("JSON");
            }
            StatusCode::TOO_MANY_REQUESTS => tokio::time::sleep(Duration::from_millis(50)).await,
            other => panic!("{other}"),
        }
    }
}
