//! Enqueues the paths of its arguments, and waits for their outcome.

use std::error::Error;
use std::time::Duration;

use purge_api_ext::Paths;
use purge_queue::{NatsEngine, NatsOptions, Queue};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let options = NatsOptions::new(std::env::var("PURGE_QUEUE_URL")?).producer("pim".parse()?);
    let engine = NatsEngine::connect(options).await?;
    let queue = Queue::new(engine, "shop".parse()?, "pim".parse()?);
    let resource = std::env::var("PURGE_RESOURCE")?.parse()?;
    let mut paths = Paths::new();
    for path in std::env::args().skip(1) {
        paths.try_push(&path)?;
    }
    let ticket = queue.enqueue(resource, &paths).await?;
    let outcome = ticket.outcome(Duration::from_secs(300)).await?;
    match outcome.is_success() {
        true => Ok(()),
        false => Err(format!("{:?}", outcome.counts()).into()),
    }
}
