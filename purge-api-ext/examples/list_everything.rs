//! Read all purge requests, fetching pages on demand.
//!
//!     cargo run -p purge-api-ext --example list_everything

#![allow(clippy::print_stdout)]

use std::error::Error;

use futures_util::TryStreamExt;
use purge_api_ext::{Client, PageSize, Plan, RecordState, escape};
use purge_sandbox::Sandbox;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let sandbox = Sandbox::start().await?;
    let client = Client::builder(sandbox.token()).base_url(sandbox.base_url()).build()?;
    let site = client.resource(sandbox.organization().parse()?, sandbox.resource().parse()?);
    let report = site.purge(Plan::parse(["/1", "/2", "/3", "/4", "/5"])?).await;
    assert!(report.is_success());

    let mut records = site.list().page_size(PageSize::MAX).items();
    let mut pending = 0;
    while let Some(record) = records.try_next().await? {
        // Escape untrusted text before it reaches a terminal.
        println!("{:<10} {}", record.state(), escape(record.path().unwrap_or("?")));
        pending += usize::from(record.state() == RecordState::Pending);
    }
    println!("{pending} records are not finished");
    Ok(())
}

#[test]
fn runs() {
    main().expect("the example works");
}
