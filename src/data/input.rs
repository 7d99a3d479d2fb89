//! Input bytes: a file, memory, or a pipe that can be read once.

use std::fs::{self, File};
use std::io::{self, Cursor, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use super::error::DataError;
use super::foreign::START;
use super::options::ReadCounter;
use super::stamp::Stamp;
#[cfg(feature = "cli")]
use super::unpack::Unpack;
use crate::temporary::{self, Access, Temporary};

/// An input, with its first bytes.
pub(super) struct Input {
    name: String,
    /// The name of what is wanted in it.
    part: Option<String>,
    start: Vec<u8>,
    bytes: Bytes,
    counter: Option<ReadCounter>,
}

enum Bytes {
    Stored(Stored),
    /// Compressed bytes, and the function that unpacks them.
    #[cfg(feature = "cli")]
    Packed(Box<Input>, Unpack),
    /// None once it was opened.
    Once(Mutex<Option<Box<dyn Read + Send>>>),
}

impl Input {
    /// A file, or a pipe that has a path.
    pub(super) fn of_path(path: &str) -> Result<Input, DataError> {
        let failed = |reason| read_error(path, reason);
        let metadata = fs::metadata(path).map_err(failed)?;
        if metadata.is_dir() {
            return Err(DataError::Folder { name: path.to_owned() });
        }
        let file = File::open(path).map_err(failed)?;
        if !metadata.is_file() {
            return Input::once(path, Box::new(file));
        }
        let stamp = Stamp::of(&file).map_err(failed)?;
        Input::stored(path, Storage::File { path: path.into(), stamp, temporary: None })
    }

    /// Bytes in memory.
    pub(super) fn of_memory(name: &str, bytes: &[u8]) -> Result<Input, DataError> {
        Input::stored(name, Storage::Memory(bytes.into()))
    }

    fn stored(name: &str, storage: Storage) -> Result<Input, DataError> {
        let stored = Stored { name: name.to_owned(), storage, counter: None };
        let start = start_of(name, &mut stored.open()?)?;
        Ok(Input { name: name.to_owned(), part: None, start, bytes: Bytes::Stored(stored), counter: None })
    }

    /// A reader, which can be read once.
    pub(super) fn once(name: &str, mut reader: Box<dyn Read + Send>) -> Result<Input, DataError> {
        let start = start_of(name, &mut reader)?;
        let bytes = Bytes::Once(Mutex::new(Some(reader)));
        Ok(Input { name: name.to_owned(), part: None, start, bytes, counter: None })
    }

    /// The same, whose bytes are counted when they are read.
    pub(super) fn counted(mut self, counter: Option<&ReadCounter>) -> Input {
        match &mut self.bytes {
            Bytes::Stored(stored) => stored.counter = counter.cloned(),
            Bytes::Once(_) => self.counter = counter.cloned(),
            #[cfg(feature = "cli")]
            Bytes::Packed(..) => {} // what it unpacks is counted
        }
        self
    }

    /// The same, of which a part of this name is wanted.
    pub(super) fn with_part(self, part: Option<&str>) -> Input {
        Input { part: part.map(str::to_owned), ..self }
    }

    /// The name of what is wanted in it.
    #[cfg(feature = "cli")]
    pub(super) fn part(&self) -> Option<&str> {
        self.part.as_deref()
    }

    /// What the input holds once it is unpacked.
    #[cfg(feature = "cli")]
    pub(super) fn unpacked(self, unpack: Unpack) -> Result<Input, DataError> {
        let mut reader = unpack(self.open()?);
        let name = self.name.clone();
        if !self.can_reopen() {
            return Input::once(&name, reader);
        }
        let start = start_of(&name, &mut reader)?;
        let (part, bytes) = (self.part.clone(), Bytes::Packed(Box::new(self), unpack));
        Ok(Input { name, part, start, bytes, counter: None })
    }

    /// Its name in messages.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// Its name without what names a compression.
    pub(super) fn bare_name(&self) -> &str {
        bare_name(&self.name)
    }

    /// The first bytes, by which formats are recognised.
    pub(super) fn start(&self) -> &[u8] {
        &self.start
    }

    /// Whether it can be opened more than once.
    pub(super) fn can_reopen(&self) -> bool {
        match &self.bytes {
            Bytes::Stored(_) => true,
            #[cfg(feature = "cli")]
            Bytes::Packed(packed, _) => packed.can_reopen(),
            Bytes::Once(_) => false,
        }
    }

    /// A reader of all bytes.
    pub(super) fn open(&self) -> Result<Box<dyn Read + Send>, DataError> {
        match &self.bytes {
            Bytes::Stored(stored) => Ok(Box::new(stored.open()?)),
            #[cfg(feature = "cli")]
            Bytes::Packed(packed, unpack) => Ok(unpack(packed.open()?)),
            Bytes::Once(reader) => {
                let rest = reader.lock().unwrap_or_else(PoisonError::into_inner).take();
                let rest = rest.ok_or_else(|| DataError::ReadOnce { name: self.name.clone() })?;
                let rest = Cursor::new(self.start.clone()).chain(rest);
                Ok(Box::new(Counted { reader: rest, counter: self.counter.clone() }))
            }
        }
    }

    /// Checks that a file has not changed.
    pub(super) fn check_unchanged(&self) -> Result<(), DataError> {
        match &self.bytes {
            Bytes::Stored(stored) => stored.open().map(drop),
            #[cfg(feature = "cli")]
            Bytes::Packed(packed, _) => packed.check_unchanged(),
            Bytes::Once(_) => Ok(()),
        }
    }

    /// The same, which can be opened more than once: a pipe is copied.
    pub(super) fn rereadable(self) -> Result<Input, DataError> {
        if self.can_reopen() {
            return Ok(self);
        }
        let (name, part, start) = (self.name.clone(), self.part.clone(), self.start.clone());
        Ok(Input { name, part, start, bytes: Bytes::Stored(self.store()?), counter: None })
    }

    /// Makes the input seekable and rereadable: a pipe, or what is compressed, is copied to a temporary file.
    pub(super) fn store(self) -> Result<Stored, DataError> {
        let mut reader = match self.bytes {
            Bytes::Stored(stored) => return Ok(stored),
            _ => self.open()?,
        };
        let copied = copied(&mut reader).map_err(|reason| read_error(&self.name, reason));
        self.check_unchanged()?;
        let storage = copied?;
        Ok(Stored { name: self.name, storage, counter: None })
    }
}

/// Copies the bytes to a temporary file, or to memory if there can be no such file.
fn copied(reader: &mut dyn Read) -> io::Result<Storage> {
    let folder = std::env::temp_dir();
    temporary::sweep(&folder);
    let Ok(temporary) = Temporary::new_in(&folder, Access::Private) else {
        let mut bytes = Vec::new();
        reader.read_to_end(&mut bytes)?;
        return Ok(Storage::Memory(bytes.into()));
    };
    io::copy(reader, &mut Copy(&temporary))?;
    let stamp = Stamp::of(temporary.file())?;
    Ok(Storage::File { path: temporary.path().to_owned(), stamp, temporary: Some(temporary) })
}

/// Names the temporary file in errors, which are not those of the input.
struct Copy<'a>(&'a Temporary);

