use proptest::prelude::*;

use super::*;
use crate::manifest::{Digest, Entry};

fn site(files: &[(&str, u8)]) -> Manifest {
    let mut manifest = Manifest::new();
    for (name, content) in files {
        let entry = Entry { digest: Digest([*content; 32]), stamp: None };
        manifest.insert(name.as_bytes(), entry).expect("a name");
    }
    manifest
}

fn names(difference: &Difference) -> Vec<String> {
    difference.iter().map(|(name, _)| String::from_utf8_lossy(name).into_owned()).collect()
}

/// What a run would purge right now.
fn difference(baseline: &Baseline, site: &Manifest) -> Difference {
    Difference::between(baseline.manifest().expect("a baseline"), site)
}

fn files(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).expect("a folder");
    let mut names: Vec<_> = entries
        .map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}

/// A folder that contains a baseline.
fn begun(first: &Manifest) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("b");
    let baseline = Baseline::open(&file).expect("no baseline");
    assert!(baseline.manifest().is_none());
    assert_eq!(baseline.finish(first).expect("written"), Finished::Replaced);
    (folder, file)
}

#[test]
fn failed_run_keeps_the_baseline_and_leaves_doubts() {
    let (folder, file) = begun(&site(&[("a", 1), ("b", 1)]));
    let before = std::fs::read(&file).expect("a baseline");
    let mut run = Baseline::open(&file).expect("a baseline");
    run.begin(&difference(&run, &site(&[("a", 2), ("b", 1)]))).expect("written");
    drop(run);
    assert_eq!(std::fs::read(&file).expect("a baseline"), before);

    // The change was reverted, and may have been cached in between.
    let reverted = site(&[("a", 1), ("b", 2)]);
    let mut run = Baseline::open(&file).expect("a baseline");
    assert_eq!(run.in_doubt(), 1);
    let both = difference(&run, &reverted);
    assert_eq!(names(&both), ["a", "b"]);
    run.begin(&both).expect("written");
    assert_eq!(run.finish(&reverted).expect("written"), Finished::Replaced);
    let run = Baseline::open(&file).expect("a baseline");
    assert_eq!((run.in_doubt(), names(&difference(&run, &reverted)).len()), (0, 0));
    assert_eq!(files(folder.path()), ["b", "b.lock"]);
}

#[test]
fn pending_files_of_a_live_run_are_not_removed_by_another() {
    let (folder, file) = begun(&site(&[("a", 1), ("b", 1)]));
    let mut one = Baseline::open(&file).expect("a baseline");
    one.begin(&difference(&one, &site(&[("a", 2), ("b", 1)]))).expect("written");
    let mut two = Baseline::open(&file).expect("a baseline");
    let second = site(&[("a", 1), ("b", 2)]);
    let both = difference(&two, &second);
    assert_eq!(
        names(&both),
        ["a", "b"],
        "the other run has purged `a`, perhaps before it was uploaded"
    );
    two.begin(&both).expect("written");
    // It fails before the other run finishes, and after that run has looked for pending files.
    drop(one);
    assert_eq!(two.finish(&second).expect("written"), Finished::InDoubt(2));
    assert_eq!(files(folder.path()).len(), 3, "one is still pending");
    let three = Baseline::open(&file).expect("a baseline");
    assert_eq!(names(&difference(&three, &second)), ["a", "b"], "either may be uploaded last");
    assert_eq!(three.finish(&second).expect("written"), Finished::Replaced);
    assert_eq!(files(folder.path()), ["b", "b.lock"]);
}

/// A run, from the moment at which its site has been uploaded.
fn run(file: &Path, site: &Manifest) -> Baseline {
    let mut run = Baseline::open(file).expect("a baseline");
    run.begin(&difference(&run, site)).expect("written");
    run
}

