use purge_api_ext::{OperationState, Plan};

use super::*;

/// What is written at several widths, one below the other.
fn at_widths(render: impl Fn(Out<'_>, Screen) -> io::Result<()>) -> String {
    let at = |width: Option<usize>, colour: bool| {
        let mut out = Vec::new();
        render(&mut out, Screen { width, colour }).expect("a buffer takes everything");
        let text = String::from_utf8(out).expect("text").replace('\x1b', "␛");
        let width = width.map_or("no terminal".to_owned(), |width| format!("{width} columns"));
        format!("── {width}{}\n{text}", if colour { ", colours" } else { "" })
    };
    [(Some(40), false), (Some(80), false), (Some(80), true), (Some(200), false), (None, false)]
        .map(|(width, colour)| at(width, colour))
        .concat()
}

fn planned(paths: impl IntoIterator<Item = String>) -> Plan {
    Plan::parse(paths).expect("a plan")
}

/// A report as it would be after the plan was sent, with the states that `state` gives to the paths.
fn sent(plan: &Plan, state: impl Fn(usize) -> (PathState, Option<&'static str>)) -> Report {
    let mut report = Report::planned(plan);
    report.dry_run = false;
    let mut index = 0;
    for (number, operation) in report.operations.iter_mut().enumerate() {
        operation.op_id = format!("00000000-0000-4000-8000-{number:012}").parse().ok();
        operation.state = OperationState::Finished;
        let mut paths: Vec<_> = operation.paths.iter().collect();
        for path in &mut paths {
            (path.state, path.message) = state(index);
            index += 1;
            let s = &mut report.summary;
            let count = match path.state {
                PathState::Purged => &mut s.purged,
                PathState::NotCached => &mut s.not_cached,
                PathState::Pending => &mut s.pending,
                PathState::Failed => &mut s.failed,
                _ => &mut s.not_sent,
            };
            *count += 1;
        }
        operation.paths = paths.into_iter().collect();
    }
    let s = &mut report.summary;
    s.accepted = s.purged + s.not_cached + s.pending;
    report
}

#[test]
fn few_paths_are_all_listed() {
    let paths =
        ["/index.html", "/images/2025/summer/a-rather-long-file-name-of-a-photo.jpg", "/a", "/a"];
    let report = sent(&planned(paths.map(str::to_owned)), |index| match index {
        0 => (PathState::Purged, Some("not worth saying")),
        1 => (PathState::NotCached, None),
        _ => (PathState::Pending, Some("queued behind the purge of another resource")),
    });
    insta::assert_snapshot!(at_widths(|out, screen| super::report(out, screen, &report)));
}

#[test]
fn failures_come_first_and_a_large_run_fits_on_a_screen() {
    let paths = (0..250).map(|i| format!("/docs/{i}/index.html"));
    let report = sent(&planned(paths), |index| match index {
        100..125 => (PathState::Failed, Some("the service refused it: this path is locked")),
        200.. => (PathState::NotSent, None),
        _ => (PathState::Purged, None),
    });
    let text = at_widths(|out, screen| super::report(out, screen, &report));
    assert!(text.split("── ").all(|screen| screen.lines().count() <= 28), "{text}");
    insta::assert_snapshot!(text);
}

#[test]
fn success_of_many_takes_a_line() {
    let report = sent(&planned((0..2_500).map(|i| format!("/{i}"))), |_| (PathState::Purged, None));
    let mut out = Vec::new();
    super::report(&mut out, Screen { width: Some(80), colour: false }, &report).expect("text");
    insta::assert_snapshot!(String::from_utf8_lossy(&out));
}

#[test]
fn plan_shows_requests_other_purged_paths_and_the_time() {
    let few = planned(["/a", "/b*", "/bc", "/a"].map(str::to_owned));
    let rate = "30/m".parse().ok();
    let few = at_widths(|out, screen| plan(out, screen, &few, &Aliases::default(), rate));
    let paths = (0..2_501).map(|i| format!("/docs/chapter-{}/section-{i}/index.html", i % 17));
    let many = planned(paths);
    let many = at_widths(|out, screen| plan(out, screen, &many, &Aliases::default(), rate));
    insta::assert_snapshot!(format!("{few}\n{many}"));
}

#[test]
fn times_are_rounded() {
    let check = |requests, rate: &str, expected: &str| {
        let time = whole(time_needed(requests, rate.parse().expect(rate)));
        assert_eq!(humantime::format_duration(time).to_string(), expected);
    };
    check(1, "1/h", "0s");
    check(2, "5/s", "200ms");
    check(101, "5/s", "20s");
    check(100, "7/s", "15s");
    check(10_000, "30/m", "5h 33m 18s");
}

#[test]
fn aliases_are_not_called_given_paths() {
    let rules = purge_site::Rules::new().index("index.html").expect("a name");
    let given = ["/d/*", "/d/a/index.html"].map(|path| path.parse().expect("a path"));
    let (paths, aliases) = rules.expand(given.into()).expect("addresses");
    let plan = Plan::new(paths).expect("a plan");
    let mut out = Vec::new();
    let screen = Screen { width: None, colour: false };
    super::plan(&mut out, screen, &plan, &aliases, None).expect("text");
    let text = String::from_utf8_lossy(&out);
    let last = "1 path in 1 request; nothing was sent\n  3 of 4 paths, with their aliases, are covered by a wildcard\n";
    assert!(text.ends_with(last), "{text}");
}
