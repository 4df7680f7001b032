use purge_api_ext::Plan;

use super::*;

fn ids(texts: &[&str]) -> Vec<OperationId> {
    texts.iter().map(|text| text.parse().expect("an ID")).collect()
}

fn wait_for(next: &Next, texts: &[&str]) -> Option<String> {
    next.wait_for(&ids(texts).iter().collect::<Vec<_>>())
}

/// They are opaque, and whoever answers for the service chooses them.
#[test]
fn no_shell_acts_on_ids_of_the_service() {
    let next = Next::default();
    assert_eq!(wait_for(&next, &[]), None);
    assert_eq!(wait_for(&next, &["a-1"]).as_deref(), Some("cdn-purge wait a-1"));
    assert_eq!(
        wait_for(&next, &["x; touch y", "$(reboot)"]).as_deref(),
        Some("cdn-purge wait 'x; touch y' '$(reboot)'")
    );
    let next = Next { profile: Some("shop".to_owned()), ..next };
    assert_eq!(
        wait_for(&next, &["--token-command=./evil"]).as_deref(),
        Some("cdn-purge wait --profile shop -- '--token-command=./evil'")
    );
    assert_eq!(wait_for(&next, &["a-1"]).as_deref(), Some("cdn-purge wait a-1 --profile shop"));
    assert_eq!(
        wait_for(&next, &["a"; 6]).as_deref(),
        Some("`cdn-purge wait --profile shop` with their IDs, listed above")
    );
}

#[tokio::test]
async fn paths_to_purge_again_are_taken_as_they_are() {
    let next = Next { has_prefix: true, ..Next::default() };
    for (paths, expected) in [
        (&["/a.html", "/b'c"][..], Some("cdn-purge create /a.html \"/b'c\" --prefix /")),
        (&["/a?x=1&y", "/b"], Some("cdn-purge create '/a?x=1&y' /b --query --prefix /")),
        // People do not write such a path, and in another spelling it is another path.
        (&["/a.html", "/b,"], None),
        (&[], None),
        (&["/a"; 6], None),
    ] {
        let paths: Vec<_> = paths.iter().map(|path| (*path).to_owned()).collect();
        let command = next.create(&paths);
        assert_eq!(command.as_deref(), expected);
        let Some(command) = command else { continue };
        let mut words = shlex::split(&command).expect("a command");
        "plan".clone_into(&mut words[1]);
        words.extend(["--output=ndjson", "--quiet"].map(str::to_owned));
        let (mut out, mut err) = (Vec::new(), Vec::new());
        let code = crate::run(words, &mut out, &mut err).await;
        assert_eq!((code, String::from_utf8_lossy(&err)), (0, "".into()), "{command}");
        let planned: serde_json::Value = serde_json::from_slice(&out).expect("JSON");
        let planned = planned["paths"].as_array().expect("paths").iter();
        let planned: Vec<_> = planned.map(|path| path["path"].as_str().expect("a path")).collect();
        assert_eq!(planned, paths);
    }
    assert_eq!(Next { is_sandbox: true, ..next }.create(&["/a".to_owned()]), None);
}

#[test]
fn resuming_needs_the_options_of_the_run() {
    let resume = |next: &Next, paths: &[&str]| {
        let report = Report::planned(
            &Plan::planner()
                .allow_full_purge(purge_api_ext::PurgeEverything)
                .plan(paths.iter().map(|path| path.parse().expect("a path")))
                .expect("a plan"),
        );
        next.resume(&report, Path::new("-j 1")).expect("a command")
    };
    let next = Next { waits: true, ..Next::default() };
    assert_eq!(resume(&next, &["/a"]), "resume with: cdn-purge resume './-j 1' --wait");
    let options = option("organization", "o") + &file_option("token-file", Path::new("-t"));
    let next = Next { profile: Some("shop".to_owned()), options, ..Next::default() };
    assert_eq!(
        resume(&next, &["/*"]),
        "resume with: cdn-purge resume './-j 1' --allow-full-purge --profile shop --organization o --token-file ./-t"
    );
    let next = Next { resumes_all: true, ..next };
    assert_eq!(
        resume(&next, &["/a"]),
        "resume with: cdn-purge resume './-j 1' --organization o --token-file ./-t"
    );
}
