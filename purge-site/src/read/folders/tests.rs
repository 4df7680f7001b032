use std::fs;

use super::super::hash::BUFFER;
use super::*;
use crate::read::{ReadError, path};

/// What the comparison must find, by the manifests of the two.
fn expected(old: &Path, new: &Path) -> Result<Compared, CompareError> {
    let (old, new) = (path(old), path(new));
    let old = old.map_err(CompareError::Old)?;
    let new = new.map_err(CompareError::New)?;
    Ok(Compared {
        difference: Difference::between(&old.manifest, &new.manifest),
        left_out_of_old: old.left_out,
        left_out_of_new: new.left_out,
    })
}

#[track_caller]
fn check(old: &Path, new: &Path) -> Result<Compared, CompareError> {
    let found = folders(old, new);
    assert_eq!(found, expected(old, new));
    found
}

fn write(root: &Path, name: &str, content: &[u8]) {
    let file = root.join(name);
    fs::create_dir_all(file.parent().expect("a folder")).expect("folders");
    fs::write(file, content).expect("a file");
}

#[test]
fn each_byte_counts() {
    for size in [0, 1, BUFFER - 1, BUFFER, BUFFER + 1, 3 * BUFFER] {
        let sides = [(), ()].map(|()| tempfile::tempdir().expect("a folder"));
        let [old, new] = [sides[0].path(), sides[1].path()];
        let content = vec![b'x'; size];
        let mut first = content.clone();
        let mut last = content.clone();
        first.first_mut().into_iter().for_each(|byte| *byte = b'y');
        last.last_mut().into_iter().for_each(|byte| *byte = b'y');
        let longer = [&*content, b"x"].concat();
        for (name, changed) in
            [("same", &content), ("first", &first), ("last", &last), ("longer", &longer)]
        {
            write(old, name, &content);
            write(new, name, changed);
        }
        let found = check(old, new).expect("two folders").difference;
        let names: Vec<_> = found.iter().map(|(name, _)| name).collect();
        match size {
            0 => assert_eq!(names, [b"longer"]),
            _ => assert_eq!(names, [&b"first"[..], b"last", b"longer"]),
        }
    }
}

#[test]
fn large_and_deep_folders_are_compared_as_a_whole() {
    let sides = [(), ()].map(|()| tempfile::tempdir().expect("a folder"));
    let [old, new] = [sides[0].path(), sides[1].path()];
    let deep = "d/".repeat(100);
    for index in 0..600 {
        write(old, &format!("many/{index}"), b"1");
        write(new, &format!("many/{}", index + 1), if index % 100 == 0 { b"2" } else { b"1" });
        write(old, &format!("{deep}{index}"), b"1");
    }
    let found = check(old, new).expect("two folders").difference;
    let count = |change| found.count(change);
    assert_eq!(
        (count(Change::Changed), count(Change::Added), count(Change::Removed)),
        (6, 1, 601),
        "{found:?}"
    );
}

#[cfg(unix)]
#[test]
fn files_that_cannot_be_read_are_an_error_on_each_side() {
    use std::os::unix::fs::PermissionsExt as _;

    for (name, is_old) in [("both", true), ("both", false), ("old", true), ("new", false)] {
        let sides = [(), ()].map(|()| tempfile::tempdir().expect("a folder"));
        let [old, new] = [sides[0].path(), sides[1].path()];
        write(old, "both", b"1");
        write(old, "old", b"1");
        write(new, "both", b"1");
        write(new, "new", b"1");
        let file = if is_old { old } else { new }.join(name);
        fs::set_permissions(&file, fs::Permissions::from_mode(0o000)).expect("rights");
        if fs::File::open(&file).is_ok() {
            // Some users may read everything.
            continue;
        }
        let denied = "Permission denied (os error 13)";
        let error = ReadError::of(name.as_bytes(), denied);
        let error = if is_old { CompareError::Old(error) } else { CompareError::New(error) };
        assert_eq!(folders(old, new), Err(error));
    }
    let here = tempfile::tempdir().expect("a folder");
    let gone = here.path().join("gone");
    assert!(matches!(folders(&gone, here.path()), Err(CompareError::Old(_))));
    assert!(matches!(folders(here.path(), &gone), Err(CompareError::New(_))));
}

