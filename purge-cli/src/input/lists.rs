//! Lists that are read more than once.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use super::{name, unreadable};
use crate::exit::Failure;

/// The contents of lists. A list that is not among them is read from its file.
#[derive(Default)]
pub(crate) struct Lists(HashMap<PathBuf, Vec<u8>>);

impl Lists {
    /// Reads lists once, to be used several times. A pipe would be empty the second time, whatever its name is, and
    /// another program may change a file in between.
    pub(crate) fn keep<'a>(files: impl Iterator<Item = &'a PathBuf>) -> Result<Self, Failure> {
        let mut kept = Self::default();
        for file in files {
            if !kept.0.contains_key(file) {
                let mut bytes = Vec::new();
                let read = kept.open(file).and_then(|(mut text, _)| text.read_to_end(&mut bytes));
                read.map_err(|error| unreadable(&name(file), &error))?;
                kept.0.insert(file.clone(), bytes);
            }
        }
        Ok(kept)
    }

    /// The text of a list, and its size, which is 0 for a pipe.
    pub(super) fn open(&self, file: &Path) -> io::Result<(Box<dyn Read + '_>, usize)> {
        if let Some(bytes) = self.0.get(file) {
            return Ok((Box::new(&**bytes), bytes.len()));
        }
        if file == Path::new("-") {
            return Ok((Box::new(io::stdin().lock()), 0));
        }
        let file = File::open(file)?;
        let size = file.metadata()?.len().try_into().unwrap_or_default();
        Ok((Box::new(file), size))
    }
}
