//! The command itself: what it prints, its exit codes, and what it takes as input.

use std::fs;
use std::path::Path;

use tempfile::TempDir;

use crate::workspace::git;

fn description() -> &'static str {
    include_str!("description.yaml")
}

fn changed(edits: &[(&str, &str)]) -> String {
    edits.iter().fold(description().to_owned(), |text, (from, to)| {
        assert!(text.contains(from), "nothing to replace: {from}");
        text.replacen(from, to, 1)
    })
}

const NARROWER: (&str, &str) = ("maximum: 100", "maximum: 50");
const RENAMED: (&str, &str) = ("operationId: listPurgeRequests", "operationId: listPurges");
const MAJOR: (&str, &str) = ("version: 1.0.0", "version: 2.0.0");

fn xtask<S: AsRef<std::ffi::OsStr>>(arguments: &[S]) -> (u8, String) {
    let mut out = Vec::new();
    let all =
        std::iter::once("xtask".into()).chain(arguments.iter().map(|a| a.as_ref().to_owned()));
    let code = xtask::run(all, &mut out);
    (code, String::from_utf8(out).expect("the output is UTF-8"))
}

/// Runs the command on two texts; file names in the output are `old` and `new`.
fn diff(old: &str, new: &str, format: &str) -> (u8, String) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (old_file, new_file) = (folder.path().join("old.yaml"), folder.path().join("new.yaml"));
    fs::write(&old_file, old).expect("the folder is writable");
    fs::write(&new_file, new).expect("the folder is writable");
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let (old_file, new_file) = (old_file.display().to_string(), new_file.display().to_string());
    let root = root.display().to_string();
    let (code, out) =
        xtask(&["--root", &root, "spec-diff", &old_file, &new_file, "--format", format]);
    (code, out.replace(&old_file, "old.yaml").replace(&new_file, "new.yaml"))
}

#[test]
fn a_comment_for_the_reviewer() {
    let (code, out) = diff(description(), &changed(&[NARROWER, RENAMED]), "markdown");
    assert_eq!(code, 1);
    insta::assert_snapshot!(out);
}

#[test]
fn lines_for_a_terminal() {
    let (code, out) = diff(description(), &changed(&[NARROWER, RENAMED]), "text");
    assert_eq!(code, 1);
    insta::assert_snapshot!(out);
}

#[test]
fn json_for_programs() {
    let (code, out) = diff(description(), &changed(&[NARROWER, RENAMED]), "json");
    assert_eq!(code, 1);
    insta::assert_snapshot!(out);
}

#[test]
fn annotations_for_a_pull_request() {
    let (code, out) = diff(description(), &changed(&[NARROWER, RENAMED]), "github");
    assert_eq!(code, 1);
    insta::assert_snapshot!(out);
}

#[test]
fn sarif_for_code_scanning() {
    let (code, out) = diff(description(), &changed(&[NARROWER]), "sarif");
    assert_eq!(code, 1);
    insta::assert_snapshot!(out);
}

#[test]
fn entries_for_a_changelog() {
    let (code, out) = diff(description(), &changed(&[NARROWER, RENAMED]), "changelog");
    assert_eq!(code, 1);
    insta::assert_snapshot!(out);
}

