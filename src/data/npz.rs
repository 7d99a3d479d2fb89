//! `.npz` archives: arrays that numpy saves together, compressed or not.
//!
//! An array in C order is unpacked anew for each pass, so that it may be larger than memory. Checksums are verified.

use std::io::{self, Read};

use zip::ZipArchive;
use zip::read::ZipFile;
use zip::result::{ZipError, ZipResult};

use super::array::{Array, ArrayBytes, ArrayForm};
use super::columns::{Columns, listed};
use super::error::DataError;
use super::foreign::{Foreign, zip};
use super::format::InputFormat;
use super::input::{Input, Stored, StoredBytes, read_error};
use super::npy_header::read_header;
use super::options::ReadOptions;
use super::source::Source;
use super::unpack::{FREE, MOST_TIMES};

/// The `.npz` format, for archives with a two-dimensional array of numbers.
pub(super) const FORMAT: InputFormat =
    InputFormat { magic: &[b"PK\x03\x04", b"PK\x05\x06"], endings: &["npz"], is_text: false, open };

/// What numpy adds to the name of an array.
const ENDING: &str = ".npy";

/// An array of an archive.
struct Member {
    stored: Stored,
    /// The archive, and the name of the array in it.
    name: String,
    index: usize,
}

/// Opens the array that was asked for, or the first that is a table of numbers.
fn open(input: Input, options: &ReadOptions) -> Result<Box<dyn Source>, DataError> {
    let (start, part) = (input.start().to_vec(), input.part().map(str::to_owned));
    let stored = input.store()?;
    let mut archive = match ZipArchive::new(stored.open()?) {
        Ok(archive) => archive,
        Err(error) => return Err(no_archive(&stored, &start, &error)),
    };
    let names: Vec<String> = archive.file_names().map(|name| name.unwrap_or_default().into_owned()).collect();
    let arrays: Vec<(usize, &str)> =
        names.iter().enumerate().filter_map(|(at, name)| Some((at, name.strip_suffix(ENDING)?))).collect();
    if arrays.is_empty() {
        return Err(foreign(&stored, zip(names.join("\n").as_bytes())));
    }
    let mut first_error = None;
    for &(index, array) in arrays.iter().filter(|(_, array)| part.as_ref().is_none_or(|part| part == array)) {
        let name = format!("{}:{array}", stored.name());
        match form_of(&mut archive, index, &name, options.one_column) {
            Ok(form) => {
                let columns = Columns::numbered(&name, form.n_dims);
                return Array::open(Member { stored, name, index }, columns, form);
            }
            Err(error) => _ = first_error.get_or_insert(error),
        };
    }
    let arrays: Vec<String> = arrays.iter().map(|(_, array)| (*array).to_owned()).collect();
    Err(first_error.unwrap_or_else(|| DataError::UnknownPart {
        name: stored.name().to_owned(),
        what: "array",
        asked: part.unwrap_or_default(),
        available: listed(&arrays),
    }))
}

/// The form of an array, which may not be made to fill memory.
fn form_of(
    archive: &mut ZipArchive<StoredBytes>,
    index: usize,
    name: &str,
    one_column: bool,
) -> Result<ArrayForm, DataError> {
    let mut member = archive.by_index(index).map_err(|error| bad_member(name, error))?;
    let (packed, bytes) = (member.compressed_size(), member.size());
    let form = read_header(name, &mut member, bytes, one_column)?;
    if bytes > FREE && bytes / MOST_TIMES > packed {
        let reason = format!(
            "it unpacks to {bytes} bytes, more than {MOST_TIMES} times its size; save it by numpy.savez, without compression, \
             if that is meant"
        );
        return Err(read_error(name, io::Error::other(reason)));
    }
    Ok(form)
}

impl ArrayBytes for Member {
    fn pass(
        &self,
        skip: u64,
        read: &mut dyn FnMut(&mut dyn Read) -> Result<(), DataError>,
    ) -> Result<(), DataError> {
        let mut archive = self.archived(ZipArchive::new(self.stored.open()?))?;
        let done = self.archived(archive.by_index(self.index)).and_then(|mut member| {
            let skipped = io::copy(&mut Read::by_ref(&mut member).take(skip), &mut io::sink());
            skipped.map_err(|reason| read_error(&self.name, reason))?;
            read(&mut member)?;
            verify(&mut member).map_err(|reason| read_error(&self.name, reason))
        });
        archive.into_inner().check_unchanged().and(done)
    }
}

impl Member {
    fn archived<T>(&self, result: ZipResult<T>) -> Result<T, DataError> {
        result.map_err(|error| bad_member(&self.name, error))
    }
}

/// At the end, the checksum is compared.
fn verify(member: &mut ZipFile<'_, StoredBytes>) -> io::Result<()> {
    member.read(&mut [0]).map(drop)
}

fn bad_member(name: &str, error: ZipError) -> DataError {
    let (name, format) = (name.to_owned(), ".npz");
    match error {
        ZipError::Io(reason) => read_error(&name, reason),
        error => DataError::Damaged { name, format, reason: error.to_string() },
    }
}

/// The error for what begins as an archive does.
fn no_archive(stored: &Stored, start: &[u8], error: &ZipError) -> DataError {
    let found = zip(start.get(30..).unwrap_or_default());
    let is_npz = found.what.contains(".npz") || stored.name().ends_with(".npz");
    if !is_npz {
        return foreign(stored, found);
    }
    DataError::Damaged { name: stored.name().to_owned(), format: ".npz", reason: error.to_string() }
}

fn foreign(stored: &Stored, Foreign { what, advice }: Foreign) -> DataError {
    DataError::Foreign { name: stored.name().to_owned(), what, advice }
}
