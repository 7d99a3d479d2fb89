//! Data compressed by gzip or zstd, as a stream of what they hold. Several parts, one after the other, are one stream.
//!
//! Checksums are verified. Little is in memory at a time, so data that unpack to far more than their size, as those made
//! to fill a computer do, are refused only for what becomes of them.

use std::io::{self, ErrorKind, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use flate2::read::MultiGzDecoder;

use super::failed::Failed;

/// Unpacks a stream.
pub(super) type Unpack = fn(Box<dyn Read + Send>) -> Box<dyn Read + Send>;

/// Bytes that data may unpack to, whatever their size.
pub(super) const FREE: u64 = 1 << 30;
/// Beyond that, the most times their size. Text of numbers shrinks about 3 times, pictures up to 10 times.
pub(super) const MOST_TIMES: u64 = 200;

/// How to unpack data that begin with these bytes, if they are compressed.
pub(super) fn unpacking(start: &[u8]) -> Option<Unpack> {
    match start {
        [0x1f, 0x8b, ..] => Some(gzip),
        // a frame, or one of those that hold no data
        [0x28, 0xb5, 0x2f, 0xfd, ..] | [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..] => Some(zstd),
        _ => None,
    }
}

fn gzip(packed: Box<dyn Read + Send>) -> Box<dyn Read + Send> {
    Box::new(Unpacked::new("gzip", packed, |packed| Box::new(MultiGzDecoder::new(packed)), FREE))
}

fn zstd(packed: Box<dyn Read + Send>) -> Box<dyn Read + Send> {
    Box::new(Unpacked::new("zstd", packed, zstd_frames, FREE))
}

/// The decoder of zstd data. It refuses those that ask for more than 128 MiB to look back at, as `zstd -d` does.
fn zstd_frames(packed: Counted) -> Box<dyn Read + Send> {
    match zstd::Decoder::new(packed) {
        Ok(decoder) => Box::new(decoder),
        Err(error) => Box::new(Failed(Some(error))),
    }
}

/// A decoder whose errors name its format, and which stops at data that unpack to too much.
struct Unpacked {
    format: &'static str,
    decoder: Box<dyn Read + Send>,
    free: u64,
    taken: Arc<AtomicU64>,
    given: u64,
}

impl Unpacked {
    fn new(
        format: &'static str,
        packed: Box<dyn Read + Send>,
        decoder: fn(Counted) -> Box<dyn Read + Send>,
        free: u64,
    ) -> Self {
        let taken = Arc::new(AtomicU64::new(0));
        let decoder = decoder(Counted { packed, taken: taken.clone() });
        Self { format, decoder, free, taken, given: 0 }
    }

    fn damaged(&self, error: &io::Error) -> io::Error {
        io::Error::other(format!("its {} data are damaged or cut short ({error})", self.format))
    }
}

impl Read for Unpacked {
    fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
        let n = self.decoder.read(to).map_err(|error| match error.kind() {
            ErrorKind::InvalidData | ErrorKind::InvalidInput | ErrorKind::UnexpectedEof => {
                self.damaged(&error)
            }
            _ => error,
        })?;
        self.given += n as u64;
        if self.given > self.free && self.given / MOST_TIMES > self.taken.load(Ordering::Relaxed) {
            return Err(io::Error::other(format!(
                "its {} data unpack to more than {MOST_TIMES} times their size, {} bytes so far; unpack them first, if that \
                 is meant",
                self.format, self.given
            )));
        }
        Ok(n)
    }
}

/// Counts the bytes that a decoder takes.
struct Counted {
    packed: Box<dyn Read + Send>,
    taken: Arc<AtomicU64>,
}

impl Read for Counted {
    fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
        let n = self.packed.read(to)?;
        self.taken.fetch_add(n as u64, Ordering::Relaxed);
        Ok(n)
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Cursor, Write};

    use super::*;

    fn gzipped(bytes: &[u8]) -> Vec<u8> {
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        gzip.write_all(bytes).unwrap();
        gzip.finish().unwrap()
    }

    fn zstandard(bytes: &[u8]) -> Vec<u8> {
        let mut zstd = zstd::Encoder::new(Vec::new(), 1).unwrap();
        zstd.include_checksum(true).unwrap(); // as the program zstd does
        zstd.write_all(bytes).unwrap();
        zstd.finish().unwrap()
    }

    fn unpacked(packed: &[u8]) -> io::Result<Vec<u8>> {
        let unpack = unpacking(packed).expect("it is compressed");
        let mut bytes = Vec::new();
        unpack(Box::new(Cursor::new(packed.to_vec()))).read_to_end(&mut bytes).map(|_| bytes)
    }

    #[test]
    fn several_parts_are_one_stream() {
        let parts = [&b"1,2\n"[..], &[7; 300_000], b"", b"3,4\n"];
        for pack in [gzipped, zstandard] {
            let packed: Vec<u8> = parts.iter().flat_map(|part| pack(part)).collect();
            assert_eq!(unpacked(&packed).unwrap(), parts.concat());
        }
        let skipped = [&b"\x5a\x2a\x4d\x18\x03\0\0\0abc"[..], &zstandard(b"1,2\n")].concat();
        assert_eq!(unpacked(&skipped).unwrap(), b"1,2\n");
        assert!(unpacked(&skipped[..9]).is_err());
        assert!(unpacking(b"1,2\n").is_none());
    }

    #[test]
    fn what_is_cut_short_or_changed_is_an_error_that_names_the_format() {
        let text: Vec<u8> = (0..500).flat_map(|i| format!("{i},{}\n", i * i).into_bytes()).collect();
        for (pack, name) in [(gzipped as fn(&[u8]) -> Vec<u8>, "gzip"), (zstandard, "zstd")] {
            let whole = pack(&text);
            for end in 4..whole.len() {
                let error = unpacked(&whole[..end]).expect_err("cut short").to_string();
                assert!(
                    error.contains(&format!("its {name} data are damaged or cut short")),
                    "{end}: {error}"
                );
            }
            for at in 12..whole.len() {
                let mut other = whole.clone();
                other[at] ^= 0x10;
                // the bits that fill the last byte of a block mean nothing
                assert!(unpacked(&other).map_or(true, |read| read == text), "{name}: byte {at}");
            }
        }
    }

    #[test]
    fn what_unpacks_to_far_more_than_its_size_is_refused_in_time() {
        let zeros = vec![0; 1 << 22];
        type Decoder = fn(Counted) -> Box<dyn Read + Send>;
        let cases: [(Vec<u8>, Decoder); 2] = [
            (gzipped(&zeros), |packed| Box::new(MultiGzDecoder::new(packed))),
            (zstandard(&zeros), zstd_frames),
        ];
        for (packed, decoder) in cases {
            let read = |free| {
                let packed = Box::new(Cursor::new(packed.clone()));
                let mut unpacked = Unpacked::new("such", packed, decoder, free);
                io::copy(&mut unpacked, &mut io::sink())
            };
            assert_eq!(read(1 << 22).unwrap(), 1 << 22);
            let error = read(1 << 20).unwrap_err().to_string();
            assert!(error.contains("its such data unpack to more than 200 times their size"), "{error}");
        }
    }
}
