//! Whether a binary for Linux runs on every distribution of the last ten years.

use std::path::Path;
use std::process::Command;

use super::names::Platform;
use crate::Error;

/// The glibc of the oldest distributions that are still in use, such as CentOS 7.
const GLIBC: (u32, u32) = (2, 17);

/// The reasons why the binary does not run everywhere; none for systems other than Linux.
pub(super) fn check(binary: &Path, platform: &Platform) -> Result<Vec<String>, Error> {
    if platform.linux.is_none() {
        return Ok(Vec::new());
    }
    let output =
        Command::new("objdump").arg("-p").arg(binary).output().map_err(|e| {
            Error::new(format!("objdump could not be started: {e}; install binutils"))
        })?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        return Err(Error::new(format!("objdump failed: {}", said.trim())));
    }
    Ok(problems(&String::from_utf8_lossy(&output.stdout)))
}

/// What a binary needs from the system, by the output of `objdump -p`: libraries, an interpreter, and versions of
/// symbols.
fn problems(headers: &str) -> Vec<String> {
    let mut found = Vec::new();
    if !headers.contains("Program Header:") {
        found.push("the output of objdump has no program headers".to_owned());
    }
    for line in headers.lines() {
        let words: Vec<_> = line.split_whitespace().collect();
        match words[..] {
            ["NEEDED", library] if !is_of_glibc(library) => {
                found.push(format!("the binary needs the library {library}; link it statically"));
            }
            [.., symbols] if is_newer(symbols) => found.push(format!(
                "the binary needs {symbols}; build it for musl, or for GLIBC_{}.{}",
                GLIBC.0, GLIBC.1
            )),
            _ => {}
        }
    }
    found
}

/// Whether the library is on every system that has glibc.
fn is_of_glibc(library: &str) -> bool {
    let name = library.split(".so").next().unwrap_or_default();
    [
        "libc",
        "libm",
        "libdl",
        "libpthread",
        "librt",
        "libgcc_s",
        "ld-linux-x86-64",
        "ld-linux-aarch64",
    ]
    .contains(&name)
}

/// Whether symbols have a version of glibc above the bound. An unknown version, such as `GLIBC_ABI_DT_RELR`, is newer.
fn is_newer(symbols: &str) -> bool {
    let Some(version) = symbols.strip_prefix("GLIBC_") else { return false };
    let mut numbers = version.split('.').map(str::parse);
    match (numbers.next(), numbers.next()) {
        (Some(Ok(major)), Some(Ok(minor))) => (major, minor) > GLIBC,
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STATIC: &str = "cdn-purge:     file format elf64-x86-64\n\nProgram Header:\n    LOAD off 0x0\n\n\
                          Dynamic Section:\n  INIT                 0x28000\n";

    fn with(lines: &str) -> Vec<String> {
        problems(&format!("{STATIC}{lines}"))
    }

    #[test]
    fn static_binary_needs_nothing() {
        assert_eq!(problems(STATIC), [""; 0]);
    }

    #[test]
    fn old_glibc_is_enough() {
        let old = "  NEEDED               libc.so.6\n  NEEDED               libgcc_s.so.1\n\n\
                   Version References:\n  required from libc.so.6:\n    0x09691a75 0x00 05 GLIBC_2.2.5\n    \
                   0x06969197 0x00 03 GLIBC_2.17\n  required from libgcc_s.so.1:\n    0x0b792650 0x00 04 GCC_3.0\n";
        assert_eq!(with(old), [""; 0]);
    }

    #[test]
    fn newer_symbols_and_foreign_libraries_are_named() {
        let advice = "build it for musl, or for GLIBC_2.17";
        for symbols in
            ["GLIBC_2.18", "GLIBC_2.34", "GLIBC_3.0", "GLIBC_ABI_DT_RELR", "GLIBC_PRIVATE"]
        {
            let found = with(&format!("    0x06969197 0x00 03 {symbols}\n"));
            assert_eq!(found, [format!("the binary needs {symbols}; {advice}")]);
        }
        assert_eq!(
            with("  NEEDED               libssl.so.3\n"),
            ["the binary needs the library libssl.so.3; link it statically"]
        );
    }

    #[test]
    fn output_in_another_format_is_not_taken_for_a_static_binary() {
        assert_eq!(problems(""), ["the output of objdump has no program headers"]);
    }
}
