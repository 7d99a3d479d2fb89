//! Files that are only hints, in the cache folder: what earlier starts found out.
//!
//! A file is used if it is a regular file of a size within its limit and its checksum is right. On any doubt it is
//! treated as if it were not there, and replaced by the next one; no error comes of it.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::Path;

use crate::temporary::{self, Access, Temporary};

/// Before the checksum of a binary file. The number is the version of its format.
#[cfg(feature = "gpu")]
const MAGIC: &[u8] = b"cairn-kept-1\n";
/// Before and after the checksum of a JSON file, which is of all that follows.
const BEFORE: &str = "{\n  \"blake3\": \"";
const AFTER: &str = "\",\n";

/// The bytes of a file; `None` if there is no such file.
///
/// # Errors
///
/// Why it is not used: it can't be read, is no regular file, or has more than `most` bytes.
pub(crate) fn read(file: &Path, most: u64) -> Result<Option<Vec<u8>>, String> {
    let bytes = open(file).and_then(|opened| {
        let mut bytes = Vec::new();
        opened.take(most.saturating_add(1)).read_to_end(&mut bytes).map(|_| bytes)
    });
    match bytes {
        Ok(bytes) if bytes.len() as u64 > most => Err(format!("it has more than {most} bytes")),
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error.to_string()),
    }
}

/// Opens a regular file, and waits for no pipe.
fn open(file: &Path) -> io::Result<File> {
    let regular = |metadata: fs::Metadata| match metadata.is_file() {
        true => Ok(()),
        false => Err(io::Error::other("it is not a regular file")),
    };
    regular(fs::metadata(file)?)?; // opening a device may do something
    let mut options = OpenOptions::new();
    options.read(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::custom_flags(&mut options, libc::O_NONBLOCK);
    let opened = options.open(file)?;
    regular(opened.metadata()?)?; // it may have been replaced in between
    Ok(opened)
}

/// Writes a file under a temporary name, then renames it. Makes its folder.
///
/// # Errors
///
/// Why it could not be written.
pub(crate) fn write(file: &Path, bytes: &[u8]) -> Result<(), String> {
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let written = fs::create_dir_all(folder).and_then(|()| {
        temporary::sweep(folder);
        let new = Temporary::new_in(folder, Access::Private)?;
        new.file().write_all(bytes)?;
        new.persist(file)
    });
    written.map_err(|error| error.to_string())
}

/// A note that a file is not used.
#[cfg(feature = "gpu")]
pub(crate) fn ignored(file: &Path, why: &str) -> String {
    format!("{} is ignored: {why}", file.display())
}

/// A note that a file could not be written.
#[cfg(feature = "gpu")]
pub(crate) fn not_written(file: &Path, why: &str) -> String {
    format!("{} can't be written: {why}", file.display())
}

/// Data with a checksum, which also covers `about`: what the data depend on.
#[cfg(feature = "gpu")]
pub(crate) fn seal(about: &str, data: &[u8]) -> Vec<u8> {
    [MAGIC, checksum(about, data).as_bytes(), data].concat()
}

/// The data in what [`seal`] returned.
///
/// # Errors
///
/// It is something else, damaged, or about something else.
#[cfg(feature = "gpu")]
pub(crate) fn unseal<'a>(about: &str, bytes: &'a [u8]) -> Result<&'a [u8], String> {
    let rest = bytes.strip_prefix(MAGIC).ok_or("it is of another format")?;
    let (hash, data) = rest.split_first_chunk().ok_or("it is cut off")?;
    match checksum(about, data) == *hash {
        true => Ok(data),
        false => Err("it is damaged, or of another version or driver".into()),
    }
}

#[cfg(feature = "gpu")]
fn checksum(about: &str, data: &[u8]) -> blake3::Hash {
    let mut hasher = blake3::Hasher::new();
    hasher.update(&(about.len() as u64).to_le_bytes()).update(about.as_bytes()).update(data);
    hasher.finalize()
}

