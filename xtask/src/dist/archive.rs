//! The archive: the binary with its documentation and completion scripts.

use std::path::Path;

use super::pack::Pack;
use super::{Built, Dist, failed, notices};
use crate::Error;

/// The documents, and their names in the archive.
const DOCUMENTS: [(&str, &str); 5] = [
    ("CHANGELOG.md", "CHANGELOG.md"),
    ("LICENSE-APACHE", "LICENSE-APACHE"),
    ("LICENSE-MIT", "LICENSE-MIT"),
    ("purge-cli/README.md", "README.md"),
    ("purge-cli/REFERENCE.md", "REFERENCE.md"),
];

pub(super) fn write(dist: &Dist<'_>, built: &Built, folder: &Path) -> Result<(), Error> {
    let stem = dist.platform.stem(&dist.version);
    let mut pack = Pack::new(dist.time);
    pack.add_file(&format!("{stem}/{}", dist.platform.binary()), 0o755, &built.binary)?;
    for (file, name) in DOCUMENTS {
        pack.add_file(&format!("{stem}/{name}"), 0o644, &dist.tree.path(file))?;
    }
    pack.add_file(&format!("{stem}/{}", notices::FILE), 0o644, &built.notices)?;
    for kind in ["completions", "man"] {
        for file in dist.tree.files(&format!("purge-cli/{kind}"))? {
            let name = file.trim_start_matches("purge-cli/");
            pack.add_file(&format!("{stem}/{name}"), 0o644, &dist.tree.path(&file))?;
        }
    }
    let file = folder.join(dist.platform.archive(&dist.version));
    std::fs::write(&file, pack.compressed()?).map_err(|e| failed("written", &file, &e))
}
