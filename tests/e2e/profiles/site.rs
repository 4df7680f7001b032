//! The difference between a site and its baseline, purged from several resources.

use super::*;

/// A site of which every profile has a copy, and its baseline.
async fn begun(more: &str) -> Scene {
    let scene = Scene::new(more).await;
    fs::create_dir(scene.path("site")).expect("a folder");
    for name in ["a.html", "b.html"] {
        write(&scene, name, "1");
    }
    let ended = create(&scene, "shop,blog", &["--first-run"]).await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert!(ended.out.contains("is now the baseline of 2 files; nothing was sent"), "{ended:?}");
    assert_eq!((count(&scene.shop, "POST"), count(&scene.blog, "POST")), (0, 0));
    scene
}

fn write(scene: &Scene, name: &str, text: &str) {
    fs::write(scene.path("site").join(name), text).expect("a file");
}

fn baseline(scene: &Scene) -> String {
    fs::read_to_string(scene.path("base")).expect("a baseline")
}

async fn create(scene: &Scene, profiles: &str, more: &[&str]) -> Ended {
    let create = ["create", "--site", "site", "--baseline", "base", "--profile", profiles];
    scene.end(&[&create[..], more].concat()).await
}

#[track_caller]
fn unchanged(ended: &Ended) {
    assert_eq!((ended.code, &*ended.out), (Some(0), "nothing changed; nothing was sent\n"));
}

#[tokio::test(flavor = "multi_thread")]
async fn one_difference_is_purged_by_each_profile() {
    let scene = begun("prefix = '/blog'\n").await;
    write(&scene, "a.html", "2");
    let ended = create(&scene, "shop,blog", &["--wait"]).await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert_eq!(purged(&scene.shop), ["/a.html"]);
    assert_eq!(purged(&scene.blog), ["/blog/a.html"]);
    // The order of the profiles does not matter.
    unchanged(&create(&scene, "blog,shop", &[]).await);
    let json = create(&scene, "shop,blog", &["--output", "json"]).await;
    let report: Value = serde_json::from_str(&json.out).expect("JSON");
    crate::output::check("reports", &report);
    assert_eq!(report["profiles"], serde_json::json!([]));
    // An archive is read once for both.
    let packed =
        Run::new("tar", ["-cf", "site.tar", "-C", "site", "."]).env("PATH", "/usr/bin:/bin");
    assert_eq!(packed.folder(scene.folder.path()).end().await.code, Some(0));
    let archive = fs::read(scene.path("site.tar")).expect("a file");
    let piped = ["create", "--site", "-", "--baseline", "base", "--profile", "shop,blog"];
    unchanged(&scene.run(&piped).input(archive).end().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn baseline_stays_until_every_profile_has_succeeded() {
    let scene = begun("").await;
    let before = baseline(&scene);
    write(&scene, "a.html", "2");
    scene.blog.fault(Fault::status(400).on_post().times(1));
    let ended = create(&scene, "shop,blog", &["--wait"]).await;
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert_eq!((purged(&scene.shop).len(), purged(&scene.blog).len()), (1, 0));
    assert_eq!(baseline(&scene), before);
    // The change is reverted, but the other resource may have cached it in between.
    write(&scene, "a.html", "1");
    let ended = create(&scene, "shop,blog", &["--wait"]).await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert_eq!(purged(&scene.blog), ["/a.html"]);
    unchanged(&create(&scene, "shop,blog", &[]).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn baseline_of_several_resources_is_refused_for_fewer() {
    let scene = begun("").await;
    write(&scene, "a.html", "2");
    for profile in ["shop", "blog"] {
        let ended = create(&scene, profile, &[]).await;
        assert_eq!(ended.code, Some(2), "{ended:?}");
        let refused = format!(
            "belongs to the resources {RESOURCE} and {RESOURCE}, not to {RESOURCE}: use a separate file for each set \
             of profiles"
        );
        assert!(ended.err.contains(&refused), "{ended:?}");
    }
    assert_eq!((count(&scene.shop, "POST"), count(&scene.blog, "POST")), (0, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn resumed_run_is_purged_once_more_by_the_next() {
    let scene = begun("").await;
    let before = baseline(&scene);
    write(&scene, "a.html", "2");
    scene.blog.fault(Fault::status(400).on_post().times(1));
    let ended = create(&scene, "shop,blog", &["--journal", "journals"]).await;
    assert_eq!(ended.code, Some(1), "{ended:?}");
    let ended = scene.end(&["resume", "journals"]).await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert_eq!((purged(&scene.shop), purged(&scene.blog).len()), (vec!["/a.html".to_owned()], 1));
    assert_eq!(baseline(&scene), before, "the site may have changed since");
    // In between, the site was built again.
    write(&scene, "b.html", "2");
    let ended = create(&scene, "shop,blog", &["--wait"]).await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    for sandbox in [&scene.shop, &scene.blog] {
        assert_eq!(purged(sandbox), ["/a.html", "/a.html", "/b.html"]);
    }
    unchanged(&create(&scene, "shop,blog", &[]).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn baseline_of_one_folder_is_refused_for_another() {
    let scene = begun("prefix = '/blog'\n").await;
    write(&scene, "a.html", "2");
    let ended = create(&scene, "shop,blog", &["--prefix", "/x"]).await;
    assert_eq!(ended.code, Some(2), "{ended:?}");
    let refused = format!(
        "belongs to the resources {RESOURCE} and {RESOURCE}/blog, not to {RESOURCE}/x and {RESOURCE}/x: use a separate \
         file for each set of profiles"
    );
    assert!(ended.err.contains(&refused), "{ended:?}");
    fs::remove_file(scene.path("base")).expect("a file");
    assert_eq!(create(&scene, "blog", &["--first-run"]).await.code, Some(0));
    let ended = create(&scene, "blog", &["--prefix", "/"]).await;
    assert_eq!(ended.code, Some(2), "{ended:?}");
    let refused = format!(
        "belongs to the resource {RESOURCE}/blog, not to {RESOURCE}: use a separate file for each resource and folder"
    );
    assert!(ended.err.contains(&refused), "{ended:?}");
    unchanged(&create(&scene, "blog", &[]).await);
    assert_eq!((count(&scene.shop, "POST"), count(&scene.blog, "POST")), (0, 0));
}
