//! The target, read from the same environment variables as the command line.

use std::env;
use std::num::NonZeroU64;

use purge_api::Bearer;
use purge_api::builder::ListPurgeRequests;
use uuid::Uuid;

use crate::Failure;

/// The number of records per page.
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

    /// The bare generated bindings.
    pub(crate) fn bindings(&self) -> Result<purge_api::Client, Failure> {
        let bearer = Bearer::new(&self.token)?;
        Ok(purge_api::Client::new_with_client(&self.base, self.http()?, bearer))
    }

    /// The HTTP client that they use.
    pub(crate) fn http(&self) -> Result<reqwest::Client, Failure> {
        // Feature unification builds reqwest without a TLS provider, because the library brings its own.
        let _ = rustls::crypto::ring::default_provider().install_default();
        Ok(reqwest::Client::builder().build()?)
    }

    /// A page of the list, with the maximum number of records.
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

    /// The path for creating purges.
    pub(crate) fn path(&self) -> String {
        format!("/api/v1/cdn/{}/job/{}/purge", self.organization, self.resource)
    }
}
