//! The names of the files of a release. The installers, the action and the workflows use these names.

/// A platform with a binary.
#[derive(Debug)]
pub(crate) struct Platform {
    pub(crate) triple: &'static str,
    /// What `uname -s` and `uname -m` print there; on Windows, in Git Bash.
    pub(crate) uname: (&'static str, &'static str),
    /// The name of its processor in Debian and in container registries; only for Linux.
    pub(crate) linux: Option<&'static str>,
}

/// The platforms of a release. Linux is linked statically: one binary runs on every distribution, with any C library.
pub(crate) const PLATFORMS: [Platform; 5] = [
    Platform {
        triple: "x86_64-unknown-linux-musl",
        uname: ("Linux", "x86_64"),
        linux: Some("amd64"),
    },
    Platform {
        triple: "aarch64-unknown-linux-musl",
        uname: ("Linux", "aarch64"),
        linux: Some("arm64"),
    },
    Platform { triple: "x86_64-apple-darwin", uname: ("Darwin", "x86_64"), linux: None },
    Platform { triple: "aarch64-apple-darwin", uname: ("Darwin", "arm64"), linux: None },
    Platform {
        triple: "x86_64-pc-windows-msvc",
        uname: ("MINGW64_NT-10.0-26100", "x86_64"),
        linux: None,
    },
];

/// The checksums of all files of a release.
pub(crate) const SUMS: &str = "SHA256SUMS";

impl Platform {
    pub(crate) fn of(triple: &str) -> Option<&'static Self> {
        PLATFORMS.iter().find(|platform| platform.triple == triple)
    }

    /// The platform for binaries that are built on a host.
    pub(crate) fn of_host(host: &str) -> Option<&'static Self> {
        Self::of(&host.replace("-linux-gnu", "-linux-musl"))
    }

    /// The common part of the file names, which is also the name of the folder in the archive.
    pub(crate) fn stem(&self, version: &str) -> String {
        format!("cdn-purge-{version}-{}", self.triple)
    }

    pub(crate) fn archive(&self, version: &str) -> String {
        format!("{}.tar.gz", self.stem(version))
    }

    pub(crate) fn sbom(&self, version: &str) -> String {
        format!("{}.cdx.json", self.stem(version))
    }

    /// The container image as an OCI archive.
    pub(crate) fn image(&self, version: &str) -> Option<String> {
        self.linux.map(|_| format!("{}.oci.tar", self.stem(version)))
    }

    pub(crate) fn deb(&self, version: &str) -> Option<String> {
        self.linux.map(|processor| format!("cdn-purge_{version}_{processor}.deb"))
    }

    /// The name of the binary.
    pub(crate) fn binary(&self) -> &'static str {
        if self.triple.contains("windows") { "cdn-purge.exe" } else { "cdn-purge" }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_platform_has_its_own_files() {
        let all: Vec<String> = PLATFORMS
            .iter()
            .flat_map(|platform| {
                let always = [platform.archive("1.2.3"), platform.sbom("1.2.3")];
                always.into_iter().chain(platform.deb("1.2.3")).chain(platform.image("1.2.3"))
            })
            .collect();
        insta::assert_snapshot!(all.join("\n"), @r"
        cdn-purge-1.2.3-x86_64-unknown-linux-musl.tar.gz
        cdn-purge-1.2.3-x86_64-unknown-linux-musl.cdx.json
        cdn-purge_1.2.3_amd64.deb
        cdn-purge-1.2.3-x86_64-unknown-linux-musl.oci.tar
        cdn-purge-1.2.3-aarch64-unknown-linux-musl.tar.gz
        cdn-purge-1.2.3-aarch64-unknown-linux-musl.cdx.json
        cdn-purge_1.2.3_arm64.deb
        cdn-purge-1.2.3-aarch64-unknown-linux-musl.oci.tar
        cdn-purge-1.2.3-x86_64-apple-darwin.tar.gz
        cdn-purge-1.2.3-x86_64-apple-darwin.cdx.json
        cdn-purge-1.2.3-aarch64-apple-darwin.tar.gz
        cdn-purge-1.2.3-aarch64-apple-darwin.cdx.json
        cdn-purge-1.2.3-x86_64-pc-windows-msvc.tar.gz
        cdn-purge-1.2.3-x86_64-pc-windows-msvc.cdx.json
        ");
    }

    #[test]
    fn a_host_with_glibc_builds_for_every_linux() {
        let of = |host| Platform::of_host(host).map(|platform| platform.triple);
        assert_eq!(of("x86_64-unknown-linux-gnu"), Some("x86_64-unknown-linux-musl"));
        assert_eq!(of("aarch64-unknown-linux-musl"), Some("aarch64-unknown-linux-musl"));
        assert_eq!(of("aarch64-apple-darwin"), Some("aarch64-apple-darwin"));
        assert_eq!(of("riscv64gc-unknown-linux-gnu"), None);
    }
}