impl Write for Copy<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.file().write(bytes).map_err(|error| {
            let folder = self.0.path().parent().unwrap_or(self.0.path()).display();
            io::Error::other(format!("its copy in the folder for temporary files, {folder}: {error}"))
        })
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Endings of files that have parts, with the colon before the name of one.
const WITH_PARTS: [&str; 6] = [".npz:", ".xlsx:", ".xlsm:", ".xlsb:", ".xls:", ".ods:"];

/// The file of a source, and the name of the array or the sheet in it if it is `FILE.npz:NAME` or `FILE.xlsx:NAME`.
#[must_use]
pub fn file_and_part(source: &str) -> (&str, Option<&str>) {
    let lower = source.to_ascii_lowercase();
    let end = WITH_PARTS.iter().filter_map(|ending| Some(lower.rfind(ending)? + ending.len() - 1)).max();
    match end.filter(|_| !Path::new(source).exists()) {
        Some(end) => (&source[..end], Some(&source[end + 1..])),
        None => (source, None),
    }
}

/// The name of a file without an ending that names a compression.
pub(super) fn bare_name(name: &str) -> &str {
    let cut = |ending: &str| {
        let at = name.len().checked_sub(ending.len()).filter(|&at| name.is_char_boundary(at))?;
        name[at..].eq_ignore_ascii_case(ending).then_some(&name[..at])
    };
    [".gz", ".zst"].into_iter().find_map(cut).unwrap_or(name)
}

fn start_of(name: &str, reader: &mut dyn Read) -> Result<Vec<u8>, DataError> {
    let mut start = Vec::new();
    reader.take(START).read_to_end(&mut start).map_err(|reason| read_error(name, reason))?;
    Ok(start)
}

/// A seekable, rereadable input. Its temporary file is removed on drop.
pub(super) struct Stored {
    name: String,
    storage: Storage,
    counter: Option<ReadCounter>,
}

