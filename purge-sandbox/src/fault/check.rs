//! Which faults can be sent. One that cannot is refused when it is created, never while a client waits.

use http::{HeaderName, HeaderValue, StatusCode};

use super::{Ending, Fault};
use crate::framing;

/// Whether a response with this status has a body, and so a length. This also applies to responses of an origin.
pub(crate) fn has_body(status: StatusCode) -> bool {
    let bodiless = [StatusCode::NO_CONTENT, StatusCode::RESET_CONTENT, StatusCode::NOT_MODIFIED];
    !status.is_informational() && !bodiless.contains(&status)
}

/// Every refusal begins with the JSON name of the member.
impl Fault {
    pub(crate) fn try_status(mut self, status: i64) -> Result<Self, String> {
        let known = u16::try_from(status).ok().and_then(|status| StatusCode::from_u16(status).ok());
        let known = known.filter(|status| !status.is_informational());
        self.status = Some(known.ok_or_else(|| {
            format!("`status`: {status} is not the status of a response; use 200 to 999")
        })?);
        Ok(self)
    }

    pub(crate) fn try_header(mut self, name: &str, value: &str) -> Result<Self, String> {
        let known = HeaderName::from_bytes(name.as_bytes()).map_err(|_| {
            format!("`headers`: {name:?} is not a header name; use letters, digits and hyphens")
        })?;
        if framing::is_of_server(&known) {
            return Err(format!(
                "`headers`: {name:?} is written by the server; leave it out, or send the whole response as a raw ending"
            ));
        }
        let value = HeaderValue::from_str(value).map_err(|_| {
            format!("`headers`: {name:?} cannot have the value {value:?}; use text without control characters")
        })?;
        self.headers.append(known, value);
        Ok(self)
    }

    /// Checks the members in combination.
    pub(crate) fn check(&self) -> Result<(), String> {
        if let Ending::Reset | Ending::Raw(_) = self.ending {
            let ignored = [("status", self.status.is_some()), ("body", self.body.is_some())];
            if let Some((name, _)) = ignored.iter().find(|(_, is_set)| *is_set) {
                return Err(format!(
                    "`{name}`: with this `ending`, no such response is sent; leave one of them out"
                ));
            }
        }
        let Some(status) = self.status.filter(|status| !has_body(*status)) else { return Ok(()) };
        let status = status.as_u16();
        if self.body.as_ref().is_some_and(|body| !body.is_empty()) {
            return Err(format!("`body`: a response with status {status} has none; leave it out"));
        }
        if matches!(self.ending, Ending::Truncated | Ending::Stalled(_)) {
            return Err(format!(
                "`ending`: a response with status {status} has no body that could end early; leave it out"
            ));
        }
        Ok(())
    }

    pub(super) fn checked(self) -> Self {
        match self.check() {
            Ok(()) => self,
            Err(refusal) => panic!("{refusal}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(make: impl FnOnce() -> Fault + std::panic::UnwindSafe) -> String {
        let panic = std::panic::catch_unwind(make).expect_err("a fault that cannot be sent");
        *panic.downcast::<String>().expect("a message")
    }

    #[test]
    fn a_fault_that_cannot_be_sent_is_refused_when_it_is_created() {
        for status in [0, 99, 100, 101, 199, 1000, u16::MAX] {
            let message = refusal(move || Fault::status(status));
            assert!(message.starts_with(&format!("`status`: {status} is not")), "{message}");
        }
        for name in ["Content-Length", "transfer-encoding", "CONNECTION", "Upgrade", "Trailer"] {
            let message = refusal(move || Fault::status(500).header(name, "5"));
            assert!(message.starts_with(&format!("`headers`: {name:?} is written")), "{message}");
        }
        for (name, value) in
            [("", "x"), ("a b", "x"), ("x:", "x"), ("é", "x"), ("x", "a\nb"), ("x", "a\0")]
        {
            let message = refusal(move || Fault::answer().header(name, value));
            assert!(message.starts_with(&format!("`headers`: {name:?} ")), "{message}");
        }
        for status in [204, 205, 304] {
            let message = refusal(move || Fault::status(status).body("x"));
            assert!(message.starts_with("`body`: a response with status"), "{message}");
            let message = refusal(move || Fault::status(status).truncate());
            assert!(message.starts_with("`ending`: a response with status"), "{message}");
            let _ = Fault::status(status).body("").header("retry-after", "1");
        }
        for make in [Fault::reset, Fault::garbage] {
            let message = refusal(move || make().body("x"));
            assert!(message.starts_with("`body`: with this `ending`"), "{message}");
        }
    }
}
