use proptest::prelude::*;

use super::*;
use crate::path::PurgePath;
use crate::path::readings::Reading;
use crate::plan::tests::is_purged;

fn paths<T: AsRef<str>>(texts: &[T]) -> Vec<PurgePath> {
    texts.iter().map(|text| PurgePath::new(text.as_ref()).expect("a path")).collect()
}

fn sent(plan: &Plan) -> Vec<&str> {
    plan.paths().collect()
}

#[test]
fn whole_directory_is_sent_as_one_in_place_of_its_first_path() {
    let inventory = paths(&["/a/1", "/a/2", "/a/b/3", "/c/1", "/c/2", "/c/3", "/d", "/e/f/1"]);
    let asked = paths(&["/d", "/a/2", "/c/2", "/a/b/3", "/gone/1", "/c/1", "/gone/2", "/a/1"]);
    let plan = Plan::planner().inventory(inventory).plan(asked).expect("a plan");
    assert_eq!(sent(&plan), ["/d", "/a/*", "/c/2", "/gone/*", "/c/1"]);
    assert_eq!((plan.input(), plan.covered(), plan.extra()), (8, 5, Some(0)));
    assert_eq!(plan.to_string(), "8 paths: 5 covered by a wildcard; 5 paths in 1 request");
}

#[test]
fn whole_site_is_never_chosen_without_consent() {
    let site = ["/1", "/2", "/a/1", "/a/2"];
    let planner = Plan::planner().inventory(paths(&site));
    let plan = planner.clone().max_extra(9).plan(paths(&site)).expect("a plan");
    assert_eq!(sent(&plan), ["/1", "/2", "/a/*"]);
    let error = planner.clone().batch_size(1).max_requests(2).plan(paths(&site));
    assert_eq!(
        error.expect_err("3 are needed").to_string(),
        "the paths do not fit in 2 requests; allow at least 3, or use wider wildcards"
    );
    let plan = planner.allow_full_purge(PurgeEverything).plan(paths(&site)).expect("a plan");
    assert_eq!(sent(&plan), ["/*"]);
}

#[test]
fn paths_with_escaped_stars_or_query_strings_are_not_coalesced() {
    let asked = ["/%2A/1", "/%2A/2", "/a%2a/b/1", "/a%2a/b/2"];
    let plan = Plan::planner().inventory(paths(&asked)).plan(paths(&asked)).expect("a plan");
    assert_eq!(sent(&plan), asked);
    let asked = ["/a?b/1", "/a?b/2", "/c/?b/1", "/c/?b/2"];
    let asked = asked.map(|path| PurgePath::with_query(path).expect(path));
    let plan = Plan::planner().inventory(asked.clone()).plan(asked).expect("a plan");
    assert_eq!(sent(&plan), ["/a?b/1", "/a?b/2", "/c/?b/1", "/c/?b/2"]);
}

#[test]
fn path_of_a_directory_is_sent_with_its_wildcard() {
    // It was requested.
    let asked = ["/a/1", "/a/", "/a/2", "/a/b/", "/"];
    let planner = Plan::planner().inventory(paths(&asked));
    let plan = planner.clone().plan(paths(&asked)).expect("a plan");
    assert_eq!(sent(&plan), ["/a/*", "/a/", "/"]);
    assert_eq!((plan.covered(), plan.extra()), (3, Some(0)));
    let plan = planner.allow_full_purge(PurgeEverything).plan(paths(&asked)).expect("a plan");
    assert_eq!(sent(&plan), ["/*", "/"]);
    let plan = Plan::planner().batch_size(1).max_requests(3).plan(paths(&asked)).expect("a plan");
    assert_eq!(sent(&plan), ["/a/*", "/a/", "/"]);

    // It was not requested, but is in the inventory.
    let asked = ["/a/1", "/b/1", "/a/2", "/a/3", "/b/2"];
    let inventory = [&asked[..], &["/a/", "/b/", "/"]].concat();
    let planner = Plan::planner().inventory(paths(&inventory));
    let plan = planner.clone().plan(paths(&asked)).expect("a plan");
    assert_eq!((sent(&plan), plan.extra()), (asked.to_vec(), Some(0)));
    let plan = planner.clone().max_extra(9).plan(paths(&asked)).expect("a plan");
    assert_eq!(sent(&plan), ["/a/*", "/a/", "/b/1", "/b/2"]);
    assert_eq!((plan.covered(), plan.extra()), (3, Some(1)));
    let error = planner.batch_size(1).max_requests(3).plan(paths(&asked)).expect_err("3 requests");
    assert!(error.to_string().contains("allow at least 4"), "{error}");
}

#[test]
fn directory_and_one_path_in_it_are_not_coalesced() {
    let asked = ["/a/", "/a/1", "/b/", "/b/x*"];
    let plan = Plan::planner().inventory(paths(&["/a/", "/a/1"])).plan(paths(&asked));
    assert_eq!(sent(&plan.expect("a plan")), asked);
}

