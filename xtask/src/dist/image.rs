//! The container image: the binary and the certificates of public authorities, and nothing else.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::pack::Pack;
use super::{Built, Dist, failed};
use crate::Error;

/// Where distributions keep the certificates that they trust.
const CERTIFICATES: [&str; 2] =
    ["/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt"];

pub(super) fn write(dist: &Dist<'_>, built: &Built, folder: &Path) -> Result<(), Error> {
    let Some(name) = dist.platform.image(&dist.version) else { return Ok(()) };
    let work = tempfile::tempdir().map_err(|e| {
        Error::new(format!("no temporary folder for the image could be created: {e}"))
    })?;
    let context = work.path().join("context");
    fs::create_dir(&context).map_err(|e| failed("created", &context, &e))?;
    let certificates = CERTIFICATES.iter().map(Path::new).find(|file| file.is_file());
    let certificates = certificates.ok_or_else(|| {
        Error::new("there are no certificates for the image; install ca-certificates")
    })?;
    for (from, to) in [
        (&*built.binary, "cdn-purge"),
        (&*built.notices, "notices"),
        (certificates, "certificates"),
    ] {
        let to = context.join(to);
        fs::copy(from, &to).map_err(|e| failed("written", &to, &e))?;
    }
    let layout = work.path().join("layout");
    build(dist, work.path(), &context, &layout)?;
    let mut files = Vec::new();
    list(&layout, "", &mut files)?;
    let mut pack = Pack::new(dist.time);
    for file in files {
        pack.add_file(&file, 0o644, &layout.join(&file))?;
    }
    let file = folder.join(name);
    fs::write(&file, pack.end()?).map_err(|e| failed("written", &file, &e))
}

/// Builds the image and writes it as an OCI layout. The storage is temporary, so nothing is reused from earlier builds.
fn build(dist: &Dist<'_>, work: &Path, context: &Path, layout: &Path) -> Result<(), Error> {
    let buildah = || {
        let mut command = Command::new("buildah");
        for (option, folder) in [("--root", "storage"), ("--runroot", "run")] {
            command.arg(option).arg(work.join(folder));
        }
        command.args(["--storage-driver", "vfs"]);
        command
    };
    let name = format!("cdn-purge:{}", dist.version);
    let mut command = buildah();
    command.args(["build", "--quiet", "--isolation", "chroot", "--format", "oci", "--tag", &name]);
    command.args(["--timestamp", &dist.time.to_string()]);
    command.args(["--platform", &format!("linux/{}", dist.platform.linux.unwrap_or_default())]);
    command.args(["--label", &format!("org.opencontainers.image.version={}", dist.version)]);
    command.arg("--file").arg(dist.tree.path("Containerfile")).arg(context);
    dist.tool(&mut command, "apt-get install buildah")?;
    let mut command = buildah();
    // Loading the file gives the image this name.
    command.args(["push", "--quiet", &name]).arg(format!("oci:{}:{name}", layout.display()));
    dist.tool(&mut command, "apt-get install buildah").map(drop)
}

/// The files below a folder, sorted, relative to it.
fn list(root: &Path, below: &str, found: &mut Vec<String>) -> Result<(), Error> {
    let folder = root.join(below);
    let entries = fs::read_dir(&folder).map_err(|e| failed("read", &folder, &e))?;
    let entries: Result<Vec<_>, _> = entries.map(|entry| entry.map(|entry| entry.path())).collect();
    let mut entries: Vec<PathBuf> = entries.map_err(|e| failed("read", &folder, &e))?;
    entries.sort();
    for entry in entries {
        let name = entry.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let name = if below.is_empty() { name } else { format!("{below}/{name}") };
        if entry.is_dir() {
            list(root, &name, found)?;
        } else {
            found.push(name);
        }
    }
    Ok(())
}
