//! The checksums of the files, in the format of `sha256sum`.

use std::fs;
use std::path::Path;

use ring::digest::{SHA256, digest};

use super::names::SUMS;
use super::{binary, failed};
use crate::Error;

/// Removes the files of an earlier run.
pub(super) fn clear(folder: &Path) -> Result<(), Error> {
    for name in ours(folder)?.into_iter().chain([SUMS.to_owned()]) {
        let file = folder.join(name);
        if file.exists() {
            fs::remove_file(&file).map_err(|e| failed("removed", &file, &e))?;
        }
    }
    Ok(())
}

/// Writes the checksums of all files of the release, and returns their names and sizes.
pub(super) fn write(folder: &Path) -> Result<Vec<(String, u64)>, Error> {
    let mut text = String::new();
    let mut files = Vec::new();
    for name in ours(folder)? {
        let file = folder.join(&name);
        let bytes = fs::read(&file).map_err(|e| failed("read", &file, &e))?;
        let hex: String =
            digest(&SHA256, &bytes).as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
        text.push_str(&format!("{hex}  {name}\n"));
        files.push((name, binary::size(&file)?));
    }
    let file = folder.join(SUMS);
    fs::write(&file, text).map_err(|e| failed("written", &file, &e))?;
    Ok(files)
}

/// The files of a release in a folder, sorted.
fn ours(folder: &Path) -> Result<Vec<String>, Error> {
    let entries = fs::read_dir(folder).map_err(|e| failed("read", folder, &e))?;
    let mut names = Vec::new();
    for entry in entries {
        let entry = entry.map_err(|e| failed("read", folder, &e))?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if name.starts_with("cdn-purge") && entry.path().is_file() {
            names.push(name);
        }
    }
    names.sort();
    Ok(names)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_match_sha256sum_and_earlier_files_are_removed() {
        let folder = tempfile::tempdir().expect("a folder");
        let write_file = |name: &str, text: &str| {
            fs::write(folder.path().join(name), text).expect("a file");
        };
        write_file("cdn-purge-0.0.9-old.tar.gz", "old");
        write_file("notes.txt", "not ours");
        clear(folder.path()).expect("the old file is removed");
        write_file("cdn-purge-b", "");
        write_file("cdn-purge-a", "abc");
        let files = write(folder.path()).expect("checksums");
        assert_eq!(files, [("cdn-purge-a".to_owned(), 3), ("cdn-purge-b".to_owned(), 0)]);
        let sums = fs::read_to_string(folder.path().join(SUMS)).expect("the file");
        insta::assert_snapshot!(sums, @r"
        ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad  cdn-purge-a
        e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855  cdn-purge-b
        ");
        assert!(folder.path().join("notes.txt").exists());
    }
}
