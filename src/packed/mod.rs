//! A packed table that lies in a file, for tables larger than memory.
//!
//! | bytes | what |
//! |---|---|
//! | 16 | `cairn-packed-1`, a line feed and a zero: the version of the format |
//! | 4 each | coordinates i32, little-endian, row by row |
//! | 32 each | BLAKE3 of each block of 2^18 coordinates; the last may be shorter |
//! | .. | all else of the table, and what was packed, in JSON |
//! | 8 | length of that, u64 |
//! | 32 | BLAKE3 of the hashes and of the JSON |
//!
//! Points are read by plain reads. Every block is compared with its hash when a process first reads it, and later with a sum
//! of 64 bits that was taken then, which one wrong word changes for certain.
//!
//! | file | what it has |
//! |---|---|
//! | `mod` | reading, chunk by chunk |
//! | `apart` | reading by threads, each of which goes over blocks of its own |
//! | `write` | writing |
//! | `footer` | what is said of the table after its points |
//! | `bytes` | reads at a place |
//! | `error` | errors |

mod apart;
mod bytes;
mod error;
mod footer;
mod write;

use std::cell::RefCell;
use std::fs::File;
use std::io;
use std::ops::{ControlFlow, Range};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use rayon::prelude::*;

pub use error::PackedError;
pub use write::PackWriter;

use crate::lattice::{Moments, Table, Weights};
use bytes::{ReadAt, read_all};
use footer::Footer;

const MAGIC: &[u8; 16] = b"cairn-packed-1\n\0";
/// Coordinates of a block.
pub(crate) const BLOCK: usize = 1 << 18;
/// Bytes of the length of the footer, and of its hash.
const END: u64 = 8 + 32;
/// Fewest rows of a chunk.
pub(crate) const LEAST_ROWS: usize = 8;

