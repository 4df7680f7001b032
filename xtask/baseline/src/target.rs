//! What is talked to, from the same environment that the command line reads.

use std::env;
use std::num::NonZeroU64;

use purge_api::Bearer;
use purge_api::builder::ListPurgeRequests;
use uuid::Uuid;

use crate::Failure;

/// How many records a page holds.
pub(crate) const LIMIT: NonZeroU64 = NonZeroU64::new(100).expect("not zero");

pub(crate) struct Target {
    pub(crate) base: String,
    pub(crate) token: String,
    pub(crate) organization: Uuid,
    pub(crate) resource: Uuid,
}

impl Target {
    pub(crate) fn from_env() -> Result<Self, Failure> {
        let variable =
            |name: &str| env::var(name).map_err(|e| Failure::from(format!("{name}: {e}")));
        Ok(Self {
            base: variable("PURGE_BASE_URL")?,
            token: variable("PURGE_TOKEN")?,
            organization: variable("PURGE_ORGANIZATION")?.parse()?,
            resource: variable("PURGE_RESOURCE")?.parse()?,
        })
    }

    /// The generated bindings, without anything around them.
    pub(crate) fn bindings(&self) -> Result<purge_api::Client, Failure> {
        let bearer = Bearer::new(&self.token)?;
        Ok(purge_api::Client::new_with_client(&self.base, self.http()?, bearer))
    }

    /// The HTTP client beneath them.
    pub(crate) fn http(&self) -> Result<reqwest::Client, Failure> {
        // It shares its features with the library's, which brings its own TLS provider.
        let _ = rustls::crypto::ring::default_provider().install_default();
        Ok(reqwest::Client::builder().build()?)
    }

    /// A page of the list, of the most records that there may be.
    pub(crate) fn page<'a>(
        &self,
        client: &'a purge_api::Client,
        number: NonZeroU64,
    ) -> ListPurgeRequests<'a> {
        client
            .list_purge_requests()
            .organization_uuid(self.organization)
            .resource_uuid(self.resource)
            .page(number)
            .limit(LIMIT)
    }

    /// Where purges are created.
    pub(crate) fn path(&self) -> String {
        format!("/api/v1/cdn/{}/job/{}/purge", self.organization, self.resource)
    }
}
