//! What each step says.

use purge_api_ext::{Error, ErrorKind, Page};

use crate::doctor::{Certificate, Ended, Exchange, Skew, Step};
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
    let text = error.to_string();
    let public = without_quotes(&text);
    Step::failed(name, error.kind().into(), text).for_others(public)
}

/// A message without what it quotes: the beginning of a response may contain URLs, which may be cut off anywhere, and
/// backticks of its own.
pub(super) fn without_quotes(text: &str) -> String {
    match (text.find('`'), text.rfind('`')) {
        (Some(start), Some(end)) if start < end => {
            format!("{}(not shown){}", &text[..start], &text[end + 1..])
        }
        _ => text.to_owned(),
    }
}

/// Whether anything is missing, or wrong although no step needs it.
pub(super) fn of_settings(parts: &Parts, wrong: &[Failure]) -> Step {
    let missing = [
        parts.organization.as_ref().map(drop),
        parts.resource.as_ref().map(drop),
        parts.token.as_ref().map(drop),
    ];
    let missing = missing.into_iter().filter_map(Result::err);
    let missing: Vec<_> = missing.chain(wrong).map(Failure::to_string).collect();
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

/// Whether the token is accepted, as the last response to a list shows.
pub(super) fn signed_in(
    listed: &Result<Page, Error>,
    response: Option<&Exchange>,
    has_login: bool,
) -> Step {
    let unknown = |what: String| {
        Step::not_checked("sign-in", format!("{what} does not show whether the token is accepted"))
    };
    match (listed, response) {
        (Err(error), Some(Exchange { status: 401, .. })) => failed("sign-in", error),
        _ if has_login => Step::well("sign-in", SIGNED_IN),
        (_, Some(response)) if response.is_granted() => {
            Step::well("sign-in", "the token is accepted")
        }
        // The service also refuses with 200, and so does a gateway that wants visitors to sign in.
        (_, Some(response)) if response.is_of_service() => {
            unknown(format!("a {} response without `status: true`", response.status))
        }
        (_, Some(response)) if response.is_success() => {
            unknown(format!("a {} response that is not one of the service", response.status))
        }
        (_, Some(response)) => unknown(format!("a {} response", response.status)),
        (_, None) => Step::not_checked("sign-in", "there was no response"),
    }
}

/// Adds to the step `resource` that later lists failed, which is not a failure of any step.
pub(super) fn mention(steps: &mut [Step], failures: &[Error]) {
    // After a response that asks for a pause, further requests are not even sent.
    let status = failures.iter().rev().find_map(Error::status);
    let how = match status {
        Some(status) => format!("with a {status} response"),
        None => "without a response".to_owned(),
    };
    let more = match failures.len() {
        0 => return,
        1 => format!("; a later list failed {how}"),
        several => format!("; {several} later lists failed, one of them {how}"),
    };
    let is_well = |step: &&mut Step| step.name == "resource" && step.ended == Ended::Well;
    steps.iter_mut().filter(is_well).for_each(|step| step.text.push_str(&more));
}

pub(super) fn found(listed: &Result<Page, Error>, response: Option<&Exchange>) -> Step {
    match (listed, response.map(|response| response.status)) {
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
            let step = failed("resource", error);
            let advice = "; check the organization and the resource";
            let public = step.public.map(|public| public + advice);
            Step { text: step.text + advice, public, ..step }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_are_left_out_with_what_is_between_them() {
        for (text, expected) in [
            ("a redirect to `/a` was not followed", "a redirect to (not shown) was not followed"),
            ("not a response: `a`b`; retry", "not a response: (not shown); retry"),
            ("refused (404)", "refused (404)"),
        ] {
            assert_eq!(without_quotes(text), expected);
        }
    }
}