#[test]
fn directory_that_may_be_the_whole_resource_is_never_chosen_without_consent() {
    for directory in ["/.../", "/%2F/", "/.../%2f/"] {
        let asked = [format!("{directory}1"), format!("{directory}2")];
        let planner = Plan::planner().inventory(paths(&asked));
        assert_eq!(sent(&planner.clone().plan(paths(&asked)).expect("a plan")), asked);
        let planner = planner.allow_full_purge(PurgeEverything);
        let plan = planner.plan(paths(&asked)).expect("a plan");
        assert_eq!(sent(&plan), [format!("{directory}*")]);
    }
}

#[test]
fn limits_that_cannot_be_kept_are_errors() {
    let check = |planner: Planner, expected: &str| {
        let error = planner.batch_size(1).plan(paths(&["/a/1", "/a/2", "/b"])).expect_err(expected);
        assert_eq!(error.to_string(), expected);
    };
    check(
        Plan::planner().max_extra(0),
        "extra paths cannot be limited without an inventory to count them in; provide all paths of the \
         site",
    );
    check(
        Plan::planner().inventory([]),
        "the inventory is empty; provide all paths of the site, or no inventory",
    );
    check(
        Plan::planner().inventory(paths(&["/a", "/a/*"])),
        "`/a/*` in the inventory is a wildcard; write `%2A` if a file name contains a star",
    );
    check(
        Plan::planner().max_requests(1),
        "the paths do not fit in 1 request; allow at least 2, or use wider wildcards",
    );
    let inventory = paths(&["/a/1", "/a/2", "/a/3", "/a/4", "/b"]);
    check(
        Plan::planner().inventory(inventory).max_requests(2).max_extra(1),
        "the paths fit in 2 requests only if 2 extra paths may be purged, more than the limit of 1; \
         raise either limit",
    );
    // Two of five paths share a directory, and the others do not.
    let five = paths(&["/a/1", "/a/2", "/b", "/c", "/d"]);
    let error = Plan::planner().batch_size(1).max_requests(1).plan(five).expect_err("1 request");
    assert!(error.to_string().contains("allow at least 4"), "{error}");
}

#[test]
fn both_limits_may_be_reached_exactly() {
    let inventory = paths(&["/a/1", "/a/2", "/a/3", "/a/4", "/b"]);
    let planner = Plan::planner().inventory(inventory).batch_size(1).max_requests(2).max_extra(2);
    let plan = planner.plan(paths(&["/a/1", "/a/2", "/b"])).expect("2 requests, 2 extra paths");
    assert_eq!((sent(&plan), plan.extra()), (vec!["/a/*", "/b"], Some(2)));
    let shown = "3 paths: 2 covered by a wildcard; 2 paths in 2 requests, which purge 2 more than requested";
    assert_eq!(plan.to_string(), shown);
}

#[test]
fn without_an_inventory_narrow_directories_are_preferred() {
    let asked = ["/a/1", "/a/2", "/a/3", "/b/1", "/b/2", "/c"];
    let planner = Plan::planner().batch_size(1);
    let plan = planner.clone().max_requests(5).plan(paths(&asked)).expect("a plan");
    assert_eq!(sent(&plan), ["/a/1", "/a/2", "/a/3", "/b/*", "/c"]);
    assert_eq!(plan.extra(), None);
    assert_eq!(
        plan.to_string(),
        "6 paths: 2 covered by a wildcard; 5 paths in 5 requests, which may purge more than requested"
    );
    let nested = ["/a/1/1", "/a/1/2", "/a/2/1", "/a/2/2", "/a/3", "/b/1", "/b/2", "/b/3", "/b/4"];
    let plan = planner.clone().max_requests(7).plan(paths(&nested)).expect("a plan");
    assert_eq!(sent(&plan)[..3], ["/a/1/*", "/a/2/*", "/a/3"]);
    let plan = planner.max_requests(6).plan(paths(&asked)).expect("a plan");
    assert_eq!((sent(&plan).len(), plan.extra()), (6, Some(0)));
}

#[test]
fn limit_on_requests_holds_when_bodies_are_small() {
    let asked: Vec<String> = (0..60).map(|i| format!("/{}/{i}", i / 4)).collect();
    for requests in [1, 2, 3, 7, 20] {
        let planner = Plan::planner().max_body_bytes(200).max_requests(requests);
        match planner.plan(paths(&asked)) {
            Ok(plan) => assert!(plan.batches().len() <= requests, "{plan}"),
            Err(error) => assert_eq!(
                (requests, error.to_string().as_str()),
                (1, "the paths do not fit in 1 request; allow at least 2, or use wider wildcards")
            ),
        }
    }
}

/// The sent paths if nothing is coalesced.
fn kept(asked: &[PurgePath]) -> Vec<PurgePath> {
    let plan = Plan::planner().allow_full_purge(PurgeEverything).plan(asked.to_vec());
    paths(&sent(&plan.expect("a plan")))
}

