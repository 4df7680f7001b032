//! Which paths are verified, and what is expected there.

use std::rc::Rc;

use purge_api_ext::Paths;
use purge_site::{Digest, Entry, Manifest, Rules};
use purge_verify::{Expected, New};

use super::aims::Aim;
use super::*;
use crate::input::Format;

/// A build, as `NAME=CONTENT` with spaces in between. The content `?` is unknown.
fn build(text: &str) -> Manifest {
    let mut build = Manifest::new();
    for file in text.split_whitespace() {
        let (name, content) = file.split_once('=').expect("a content");
        let digest = if content == "?" { Digest::UNKNOWN } else { Digest(digest(content).0) };
        build.insert(name.as_bytes(), Entry { digest, stamp: None }).expect("a name");
    }
    build
}

fn digest(content: &str) -> purge_verify::Digest {
    let mut digest = [0; 32];
    digest[..content.len()].copy_from_slice(content.as_bytes());
    purge_verify::Digest(digest)
}

fn rules() -> Rules {
    let rules = Rules::new().index("index.html").expect("a name").index("index.htm");
    rules.expect("a name").clean_urls()
}

fn found(paths: &[&str], new: &str, old: &str, rules: &Rules) -> Aims {
    let (new, old) = (build(new), build(old));
    let inventory: Paths = ["/listed".parse().expect("a path")].into();
    let sources = Sources {
        new: Some(&new),
        old: Some(&old),
        doubted: None,
        inventory: Some(&inventory),
        format: Format::default(),
        rules,
        same: &self::rules(),
    };
    Aims::find(paths.iter().copied(), sources, Some(1)).expect("aims")
}

/// What is expected at a path, as `NEW` or `NEW, was OLD`, and whether it is the path of a file.
fn expected(path: &str, new: &str, old: &str, rules: &Rules) -> (String, bool) {
    let aims = found(&[path], new, old, rules);
    let [aim] = &aims.aims[..] else { panic!("{aims:?}") };
    let text = |digest: purge_verify::Digest| {
        let text = String::from_utf8_lossy(&digest.0).into_owned();
        text.trim_end_matches('\0').to_owned()
    };
    let Expected { new, old, is_in_doubt } = aim.expected;
    let new = match new {
        New::Unknown => "unknown".to_owned(),
        New::Gone => "gone".to_owned(),
        New::Is(digest) => text(digest),
    };
    let old = old.map(|old| format!(", was {}", text(old))).unwrap_or_default();
    let doubt = if is_in_doubt { ", in doubt" } else { "" };
    let is_own = aims.own().aims.len() == 1;
    (format!("{new}{old}{doubt}"), is_own)
}

#[test]
fn a_file_that_is_there_takes_precedence_over_one_that_is_gone() {
    for (path, new, old, says, is_own) in [
        // A page moves into a folder, and out of it.
        ("/docs", "docs/index.html=2", "docs.html=1", "2, was 1", false),
        ("/docs", "docs.html=2", "docs/index.html=1", "2, was 1", false),
        ("/docs.html", "docs/index.html=2", "docs.html=1", "gone, was 1", true),
        ("/", "index.html=2", "index.htm=1", "2, was 1", false),
        ("/", "index.htm=2", "index.html=1", "2, was 1", false),
        // An alias takes the place of a file, and a file that of an alias.
        ("/a", "a.html=2", "a=1", "2, was 1", false),
        ("/a", "a=2", "a.html=1", "2, was 1", true),
        ("/a", "a=2 a.html=3", "a=1 a.html=0", "2, was 1", true),
        ("/a", "a.html=3", "a=1 a.html=0", "3, was 1", false),
        ("/a", "b=1", "a=1 a.html=0", "gone, was 1", true),
        ("/a", "b=1", "a.html=0", "gone, was 0", false),
        // Which of several the server chooses is unknown, unless they are the same.
        ("/a", "a.html=2 a/index.html=3", "a.html=1", "unknown, was 1", false),
        ("/a", "a.html=2 a/index.html=2", "a.html=1 a/index.html=1", "2, was 1", false),
        ("/a", "a.html=2", "a.html=1 a/index.html=0", "2", false),
        ("/a", "a.html=? a/index.html=3", "", "unknown", false),
        ("/a", "b=1", "a.html=1 a/index.html=0", "gone", false),
        // An earlier run did not finish.
        ("/a.html", "a.html=2", "a.html=?", "2, in doubt", true),
        ("/a", "b=1", "a.html=?", "gone, in doubt", false),
        ("/a", "b=1", "a.html=1 a/index.html=?", "gone, was 1, in doubt", false),
        // Nothing is known about a path that is only listed.
        ("/listed", "listed=2", "listed=1", "2, was 1", true),
        ("/listed", "b=1", "listed=1", "gone, was 1", true),
        ("/listed", "b=1", "", "unknown", false),
        ("/other", "b=1", "", "unknown", false),
    ] {
        let found = expected(path, new, old, &rules());
        assert_eq!(found, (says.to_owned(), is_own), "{path}: {old} -> {new}");
    }
}

