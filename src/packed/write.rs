//! Writes a packed table: to a temporary file, which is renamed once it is whole.

use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::error::PackedError;
use super::footer::Footer;
use super::{BLOCK, MAGIC};
use crate::lattice::{Moments, Table};
use crate::temporary::{self, Access, Temporary};

/// A packed table that is being written, block by block.
pub struct PackWriter {
    path: PathBuf,
    folder: PathBuf,
    file: Option<Temporary>, // none: only the hashes are wanted
    size: usize,             // values of a block
    block: Vec<u8>,          // at most so many
    hashes: Vec<blake3::Hash>,
}

impl PackWriter {
    /// Begins a file. Its points will be so many values, for which there must be room.
    ///
    /// # Errors
    /// [`PackedError::NoRoom`], [`PackedError::Write`].
    pub fn create(path: &Path, n_values: u64) -> Result<Self, PackedError> {
        Self::create_for(path, n_values, Access::Usual)
    }

    /// The same, for this user alone.
    ///
    /// # Errors
    /// As [`PackWriter::create`].
    pub(crate) fn create_private(path: &Path, n_values: u64) -> Result<Self, PackedError> {
        Self::create_for(path, n_values, Access::Private)
    }

    fn create_for(path: &Path, n_values: u64, access: Access) -> Result<Self, PackedError> {
        let folder = match path.parent() {
            Some(folder) if folder != Path::new("") => folder.to_owned(),
            _ => PathBuf::from("."),
        };
        temporary::sweep(&folder);
        let needed = n_values.saturating_mul(4);
        if let Some(free) = free_bytes(&folder).filter(|&free| free < needed) {
            return Err(PackedError::NoRoom { folder, needed, free });
        }
        let failed = |reason| PackedError::Write { folder: folder.clone(), reason };
        let file = Temporary::new_in(&folder, access).map_err(failed)?;
        let (size, block, hashes) = (BLOCK, Vec::new(), Vec::new());
        let mut writer =
            Self { path: path.to_owned(), folder: folder.clone(), file: Some(file), size, block, hashes };
        writer.write(MAGIC)?;
        Ok(writer)
    }

    /// Writes no file: only the hashes of its blocks are wanted.
    #[must_use]
    pub(crate) fn hashing() -> Self {
        let (path, folder, block, hashes) = Default::default();
        Self { path, folder, file: None, size: BLOCK, block, hashes }
    }

    /// The hashes of all blocks.
    pub(crate) fn into_hashes(mut self) -> Result<Vec<blake3::Hash>, PackedError> {
        if !self.block.is_empty() {
            self.flush()?;
        }
        Ok(self.hashes)
    }

    /// In blocks of so many values, for tests.
    #[doc(hidden)]
    #[must_use]
    pub fn in_blocks(self, size: usize) -> Self {
        Self { size, ..self }
    }

    /// Writes the next values.
    ///
    /// # Errors
    /// [`PackedError::Write`].
    pub fn add(&mut self, mut values: &[i32]) -> Result<(), PackedError> {
        while !values.is_empty() {
            let room = self.size - self.block.len() / 4;
            let (now, later) = values.split_at(room.min(values.len()));
            self.block.extend(now.iter().flat_map(|value| value.to_le_bytes()));
            values = later;
            if self.block.len() == self.size * 4 {
                self.flush()?;
            }
        }
        Ok(())
    }

    fn flush(&mut self) -> Result<(), PackedError> {
        let block = std::mem::take(&mut self.block);
        self.hashes.push(blake3::hash(&block));
        self.write(&block)?;
        self.block = block;
        self.block.clear();
        Ok(())
    }

    fn write(&mut self, bytes: &[u8]) -> Result<(), PackedError> {
        let Some(file) = &self.file else { return Ok(()) };
        file.file().write_all(bytes).map_err(|reason| self.failed(reason))
    }

    fn failed(&self, reason: io::Error) -> PackedError {
        PackedError::Write { folder: self.folder.clone(), reason }
    }

    /// Ends the file and names it. `table` has all of the table but its points, and `key` tells what was packed. Returns the file,
    /// to be read: another process may replace it under its name.
    ///
    /// # Errors
    /// [`PackedError::Write`].
    pub fn finish(mut self, key: &str, table: &Table, moments: &Moments) -> Result<File, PackedError> {
        if !self.block.is_empty() {
            self.flush()?;
        }
        let hashes: Vec<u8> = self.hashes.iter().flat_map(|hash| *hash.as_bytes()).collect();
        let footer = serde_json::to_vec(&Footer::of(key, self.size, table, moments));
        let footer = footer.map_err(|error| self.failed(io::Error::other(error)))?;
        let mut all = blake3::Hasher::new();
        all.update(&hashes).update(&footer);
        self.write(&hashes)?;
        self.write(&footer)?;
        self.write(&(footer.len() as u64).to_le_bytes())?;
        self.write(all.finalize().as_bytes())?;
        let folder = self.folder.clone();
        let failed = |reason| PackedError::Write { folder: folder.clone(), reason };
        let none = || failed(io::Error::other("it was only hashed"));
        let file = self.file.ok_or_else(none)?;
        file.file().sync_data().map_err(failed)?;
        let read = file.file().try_clone().map_err(failed)?;
        file.persist(&self.path).map_err(failed)?;
        Ok(read)
    }
}

/// Bytes that are free for this user in the file system of a folder, where that is known.
#[cfg(feature = "cli")]
fn free_bytes(folder: &Path) -> Option<u64> {
    fs4::available_space(folder).ok()
}

#[cfg(not(feature = "cli"))]
fn free_bytes(_folder: &Path) -> Option<u64> {
    None
}