#[test]
fn one_run_writes_several_formats() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = |name: &str| folder.path().join(name).display().to_string();
    fs::write(file("a.yaml"), description()).expect("the folder is writable");
    fs::write(file("b.yaml"), "openapi: 3.1.0").expect("the folder is writable");
    let root = file("");
    let run = |new: &str| {
        let also =
            [format!("--also=json={}", file("out")), format!("--also=sarif={}", file("sarif"))];
        let command = ["--root", &root, "spec-diff", &file("a.yaml"), new, &also[0], &also[1]];
        let (code, out) = xtask(&command);
        let read = |name| -> serde_json::Value {
            let text = fs::read_to_string(file(name)).expect("the file was written");
            serde_json::from_str(&text).expect("JSON")
        };
        (code, out, read("out"), read("sarif"))
    };
    let (code, out, json, sarif) = run(&file("a.yaml"));
    assert!(code == 0 && out.starts_with("No change."), "{out}");
    assert_eq!((&json["changes"], &sarif["version"]), (&serde_json::json!([]), &"2.1.0".into()));
    // Each of them also says that there is no review.
    let (code, out, json, sarif) = run(&file("b.yaml"));
    assert!(code == 2 && out.contains("OpenAPI 3.1.0 is not supported"), "{out}");
    assert!(json["error"].as_str().is_some_and(|error| error.contains("3.1.0")), "{json}");
    assert_eq!(sarif["runs"][0]["invocations"][0]["executionSuccessful"], false);
    assert_eq!(xtask(&["spec-diff", "a", "b", "--also", "xml=a"]).0, 2);
}

#[test]
fn without_bindings_on_either_side_the_wire_decides() {
    let second = ("'200':", "'204': { description: Nothing. }\n        '200':");
    let without = changed(&[second]);
    let (code, out) = diff(&without, &without, "text");
    assert!(code == 0 && out.contains("Rust: no bindings before or after"), "{out}");
    let (code, _) = diff(&without, &changed(&[second, NARROWER]), "text");
    assert_eq!(code, 1);
}

#[test]
fn a_rise_of_the_major_number_permits_breaking_changes() {
    let (code, out) = diff(description(), &changed(&[NARROWER, MAJOR]), "markdown");
    assert_eq!(code, 0);
    insta::assert_snapshot!(out);
}

#[test]
fn a_minor_number_permits_nothing() {
    let minor = ("version: 1.0.0", "version: 1.1.0");
    assert_eq!(diff(description(), &changed(&[NARROWER, minor]), "text").0, 1);
}

#[test]
fn either_axis_alone_is_enough_to_break() {
    let (wire, out) = diff(description(), &changed(&[NARROWER]), "text");
    assert!(wire == 1 && out.contains("Rust: no change"), "{out}");
    let (rust, out) = diff(description(), &changed(&[RENAMED]), "text");
    assert!(rust == 1 && out.contains("Wire: 1 docs"), "{out}");
}

#[test]
fn bindings_that_can_no_longer_be_generated_are_a_result() {
    let second = ("'200':", "'204': { description: Nothing. }\n        '200':");
    let (code, out) = diff(description(), &changed(&[second]), "markdown");
    assert_eq!(code, 1);
    insta::assert_snapshot!(out);
    let (code, out) = diff(&changed(&[second]), description(), "text");
    assert!(code == 0 || code == 1, "{out}");
    assert!(out.contains("the old document has no bindings: operation `createPurge`"), "{out}");
}

#[test]
fn a_change_that_two_operations_share_takes_one_line() {
    let shared = (
        "        format: uuid\n        x-provenance: published\n      example: 550e",
        "      example: 550e",
    );
    let (code, out) = diff(description(), &changed(&[shared]), "markdown");
    assert_eq!(code, 1);
    insta::assert_snapshot!(out);
}

#[test]
fn identical_and_reordered_documents_have_nothing_to_report() {
    let same =
        "No change. The description means the same to callers, and its bindings are the same.\n";
    assert_eq!(diff(description(), description(), "text"), (0, same.to_owned()));
    let reordered = changed(&[
        ("required: [resource_uuid, file_path]", "required: [file_path, resource_uuid]"),
        ("      name: page\n      in: query\n", "      in: query\n      name: page\n"),
    ]);
    assert_eq!(diff(description(), &reordered, "text"), (0, same.to_owned()));
    let (_, comment) = diff(description(), &reordered, "markdown");
    assert_eq!(
        comment.lines().filter(|line| !line.is_empty()).count(),
        2,
        "a verdict and the mark: {comment}"
    );
}