#[test]
fn folder_has_the_index_file_that_is_verified_with_the_slash() {
    let folders =
        |paths: &[&str], new| found(paths, new, "", &rules()).folders().collect::<Vec<_>>();
    let both = ["/d/index.html", "/d/", "/d"];
    assert_eq!(folders(&both, "d/index.html=1"), ["/d"]);
    assert!(folders(&["/d"], "d/index.html=1").is_empty(), "the slash is not verified");
    // The file is not in the folder, or which one is served is unknown.
    assert!(folders(&["/d", "/d/"], "d.html=1").is_empty());
    assert!(folders(&both, "d.html=2 d/index.html=1").is_empty());
    assert!(folders(&both, "e.html=2").is_empty());
}

#[test]
fn content_of_a_variant_is_unknown() {
    let rules = rules().template("/de{path}", &Default::default()).expect("a template");
    for (path, new, old, says) in [
        ("/de/a.html", "a.html=2", "a.html=1", "unknown"),
        ("/de/a.html", "a.html=2 de/a.html=3", "", "3"),
        ("/de/a.html", "a.html=2", "a.html=1 de/a.html=3", "unknown, was 3"),
        ("/de/a.html", "b=1", "a.html=1 de/a.html=3", "gone, was 3"),
        ("/de/a", "b=1", "a.html=1", "unknown"),
        ("/de/a", "a.html=2 de/a.html=3", "", "3"),
    ] {
        assert_eq!(expected(path, new, old, &rules).0, says, "{path}: {old} -> {new}");
    }
}

#[test]
fn a_wildcard_is_never_asked_for() {
    let rules = rules().with_query();
    let aims = found(&["/a.html", "/a.html?*", "/x,?*"], "a.html=1 x,=1", "", &rules);
    let paths: Vec<_> = aims.aims.iter().map(|aim| &*aim.path).collect();
    assert_eq!(paths, ["/a.html"]);
    let unasked: Vec<_> = aims.unasked().map(|one| (one.path, one.reason)).collect();
    // The other one is left out, since its path is verified itself.
    assert_eq!(unasked, [("/x,?*".to_owned(), "no_path".to_owned())]);
    let note = aims.note_of_queries().expect("a note");
    assert!(
        note.starts_with("1 path is verified without") && note.contains("`/a.html?*`"),
        "{note}"
    );
}

#[test]
fn a_star_in_a_name_is_not_verified_by_another_path() {
    let aims = |paths: &[&str]| {
        let aims = found(paths, "a*b.html=2", "a*b.html=1", &rules());
        let asked: Vec<_> = aims.aims.iter().map(|aim| aim.path.to_string()).collect();
        let unasked: Vec<_> = aims.unasked().map(|one| (one.path, one.reason)).collect();
        let all = aims.aims.iter().all(|aim| aim.expected.new == New::Is(digest("2")));
        assert!(all, "{aims:?}");
        (asked, unasked)
    };
    let no = |path: &str| (path.to_owned(), "not_purgeable".to_owned());
    let (asked, unasked) = aims(&["/a%2Ab.html", "/a%2Ab"]);
    assert_eq!(asked, ["/a%2Ab.html", "/a%2Ab"]);
    assert_eq!(unasked, [no("/a*b"), no("/a*b.html")]);
    // A wildcard purges it, and what it is also purged as.
    let (asked, unasked) = aims(&["/a%2Ab.html", "/a%2Ab", "/a*b.html"]);
    assert_eq!(asked, ["/a%2Ab.html", "/a%2Ab", "/a*b.html"]);
    assert_eq!(unasked, [no("/a*b")]);
    let (asked, unasked) = aims(&["/a*"]);
    assert_eq!(asked, ["/a%2Ab", "/a%2Ab.html", "/a*b", "/a*b.html"]);
    assert_eq!(unasked, []);
}

#[test]
fn a_sample_has_the_files_that_have_changed_first() {
    let files = |content: &dyn Fn(u32) -> u32, numbers: std::ops::Range<u32>| -> String {
        numbers.map(|number| format!("a/{number}={} ", content(number))).collect()
    };
    let old = files(&|_| 1, 0..500);
    for changed in [3, 150, 200, 300] {
        // Some are different, and the last one is gone.
        let new = files(&|number| 1 + u32::from(number < changed), 0..499);
        let aims = found(&["/a/*"], &new, &old, &rules());
        assert_eq!(aims.aims.len(), 200);
        let has_changed = |aim: &&Aim| aim.expected.new != New::Is(digest("1"));
        let count = aims.aims.iter().filter(has_changed).count();
        assert_eq!(count, 200.min(changed as usize + 1), "{changed}");
        assert!(aims.aims.is_sorted_by_key(|aim| Rc::clone(&aim.path)));
        assert_eq!((aims.samples[0].paths, aims.samples[0].of), (200, 500));
    }
}
