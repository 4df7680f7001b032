//! The steps of the check, each of which sends as little as possible.

use std::num::NonZeroU64;

use purge_api_ext::raw::purge_api::observe;
use purge_api_ext::{Client, Error, OperationId, Page, PageSize, Proxy, Resource};

use super::network::Peer;
use super::observe::Watch;
use super::steps::{
    Way, connected, failed, found, is_of_connection, mention, of_clocks, of_settings, signed_in,
    without_resource,
};
use crate::args::DoctorArgs;
use crate::doctor::{Asked, Certificate, Exchange, Skew, Step, UNKNOWN_OPERATION};
use crate::exit::Failure;
use crate::output::{Console, Messages, Progress};
use crate::signals::Signals;
use crate::target::Parts;

/// The size of a page of which even short lists have several.
const SHORT: PageSize = match PageSize::new(2) {
    Some(size) => size,
    None => PageSize::MAX,
};

/// Everything that the steps share.
pub(super) struct Examination<'a, 'c> {
    pub(super) args: &'a DoctorArgs,
    pub(super) watch: &'a Watch,
    pub(super) signals: &'a Signals,
    pub(super) progress: Progress,
    pub(super) console: &'a mut Console<'c>,
    /// How many responses have been described on standard error.
    described: usize,
    steps: Vec<Step>,
}

impl<'a, 'c> Examination<'a, 'c> {
    pub(super) fn new(
        args: &'a DoctorArgs,
        watch: &'a Watch,
        signals: &'a Signals,
        progress: Progress,
        console: &'a mut Console<'c>,
    ) -> Self {
        Self { args, watch, signals, progress, console, described: 0, steps: Vec::new() }
    }

    /// Runs the steps, as far as they are possible. A signal ends them early.
    pub(super) async fn run(
        mut self,
        parts: Parts,
        wrong: &[Failure],
        base_url: &str,
        proxy: Option<Proxy>,
    ) -> Vec<Step> {
        let (voice, signals, watch) = (self.progress.voice(), self.signals, self.watch.clone());
        let observer = move |response| watch.take(&response);
        let steps = async {
            self.steps.push(of_settings(&parts, wrong));
            self.check(&parts, base_url, proxy).await;
            self.steps.push(of_clocks(&self.watch.with(|seen| Skew::of(&seen.exchanges))));
            if let Some(sandbox) = parts.sandbox {
                sandbox.shutdown().await;
            }
            self.steps
        };
        signals.drain(voice, observe(observer, steps)).await
    }

    async fn check(&mut self, parts: &Parts, base_url: &str, proxy: Option<Proxy>) {
        let way =
            Way { is_encrypted: base_url.starts_with("https://"), is_proxied: proxy.is_some() };
        let Some(peer) = Peer::new(base_url, proxy) else { return };
        self.steps.push(peer.proxy_step());
        let reached = async {
            let (step, addresses) = peer.resolve().await.map_err(|step| (None, step))?;
            peer.connect(&addresses).await.map_err(|failed| (Some(step.clone()), failed))?;
            Ok(step)
        };
        match self.unless_interrupted(reached).await {
            None => return,
            Some(Err((resolved, failed))) => {
                return self.steps.extend(resolved.into_iter().chain([failed]));
            }
            Some(Ok(resolved)) => self.steps.push(resolved),
        }
        let has_token = self.sign_in(parts).await.is_some();
        let (true, Ok(organization), Ok(resource)) =
            (has_token, &parts.organization, &parts.resource)
        else {
            if has_token {
                self.steps.push(without_resource(self.has_response()));
            }
            return self.connect(&parts.client, way).await;
        };
        let resource = parts.client.resource(*organization, *resource);
        let Some(is_readable) = self.find(&resource, way).await else { return };
        match &self.args.path {
            Some(path) if is_readable => {
                let step = self.purge(&resource, path).await;
                self.steps.push(step);
                self.list(&resource, 1, PageSize::MAX, None).await;
            }
            // The step `resource` has failed.
            Some(_) => {}
            None => self.steps.push(Step::not_checked("purge", "`--path` was not given")),
        }
        let mut failures = Vec::new();
        self.read_on(&resource, &mut failures).await;
        mention(&mut self.steps, &failures);
    }