#[test]
fn invalid_openapi_is_refused_on_either_side_with_its_location() {
    // What is wrong, the edit, and what the message must contain.
    let cases = [
        ("not YAML", "openapi: 3.0.3", "openapi: [3.0.3", "line"),
        ("version 2", "openapi: 3.0.3", "swagger: '2.0'", "write OpenAPI 3.0"),
        ("version 3.1", "openapi: 3.0.3", "openapi: 3.1.0", "/openapi: "),
        ("no title", "  title: CDN Purge API\n", "", "/info: "),
        ("no paths", "\npaths:\n", "\nx-paths:\n", "`paths` is missing"),
        (
            "unknown field",
            "      operationId: createPurge\n",
            "      operationID: createPurge\n",
            "~1purge/post: ",
        ),
        (
            "unknown type",
            "        status:\n          type: boolean",
            "        status:\n          type: bool",
            "/components/schemas/CreatePurgeResponse/properties/status/type: ",
        ),
        ("type of a keyword", "minItems: 1", "minItems: one", "/properties/file_path/minItems: "),
        ("unknown place", "      in: query\n", "      in: body\n", "/components/parameters/page"),
        (
            "optional path parameter",
            "      in: path\n      required: true",
            "      in: path\n      required: false",
            "/components/parameters/organization_uuid",
        ),
        (
            "no responses",
            "      responses:\n        '200':\n          description: Purge request successfully",
            "      x-r:\n        '200':\n          description: Purge request successfully",
            "~1purge/post: ",
        ),
        (
            "a reference to nowhere",
            "$ref: '#/components/parameters/page'",
            "$ref: '#/components/parameters/pages'",
            "/get/parameters/",
        ),
        (
            "a reference to another kind",
            "$ref: '#/components/parameters/page'",
            "$ref: '#/components/schemas/PurgeRequest'",
            "/get/parameters/",
        ),
        (
            "an operation twice",
            "operationId: listPurgeRequests",
            "operationId: createPurge",
            "/operationId: ",
        ),
        (
            "a parameter twice",
            "$ref: '#/components/parameters/page'",
            "$ref: '#/components/parameters/limit'",
            "/get/parameters: ",
        ),
        (
            "an undeclared path parameter",
            "      name: organization_uuid",
            "      name: organization",
            "`{organization_uuid}`",
        ),
        ("an unknown scheme", "  - bearer: []", "  - basic: []", "/security/0: "),
        (
            "a list instead of a map",
            "  securitySchemes:\n    bearer:",
            "  securitySchemes:\n    - bearer:",
            "",
        ),
    ];
    let mut shown = String::new();
    for (what, from, to, message) in cases {
        let wrong = changed(&[(from, to)]);
        for (old, new, name) in [
            (wrong.as_str(), description(), "old.yaml"),
            (description(), wrong.as_str(), "new.yaml"),
        ] {
            let (code, out) = diff(old, new, "text");
            assert_eq!(code, 2, "{what}: {out}");
            assert!(out.contains(name) && out.contains(message), "{what}: {out}");
            if name == "new.yaml" {
                shown.push_str(&format!("{what}\n{out}\n"));
            }
        }
    }
    insta::assert_snapshot!(shown);
}

#[test]
fn nothing_in_a_document_can_end_the_comment_of_a_refusal() {
    let wrong = changed(&[(
        "    post:\n      operationId",
        "    post:\n      \"```\\n<img src=x>\\e[2J\\n::error::\": 1\n      operationId",
    )]);
    let (code, out) = diff(description(), &wrong, "markdown");
    assert_eq!(code, 2, "{out}");
    insta::assert_snapshot!(out);
    let (code, out) = diff(description(), &wrong, "text");
    assert_eq!(code, 2, "{out}");
    insta::assert_snapshot!(out);
}

