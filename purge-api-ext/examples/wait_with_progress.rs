//! Show the progress of a run.
//!
//!     cargo run -p purge-api-ext --example wait_with_progress

#![allow(clippy::print_stdout)]

use std::error::Error;
use std::time::Duration;

use futures_util::StreamExt;
use purge_api_ext::{Client, Event, Plan};
use purge_sandbox::Sandbox;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let sandbox = Sandbox::start().await?;
    let client = Client::builder(sandbox.token()).base_url(sandbox.base_url()).build()?;
    let site = client.resource(sandbox.organization().parse()?, sandbox.resource().parse()?);

    let plan = Plan::parse((0..250).map(|i| format!("/page-{i}.html")))?;
    let mut events = site.purge(plan).wait_for(Duration::from_secs(60)).events();
    while let Some(event) = events.next().await {
        match event {
            Event::Started { requests, paths } => println!("{paths} paths, {requests} requests"),
            Event::Accepted { request, op_id } => println!("request {request}: {op_id}"),
            Event::Retrying { request, delay, error } => {
                println!("request {request}: {error}; retrying in {delay:?}");
            }
            Event::Progress { finished, paths } => println!("{finished} of {paths} finished"),
            Event::Finished(report) => println!("{}", report.into_result()?),
            _ => {}
        }
    }
    Ok(())
}

#[test]
fn runs() {
    main().expect("the example works");
}
