//! The stamp of a file, by which a change while it is read is found.

use std::fs::{File, Metadata};
use std::io;
use std::time::SystemTime;

/// Bytes at either end of a file that are hashed.
const END: u64 = 1 << 16;

/// Length, times and identity of a file, and a hash of its first and last bytes: a file may be overwritten within a tick
/// of the clock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Stamp {
    pub(super) bytes: u64,
    modified: Option<SystemTime>,
    status: Status,
    ends: blake3::Hash,
}

impl Stamp {
    /// The stamp of an open file, whose position stays.
    pub(super) fn of(file: &File) -> io::Result<Stamp> {
        let metadata = file.metadata()?;
        let bytes = metadata.len();
        let mut hasher = blake3::Hasher::new();
        for at in [0, bytes.saturating_sub(END)] {
            let mut block = vec![0; bytes.min(END) as usize];
            let n = read_at(file, &mut block, at)?;
            hasher.update(&block[..n]);
        }
        Ok(Stamp {
            bytes,
            modified: metadata.modified().ok(),
            status: status(&metadata),
            ends: hasher.finalize(),
        })
    }
}

/// Device, file, and time of the last change of its status, to the nanosecond.
#[cfg(unix)]
type Status = [i128; 3];
#[cfg(not(unix))]
type Status = ();

#[cfg(unix)]
fn status(metadata: &Metadata) -> Status {
    use std::os::unix::fs::MetadataExt;
    let changed = i128::from(metadata.ctime()) * 1_000_000_000 + i128::from(metadata.ctime_nsec());
    [metadata.dev().into(), metadata.ino().into(), changed]
}

#[cfg(not(unix))]
fn status(_: &Metadata) -> Status {}

/// Reads what there is at an offset, and leaves the position of the file.
#[cfg(unix)]
fn read_at(file: &File, to: &mut [u8], at: u64) -> io::Result<usize> {
    use std::os::unix::fs::FileExt;
    let mut n = 0;
    while n < to.len() {
        match file.read_at(&mut to[n..], at + n as u64)? {
            0 => break,
            more => n += more,
        }
    }
    Ok(n)
}

/// Nothing: there the times have to do.
#[cfg(not(unix))]
fn read_at(_: &File, _: &mut [u8], _: u64) -> io::Result<usize> {
    Ok(0)
}

#[cfg(test)]
mod tests {
    use std::fs::{self, OpenOptions};
    use std::io::{Read, Write};

    use super::*;

    /// Any byte at either end, the length, and a file of the same content in its place.
    #[test]
    fn what_is_not_the_same_file_has_another_stamp() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("t.npy");
        let content: Vec<u8> = (0..300_000u32).map(|i| (i % 251) as u8).collect();
        fs::write(&path, &content).unwrap();
        let stamp = |path| Stamp::of(&File::open(path).unwrap()).unwrap();
        let first = stamp(&path);
        assert_eq!(first, stamp(&path));
        for at in [0, 1, 65_535, 300_000 - 65_536, 299_999] {
            let mut other = content.clone();
            other[at] ^= 1;
            // in place, within the same tick of the clock, if there are ticks
            OpenOptions::new().write(true).open(&path).unwrap().write_all(&other).unwrap();
            assert_ne!(stamp(&path).ends, first.ends, "byte {at}");
        }
        fs::write(&path, &content[1..]).unwrap();
        assert_ne!(stamp(&path), first);
        fs::remove_file(&path).unwrap();
        fs::write(&path, &content).unwrap();
        assert_eq!(stamp(&path).ends, first.ends);
        assert_ne!(stamp(&path), first);
    }

    #[test]
    fn the_position_stays() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("t"), [1, 2, 3]).unwrap();
        let mut file = File::open(folder.path().join("t")).unwrap();
        let mut byte = [0];
        file.read_exact(&mut byte).unwrap();
        Stamp::of(&file).unwrap();
        file.read_exact(&mut byte).unwrap();
        assert_eq!(byte, [2]);
    }
}
