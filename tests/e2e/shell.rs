//! Completion scripts and manual pages, in real shells and `man`.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use purge_tests::cli::{Ended, Run};

use crate::PURGE;

fn committed(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../purge-cli").join(name)
}

async fn sh(program: &str, arguments: &[&str]) -> Ended {
    let path = std::env::var("PATH").expect("a search path");
    Run::new(program, arguments).env("PATH", &path).env("TERM", "dumb").end().await
}

/// Whether a program is installed; missing ones are not tested.
async fn is_there(program: &str) -> bool {
    let found = sh("sh", &["-c", &format!("command -v {program}")]).await.code == Some(0);
    if !found {
        let text = format!("{program} is not installed: its script is not tried");
        let _ = writeln!(std::io::stderr(), "{text}");
    }
    found
}

#[tokio::test(flavor = "multi_thread")]
async fn committed_scripts_and_pages_are_up_to_date() {
    for (shell, file) in [
        ("bash", "cdn-purge.bash"),
        ("zsh", "_cdn-purge"),
        ("fish", "cdn-purge.fish"),
        ("powershell", "_cdn-purge.ps1"),
    ] {
        let printed = Run::new(PURGE, ["completions", shell]).end().await;
        assert_eq!(printed.code, Some(0), "{printed:?}");
        let file = fs::read_to_string(committed("completions").join(file)).expect(shell);
        assert!(printed.out == file, "{shell}: run `cargo xtask regen`");
    }
    for (command, file) in [(None, "cdn-purge.1"), (Some("create"), "cdn-purge-create.1")] {
        let printed = Run::new(PURGE, ["man"].into_iter().chain(command)).end().await;
        let file = fs::read_to_string(committed("man").join(file)).expect(file);
        assert!(printed.out == file, "{command:?}: run `cargo xtask regen`");
    }
    let ended = Run::new(PURGE, ["man", "nope"]).end().await;
    assert_eq!(ended.code, Some(2), "{ended:?}");
    assert!(ended.err.contains("[possible values: create, plan"), "{}", ended.err);
}

#[tokio::test(flavor = "multi_thread")]
async fn bash_completes_commands_and_options() {
    let script = committed("completions/cdn-purge.bash");
    let script = script.to_str().expect("a name");
    let complete = async |words: &[&str]| {
        let test = format!(
            "source {script}; complete -p cdn-purge >&2 || exit 1; COMP_WORDS=({}); COMP_CWORD={}; \
             _cdn__purge cdn-purge \"${{COMP_WORDS[-1]}}\" \"${{COMP_WORDS[-2]}}\"; printf '%s\\n' \"${{COMPREPLY[@]}}\"",
            words.join(" "),
            words.len() - 1
        );
        let ended = sh("bash", &["--noprofile", "--norc", "-c", &test]).await;
        assert_eq!(ended.code, Some(0), "{ended:?}");
        assert!(
            ended.err.contains("-F _cdn__purge") && ended.err.contains("cdn-purge"),
            "{ended:?}"
        );
        ended.out
    };
    assert_eq!(complete(&["cdn-purge", "cr"]).await, "create\n");
    assert_eq!(complete(&["cdn-purge", "create", "--allow"]).await, "--allow-full-purge\n");
    assert_eq!(complete(&["cdn-purge", "list", "--output", "nd"]).await, "ndjson\n");
    assert_eq!(complete(&["cdn-purge", "completions", "fi"]).await, "fish\n");
    assert_eq!(complete(&["cdn-purge", "man", "res"]).await, "resume\n");
    // No completions, so bash offers files.
    assert_eq!(complete(&["cdn-purge", "resume", ""]).await, "\n");
    assert_eq!(complete(&["cdn-purge", "resume", "dep"]).await, "\n");
    assert_eq!(complete(&["cdn-purge", "resume", "--allow"]).await, "--allow-full-purge\n");
}

#[tokio::test(flavor = "multi_thread")]
async fn zsh_and_fish_accept_their_scripts() {
    let folder = committed("completions");
    let folder = folder.to_str().expect("a name");
    if is_there("zsh").await {
        let test = format!(
            "fpath=({folder} $fpath); autoload -Uz compinit && compinit -u -D && print -r -- ${{_comps[cdn-purge]}} && \
             autoload -Uz _cdn-purge && autoload +X _cdn-purge && print -r -- ${{+functions[_cdn-purge]}}"
        );
        let ended = sh("zsh", &["-f", "-c", &test]).await;
        assert_eq!((ended.code, ended.out.as_str()), (Some(0), "_cdn-purge\n1\n"), "{ended:?}");
    }
    if is_there("fish").await {
        let test = format!(
            "source {folder}/cdn-purge.fish; complete -C 'cdn-purge cr'; complete -C 'cdn-purge list --al'"
        );
        let ended = sh("fish", &["--no-config", "-c", &test]).await;
        assert_eq!(ended.code, Some(0), "{ended:?}");
        assert!(ended.out.contains("create\tPurge paths"), "{ended:?}");
        assert!(ended.out.contains("--all\tAll pages"), "{ended:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn man_shows_the_pages_without_a_warning() {
    if !is_there("groff").await {
        return;
    }
    for page in fs::read_dir(committed("man")).expect("pages") {
        let page = page.expect("a page").path();
        let page = page.to_str().expect("a name");
        let ended = sh("groff", &["-man", "-Tutf8", "-P-cbou", "-ww", "-Kutf8", page]).await;
        assert_eq!((ended.code, ended.err.as_str()), (Some(0), ""), "{page}: {ended:?}");
        assert!(ended.out.contains("SYNOPSIS"), "{page}: {}", ended.out);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn version_names_the_api_and_help_comes_short_and_long() {
    let long = Run::new(PURGE, ["--version"]).end().await;
    let api = purge_openapi::parse(purge_openapi::PURGE.yaml).expect("the description");
    let api = api["info"]["version"].as_str().expect("a version").to_owned();
    assert!(long.out.contains(&format!("(API {api}")), "{long:?}");
    let short = Run::new(PURGE, ["-V"]).end().await;
    assert_eq!(short.out, concat!("cdn-purge ", env!("CARGO_PKG_VERSION"), "\n"));
    for command in ["create", "plan", "list", "wait"] {
        let short = Run::new(PURGE, [command, "-h"]).end().await;
        let long = Run::new(PURGE, [command, "--help"]).end().await;
        assert_eq!((short.code, long.code), (Some(0), Some(0)));
        assert!(long.out.contains("Examples:") && !short.out.contains("Examples:"), "{command}");
        assert!(short.out.len() < long.out.len(), "{command}");
    }
    let create = Run::new(PURGE, ["create", "-h"]).end().await.out;
    for expected in ["env: PURGE_ORGANIZATION", "env: PURGE_TOKEN", "\nSending:", "\nOutput:"] {
        assert!(create.contains(expected), "{expected}: {create}");
    }
}