#[test]
fn run_that_restores_the_baseline_is_noticed_by_one_that_it_overlaps_with() {
    let (old, new) = (site(&[("a", 1), ("b", 1)]), site(&[("a", 2), ("b", 1)]));
    let (_folder, file) = begun(&old);
    let one = run(&file, &new);
    // The roll-back is uploaded last, and finishes first.
    let two = run(&file, &old);
    assert_eq!(two.finish(&old).expect("written"), Finished::InDoubt(1));
    assert_eq!(one.finish(&new).expect("written"), Finished::InDoubt(1));
    let next = Baseline::open(&file).expect("a baseline");
    assert_eq!(names(&difference(&next, &new)), ["a"]);

    // The same if it has nothing to purge, since it opened the baseline before the other run began.
    let (_folder, file) = begun(&old);
    let two = Baseline::open(&file).expect("a baseline");
    let one = run(&file, &new);
    two.finish(&old).expect("written");
    assert_eq!(one.finish(&new).expect("written"), Finished::InDoubt(1));

    // The same if another run restores it between opening the baseline and beginning.
    let (_folder, file) = begun(&old);
    let mut one = Baseline::open(&file).expect("a baseline");
    run(&file, &new).finish(&new).expect("written");
    run(&file, &old).finish(&old).expect("written");
    one.begin(&difference(&one, &new)).expect("written");
    assert_eq!(one.finish(&new).expect("written"), Finished::InDoubt(1));
    let next = Baseline::open(&file).expect("a baseline");
    assert_eq!(names(&difference(&next, &new)), ["a"]);
}

#[test]
fn files_of_a_run_that_overlaps_with_a_failed_one_are_in_doubt() {
    let (one_site, two_site) = (site(&[("f", 2), ("z", 1)]), site(&[("f", 1), ("z", 2)]));
    let next_site = site(&[("f", 2), ("z", 2)]);
    let (_folder, file) = begun(&site(&[("f", 1), ("z", 1)]));
    // It is uploaded last, and fails last.
    let two = run(&file, &two_site);
    let one = run(&file, &one_site);
    one.finish(&one_site).expect("written");
    drop(two);
    let next = Baseline::open(&file).expect("a baseline");
    assert_eq!(names(&difference(&next, &next_site)), ["f", "z"]);

    // The same if the other run finishes between opening the baseline and beginning.
    let (_folder, file) = begun(&site(&[("f", 1), ("z", 1)]));
    let mut two = Baseline::open(&file).expect("a baseline");
    run(&file, &one_site).finish(&one_site).expect("written");
    two.begin(&difference(&two, &two_site)).expect("written");
    drop(two);
    let next = Baseline::open(&file).expect("a baseline");
    assert_eq!(names(&difference(&next, &next_site)), ["f", "z"]);
}

#[cfg(unix)]
#[test]
fn link_stays_a_link_even_if_it_leads_nowhere_yet() {
    let folder = tempfile::tempdir().expect("a folder");
    let link = folder.path().join("link");
    std::os::unix::fs::symlink("b", &link).expect("a link");
    for content in [1, 2] {
        let baseline = Baseline::open(&link).expect("a baseline, or none");
        baseline.finish(&site(&[("a", content)])).expect("written");
        assert!(link.symlink_metadata().expect("a link").is_symlink());
    }
    assert_eq!(files(folder.path()), ["b", "b.lock", "link"]);
}

#[cfg(unix)]
#[test]
fn mode_of_the_baseline_is_kept() {
    use std::os::unix::fs::PermissionsExt as _;

    let (folder, file) = begun(&site(&[("a", 1)]));
    let private = std::fs::Permissions::from_mode(0o600);
    std::fs::set_permissions(&file, private).expect("a mode");
    let new = site(&[("a", 2)]);
    let run = run(&file, &new);
    let is_private = |name: &String| {
        let mode = folder.path().join(name).metadata().expect("a file").permissions().mode();
        mode & 0o777 == 0o600
    };
    let written = files(folder.path());
    let written: Vec<_> = written.iter().filter(|name| !name.ends_with(".lock")).collect();
    assert_eq!(written.len(), 2, "the baseline and its pending file");
    assert!(written.into_iter().all(is_private));
    run.finish(&new).expect("written");
    assert!(is_private(&"b".to_owned()));
}

