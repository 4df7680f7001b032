//! The file of a report.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};

use super::{Checkup, markdown};
use crate::exit::{Exit, Failure};
use crate::shown::file_name;

/// Where the report goes, if anywhere. Nothing is written before the report is complete.
pub(crate) struct ReportFile(Option<PathBuf>);

impl ReportFile {
    /// Checks that the file can be written, and that nothing but an earlier report is overwritten.
    pub(crate) fn open(file: Option<&Path>) -> Result<Self, Failure> {
        let Some(path) = file else { return Ok(Self(None)) };
        if path == Path::new("-") {
            let why =
                "--report writes a file, and `-` is not one; for a file named `-`, write `./-`";
            return Err(Failure::usage(why));
        }
        let refuse = |why: &dyn std::fmt::Display| {
            let path = file_name(path);
            Failure::usage(format!("the report `{path}` cannot be written: {why}"))
        };
        match begins_as_report(path) {
            Ok(true) => {}
            Ok(false) => return Err(refuse(&"it exists, and is not a report; name a new file")),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(refuse(&error)),
        }
        // The folder must take a new file now, and not only after everything was checked.
        let new = beside(path);
        created(&new).map_err(|error| refuse(&error))?;
        drop(fs::remove_file(&new));
        Ok(Self(Some(path.to_owned())))
    }

    /// Writes the whole report under another name first, so that this name never holds a part of it.
    pub(crate) fn write(self, checkup: &Checkup) -> Result<(), Failure> {
        let Some(path) = self.0 else { return Ok(()) };
        let new = beside(&path);
        let write = || {
            let mut file = created(&new)?;
            file.write_all(markdown::report(checkup).as_bytes())?;
            file.sync_all()?;
            fs::rename(&new, &path)
        };
        write().map_err(|error| {
            drop(fs::remove_file(&new));
            let path = file_name(&path);
            Failure::new(Exit::Failed, format!("the report `{path}` cannot be written: {error}"))
        })
    }
}

fn begins_as_report(path: &Path) -> io::Result<bool> {
    if !fs::metadata(path)?.is_file() {
        return Err(io::Error::other("it is not a regular file"));
    }
    let mut start = Vec::new();
    let length = markdown::TITLE.len() as u64;
    File::open(path)?.take(length).read_to_end(&mut start)?;
    Ok(start.is_empty() || start == markdown::TITLE.as_bytes())
}

fn created(path: &Path) -> io::Result<File> {
    // In a container, the process ID of a run that was killed is often that of the next one, too.
    if begins_as_report(path).is_ok_and(|is_report| is_report) {
        fs::remove_file(path)?;
    }
    OpenOptions::new().write(true).create_new(true).open(path)
}

fn beside(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(format!(".new-{:x}", std::process::id()));
    name.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_report_is_overwritten() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("report.md");
        let checkup = Checkup::new(None);
        let names = || fs::read_dir(folder.path()).expect("a folder").count();
        ReportFile::open(Some(&path)).expect("a new file");
        assert_eq!(names(), 0, "nothing is written before the report is complete");
        for _ in 0..2 {
            ReportFile::open(Some(&path)).expect("a report").write(&checkup).expect("a report");
            let text = fs::read_to_string(&path).expect("a report");
            assert!(text.starts_with(markdown::TITLE) && names() == 1, "{text}");
        }
        // A run with this process ID was killed while it wrote.
        fs::write(beside(&path), markdown::TITLE).expect("a file");
        ReportFile::open(Some(&path)).expect("a report").write(&checkup).expect("a report");
        assert_eq!(names(), 1);
        fs::write(beside(&path), "# Notes").expect("a file");
        ReportFile::open(Some(&path)).err().expect("another file of this name is not removed");
        fs::remove_file(beside(&path)).expect("a file");
        fs::write(&path, "# Notes").expect("a file");
        let refused =
            |path: &Path| ReportFile::open(Some(path)).err().expect("a refusal").to_string();
        assert!(refused(&path).contains("it exists, and is not a report"), "{}", refused(&path));
        assert!(refused(folder.path()).contains("not a regular file"));
        assert!(refused(&folder.path().join("no/report.md")).contains("cannot be written"));
        assert!(refused(Path::new("-")).contains("write `./-`"));
        assert_eq!(fs::read_to_string(&path).expect("a file"), "# Notes");
    }
}