#[test]
fn names_and_arguments_begin_no_line_and_move_no_cursor() {
    let evil = "a\n::error::b\u{1b}[2J\u{202e}##[error]c";
    let shown = "a\\n::error::b\\u001b[2J\\u202e#\\u0023[error]c";
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = folder.path().join(evil);
    fs::write(&file, "openapi: [").expect("the folder is writable");
    let file = file.display().to_string();
    for arguments in [
        &["spec-diff", &file, &file][..],
        &["spec-diff", evil, evil],
        &["spec-diff", "--base", evil],
        &["spec-diff", &format!("--format={evil}")],
        &["spec-diff", &format!("--{evil}")],
        &[evil],
    ] {
        let (code, out) = xtask(arguments);
        assert!(code == 2 && out.contains(shown), "{arguments:?}: {out}");
        assert!(out.lines().all(|line| !line.trim_start().starts_with("::")), "{out}");
        assert!(!out.contains(['\u{1b}', '\u{202e}']) && !out.contains("##["), "{out}");
    }
}

#[test]
fn usage_errors_exit_with_2() {
    for arguments in
        [&["spec-diff", "one.yaml"][..], &["spec-diff", "--format", "xml"], &["spec-dif"], &[]]
    {
        assert_eq!(xtask(arguments).0, 2, "{arguments:?}");
    }
    let (code, out) = xtask(&["spec-diff", "no-such-file.yaml", "no-such-file.yaml"]);
    assert!(code == 2 && out.contains("no-such-file.yaml could not be read"), "{out}");
    assert_eq!(xtask(&["--help"]).0, 0);
}

fn repository() -> TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder");
    fs::create_dir(folder.path().join("openapi")).expect("the folder is writable");
    write(folder.path(), description());
    git(folder.path(), &["init", "--quiet", "--initial-branch=main"]);
    git(folder.path(), &["add", "."]);
    git(folder.path(), &["commit", "--quiet", "--message=first"]);
    folder
}

fn write(folder: &Path, text: &str) {
    fs::write(folder.join("openapi/purge.yaml"), text).expect("the folder is writable");
}

#[test]
fn the_merge_base_is_compared_with_the_working_tree() {
    let folder = repository();
    let root = folder.path().display().to_string();
    let run = |arguments: &[&str]| {
        let mut all = vec!["--root", root.as_str(), "spec-diff"];
        all.extend(arguments);
        xtask(&all)
    };
    assert_eq!(run(&[]).0, 0);
    git(folder.path(), &["switch", "--quiet", "--create", "work"]);
    write(folder.path(), &changed(&[NARROWER]));
    // Not committed yet, but compared all the same.
    assert_eq!(run(&[]).0, 1);
    git(folder.path(), &["commit", "--quiet", "--all", "--message=narrow"]);
    assert_eq!(run(&["--base", "main"]).0, 1);

    // Later commits on main are not changes of this branch.
    git(folder.path(), &["switch", "--quiet", "main"]);
    write(folder.path(), &changed(&[RENAMED]));
    git(folder.path(), &["commit", "--quiet", "--all", "--message=rename"]);
    git(folder.path(), &["switch", "--quiet", "work"]);
    let (code, out) = run(&[]);
    assert!(code == 1 && out.contains("Rust: no change"), "{out}");

    let (code, out) = run(&["--base", "nowhere"]);
    assert!(code == 2 && out.contains("`nowhere`"), "{out}");
    let (code, out) = run(&["--base=--all"]);
    assert!(code == 2 && out.contains("`--all`"), "{out}");
}