#[test]
fn contents_of_files_in_doubt_are_those_of_the_last_finished_run() {
    let first = site(&[("a", 1), ("gone", 1), ("same", 1)]);
    let (_folder, file) = begun(&first);
    assert!(Baseline::doubts(&file).expect("no doubts").is_empty());
    // The second run does not know the contents any more, and neither does the third.
    for content in [2, 3] {
        let mut run = Baseline::open(&file).expect("a baseline");
        let next = site(&[("a", content), ("new", content), ("same", 1)]);
        run.begin(&difference(&run, &next)).expect("written");
    }
    let run = Baseline::open(&file).expect("a baseline");
    assert_eq!(run.doubted(), &site(&[("a", 1), ("gone", 1)]));
    let doubts = Baseline::doubts(&file).expect("doubts");
    assert_eq!(doubts.names().collect::<Vec<_>>(), [&b"a"[..], b"gone", b"new"]);
    assert!(doubts.iter().all(|(_, entry)| entry.digest.is_unknown()));
}

#[test]
fn doubts_outlive_a_lost_baseline() {
    let (_folder, file) = begun(&site(&[("a", 1), ("b", 1)]));
    let mut run = Baseline::open(&file).expect("a baseline");
    run.begin(&difference(&run, &site(&[("a", 2), ("b", 1)]))).expect("written");
    drop(run);
    std::fs::remove_file(&file).expect("a file");
    let first = site(&[("a", 1), ("b", 1)]);
    let run = Baseline::open(&file).expect("no baseline");
    assert!(run.manifest().is_none());
    run.finish(&first).expect("written");
    let run = Baseline::open(&file).expect("a baseline");
    assert_eq!(names(&difference(&run, &first)), ["a"]);
}

#[test]
fn broken_baseline_is_not_taken_for_a_site() {
    let (_folder, file) = begun(&site(&[("a", 1), ("b", 1)]));
    let text = std::fs::read(&file).expect("a baseline");
    for broken in [&b""[..], b"a.html\n", &text[..text.len() - 70]] {
        std::fs::write(&file, broken).expect("a file");
        let error = Baseline::open(&file).expect_err("not a baseline").to_string();
        assert!(error.starts_with("the baseline `") && error.contains("b` is "), "{error}");
    }
}

/// A run may be killed at any byte of what it writes.
#[test]
fn file_that_is_not_complete_is_never_read() {
    let (folder, file) = begun(&site(&[("a", 1), ("b", 1)]));
    let second = site(&[("a", 2), ("b", 1)]);
    let mut run = Baseline::open(&file).expect("a baseline");
    // As while it is being written: nothing was renamed yet.
    let new = folder.path().join("b.lock.new");
    for part in [&b""[..], b"# cdn-purge manifest: files=2\n00"] {
        std::fs::write(&new, part).expect("a file");
        let other = Baseline::open(&file).expect("a baseline");
        assert_eq!((other.in_doubt(), names(&difference(&other, &second))), (0, vec!["a".into()]));
    }
    run.begin(&difference(&run, &second)).expect("written");
    assert_eq!(Baseline::open(&file).expect("a baseline").in_doubt(), 1);
    assert_eq!(run.finish(&second).expect("written"), Finished::Replaced);
    assert_eq!(files(folder.path()), ["b", "b.lock"], "what the killed run left was overwritten");
}

#[test]
fn damaged_pending_file_is_an_error_of_its_own() {
    let (folder, file) = begun(&site(&[("a", 1)]));
    for damaged in ["", "a.html\n", "# cdn-purge manifest: files=1\n"] {
        std::fs::write(folder.path().join("b.pending-1-1"), damaged).expect("a file");
        let error = Baseline::open(&file).expect_err("not a list");
        assert!(error.is_of_pending_file());
        let error = error.to_string();
        assert!(
            error.contains("b` has a pending file `") && error.contains("b.pending-1-1`, which"),
            "{error}"
        );
    }
}

#[cfg(target_os = "linux")]
#[test]
fn full_disk_leaves_everything_unchanged() {
    let (folder, file) = begun(&site(&[("a", 1)]));
    let before = std::fs::read(&file).expect("a baseline");
    let run = Baseline::open(&file).expect("a baseline");
    // The temporary file is on a device that is always full.
    let new = folder.path().join("b.lock.new");
    std::os::unix::fs::symlink("/dev/full", new).expect("a link");
    let error = run.finish(&site(&[("a", 2)])).expect_err("a full disk").to_string();
    assert!(error.contains("b` cannot be written: No space left on device"), "{error}");
    assert_eq!(std::fs::read(&file).expect("a baseline"), before);
    assert_eq!(files(folder.path()), ["b", "b.lock"]);
}

