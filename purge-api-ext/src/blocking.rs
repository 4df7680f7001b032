//! An interface for programs without an asynchronous runtime.

use std::future::IntoFuture;
use std::pin::Pin;

use futures_core::Stream;
use futures_util::StreamExt;
use tokio::runtime::{Builder, Runtime};

/// A runtime that blocks the calling thread until an asynchronous call completes.
///
/// Create one and keep it: the connections of a [`Client`](crate::Client) live in it.
///
/// # Panics
///
/// Its methods panic inside an asynchronous runtime, whose threads must not be blocked. Use `.await` there.
///
/// ```
/// # let (_runtime, sandbox) = {
/// #     let runtime = tokio::runtime::Runtime::new()?;
/// #     let sandbox = runtime.block_on(purge_sandbox::Sandbox::start())?;
/// #     (runtime, sandbox)
/// # };
/// # let (token, base) = (sandbox.token(), sandbox.base_url());
/// # let (organization, resource) = (sandbox.organization(), sandbox.resource());
/// use purge_api_ext::{Blocking, Client, Plan};
///
/// let blocking = Blocking::new()?;
/// let client = Client::builder(token).base_url(base).build()?;
/// let site = client.resource(organization.parse()?, resource.parse()?);
///
/// let report = blocking.run(site.purge(Plan::parse(["/index.html"])?));
/// assert!(report.is_success());
/// for record in blocking.iter(site.list().items()) {
///     println!("{}", record?.state());
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
#[must_use]
pub struct Blocking(Runtime);

impl Blocking {
    /// Creates a runtime.
    ///
    /// # Errors
    ///
    /// When the operating system is out of resources.
    pub fn new() -> std::io::Result<Self> {
        Builder::new_current_thread().enable_all().build().map(Self)
    }

    /// Runs a call, for example a [`Purge`](crate::Purge) or [`List::page`](crate::List::page).
    pub fn run<F: IntoFuture>(&self, call: F) -> F::Output {
        self.0.block_on(async { call.await })
    }

    /// Iterates over a stream, for example [`List::items`](crate::List::items) or
    /// [`Purge::events`](crate::Purge::events), one item at a time.
    pub fn iter<'a, S: Stream + 'a>(&'a self, stream: S) -> impl Iterator<Item = S::Item> + 'a {
        let mut stream: Pin<Box<S>> = Box::pin(stream);
        std::iter::from_fn(move || self.0.block_on(stream.next()))
    }
}