/// Tries every set of directories: how many paths it sends, and how many it purges that were not requested.
fn every_way(asked: &[PurgePath], inventory: &[PurgePath], root: bool) -> Vec<(usize, usize)> {
    let mut directories = std::collections::BTreeSet::new();
    for path in asked {
        let head = path.as_str().split('*').next().expect("a first part");
        for (slash, _) in head.match_indices('/') {
            if slash > 0 || root {
                directories.insert(format!("{}*", &head[..=slash]));
            }
        }
    }
    let directories = paths(&directories.into_iter().collect::<Vec<_>>());
    let others: Vec<&PurgePath> = {
        let all: std::collections::BTreeSet<_> = inventory.iter().collect();
        all.into_iter().filter(|path| !asked.iter().any(|a| a.covers(path))).collect()
    };
    let kept = kept(asked);
    // Excludes directories for which an inner one contains the same paths.
    let is_innermost = |outer: &&PurgePath| {
        let mut inner = directories.iter().filter(|inner| inner != outer && outer.covers(inner));
        !inner.any(|inner| kept.iter().all(|path| inner.covers(path) == outer.covers(path)))
    };
    let directories: Vec<&PurgePath> = directories.iter().filter(is_innermost).collect();
    (0..1_u32 << directories.len())
        .map(|set| {
            let used: Vec<_> = (0..directories.len())
                .filter(|i| set >> i & 1 == 1)
                .map(|i| directories[i])
                .collect();
            let is_covered = |path: &PurgePath| used.iter().any(|wildcard| wildcard.covers(path));
            let rest = kept.iter().filter(|path| !is_covered(path)).count();
            let own = others.iter().filter(|path| {
                used.iter()
                    .any(|wildcard| wildcard.as_str().strip_suffix('*') == Some(path.as_str()))
            });
            let own = own.filter(|path| !is_covered(path)).count();
            let extra = others.iter().filter(|path| is_covered(path)).count() + own;
            (rest + used.len() + own, extra)
        })
        .collect()
}

fn site() -> impl Strategy<Value = String> {
    "(/[ab]){0,2}/([abc]?|%ab)"
}

fn asked() -> impl Strategy<Value = String> {
    prop_oneof![6 => site(), 1 => "(/[ab]){1,2}/?\\*", 1 => "(/[ab]){0,2}/[ab]?\\*[ab]"]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn coalescing_is_optimal(
        asked in prop::collection::vec(asked(), 1..12),
        inventory in prop::collection::vec(site(), 1..16),
        limit in 0_usize..6,
        root in any::<bool>(),
    ) {
        let (asked, inventory) = (paths(&asked), paths(&inventory));
        let ways = every_way(&asked, &inventory, root);
        let mut planner = Plan::planner().inventory(inventory.clone()).batch_size(1);
        if root {
            planner = planner.allow_full_purge(PurgeEverything);
        }

        // The fewest paths within a limit on extra ones.
        let plan = planner.clone().max_extra(limit).plan(asked.clone()).expect("a plan");
        let best = ways.iter().filter(|(_, extra)| *extra <= limit).min().expect("no wildcard");
        prop_assert_eq!((sent(&plan).len(), plan.extra()), (best.0, Some(best.1)));
        check(&plan, &asked, &inventory, root)?;

        // The fewest extra paths within a limit on requests.
        let plan = planner.max_requests(limit).plan(asked.clone());
        let fitting = ways.iter().filter(|(sent, _)| *sent <= limit.max(1));
        match fitting.map(|&(sent, extra)| (extra, sent)).min() {
            None => prop_assert!(plan.is_err()),
            Some(best) => {
                let plan = plan.expect("it fits");
                prop_assert_eq!((plan.extra(), sent(&plan).len()), (Some(best.0), best.1));
                check(&plan, &asked, &inventory, root)?;
            }
        }
    }
}

/// Checks what holds for every coalesced plan, whatever the limits are.
fn check(
    plan: &Plan,
    asked: &[PurgePath],
    inventory: &[PurgePath],
    root: bool,
) -> Result<(), TestCaseError> {
    let all = paths(&sent(plan));
    for path in asked {
        prop_assert!(is_purged(path, &all), "{} is lost", path);
    }
    prop_assert!(root || all.iter().all(|path| !path.is_full_purge()));
    let inventory: std::collections::BTreeSet<_> = inventory.iter().collect();
    let extra = inventory
        .iter()
        .filter(|path| all.iter().any(|s| s.covers(path)) && !asked.iter().any(|a| a.covers(path)));
    prop_assert_eq!(plan.extra(), Some(extra.count()));
    // However the service reads a star, no more than that is purged.
    for reading in Reading::ALL {
        let is_of = |patterns: &[PurgePath], path: &PurgePath| {
            patterns.iter().any(|pattern| reading.matches(pattern.as_str(), path.as_str()))
        };
        let extra =
            inventory.iter().filter(|path| is_of(&all, path) && !is_of(asked, path)).count();
        prop_assert!(plan.extra() >= Some(extra), "{extra} are purged under {reading:?}");
    }
    // Sent paths are in the order of the first kept path that each of them purges.
    let kept = kept(asked);
    let place = |s: &PurgePath| kept.iter().position(|path| s.covers(path));
    prop_assert!(all.iter().filter_map(place).is_sorted());
    let own = all.iter().filter(|s| asked.contains(s)).count();
    prop_assert!(plan.covered() + plan.duplicates() + own == plan.input());
    Ok(())
}
