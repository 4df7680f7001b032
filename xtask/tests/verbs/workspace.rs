//! A test workspace: its files, and the output of a verb in it.

use std::fs;
use std::path::Path;
use std::process::Command;

/// Writes a file and creates its folders.
pub(crate) fn write(root: &Path, file: &str, text: &str) {
    let file = root.join(file);
    fs::create_dir_all(file.parent().expect("every file is in a folder")).expect("a folder");
    fs::write(file, text).expect("the folder is writable");
}

/// Replaces a text in a file, and panics if it is not there.
pub(crate) fn replace(root: &Path, file: &str, from: &str, to: &str) {
    let text = fs::read_to_string(root.join(file)).expect("the file is there");
    assert!(text.contains(from), "nothing to replace in {file}: {from}");
    write(root, file, &text.replacen(from, to, 1));
}

/// Runs a verb in a workspace. Returns its exit code and output.
pub(crate) fn xtask(root: &Path, verb: &[&str]) -> (u8, String) {
    let mut arguments = vec!["xtask".into(), "--root".into(), root.as_os_str().to_owned()];
    arguments.extend(verb.iter().map(Into::into));
    let mut out = Vec::new();
    let code = xtask::run(arguments, &mut out);
    (code, String::from_utf8(out).expect("the output is UTF-8"))
}

/// Runs git in a folder with a test identity.
pub(crate) fn git(folder: &Path, arguments: &[&str]) {
    let identity = [
        "-c",
        "user.name=Somebody",
        "-c",
        "user.email=somebody@example.com",
        "-c",
        "commit.gpgsign=false",
    ];
    let status = Command::new("git").arg("-C").arg(folder).args(identity).args(arguments).status();
    assert!(status.expect("git runs").success(), "git {arguments:?}");
}
