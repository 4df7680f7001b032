//! What each step says.

use purge_api_ext::{Error, ErrorKind, Page};

use crate::doctor::{Certificate, Ended, Skew, Step};
use crate::exit::{Exit, Failure};
use crate::target::Parts;

/// The names of the steps, in the order in which they are shown.
pub(super) const STEPS: [&str; 8] =
    ["settings", "name", "proxy", "connection", "sign-in", "resource", "clock", "purge"];

const SIGNED_IN: &str = "the API key was exchanged for a token";

/// Adds the steps that could not run, and puts all into their order.
pub(super) fn complete(steps: Vec<Step>, was_interrupted: bool) -> Vec<Step> {
    let find = |name: &str| steps.iter().find(|step| step.name == name);
    let step = |(place, name): (usize, &'static str)| {
        if let Some(step) = find(name) {
            return step.clone();
        }
        // The step `clock` depends on no other step, and no step depends on it.
        let mut before = STEPS[..place].iter().rev().filter(|name| **name != "clock");
        let failed = before
            .find(|name| find(name).is_some_and(|step| matches!(step.ended, Ended::Failed(_))));
        Step::not_checked(
            name,
            match failed {
                _ if was_interrupted => "the check was interrupted".to_owned(),
                Some(failed) => format!("the step `{failed}` failed"),
                None => "an earlier step was not checked".to_owned(),
            },
        )
    };
    STEPS.into_iter().enumerate().map(step).collect()
}

/// Whether there was no response for a reason outside this machine.
pub(super) fn is_of_connection(error: &Error) -> bool {
    error.status().is_none()
        && matches!(error.kind(), ErrorKind::Unavailable | ErrorKind::Untrusted)
}

pub(super) fn failed(name: &'static str, error: &Error) -> Step {
    Step::failed(name, error.kind().into(), error.to_string())
}

pub(super) fn of_settings(parts: &Parts) -> Step {
    let missing = [
        parts.organization.as_ref().map(drop),
        parts.resource.as_ref().map(drop),
        parts.token.as_ref().map(drop),
    ];
    let missing: Vec<_> =
        missing.into_iter().filter_map(Result::err).map(Failure::to_string).collect();
    match missing.is_empty() {
        true => Step::well("settings", "complete"),
        false => Step::failed("settings", Exit::Usage, missing.join("; ")),
    }
}

/// How the service is reached.
#[derive(Clone, Copy)]
pub(super) struct Way {
    pub(super) is_encrypted: bool,
    pub(super) is_proxied: bool,
}

pub(super) fn connected(way: Way, certificate: Option<&Certificate>) -> Step {
    let text = match certificate {
        _ if !way.is_encrypted => "plain HTTP to this machine: nothing is encrypted".to_owned(),
        Some(Certificate { issuer, ends }) => {
            format!("TLS; the certificate was issued by `{issuer}` and ends on {ends}")
        }
        // The HTTP client shows it only of a connection of its own.
        None if way.is_proxied => {
            "TLS through the proxy; the issuer of the certificate was not checked: through a proxy"
                .to_owned()
        }
        None => "TLS; the certificate cannot be read".to_owned(),
    };
    Step::well("connection", text)
}

/// How signing in ended if no resource can be listed.
pub(super) fn without_resource(has_login: bool) -> Step {
    match has_login {
        true => Step::well("sign-in", SIGNED_IN),
        false => Step::not_checked("sign-in", "only a list shows whether the token is accepted"),
    }
}

pub(super) fn signed_in(
    listed: &Result<Page, Error>,
    status: Option<u16>,
    has_login: bool,
) -> Step {
    match (listed, status) {
        (Err(error), Some(401)) => failed("sign-in", error),
        _ if has_login => Step::well("sign-in", SIGNED_IN),
        (_, Some(200..300)) => Step::well("sign-in", "the token is accepted"),
        (_, Some(status)) => Step::not_checked(
            "sign-in",
            format!("a {status} response does not show whether the token is accepted"),
        ),
        (_, None) => Step::not_checked("sign-in", "there was no response"),
    }
}

pub(super) fn found(listed: &Result<Page, Error>, status: Option<u16>) -> Step {
    match (listed, status) {
        (Ok(page), _) => {
            let count = page.total.unwrap_or(page.requests.len() as u64);
            // What the service answers for a resource that does not exist is not published.
            let text = match count {
                0 => "both IDs are accepted; without records, it is unknown whether they exist"
                    .to_owned(),
                1 => "the organization and the resource exist; 1 record".to_owned(),
                _ => format!("the organization and the resource exist; {count} records"),
            };
            Step::well("resource", text)
        }
        (Err(_), Some(401)) => Step::not_checked("resource", "the token was refused"),
        (Err(error), Some(404)) => {
            let text = format!("{error}; check the organization and the resource");
            Step::failed("resource", error.kind().into(), text)
        }
        (Err(error), _) => failed("resource", error),
    }
}

pub(super) fn of_clocks(skew: &Skew) -> Step {
    let text = match skew {
        Skew::Unknown => {
            return Step::not_checked("clock", "no response shows the time of the service");
        }
        Skew::Agree(most) => {
            let most = humantime::format_duration(*most);
            format!("the service and this machine agree to within {most}")
        }
        Skew::Differ { ahead, by } => {
            let by = humantime::format_duration(*by);
            let direction = if *ahead { "ahead of" } else { "behind" };
            format!("the clock of the service is {by} {direction} that of this machine")
        }
    };
    match skew.is_large() {
        true => Step::failed("clock", Exit::Failed, text),
        false => Step::well("clock", text),
    }
}
