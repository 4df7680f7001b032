//! A journal can end at any byte.

use std::collections::BTreeSet;

use purge_api_ext::{Journal, Plan};
use purge_sandbox::{Fault, Sandbox};
use purge_tests::journal::Told;

use super::{Folder, changed, json, resume, show_clock};
use crate::account::{impatient, plan, posts, site};

/// The offsets just after each line.
fn line_ends(journal: &[u8]) -> Vec<usize> {
    let bytes = journal.iter().enumerate();
    bytes.filter(|(_, byte)| **byte == b'\n').map(|(at, _)| at + 1).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_prefix_of_a_journal_can_be_resumed() {
    let fault = Fault::status(413).on_post();
    let first = Sandbox::builder().fault(fault).start().await.expect("a sandbox");
    let folder = Folder::new();
    let journal = Journal::create(folder.journal()).expect("a journal");
    let site_of_first = site(first.base_url());
    show_clock(&site_of_first).await;
    let purge = site_of_first.purge(plan(4, 2)).journal(journal).concurrency(2);
    assert!(impatient(purge).await.is_success());
    let written = std::fs::read(folder.journal()).expect("a file");
    let cuts = (0..line_ends(&written).len()).flat_map(|line| [0, 1, 40].map(|less| (line, less)));
    let mut checked = 0;
    for ((line, less), arrived) in cuts.flat_map(|cut| [(cut, true), (cut, false)]) {
        // A server that has seen nothing yet.
        let sandbox = Sandbox::start().await.expect("a sandbox");
        let site = site(sandbox.base_url());
        let whole = changed(&written, first.base_url(), sandbox.base_url());
        let ends = line_ends(&whole);
        let (cut, plan_end) = (ends[line] - less, ends[4]);
        let path = folder.path().join(format!("cut-{cut}-{arrived}"));
        std::fs::write(&path, &whole[..cut]).expect("a file");
        if cut < plan_end {
            let error = Journal::open(&path).expect_err("no whole plan");
            assert!(error.to_string().contains("before anything was sent"), "{error}");
            continue;
        }
        let known = Told::from_bytes(&whole[..cut]);
        // A request that was sent without a response may or may not have arrived.
        let mut lost = Vec::new();
        if arrived {
            // Of another process, whose operations the resuming client does not know.
            let other = crate::account::site(sandbox.base_url());
            for request in &known.open {
                let paths = Plan::parse(&known.paths[request]).expect("a plan");
                let report = other.purge(paths).await;
                lost.extend(report.operations[0].op_id.clone());
            }
        }
        let before = posts(&sandbox).len();
        let report = resume(&site, &path).await;
        assert!(report.is_success(), "{cut}: {report:#?}");
        assert_eq!(report.summary.accepted, 8);
        let sent = posts(&sandbox).split_off(before);
        let sent: BTreeSet<String> = sent.into_iter().flatten().collect();
        for (request, paths) in &known.paths {
            let of_this = |o: &&purge_api_ext::OperationOutcome| {
                o.paths.iter().next().is_some_and(|path| path.path == paths[0])
            };
            let operation = report.operations.iter().find(of_this).expect("an outcome");
            let op_id = operation.op_id.clone().expect("an operation").to_string();
            let (accepted, open) = (known.accepted.get(request), known.open.contains(request));
            let adopted = open && arrived;
            if let Some(accepted) = accepted {
                assert_eq!(*accepted, op_id, "{cut}: {request}");
            }
            assert_eq!(lost.iter().any(|lost| lost.as_str() == op_id), adopted, "{cut}: {request}");
            for path in paths {
                assert_eq!(sent.contains(path), accepted.is_none() && !adopted, "{cut}: {path}");
            }
            assert_eq!(operation.possible_duplicate, open && !arrived, "{cut}: {request}");
            checked += 1;
        }
        // The journal is now complete again.
        assert_eq!(json(&resume(&site, &path).await), json(&report));
    }
    assert!(checked > 50, "{checked}");
}
