//! Where requests go: one CDN resource, over a session with the service.

use std::fmt;
use std::sync::Arc;

use purge_api::builder::{CreatePurge, ListPurgeRequests};

use crate::session::Session;
use crate::{OrganizationId, ResourceId};

/// What each request of a resource needs. Clones share it.
#[derive(Clone)]
pub(crate) struct Endpoint {
    session: Session,
    base_url: Arc<str>,
    organization: OrganizationId,
    resource: ResourceId,
}

impl Endpoint {
    pub(crate) fn new(
        session: Session,
        base_url: Arc<str>,
        organization: OrganizationId,
        resource: ResourceId,
    ) -> Self {
        Self { session, base_url, organization, resource }
    }

    pub(crate) fn session(&self) -> &Session {
        &self.session
    }

    pub(crate) fn base_url(&self) -> &str {
        &self.base_url
    }

    pub(crate) fn organization(&self) -> OrganizationId {
        self.organization
    }

    pub(crate) fn resource(&self) -> ResourceId {
        self.resource
    }

    pub(crate) fn create_purge(&self) -> CreatePurge<'_> {
        let request = self.session.raw().create_purge();
        request.organization_uuid(self.organization.uuid()).resource_uuid(self.resource.uuid())
    }

    pub(crate) fn list_purge_requests(&self) -> ListPurgeRequests<'_> {
        let request = self.session.raw().list_purge_requests();
        request.organization_uuid(self.organization.uuid()).resource_uuid(self.resource.uuid())
    }
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Endpoint")
            .field("base_url", &self.base_url)
            .field("token", self.session.provider())
            .field("organization", &self.organization)
            .field("resource", &self.resource)
            .finish()
    }
}