#[test]
fn every_description_is_compared() {
    let folder = repository();
    let root = folder.path().display().to_string();
    let run = |format: &str| {
        xtask(&["--root", &root, "spec-diff", "--format", format, "--link", "https://e.com/tree"])
    };
    git(folder.path(), &["switch", "--quiet", "--create", "work"]);
    // The settings of a tool are not a description.
    fs::write(folder.path().join("openapi/redocly.yaml"), "extends: []\n").expect("a file");
    let second = folder.path().join("openapi/second.yaml");
    let text = "openapi: 3.0.3\ninfo: { title: Second, version: 1.0.0 }\npaths:\n  /b:\n    get:\n      \
                operationId: listB\n      responses: { '200': { description: Good. } }\n";
    fs::write(&second, text).expect("a file");
    let (code, out) = run("text");
    assert_eq!(code, 0, "a new description breaks no program: {out}");
    assert!(out.starts_with("Additive.") && out.contains("openapi/second.yaml:"), "{out}");
    assert!(!out.contains("purge.yaml"), "a description without changes is not mentioned: {out}");
    let (_, out) = run("markdown");
    assert!(out.contains("(https://e.com/tree/openapi/second.yaml#L"), "{out}");

    write(folder.path(), &changed(&[NARROWER]));
    let (code, out) = run("text");
    assert_eq!(code, 1);
    let at = |text: &str| out.find(text).unwrap_or_else(|| panic!("{text} is not in {out}"));
    assert!(at("openapi/purge.yaml\nBreaking") < at("openapi/second.yaml\nAdditive."), "{out}");
    let (_, comment) = run("markdown");
    assert_eq!(comment.matches("<!-- purge: spec-diff -->").count(), 1, "{comment}");
    assert_eq!(comment.matches("\n### ").count() + 1, 2, "{comment}");
    let json =
        |format: &str| -> serde_json::Value { serde_json::from_str(&run(format).1).expect("JSON") };
    let reviews = json("json");
    assert_eq!(reviews["reviews"].as_array().map(Vec::len), Some(2), "{reviews}");
    assert_eq!(json("sarif")["runs"].as_array().map(Vec::len), Some(2));
    assert_eq!(run("changelog").1.matches("### Added").count(), 1);

    git(folder.path(), &["add", "."]);
    git(folder.path(), &["commit", "--quiet", "--message=second"]);
    git(folder.path(), &["switch", "--quiet", "--create", "third"]);
    fs::remove_file(&second).expect("it was written");
    let (code, out) = xtask(&["--root", &root, "spec-diff", "--base", "work"]);
    assert!(code == 1 && out.contains("listB"), "a removed description breaks callers: {out}");
}

/// A removed description has no version that could be raised, and no line.
#[test]
fn removed_description_is_announced_by_the_changelog() {
    let folder = repository();
    let root = folder.path().display().to_string();
    let second = folder.path().join("openapi/second.yaml");
    let text = "openapi: 3.0.3\ninfo: { title: Second, version: 1.0.0 }\npaths:\n  /b:\n    get:\n      \
                operationId: listB\n      responses: { '200': { description: Good. } }\n";
    fs::write(&second, text).expect("a file");
    git(folder.path(), &["add", "."]);
    git(folder.path(), &["commit", "--quiet", "--message=second"]);
    git(folder.path(), &["switch", "--quiet", "--create", "work"]);
    fs::remove_file(&second).expect("it was written");
    let run = |format: &str| xtask(&["--root", &root, "spec-diff", "--format", format]);

    let (code, out) = run("text");
    assert_eq!(code, 1, "{out}");
    let remedy = "name openapi/second.yaml under ### Breaking of Unreleased in CHANGELOG.md";
    assert!(out.contains(remedy) && !out.contains("info.version"), "{out}");
    let (_, out) = run("github");
    assert!(out.contains("::error file=openapi/second.yaml,title=operation-removed::"), "{out}");
    let (_, sarif) = run("sarif");
    let sarif: serde_json::Value = serde_json::from_str(&sarif).expect("JSON");
    for result in sarif["runs"][0]["results"].as_array().expect("results") {
        let place = &result["locations"][0]["physicalLocation"];
        assert_eq!(place["artifactLocation"]["uri"], "openapi/second.yaml", "{result}");
        assert!(place.get("region").is_none(), "{result}");
    }

    let changelog = |entry: &str| {
        let text =
            format!("# Changelog\n\n## [Unreleased]\n\n### Breaking\n\n- {entry} is gone.\n");
        fs::write(folder.path().join("CHANGELOG.md"), text).expect("a file");
    };
    changelog("`openapi/third.yaml`");
    assert_eq!(run("text").0, 1);
    changelog("`openapi/second.yaml`");
    let (code, out) = run("text");
    assert_eq!(code, 0, "{out}");
    assert!(out.starts_with("Breaking, and announced. The document is removed."), "{out}");
}