    /// Gets a token. None if there is none.
    async fn sign_in(&mut self, parts: &Parts) -> Option<()> {
        if parts.token.is_err() {
            self.steps.push(Step::not_checked("sign-in", "no source of a token is set"));
            return None;
        }
        let fetched = self.unless_interrupted(parts.client.fetch_token()).await;
        self.describe();
        let error = match fetched? {
            Ok(()) => return Some(()),
            Err(error) => error,
        };
        // A connection error shows again when the connection is checked.
        if self.has_response() || !is_of_connection(&error) {
            self.steps.push(failed("sign-in", &error));
        }
        None
    }

    /// Checks the connection alone, unless a response has shown it.
    async fn connect(&mut self, client: &Client, way: Way) {
        if self.has_response() {
            let certificate = self.watch.certificate();
            return self.steps.push(connected(way, certificate.as_ref()));
        }
        let Some(probed) = self.unless_interrupted(client.probe()).await else { return };
        self.steps.push(match probed {
            Ok(probe) => {
                let certificate = probe.certificate.as_deref().and_then(Certificate::parse);
                connected(way, certificate.as_ref())
            }
            Err(error) => failed("connection", &error),
        });
    }

    /// Lists the first page, and says whether it can be read. None if the service responds to no list.
    async fn find(&mut self, resource: &Resource, way: Way) -> Option<bool> {
        let has_login = self.has_response();
        let before = self.watch.with(|seen| seen.exchanges.len());
        let listed = self.list(resource, 1, PageSize::MAX, None).await?;
        // After a refusal, the last response may be one to a login.
        let is_list = |exchange: &&Exchange| matches!(exchange.asked, Asked::List(_));
        let response =
            self.watch.with(|seen| seen.exchanges.iter().skip(before).rfind(is_list).cloned());
        match &listed {
            Err(error) if response.is_none() && !has_login => {
                self.steps.push(failed("connection", error));
                return None;
            }
            _ => {
                let certificate = self.watch.certificate();
                self.steps.push(connected(way, certificate.as_ref()));
            }
        }
        self.steps.push(signed_in(&listed, response.as_ref(), has_login));
        self.steps.push(found(&listed, response.as_ref()));
        response.filter(Exchange::is_of_service).map(|_| listed.is_ok())
    }

    /// Lists what shows how pages, filters and the end of the list work.
    async fn read_on(&mut self, resource: &Resource, failures: &mut Vec<Error>) -> Option<()> {
        for page in [1, 2] {
            failures.extend(self.list(resource, page, SHORT, None).await?.err());
        }
        let (pages, op_id) = self.watch.with(|seen| (seen.last_pages(), seen.an_operation()));
        for page in pages {
            failures.extend(self.list(resource, page, PageSize::MAX, None).await?.err());
        }
        for op_id in op_id.into_iter().chain([UNKNOWN_OPERATION.to_owned()]) {
            let Ok(op_id) = OperationId::try_from(op_id) else { continue };
            failures.extend(self.list(resource, 1, PageSize::MAX, Some(op_id)).await?.err());
        }
        Some(())
    }

    /// Lists one page. None after a signal.
    async fn list(
        &mut self,
        resource: &Resource,
        page: u64,
        size: PageSize,
        op_id: Option<OperationId>,
    ) -> Option<Result<Page, Error>> {
        let mut list = resource.list().page_size(size);
        if let Some(op_id) = op_id {
            list = list.operation(op_id);
        }
        let page = NonZeroU64::new(page).unwrap_or(NonZeroU64::MIN);
        let listed = self.unless_interrupted(list.page(page)).await;
        self.describe();
        listed
    }

    fn has_response(&self) -> bool {
        self.watch.with(|seen| !seen.exchanges.is_empty())
    }

    /// Describes each new response on standard error, if that is wanted.
    pub(super) fn describe(&mut self) {
        if self.console.messages != Messages::Verbose {
            return;
        }
        let lines: Vec<_> = self.watch.with(|seen| {
            seen.exchanges.iter().skip(self.described).map(ToString::to_string).collect()
        });
        self.described += lines.len();
        for line in lines {
            self.progress.say(self.console.err, format_args!("{line}"));
        }
    }

    /// Awaits a step that may be dropped at any time.
    async fn unless_interrupted<F: Future>(&self, step: F) -> Option<F::Output> {
        let shutdown = self.signals.shutdown();
        tokio::select! {
            done = step => Some(done),
            () = shutdown.begun() => None,
        }
    }
}
