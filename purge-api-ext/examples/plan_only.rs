//! Show what would be sent, without an account and without sending anything.
//!
//!     cargo run -p purge-api-ext --example plan_only

#![allow(clippy::print_stdout)]

use std::error::Error;

use purge_api_ext::{Plan, PurgePath};

fn main() -> Result<(), Box<dyn Error>> {
    let changed = ["index.html", "images/über uns.jpg", "images/logo.png"];
    let mut paths = Vec::new();
    for name in changed {
        paths.push(PurgePath::from_file_name(name)?);
    }
    paths.push("/images/*".parse()?);

    let plan = Plan::new(paths)?;
    println!("{plan}");
    for (number, batch) in plan.batches().iter().enumerate() {
        for path in batch.paths() {
            println!("request {}: {path}", number + 1);
        }
    }
    assert_eq!(plan.covered(), 2, "`/images/*` covers the two files below it");

    let everything = Plan::parse(["/*"]);
    println!("{}", everything.expect_err("a full purge needs explicit consent"));
    Ok(())
}

#[test]
fn runs() {
    main().expect("the example works");
}