thread_local! {
    /// The bytes of the block that a thread reads.
    static BYTES: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// A packed table in a file.
pub struct PackedTable {
    path: PathBuf,
    bytes: Box<dyn ReadAt>,
    head: Table,
    moments: Moments,
    hashes: Vec<blake3::Hash>,
    sums: Vec<OnceLock<u64>>, // of blocks whose hashes were right
    block: usize,             // values
    chunk: usize,             // values, whole blocks
}

/// What is done with a chunk: the index of its first row, and its rows as a table.
pub type Visit<'a, E> = dyn FnMut(usize, &Table) -> Result<ControlFlow<()>, E> + 'a;

impl PackedTable {
    /// Opens a file that was written under this key, with the weights of its rows. `None` if there is no such file, or it is
    /// of another table or another version. It is read in chunks of so many bytes, or somewhat more.
    ///
    /// # Errors
    /// [`PackedError::Read`]; [`PackedError::Damaged`] if it has the key, but not what it should have.
    pub fn open(path: &Path, key: &str, weights: Weights, chunk: u64) -> Result<Option<Self>, PackedError> {
        let failed = |reason| PackedError::Read { path: path.to_owned(), reason };
        let file = match File::open(path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(failed(error)),
        };
        let len = file.metadata().map_err(failed)?.len();
        Self::read_head(path, Box::new(file), len, (key, weights, chunk))
    }

    /// Opens what was just written under this key: see [`PackWriter::finish`].
    ///
    /// # Errors
    /// [`PackedError::Read`], [`PackedError::Damaged`].
    pub(crate) fn of_written(
        (path, file): (&Path, File),
        key: &str,
        weights: Weights,
        chunk: u64,
    ) -> Result<Self, PackedError> {
        let failed = |reason| PackedError::Read { path: path.to_owned(), reason };
        let len = file.metadata().map_err(failed)?.len();
        let table = Self::read_head(path, Box::new(file), len, (key, weights, chunk))?;
        let other =
            || PackedError::Damaged { path: path.to_owned(), reason: "it has another key".to_owned() };
        table.ok_or_else(other)
    }

    fn read_head(
        path: &Path,
        bytes: Box<dyn ReadAt>,
        len: u64,
        (key, weights, chunk): (&str, Weights, u64),
    ) -> Result<Option<Self>, PackedError> {
        let read = |at: u64, n: u64| {
            let mut to = vec![0; n as usize];
            let done = read_all(&*bytes, &mut to, at);
            done.map(|()| to).map_err(|reason| PackedError::Read { path: path.to_owned(), reason })
        };
        let damaged =
            |reason: &str| PackedError::Damaged { path: path.to_owned(), reason: reason.to_owned() };
        let start = MAGIC.len() as u64;
        if len < start + END || read(0, start)? != MAGIC {
            return Ok(None);
        }
        let end = read(len - END, END)?;
        let (footer_len, hash) = end.split_at(8);
        let footer_len = u64::from_le_bytes(footer_len.try_into().unwrap_or_default());
        if footer_len > len - start - END {
            return Err(damaged("the length of its footer can't be"));
        }
        let footer = read(len - END - footer_len, footer_len)?;
        let parsed: Footer =
            serde_json::from_slice(&footer).map_err(|error| damaged(&format!("its footer: {error}")))?;
        if parsed.key != key {
            return Ok(None);
        }
        let n_values = parsed.n_points.checked_mul(parsed.n_dims).filter(|&n| n > 0 && n < 1 << 60);
        let n_values = n_values.ok_or_else(|| damaged("its size can't be"))?;
        let block = usize::try_from(parsed.block).ok().filter(|block| (1..=BLOCK).contains(block));
        let block = block.ok_or_else(|| damaged("the size of its blocks can't be"))?;
        let n_blocks = n_values.div_ceil(block as u64);
        if Some(len) != (start + n_values * 4 + n_blocks * 32 + END).checked_add(footer_len) {
            return Err(damaged("its length is not that of its rows"));
        }
        let hashes = read(start + n_values * 4, n_blocks * 32)?;
        let mut all = blake3::Hasher::new();
        all.update(&hashes).update(&footer);
        if all.finalize().as_bytes() != hash {
            return Err(damaged("its footer is not what was written"));
        }
        let (hashes, _) = hashes.as_chunks::<32>();
        let hashes: Vec<blake3::Hash> = hashes.iter().map(|&hash| hash.into()).collect();
        let sums = hashes.iter().map(|_| OnceLock::new()).collect();
        let (head, moments) =
            parsed.table(weights).ok_or_else(|| damaged("what its footer says can't be"))?;
        let mut table =
            Self { path: path.to_owned(), bytes, head, moments, hashes, sums, block, chunk: block };
        table.set_chunk(chunk);
        Ok(Some(table))
    }

    /// Reads chunks of so many bytes from now on, or somewhat more: whole blocks, and at least some rows.
    fn set_chunk(&mut self, bytes: u64) {
        let values = (bytes as usize / 4).max(LEAST_ROWS * self.head.n_dims());
        self.chunk = values.div_ceil(self.block) * self.block;
    }

    /// All of the table but its points.
    #[must_use]
    pub fn head(&self) -> &Table {
        &self.head
    }

    /// Sums of coordinates and of their squares.
    #[must_use]
    pub fn moments(&self) -> &Moments {
        &self.moments
    }

    /// The file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Bytes of the points.
    #[must_use]
    pub fn n_bytes(&self) -> u64 {
        self.n_values() as u64 * 4
    }

    /// Hashes of the points, in blocks of 2^18 coordinates.
    pub(crate) fn hashes(&self) -> &[blake3::Hash] {
        &self.hashes
    }

    fn n_values(&self) -> usize {
        self.head.n_points() * self.head.n_dims()
    }

    /// Number of chunks.
    #[must_use]
    pub fn n_chunks(&self) -> usize {
        self.n_values().div_ceil(self.chunk)
    }

    /// The rows of a chunk.
    #[must_use]
    pub fn chunk_rows(&self, chunk: usize) -> Range<usize> {
        let row = |chunk: usize| (chunk * self.chunk / self.head.n_dims()).min(self.head.n_points());
        if chunk + 1 == self.n_chunks() {
            row(chunk)..self.head.n_points()
        } else {
            row(chunk)..row(chunk + 1)
        }
    }

    /// Coordinates of a row. (n_dims)
    ///
    /// # Errors
    /// [`PackedError::Read`], [`PackedError::Damaged`].
    pub fn row(&self, row: usize) -> Result<Vec<i32>, PackedError> {
        let mut points = Vec::new();
        self.read_rows(row..row + 1, &mut points)?;
        Ok(points)
    }

    /// The rows of a chunk, as a table.
    ///
    /// # Errors
    /// [`PackedError::Read`], [`PackedError::Damaged`].
    pub fn chunk(&self, chunk: usize) -> Result<Table, PackedError> {
        let mut points = Vec::new();
        self.read_rows(self.chunk_rows(chunk), &mut points)?;
        Ok(self.head.part(self.chunk_rows(chunk), points))
    }

    /// Calls `visit` for all chunks in order, with the index of the first row and the rows. The next chunk is read meanwhile, by
    /// all threads.
    ///
    /// # Errors
    /// The first error of `visit`; [`PackedError::Read`], [`PackedError::Damaged`].
    pub fn visit<E: From<PackedError>>(&self, visit: &mut Visit<'_, E>) -> Result<(), E> {
        let (mut points, mut spare) = (Vec::new(), Vec::new());
        self.read_rows(self.chunk_rows(0), &mut points)?;
        for chunk in 0..self.n_chunks() {
            let rows = self.chunk_rows(chunk);
            let (first, table) = (rows.start, self.head.part(rows, points));
            let mut read = Ok(());
            let visited = rayon::in_place_scope(|scope| {
                if chunk + 1 < self.n_chunks() {
                    scope.spawn(|_| read = self.read_rows(self.chunk_rows(chunk + 1), &mut spare));
                }
                visit(first, &table)
            });
            if visited?.is_break() {
                return Ok(());
            }
            read?;
            points = std::mem::replace(&mut spare, table.points);
        }
        Ok(())
    }

    /// Reads rows, and checks all blocks in which they lie.
    fn read_rows(&self, rows: Range<usize>, points: &mut Vec<i32>) -> Result<(), PackedError> {
        let d = self.head.n_dims();
        self.read_values(rows.start * d..rows.end * d, points)
    }

    /// Reads coordinates, and checks all blocks in which they lie.
    fn read_values(&self, values: Range<usize>, points: &mut Vec<i32>) -> Result<(), PackedError> {
        points.resize(values.len(), 0);
        let (mut parts, mut rest) = (Vec::new(), &mut points[..]);
        for block in values.start / self.block..values.end.div_ceil(self.block) {
            let first = block * self.block;
            let wanted = values.start.saturating_sub(first)..(values.end - first).min(self.block);
            let (part, more) = rest.split_at_mut(wanted.len());
            parts.push((block, wanted, part));
            rest = more;
        }
        let read = |(block, wanted, part): (usize, Range<usize>, &mut [i32])| {
            let n_values = self.block.min(self.n_values() - block * self.block);
            if part.len() == n_values {
                self.read_block(block, as_bytes(part))?;
                part.iter_mut().for_each(|value| *value = i32::from_le(*value));
                return Ok(());
            }
            BYTES.with_borrow_mut(|bytes| {
                bytes.resize(n_values * 4, 0);
                self.read_block(block, bytes)?;
                let (some, _) = bytes[wanted.start * 4..wanted.end * 4].as_chunks::<4>();
                part.iter_mut().zip(some).for_each(|(value, &bytes)| *value = i32::from_le_bytes(bytes));
                Ok(())
            })
        };
        parts.into_par_iter().with_max_len(1).map(read).collect()
    }

    /// Reads the bytes of a block, and checks them.
    fn read_block(&self, block: usize, bytes: &mut [u8]) -> Result<(), PackedError> {
        let first = block * self.block;
        let at = MAGIC.len() as u64 + first as u64 * 4;
        let path = || self.path.clone();
        read_all(&*self.bytes, bytes, at).map_err(|reason| PackedError::Read { path: path(), reason })?;
        let sum = sum_of(bytes);
        let is_good = match self.sums[block].get() {
            Some(&good) => sum == good,
            None => blake3::hash(bytes) == self.hashes[block],
        };
        if !is_good {
            let (end, reason) = (at + bytes.len() as u64, "are not what was written");
            return Err(PackedError::Damaged {
                path: path(),
                reason: format!("bytes {at} to {end} {reason}"),
            });
        }
        self.sums[block].get_or_init(|| sum);
        Ok(())
    }
}

/// The bytes of values, as they are in memory.
fn as_bytes(values: &mut [i32]) -> &mut [u8] {
    let n_bytes = size_of_val(values);
    // SAFETY: the bytes are those of the slice, borrowed as it is; a byte needs no alignment, and any bytes are an i32.
    unsafe { std::slice::from_raw_parts_mut(values.as_mut_ptr().cast::<u8>(), n_bytes) }
}

/// A sum of 64 bits. Each step is a bijection of what was there before and of the word that it adds, so that no other word
/// gives the same sum.
fn sum_of(bytes: &[u8]) -> u64 {
    const ODD: u64 = 0x9E37_79B9_7F4A_7C15;
    let add = |sum: u64, word: u64| (sum ^ word).wrapping_mul(ODD).rotate_left(29);
    let (words, rest) = bytes.as_chunks::<8>();
    let (lanes, others) = words.as_chunks::<8>();
    let mut sums = [0u64, 1, 2, 3, 4, 5, 6, 7]; // side by side, since a product takes some cycles
    for lane in lanes {
        sums.iter_mut().zip(lane).for_each(|(sum, &word)| *sum = add(*sum, u64::from_le_bytes(word)));
    }
    let others = others.iter().map(|&word| u64::from_le_bytes(word));
    let rest = rest.iter().map(|&byte| byte.into());
    sums.into_iter().chain(others).chain(rest).fold(bytes.len() as u64, add)
}

impl std::fmt::Debug for PackedTable {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { path, chunk, .. } = self;
        let (n_points, n_dims) = (self.head.n_points(), self.head.n_dims());
        write!(f, "PackedTable {{ path: {path:?}, n_points: {n_points}, n_dims: {n_dims}, chunk: {chunk} }}")
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;
    use crate::lattice::{Extent, Packer};

    pub(super) const D: usize = 7;
    pub(super) const N: usize = 1000;
    const BLOCK_OF_TESTS: usize = 96; // no multiple of a row

    fn table() -> Table {
        let rows: Vec<f64> =
            (0..N * D).map(|i| f64::from((i * 7919 % 10_007) as u32) * 0.25 - 900.0).collect();
        let weights: Vec<f64> = (0..N).map(|i| f64::from((i % 5) as u32)).collect();
        let weights = Weights::new(&weights, N).expect("weights");
        let mut extent = Extent::new(D);
        extent.add(0, &rows, &weights).expect("finite");
        let mut packer = Packer::new(extent.lattice(weights.total()).expect("a lattice"), weights, N);
        packer.add(&rows).expect("finite");
        packer.finish()
    }

    fn moments(table: &Table) -> Moments {
        let mut moments = Moments::new(D);
        moments.add(table);
        moments
    }

    /// The bytes of the file of the table.
    pub(super) fn bytes() -> (Table, Vec<u8>) {
        let (table, folder) = (table(), tempfile::tempdir().expect("a folder"));
        let path = folder.path().join("t.packed");
        let mut writer = PackWriter::create(&path, (N * D) as u64).expect("room").in_blocks(BLOCK_OF_TESTS);
        table.points.chunks(1001).for_each(|points| writer.add(points).expect("room"));
        writer.finish("key", &table, &moments(&table)).expect("room");
        let bytes = std::fs::read(&path).expect("it is there");
        assert_eq!(std::fs::read_dir(folder.path()).expect("a folder").count(), 1);
        (table, bytes)
    }

    /// Bytes of which every `every`-th read is short, then interrupted, then fails, if it is to.
    pub(super) struct Faulty {
        bytes: Vec<u8>,
        every: usize,
        fails: bool,
        calls: AtomicUsize,
    }

    impl Faulty {
        /// Bytes that have no fault in reading.
        pub(super) fn of(bytes: Vec<u8>) -> Self {
            Self { bytes, every: 0, fails: false, calls: AtomicUsize::new(0) }
        }
    }

    impl ReadAt for Faulty {
        fn read_some(&self, to: &mut [u8], at: u64) -> io::Result<usize> {
            let call = self.calls.fetch_add(1, Ordering::Relaxed);
            let rest = self.bytes.get(at as usize..).unwrap_or_default();
            let mut n = rest.len().min(to.len());
            if self.every > 0 && call % self.every == self.every - 1 {
                match (call / self.every) % 3 {
                    2 if self.fails => return Err(io::Error::other("a fault")),
                    1 => return Err(io::ErrorKind::Interrupted.into()),
                    _ => n = n.min(3),
                }
            }
            to[..n].copy_from_slice(&rest[..n]);
            Ok(n)
        }
    }

    pub(super) fn open(
        bytes: Vec<u8>,
        every: usize,
        fails: bool,
    ) -> Result<Option<PackedTable>, PackedError> {
        let (len, calls) = (bytes.len() as u64, AtomicUsize::new(0));
        let bytes = Box::new(Faulty { bytes, every, fails, calls });
        PackedTable::read_head(Path::new("t.packed"), bytes, len, ("key", table().weights, 400))
    }

    /// All rows, and how many chunks they came in.
    fn all(table: &PackedTable) -> Result<(Vec<i32>, usize), PackedError> {
        let (mut points, mut n_chunks) = (Vec::new(), 0);
        table.visit::<PackedError>(&mut |first, chunk| {
            assert_eq!((first * D, table.chunk_rows(n_chunks).start), (points.len(), first));
            let weights = table.head().weights.values().expect("they differ");
            assert_eq!(chunk.weights.values(), Some(&weights[first..first + chunk.n_points()]));
            points.extend_from_slice(&chunk.points);
            n_chunks += 1;
            Ok(ControlFlow::Continue(()))
        })?;
        Ok((points, n_chunks))
    }

    fn chunk_of(table: &PackedTable, row: usize) -> usize {
        (0..table.n_chunks())
            .find(|&chunk| table.chunk_rows(chunk).contains(&row))
            .expect("a row of the table")
    }

    #[test]
    fn a_table_comes_back_in_chunks_rows_and_whole() {
        let (table, bytes) = bytes();
        for every in [0, 1, 2, 5] {
            let packed = open(bytes.clone(), every, false).expect("no fault").expect("the key");
            let (points, n_chunks) = all(&packed).expect("no fault");
            assert!(points == table.points && n_chunks == packed.n_chunks() && n_chunks > 30, "{n_chunks}");
            for row in [0, 1, 13, 14, 15, 500, N - 1] {
                assert_eq!(packed.row(row).expect("no fault"), table.point(row));
                let (chunk, rows) = (chunk_of(&packed, row), packed.chunk_rows(chunk_of(&packed, row)));
                assert!(rows.contains(&row));
                assert_eq!(packed.chunk(chunk).expect("no fault").point(row - rows.start), table.point(row));
            }
            let (head, rounding) = (packed.head(), &packed.head().rounding);
            assert_eq!(
                (&head.lattice, &head.weights, &head.centre),
                (&table.lattice, &table.weights, &table.centre)
            );
            assert_eq!((head.granularity, head.max_coordinate), (table.granularity, table.max_coordinate));
            assert_eq!(
                (&head.outside, &head.unplaced, rounding),
                (&table.outside, &table.unplaced, &table.rounding)
            );
            assert_eq!(packed.moments(), &moments(&table));
        }
    }

    #[test]
    fn a_pass_may_end_early_and_by_an_error() {
        let packed = open(bytes().1, 0, false).expect("no fault").expect("the key");
        let mut seen = 0;
        let done = packed.visit::<PackedError>(&mut |_, _| {
            seen += 1;
            Ok(if seen == 3 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
        });
        assert!(done.is_ok() && seen == 3);
        let error = |_: usize, _: &Table| {
            Err(PackedError::Damaged { path: "x".into(), reason: "of the test".into() })
        };
        let failed = packed.visit::<PackedError>(&mut { error });
        assert!(failed.is_err_and(|error| error.to_string().contains("of the test")));
    }

    #[test]
    fn reads_that_fail_are_errors() {
        let bytes = bytes().1;
        for every in 1..40 {
            let error = match open(bytes.clone(), every, true) {
                Ok(packed) => {
                    let packed = packed.expect("the key");
                    (0..9).find_map(|_| all(&packed).err())
                }
                Err(error) => Some(error),
            };
            let error = error.expect("a read failed").to_string();
            assert_eq!(error, "t.packed: the packed table can't be read: a fault");
        }
    }

    #[test]
    fn a_bit_that_flips_anywhere_is_found() {
        let (table, bytes) = bytes();
        for at in (0..bytes.len()).step_by(41).chain(bytes.len() - 60..bytes.len()) {
            let mut changed = bytes.clone();
            changed[at] ^= 1 << (at % 8);
            match open(changed, 0, false) {
                Ok(None) => assert!(at < MAGIC.len() || at > bytes.len() / 2, "byte {at}: another file"),
                Ok(Some(packed)) => {
                    let error = all(&packed).expect_err("a block that changed").to_string();
                    let place = MAGIC.len()..MAGIC.len() + table.points.len() * 4;
                    assert!(
                        place.contains(&at) && error.contains("is damaged: bytes "),
                        "byte {at}: {error}"
                    );
                }
                Err(error) => assert!(error.to_string().contains("is damaged"), "byte {at}: {error}"),
            }
        }
    }

    #[test]
    fn a_bit_that_flips_later_is_found_too() {
        let (_, bytes) = bytes();
        let packed = open(bytes.clone(), 0, false).expect("no fault").expect("the key");
        all(&packed).expect("no fault");
        let end = MAGIC.len() + N * D * 4;
        let mut packed = packed;
        for at in (MAGIC.len()..end).step_by(67).chain(end - 9..end) {
            let mut changed = bytes.clone();
            changed[at] ^= 1 << (at % 8);
            packed.bytes = Box::new(Faulty::of(changed));
            assert!(
                all(&packed).expect_err("a block that changed").to_string().contains("is damaged"),
                "byte {at}"
            );
        }
        packed.bytes = Box::new(Faulty::of(bytes));
        all(&packed).expect("as it was");
    }

    #[test]
    fn a_file_that_was_cut_is_found() {
        let bytes = bytes().1;
        for n in (0..bytes.len()).step_by(113).chain(bytes.len() - 45..bytes.len()) {
            assert!(!matches!(open(bytes[..n].to_vec(), 0, false), Ok(Some(_))), "{n} bytes");
        }
        // and once it was opened
        let packed = open(bytes, 0, false).expect("no fault").expect("the key");
        let short = Faulty::of(vec![0; 300]);
        let error =
            all(&PackedTable { bytes: Box::new(short), ..packed }).expect_err("it is short").to_string();
        assert!(error.contains("damaged") || error.contains("shorter than it was"), "{error}");
    }

    #[test]
    fn there_must_be_room() {
        let folder = tempfile::tempdir().expect("a folder");
        let created = |values| PackWriter::create(&folder.path().join("t.packed"), values).map(drop);
        #[cfg(feature = "cli")]
        assert!(
            matches!(created(1 << 60), Err(PackedError::NoRoom { needed, free, .. }) if needed == 1 << 62 && free < needed)
        );
        created(1).expect("room");
        let none = PackWriter::create(&folder.path().join("none/t.packed"), 1).map(drop);
        assert!(none.is_err_and(|error| error.to_string().contains("name another folder")));
        assert_eq!(std::fs::read_dir(folder.path()).expect("a folder").count(), 0);
    }
}