/// A step on a site, by one of two pipelines.
#[derive(Clone, Debug)]
enum Step {
    /// Uploads another site and opens the baseline.
    Upload(bool, [u8; 3]),
    /// Begins.
    Begin(bool),
    /// Begins, if it has not yet, purges and possibly finishes.
    Purge { second: bool, finishes: bool },
    /// A visitor causes a file to be cached.
    Visit(usize),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        // Few contents, so that sites are often restored.
        (any::<bool>(), [1..3_u8, 0..2, 1..2])
            .prop_map(|(second, site)| Step::Upload(second, site)),
        any::<bool>().prop_map(Step::Begin),
        (any::<bool>(), any::<bool>())
            .prop_map(|(second, finishes)| Step::Purge { second, finishes }),
        (0..3_usize).prop_map(Step::Visit),
    ]
}

const NAMES: [&str; 3] = ["a", "b", "c"];

/// Content 0 means that there is no file.
fn manifest(contents: [u8; 3]) -> Manifest {
    let files: Vec<_> =
        NAMES.into_iter().zip(contents).filter(|(_, content)| *content > 0).collect();
    site(&files)
}

struct Pipeline {
    baseline: Baseline,
    site: [u8; 3],
    difference: Option<Difference>,
    /// What it purges.
    names: Vec<usize>,
}

impl Pipeline {
    /// Opens the baseline.
    fn new(file: &Path, site: [u8; 3]) -> Self {
        let baseline = Baseline::open(file).expect("a baseline");
        let difference = difference(&baseline, &manifest(site));
        let place = |name: &str| NAMES.iter().position(|is| *is == name).expect("a name");
        let names = names(&difference).iter().map(|name| place(name)).collect();
        Self { baseline, site, difference: Some(difference), names }
    }

    fn begin(&mut self) {
        if let Some(difference) = self.difference.take() {
            self.baseline.begin(&difference).expect("written");
        }
    }
}

proptest! {
    // Each case syncs its files to the disk.
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// Two pipelines upload, purge, fail and overtake each other, while visitors fill the cache. Whatever happened,
    /// the next run that is alone leaves nothing stale.
    #[test]
    fn nothing_is_left_stale_for_good(steps in proptest::collection::vec(step(), 0..20), last in [1..3_u8, 0..2, 1..2]) {
        let (_folder, file) = begun(&manifest([1, 1, 1]));
        let mut live = [1, 1, 1];
        let mut cache = [Some(1), Some(1), Some(1)];
        let mut pipelines: [Option<Pipeline>; 2] = [None, None];
        for step in steps {
            match step {
                Step::Upload(second, site) => {
                    // A pipeline that has uploaded always purges before it uploads again.
                    let pipeline = &mut pipelines[usize::from(second)];
                    if pipeline.is_none() {
                        live = site;
                        *pipeline = Some(Pipeline::new(&file, site));
                    }
                }
                Step::Begin(second) => {
                    pipelines[usize::from(second)].iter_mut().for_each(Pipeline::begin);
                }
                Step::Purge { second, finishes } => {
                    let Some(mut pipeline) = pipelines[usize::from(second)].take() else { continue };
                    pipeline.begin();
                    pipeline.names.iter().for_each(|at| cache[*at] = None);
                    if finishes {
                        pipeline.baseline.finish(&manifest(pipeline.site)).expect("written");
                    }
                }
                Step::Visit(at) => cache[at] = cache[at].or(Some(live[at])),
            }
        }
        // The pipelines that are still running are killed. One that has not begun is as one that was never started.
        pipelines.iter_mut().flatten().for_each(Pipeline::begin);
        drop(pipelines);
        live = last;
        let mut run = Pipeline::new(&file, live);
        run.begin();
        run.names.iter().for_each(|at| cache[*at] = None);
        run.baseline.finish(&manifest(live)).expect("written");
        for at in 0..NAMES.len() {
            prop_assert!(cache[at].is_none_or(|cached| cached == live[at]), "{} is stale", NAMES[at]);
        }
    }
}
