//! Properties that must hold for arbitrary bytes: one function for each reader, called by the fuzz targets and by the
//! tests below, and compiled only for these.

use std::io::Write as _;

use crate::manifest::{Manifest, checked};
use crate::read::{ReadError, Site, is_frame, stream};

/// The size of a block of an archive.
const BLOCK: usize = 512;

/// A text is refused with a harmless message, or is a manifest that can be written and read again. What is written is
/// not read as a smaller site when its end is missing.
pub fn manifest(bytes: &[u8]) {
    match Manifest::parse(bytes) {
        Ok(manifest) => check_manifest(&manifest),
        Err(error) => check_message(&error.to_string()),
    }
}

/// Whether an archive is compressed.
fn is_compressed(bytes: &[u8]) -> bool {
    bytes.starts_with(b"\x1f\x8b") || is_frame(bytes)
}

/// An archive, plain and compressed, is refused with a harmless message, or is a site. One whose end is missing is not
/// a smaller site. The bytes are read unchanged, and with correct checksums in the headers.
pub fn archive(bytes: &[u8]) {
    check_site(stream(bytes));
    let sealed = sealed(bytes);
    let Some(site) = check_site(stream(&*sealed)) else { return };
    // Only a plain archive is cut at its blocks. A manifest may be a shorter one.
    if Manifest::parse(&sealed).is_ok() || is_compressed(&sealed) {
        return;
    }
    for blocks in 0..sealed.len() / BLOCK {
        if let Ok(shorter) = stream(&sealed[..blocks * BLOCK]) {
            assert!(blocks == 0 || shorter.manifest == site.manifest, "{blocks} blocks");
        }
    }
    let mut writer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    let written = writer.write_all(&sealed).and_then(|()| writer.finish());
    let same = stream(&*written.expect("memory")).expect("the same archive");
    assert_eq!((same.manifest, same.left_out), (site.manifest, site.left_out));
}

fn check_site(read: Result<Site, ReadError>) -> Option<Site> {
    match read {
        Ok(site) => {
            check_manifest(&site.manifest);
            assert!(site.left_out.is_sorted_by(|a, b| a.name < b.name), "{:?}", site.left_out);
            for left_out in &site.left_out {
                check_message(&left_out.to_string());
                assert!(site.manifest.get(&left_out.name).is_none(), "{left_out}");
            }
            Some(site)
        }
        Err(error) => {
            check_message(&error.to_string());
            None
        }
    }
}

fn check_manifest(manifest: &Manifest) {
    for name in manifest.names() {
        assert_eq!(checked(name), Ok(name));
    }
    let text = manifest.to_text();
    assert_eq!(Manifest::parse(&text).as_ref(), Ok(manifest));
    let last = text.len() - 1;
    for end in [last, last.saturating_sub(1), last / 2, last / 3] {
        let shorter = Manifest::parse(&text[..end]);
        assert!(end == 0 || shorter.is_err(), "{end} of {} bytes", text.len());
    }
}

fn check_message(message: &str) {
    assert!(!message.contains(char::is_control) && message.len() < 4000, "{message:?}");
}

/// The bytes with a correct checksum wherever an archive may have a header, and without sparse files: a few bytes can
/// describe one that takes years to read.
fn sealed(bytes: &[u8]) -> Vec<u8> {
    let mut sealed = bytes.to_vec();
    let mut at = 0;
    while let Some(header) = sealed.get_mut(at..at + BLOCK) {
        at += BLOCK;
        if header.iter().all(|&byte| byte == 0) {
            continue;
        }
        if header[156] == b'S' {
            header[156] = b'0';
        }
        header[148..156].fill(b' ');
        let sum: u32 = header.iter().map(|&byte| u32::from(byte)).sum();
        header[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
        let size = std::str::from_utf8(&header[124..136]).unwrap_or_default();
        let size = size.trim_matches(['\0', ' ']);
        at += usize::from_str_radix(size, 8).unwrap_or(0).min(bytes.len()).next_multiple_of(BLOCK);
    }
    sealed
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::fs;
    use std::path::Path;

    use proptest::prelude::*;

    /// Replays the inputs that the fuzzer has kept. In the file, each character stands for one byte.
    fn replay(target: &str, entry: fn(&[u8])) {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/corpus");
        let text = fs::read(folder.join(format!("{target}.json"))).expect("the corpus");
        let inputs: BTreeMap<String, String> = serde_json::from_slice(&text).expect("JSON");
        assert!(!inputs.is_empty());
        for text in inputs.values() {
            let bytes: Vec<u8> = text.chars().map(|c| u8::try_from(c).expect("a byte")).collect();
            entry(&bytes);
        }
    }

    #[test]
    fn corpus_of_manifests() {
        replay("manifest", super::manifest);
    }

    #[test]
    fn corpus_of_archives() {
        replay("archive", super::archive);
    }

    /// A header whose name, size, kind and target are mostly valid, and the content.
    fn entry() -> impl Strategy<Value = Vec<u8>> {
        let size = prop_oneof![4 => 0..3_usize, 1 => Just(600), 1 => Just(0o77777)];
        ("[ab/.]{0,4}", size, "[0-9AgxLKV]", "[ab/.]{0,4}", "[ab/ =\n0-9]{0,20}").prop_map(
            |(name, size, kind, target, text)| {
                let mut bytes = vec![0; 512];
                bytes[..name.len()].copy_from_slice(name.as_bytes());
                bytes[124..135].copy_from_slice(format!("{size:011o}").as_bytes());
                bytes[156] = kind.as_bytes()[0];
                bytes[157..157 + target.len()].copy_from_slice(target.as_bytes());
                bytes[257..265].copy_from_slice(b"ustar  \0");
                bytes.extend(text.bytes().cycle().take(if text.is_empty() { 0 } else { size }));
                bytes.resize(bytes.len().next_multiple_of(512), 0);
                bytes
            },
        )
    }

    proptest! {
        #[test]
        fn random_manifests(text in "((\\\\|)([0-9a-f]{64}|0{64})( | \\*|  )[ab./\\\\nr-]{1,5}[\n\\x00]|# cdn-purge manifest: files=[0-3]( resource=r|)\n|#stat [0-9]{1,3} [0-9]{1,3}\n|SHA256 \\(a\\) = 0{64}\n|#\n){0,4}") {
            super::manifest(text.as_bytes());
        }

        #[test]
        fn random_archives(entries in prop::collection::vec(entry(), 0..4), ends in any::<bool>()) {
            let mut bytes = entries.concat();
            bytes.resize(bytes.len() + if ends { 1024 } else { 0 }, 0);
            super::archive(&bytes);
        }
    }
}
