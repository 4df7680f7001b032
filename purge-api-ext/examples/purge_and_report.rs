//! Purge some paths, wait until they are purged, and print the outcome of each.
//!
//!     cargo run -p purge-api-ext --example purge_and_report

#![allow(clippy::print_stdout)]

use std::error::Error;
use std::time::Duration;

use purge_api_ext::{Client, Plan};
use purge_sandbox::Sandbox;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    // A local server. To use the real service, remove it and the call of `base_url`.
    let sandbox = Sandbox::start().await?;
    let client = Client::builder(sandbox.token()).base_url(sandbox.base_url()).build()?;
    let site = client.resource(sandbox.organization().parse()?, sandbox.resource().parse()?);

    let plan = Plan::parse(["/index.html", "/images/*", "/images/logo.png"])?;
    println!("{plan}");
    let report = site.purge(plan).wait_for(Duration::from_secs(60)).await;
    for path in report.paths() {
        println!("{:<10} {}", path.state, path.path);
    }
    println!("{}", report.into_result()?);
    Ok(())
}

#[test]
fn runs() {
    main().expect("the example works");
}