/// Random folders. Not every system has files of each kind, and names that differ in case.
#[cfg(target_os = "linux")]
mod random {
    use proptest::prelude::*;

    use super::*;
    use crate::read::{Site, stream};

    /// Something in a folder.
    #[derive(Clone, Debug)]
    enum Node {
        File(u8),
        Link(String),
        Pipe,
    }

    fn name() -> impl Strategy<Value = String> {
        "([abA]|d/|d\\.){0,3}[abA\u{e9}]"
    }

    fn node() -> impl Strategy<Value = Node> {
        prop_oneof![
            6 => (0..3_u8).prop_map(Node::File),
            2 => "(\\.\\./|d/){0,2}[abAd.]".prop_map(Node::Link),
            1 => Just(Node::Pipe),
        ]
    }

    fn nodes() -> impl Strategy<Value = Vec<(String, Node)>> {
        proptest::collection::vec((name(), node()), 0..8)
    }

    /// Creates what does not get in the way of what is there.
    fn make(nodes: &[(String, Node)]) -> tempfile::TempDir {
        let root = tempfile::tempdir().expect("a folder");
        for (name, node) in nodes {
            let file = root.path().join(name);
            let folder = file.parent().expect("a folder");
            // A link may lead out of the folder, and nothing is created there.
            let is_inside = |folder: &Path| {
                folder.canonicalize().is_ok_and(|real| real.starts_with(root.path()))
            };
            if fs::create_dir_all(folder).is_err() || !is_inside(folder) {
                continue;
            }
            // Names that are taken are skipped.
            let _ = match node {
                Node::File(content) => fs::File::create_new(&file)
                    .and_then(|mut file| std::io::Write::write_all(&mut file, &[*content])),
                Node::Link(target) => std::os::unix::fs::symlink(target, &file),
                Node::Pipe => {
                    let mode = rustix::fs::Mode::RUSR;
                    let kind = rustix::fs::FileType::Fifo;
                    rustix::fs::mknodat(rustix::fs::CWD, &file, kind, mode, 0).map_err(Into::into)
                }
            };
        }
        root
    }

    /// The same site, read from an archive; none if a link leads out of it.
    fn archived(root: &Path) -> Option<Result<Site, ReadError>> {
        let mut tar = std::process::Command::new("tar");
        let archive = tar.args(["-cf", "-", "-C"]).arg(root).arg(".").output().expect("tar runs");
        let read = stream(&*archive.stdout);
        let is_out = |error: &ReadError| error.to_string().contains("leads out of the archive");
        (!read.as_ref().is_err_and(is_out)).then_some(read)
    }

    proptest! {
        /// The system resolves links in a folder; this crate resolves those in an archive.
        #[test]
        fn archive_is_the_same_site_as_the_folder(nodes in proptest::collection::vec((name(), node()), 0..12)) {
            let root = make(&nodes);
            match (path(root.path()), archived(root.path())) {
                (_, None) | (Err(_), Some(Err(_))) => {}
                (folder, archive) => {
                    let (folder, archive) = (folder.expect("a site"), archive.expect("no link out").expect("a site"));
                    prop_assert_eq!(folder.manifest, archive.manifest);
                    prop_assert_eq!(folder.left_out, archive.left_out);
                }
            }
        }

        /// The slow model hashes all files. Errors are the same, too.
        #[test]
        fn the_difference_is_that_of_the_manifests(old in nodes(), more in nodes(), kept in 0..8_usize) {
            // The two have files in common.
            let new: Vec<_> = more.into_iter().chain(old.iter().take(kept).cloned()).collect();
            let (old, new) = (make(&old), make(&new));
            prop_assert_eq!(folders(old.path(), new.path()), expected(old.path(), new.path()));
        }
    }
}
