//! Compares two files on the wire: `cargo run --example compare -- OLD NEW [FORMAT]`. Exits with 1 when callers may
//! break, and with 2 when there is nothing to compare.

use std::error::Error;
use std::io;
use std::process::ExitCode;

use openapi_review::{Document, Format, refusal, review};

fn main() -> Result<ExitCode, Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [old, new, rest @ ..] = arguments.as_slice() else {
        return Err("give two files and, optionally, a format".into());
    };
    let wanted = rest.first().map_or("text", String::as_str);
    let format = Format::ALL.into_iter().find(|(_, name, _)| *name == wanted);
    let (format, ..) = format.ok_or_else(|| format!("there is no format `{wanted}`"))?;
    let read = |file: &String| -> Result<Document, Box<dyn Error>> {
        Ok(Document::parse(file, &std::fs::read_to_string(file)?)?)
    };
    let mut out = io::stdout().lock();
    match read(old).and_then(|old| Ok((old, read(new)?))) {
        Ok((old, new)) => {
            let review = review(&old, &new);
            review.render(format, &mut out)?;
            Ok(ExitCode::from(u8::from(review.fails())))
        }
        Err(error) => {
            refusal(&error.to_string(), format, &mut out)?;
            Ok(ExitCode::from(2))
        }
    }
}
