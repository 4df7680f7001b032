//! Lists with the generated bindings alone: page by page, each record as a line of JSON.

use std::io::{BufWriter, Write as _};
use std::num::NonZeroU64;

use crate::Failure;
use crate::target::{LIMIT, Target};

pub(crate) async fn run() -> Result<(), Failure> {
    let target = Target::from_env()?;
    let client = target.bindings()?;
    let mut out = BufWriter::new(std::io::stdout().lock());
    let mut page = NonZeroU64::MIN;
    loop {
        let request = target.page(&client, page);
        let data = request.send().await?.into_inner().data.ok_or("a response without a page")?;
        for record in data.requests.unwrap_or_default() {
            serde_json::to_writer(&mut out, &record)?;
            out.write_all(b"\n")?;
        }
        // As in the command line, readers get each page before the next is requested.
        out.flush()?;
        let total = data.total.unwrap_or_default().cast_unsigned();
        if page.get() * LIMIT.get() >= total {
            return Ok(());
        }
        page = page.saturating_add(1);
    }
}
