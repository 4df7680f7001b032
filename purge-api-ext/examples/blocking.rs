//! Purge from a program without an asynchronous runtime.
//!
//!     cargo run -p purge-api-ext --example blocking --features blocking

#![allow(clippy::print_stdout)]

use std::error::Error;

use purge_api_ext::{Blocking, Client, Plan};
use purge_sandbox::Sandbox;

fn main() -> Result<(), Box<dyn Error>> {
    // The sandbox is itself asynchronous, so it needs a runtime of its own.
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    let sandbox = runtime.block_on(Sandbox::start())?;

    let blocking = Blocking::new()?;
    let client = Client::builder(sandbox.token()).base_url(sandbox.base_url()).build()?;
    let site = client.resource(sandbox.organization().parse()?, sandbox.resource().parse()?);

    let report = blocking.run(site.purge(Plan::parse(["/index.html"])?));
    println!("{report}");
    for record in blocking.iter(site.list().items()) {
        let record = record?;
        println!("{} {}", record.state(), record.path().unwrap_or("?"));
    }
    Ok(())
}

#[test]
fn runs() {
    main().expect("the example works");
}
