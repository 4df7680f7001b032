use std::io::{self, Read as _};

use purge_api_ext::OperationId;

use super::run::Run;
use crate::args::{Operation, WaitArgs, operation_id};
use crate::config::Config;
use crate::exit::{Exit, Failure};
use crate::input;
use crate::output::{Audit, Console};
use crate::shown::excerpt;
use crate::signals::Signals;
use crate::target::Target;

pub(crate) async fn run(
    args: WaitArgs,
    signals: &Signals,
    console: &mut Console<'_>,
) -> Result<Exit, Failure> {
    let settings = Config::load()?.settings;
    let target = Target::check(&args.target, &settings)?;
    let run = Run::new(&args.report, Audit::NONE, args.target.next(), signals)?;
    let operations = operations(args.operations)?;
    let mut progress = run.progress("waiting", console);
    let target = target.connect(|event| progress.on(console.err, event)).await?;
    let wait = target.resource.wait(operations).wait_for(args.deadline);
    let wait = wait.shutdown(signals.shutdown());
    run.follow(wait.events(), target, progress, console).await
}

/// The operations in the given order, without duplicates.
fn operations(given: Vec<Operation>) -> Result<Vec<OperationId>, Failure> {
    if given.iter().filter(|operation| **operation == Operation::StandardInput).count() > 1 {
        return Err(Failure::usage("standard input can be read only once; pass one `-`"));
    }
    let mut operations = Vec::new();
    for operation in given {
        match operation {
            Operation::Id(id) => operations.push(id),
            Operation::StandardInput => {
                let mut text = Vec::new();
                io::stdin().lock().read_to_end(&mut text).map_err(|error| {
                    Failure::usage(format!("standard input cannot be read: {error}"))
                })?;
                read(&text, &mut operations)?;
            }
        }
    }
    let mut known = std::collections::HashSet::new();
    operations.retain(|id| known.insert(id.clone()));
    if operations.is_empty() {
        return Err(Failure::usage(
            "no operations to wait for: standard input has no operation IDs",
        ));
    }
    Ok(operations)
}

fn read(text: &[u8], operations: &mut Vec<OperationId>) -> Result<(), Failure> {
    if let Some(encoding) = input::wide(text, false) {
        let how = "write it as UTF-8 (PowerShell: `Out-File -Encoding utf8`)";
        return Err(Failure::usage(format!("standard input is {encoding}; {how}")));
    }
    if text.contains(&0) {
        return Err(Failure::usage(
            "standard input has NUL bytes; write one operation ID per line",
        ));
    }
    let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
    for (index, line) in text.split(|&byte| byte == b'\n').enumerate() {
        let line = line.trim_ascii();
        if line.is_empty() {
            continue;
        }
        let text = String::from_utf8_lossy(line);
        // IDs are opaque, but a line with spaces or braces comes from some other file.
        let is_id = line.iter().all(|b| b.is_ascii_alphanumeric() || b"-_.:".contains(b));
        let line = index + 1;
        if !is_id {
            let text = excerpt(&text);
            let message = format!("standard input:{line}: `{text}` is not an operation ID");
            return Err(Failure::usage(message));
        }
        let id = operation_id(&text)
            .map_err(|why| Failure::usage(format!("standard input:{line}: {why}")))?;
        operations.push(id);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_one_per_line() {
        let mut ids = Vec::new();
        read(b"a-1\r\n\n b_2 \n", &mut ids).expect("IDs");
        assert_eq!(ids.iter().map(OperationId::as_str).collect::<Vec<_>>(), ["a-1", "b_2"]);
        let failure = read(b"a\n{\"op_id\": 1}\n", &mut ids).expect_err("JSON");
        assert_eq!(
            failure.to_string(),
            "standard input:2: `{\"op_id\": 1}` is not an operation ID"
        );
        let failure = read(b"null\n", &mut ids).expect_err("a missing field");
        assert_eq!(
            failure.to_string(),
            "standard input:1: `null` is what `jq -r` prints for a missing field"
        );
    }

    #[test]
    fn ids_in_another_form_are_refused() {
        let check = |text: &[u8], expected: &str| {
            let failure = read(text, &mut Vec::new()).expect_err("no IDs");
            assert_eq!(failure.to_string(), expected);
        };
        for mark in ["", "\u{feff}"] {
            let text = format!("{mark}0b508058\r\n");
            let text: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
            check(
                &text,
                "standard input is UTF-16; write it as UTF-8 (PowerShell: `Out-File -Encoding utf8`)",
            );
        }
        check(
            b"0b508058\x005f0c\0",
            "standard input has NUL bytes; write one operation ID per line",
        );
        let mut ids = Vec::new();
        read(b"\xef\xbb\xbfa-1\r\n", &mut ids).expect("an ID after a byte order mark");
        assert_eq!(ids[0].as_str(), "a-1");
    }
}
