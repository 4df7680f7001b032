//! Archives that depend on nothing but the names and contents of their files.

use std::fs;
use std::io::Write;
use std::path::Path;

use flate2::{Compression, GzBuilder};

use super::failed;
use crate::Error;

/// A tar archive, in the order in which entries are added.
pub(super) struct Pack {
    tar: tar::Builder<Vec<u8>>,
    time: u64,
}

impl Pack {
    pub(super) fn new(time: u64) -> Self {
        let mut tar = tar::Builder::new(Vec::new());
        tar.mode(tar::HeaderMode::Deterministic);
        Self { tar, time }
    }

    /// Adds a file with this content; `mode` has its permissions.
    pub(super) fn add(&mut self, name: &str, mode: u32, content: &[u8]) -> Result<(), Error> {
        let mut header = tar::Header::new_gnu();
        header.set_size(content.len() as u64);
        header.set_mode(mode);
        header.set_mtime(self.time);
        header.set_uid(0);
        header.set_gid(0);
        self.tar
            .append_data(&mut header, name, content)
            .map_err(|e| Error::new(format!("{name} could not be packed: {e}")))
    }

    /// Adds a file from the disk.
    pub(super) fn add_file(&mut self, name: &str, mode: u32, file: &Path) -> Result<(), Error> {
        let content = fs::read(file).map_err(|e| failed("read", file, &e))?;
        self.add(name, mode, &content)
    }

    /// The archive.
    pub(super) fn end(self) -> Result<Vec<u8>, Error> {
        self.tar
            .into_inner()
            .map_err(|e| Error::new(format!("an archive could not be packed: {e}")))
    }

    /// The archive, compressed.
    pub(super) fn compressed(self) -> Result<Vec<u8>, Error> {
        // The gzip header has neither a name nor a time.
        let mut gzip = GzBuilder::new().write(Vec::new(), Compression::best());
        let bytes = self.end()?;
        gzip.write_all(&bytes)
            .and_then(|()| gzip.finish())
            .map_err(|e| Error::new(format!("an archive could not be compressed: {e}")))
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use super::*;

    #[test]
    fn archive_holds_files_of_root_at_one_time() {
        let pack = || {
            let mut pack = Pack::new(1_700_000_000);
            pack.add("it/program", 0o755, b"run").expect("it is packed");
            pack.add("it/README.md", 0o644, b"text").expect("it is packed");
            pack.compressed().expect("an archive")
        };
        assert_eq!(pack(), pack());
        let mut found = Vec::new();
        let packed = pack();
        let mut archive = tar::Archive::new(flate2::read::GzDecoder::new(&*packed));
        for entry in archive.entries().expect("an archive") {
            let mut entry = entry.expect("an entry");
            let mut content = String::new();
            entry.read_to_string(&mut content).expect("text");
            let header = entry.header();
            found.push(format!(
                "{} {:o} {:?} {:?} {:?} {content}",
                entry.path().expect("a path").display(),
                header.mode().expect("a mode"),
                header.mtime().ok(),
                header.uid().ok(),
                header.gid().ok()
            ));
        }
        insta::assert_snapshot!(found.join("\n"), @r"
        it/program 755 Some(1700000000) Some(0) Some(0) run
        it/README.md 644 Some(1700000000) Some(0) Some(0) text
        ");
    }
}
