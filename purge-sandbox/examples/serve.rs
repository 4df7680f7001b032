//! Runs a sandbox until it is interrupted: `cargo run -p purge-sandbox --example serve 127.0.0.1:8080`,
//! with a folder to serve as a second argument.
#![expect(clippy::print_stdout, reason = "it prints its address")]

use purge_sandbox::Sandbox;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let mut builder = Sandbox::builder();
    if let Some(address) = arguments.next() {
        builder = builder.listen(address.parse()?);
    }
    if let Some(folder) = arguments.next() {
        builder = builder.origin(folder);
    }
    let sandbox = builder.start().await?;
    println!("listening on {}", sandbox.base_url());
    std::future::pending().await
}