enum Storage {
    File {
        path: PathBuf,
        stamp: Stamp,
        #[expect(dead_code, reason = "removes the file when it is dropped")]
        temporary: Option<Temporary>,
    },
    Memory(Arc<[u8]>),
}

impl Stored {
    /// Its name in messages.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// Number of bytes.
    pub(super) fn len(&self) -> u64 {
        match &self.storage {
            Storage::File { stamp, .. } => stamp.bytes,
            Storage::Memory(bytes) => bytes.len() as u64,
        }
    }

    /// A reader of all bytes. [`DataError::Changed`] if the file has changed.
    pub(super) fn open(&self) -> Result<StoredBytes, DataError> {
        let name = self.name.clone();
        match &self.storage {
            Storage::File { path, stamp, .. } => {
                let file = File::open(path).map_err(|reason| read_error(&name, reason))?;
                let bytes = OpenBytes::File(file, stamp.clone());
                let opened = StoredBytes { name, bytes, counter: self.counter.clone() };
                opened.check_unchanged()?;
                Ok(opened)
            }
            Storage::Memory(bytes) => {
                let bytes = OpenBytes::Memory(Cursor::new(bytes.clone()));
                Ok(StoredBytes { name, bytes, counter: self.counter.clone() })
            }
        }
    }
}

/// Reader of [`Stored`] bytes.
pub(super) struct StoredBytes {
    name: String,
    bytes: OpenBytes,
    counter: Option<ReadCounter>,
}

enum OpenBytes {
    File(File, Stamp),
    Memory(Cursor<Arc<[u8]>>),
}

impl StoredBytes {
    /// Checks that the file has not changed since it was first opened; else the rows could be a mix of two versions.
    pub(super) fn check_unchanged(&self) -> Result<(), DataError> {
        let OpenBytes::File(file, stamp) = &self.bytes else { return Ok(()) };
        let now = Stamp::of(file).map_err(|reason| read_error(&self.name, reason))?;
        if now == *stamp {
            return Ok(());
        }
        Err(DataError::Changed { name: self.name.clone(), expected: stamp.bytes, found: now.bytes })
    }
}

impl Read for StoredBytes {
    fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
        let read = match &mut self.bytes {
            OpenBytes::File(file, _) => file.read(to),
            OpenBytes::Memory(bytes) => bytes.read(to),
        }?;
        self.counter.iter().for_each(|counter| counter.add(read));
        Ok(read)
    }
}

/// A reader whose bytes are counted.
struct Counted<R> {
    reader: R,
    counter: Option<ReadCounter>,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
        let read = self.reader.read(to)?;
        self.counter.iter().for_each(|counter| counter.add(read));
        Ok(read)
    }
}

impl Seek for StoredBytes {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        match &mut self.bytes {
            OpenBytes::File(file, _) => file.seek(to),
            OpenBytes::Memory(bytes) => bytes.seek(to),
        }
    }
}

/// The error for a failed read.
pub(super) fn read_error(source: &str, reason: io::Error) -> DataError {
    let name = source.to_owned();
    match reason.kind() {
        io::ErrorKind::NotFound => DataError::NotFound { name },
        _ => DataError::Read { name, reason },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn once(bytes: &'static [u8]) -> Input {
        Input::once("standard input", Box::new(bytes)).expect("memory can be read")
    }

    fn all(mut reader: impl Read) -> Vec<u8> {
        let mut bytes = Vec::new();
        reader.read_to_end(&mut bytes).expect("memory can be read");
        bytes
    }

    #[test]
    fn a_pipe_opens_once_and_says_so() {
        let input = once(&[7; 100]);
        assert_eq!((input.start(), input.can_reopen()), (&[7; START as usize][..], false));
        assert_eq!(all(input.open().expect("the first time")), [7; 100]);
        let error = input.open().err().expect("the second time").to_string();
        assert_eq!(error, "standard input: can be read only once; save it as a file, and give its path");
    }

    #[test]
    fn a_stored_pipe_opens_again_and_leaves_no_file() {
        let stored = once(b"1,2\n").store().expect("room for it");
        let Storage::File { path, .. } = &stored.storage else {
            panic!("there is a folder for temporary files")
        };
        let path = path.clone();
        assert_eq!((stored.name(), stored.len()), ("standard input", 4));
        for _ in 0..2 {
            assert_eq!(all(stored.open().expect("it is there")), b"1,2\n");
        }
        drop(stored);
        assert!(!path.exists());
    }
}