/// A JSON object, pretty and not empty, with the checksum of its text as a first field.
pub(crate) fn seal_json(object: &str) -> String {
    let rest = object.strip_prefix("{\n").unwrap_or(object);
    format!("{BEFORE}{}{AFTER}{rest}", blake3::hash(rest.as_bytes()).to_hex())
}

/// The JSON object in what [`seal_json`] returned, without the checksum; `None` if it has none.
///
/// # Errors
///
/// The checksum is wrong.
pub(crate) fn unseal_json(text: &str) -> Result<Option<String>, String> {
    let Some(sealed) = text.strip_prefix(BEFORE) else { return Ok(None) };
    let (hash, rest) = sealed.split_once(AFTER).ok_or("it is cut off")?;
    match hash == blake3::hash(rest.as_bytes()).to_hex().as_str() {
        true => Ok(Some(format!("{{\n{rest}"))),
        false => Err("it is damaged".into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(feature = "gpu")]
    #[test]
    fn every_flipped_bit_and_every_cut_is_found() {
        let (about, data) = ("a driver", b"compiled");
        let sealed = seal(about, data);
        assert_eq!(unseal(about, &sealed), Ok(&data[..]));
        assert!(unseal("another driver", &sealed).is_err());
        for bit in 0..8 * sealed.len() {
            let mut flipped = sealed.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            assert!(unseal(about, &flipped).is_err(), "bit {bit}");
        }
        for end in 0..sealed.len() {
            assert!(unseal(about, &sealed[..end]).is_err(), "{end} bytes");
        }
        assert!(unseal(about, &[&sealed[..], b"x"].concat()).is_err());
    }

    #[test]
    fn every_flipped_bit_of_json_is_found_or_leaves_no_checksum() {
        let object = "{\n  \"schema\": 1\n}\n";
        let sealed = seal_json(object);
        assert!(serde_json::from_str::<serde_json::Value>(&sealed).is_ok_and(|value| value["schema"] == 1));
        assert_eq!(unseal_json(&sealed), Ok(Some(object.into())));
        assert_eq!(unseal_json(object), Ok(None));
        for bit in 0..8 * sealed.len() {
            let mut flipped = sealed.clone().into_bytes();
            flipped[bit / 8] ^= 1 << (bit % 8);
            let Ok(flipped) = String::from_utf8(flipped) else { continue };
            let expected: &[_] = if bit / 8 < BEFORE.len() { &[Ok(None)] } else { &[] };
            let found = unseal_json(&flipped);
            assert!(found.is_err() || expected.contains(&found), "bit {bit}: {found:?}");
        }
        for end in BEFORE.len()..sealed.len() {
            assert!(unseal_json(&sealed[..end]).is_err(), "{end} bytes");
        }
    }

    #[test]
    fn only_regular_files_of_limited_size_are_read() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("new folder").join("file");
        assert_eq!(read(&file, 4), Ok(None));
        write(&file, b"1234").unwrap();
        assert_eq!(read(&file, 4), Ok(Some(b"1234".to_vec())));
        assert!(read(&file, 3).unwrap_err().contains("more than 3 bytes"));
        assert!(read(folder.path(), 4).unwrap_err().contains("not a regular file"));
        assert!(write(folder.path(), b"1").is_err() && write(&file.join("below a file"), b"1").is_err());
        assert!(read(&file.join("below a file"), 4).is_err());
        let long = folder.path().join("x".repeat(5000)).join("file");
        assert!(read(&long, 4).is_err() && write(&long, b"1").is_err());
    }

    #[cfg(unix)]
    #[test]
    fn nothing_waits_for_a_pipe_or_reads_a_device_for_ever() {
        let folder = tempfile::tempdir().unwrap();
        let pipe = folder.path().join("pipe");
        assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
        for file in [&pipe, Path::new("/dev/null"), Path::new("/dev/zero")] {
            assert!(read(file, 4).unwrap_err().contains("not a regular file"), "{}", file.display());
        }
        write(&pipe, b"1234").unwrap(); // what is there is replaced
        assert_eq!(read(&pipe, 4), Ok(Some(b"1234".to_vec())));
    }
}
