//! Going over a table by threads, each of which reads blocks of its own and uses them while they are in its cache.

use std::ops::Range;
use std::sync::atomic::{AtomicBool, Ordering};

use rayon::prelude::*;

use super::{LEAST_ROWS, PackedError, PackedTable, as_bytes};
use crate::lattice::Table;

/// Blocks that a thread takes at a time. Where a row lies in two of them, one more is read.
const BLOCKS: usize = 8;

impl PackedTable {
    /// Calls `visit` for all rows, a block at a time, by all threads. `of_rows` is anything of the rows (n_points), of which each
    /// call has the part of its rows. False if a call ended it, by false.
    ///
    /// # Errors
    /// An error of `visit`; [`PackedError::Read`], [`PackedError::Damaged`].
    pub fn visit_apart<T: Send, E: From<PackedError> + Send>(
        &self,
        of_rows: &mut [T],
        visit: impl Fn(&Table, &mut [T]) -> Result<bool, E> + Sync,
    ) -> Result<bool, E> {
        let (mut runs, mut rest) = (Vec::new(), of_rows);
        for blocks in self.runs() {
            let (own, more) = rest.split_at_mut(self.rows_of(&blocks).len());
            runs.push((blocks, own));
            rest = more;
        }
        let ended = AtomicBool::new(false);
        let visit = |table: &Table, own: &mut [T]| -> Result<bool, E> {
            let goes_on = !ended.load(Ordering::Relaxed) && visit(table, own)?;
            ended.fetch_or(!goes_on, Ordering::Relaxed);
            Ok(goes_on)
        };
        let run = |(blocks, own)| match ended.load(Ordering::Relaxed) {
            true => Ok(()),
            false => self.visit_run(blocks, own, &visit),
        };
        runs.into_par_iter().with_max_len(1).try_for_each(run)?;
        Ok(!ended.into_inner())
    }

    /// The blocks of each run.
    fn runs(&self) -> impl Iterator<Item = Range<usize>> {
        let (n_blocks, least) = (self.hashes.len(), (LEAST_ROWS * self.head.n_dims()).div_ceil(self.block));
        let size = BLOCKS.max(least);
        (0..n_blocks).step_by(size).map(move |first| first..(first + size).min(n_blocks))
    }

    /// The rows of a run: those that end in its blocks.
    fn rows_of(&self, blocks: &Range<usize>) -> Range<usize> {
        let rows_to = |block: usize| (block * self.block / self.head.n_dims()).min(self.head.n_points());
        rows_to(blocks.start)..rows_to(blocks.end)
    }

    /// Visits the rows of a run.
    fn visit_run<T, E: From<PackedError>>(
        &self,
        blocks: Range<usize>,
        mut own: &mut [T],
        visit: &impl Fn(&Table, &mut [T]) -> Result<bool, E>,
    ) -> Result<(), E> {
        let (d, mut first) = (self.head.n_dims(), self.rows_of(&blocks).start);
        let (mut points, mut begun) = (Vec::new(), Vec::new()); // `begun`: of a row that ends in the next block
        self.read_values(first * d..blocks.start * self.block, &mut begun)?;
        for block in blocks {
            let n_values = self.block.min(self.n_values() - block * self.block);
            points.resize(begun.len() + n_values, 0);
            points[..begun.len()].copy_from_slice(&begun);
            let values = &mut points[begun.len()..];
            self.read_block(block, as_bytes(values))?;
            values.iter_mut().for_each(|value| *value = i32::from_le(*value));
            let n_rows = points.len() / d;
            begun.clear();
            begun.extend_from_slice(&points[n_rows * d..]);
            points.truncate(n_rows * d);
            let table = self.head.part(first..first + n_rows, points);
            let (of_rows, rest) = own.split_at_mut(n_rows);
            let goes_on = n_rows == 0 || visit(&table, of_rows)?;
            (points, own, first) = (table.points, rest, first + n_rows);
            if !goes_on {
                break;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{D, Faulty, N, bytes, open};
    use super::*;

    /// All rows, by their places.
    fn all_apart(table: &PackedTable) -> Result<Vec<i32>, PackedError> {
        let mut rows = vec![[0; D]; N];
        let weights = table.head().weights.values().expect("they differ");
        let done = table.visit_apart(&mut rows, |part, rows| {
            assert_eq!(rows.len(), part.n_points());
            rows.iter_mut().enumerate().for_each(|(i, row)| row.copy_from_slice(part.point(i)));
            let own = part.weights.values().expect("they differ");
            assert!(weights.windows(own.len()).any(|some| some == own));
            Ok::<_, PackedError>(true)
        })?;
        assert!(done);
        Ok(rows.concat())
    }

    #[test]
    fn each_row_comes_once_with_what_is_its_own() {
        let (table, bytes) = bytes();
        for every in [0, 1, 2, 5] {
            let packed = open(bytes.clone(), every, false).expect("no fault").expect("the key");
            assert!(packed.runs().count() > 5);
            assert!(all_apart(&packed).expect("no fault") == table.points);
        }
    }

    #[test]
    fn a_call_may_end_it_or_fail() {
        let packed = open(bytes().1, 0, false).expect("no fault").expect("the key");
        let seen = std::sync::atomic::AtomicUsize::new(0);
        let alone = rayon::ThreadPoolBuilder::new().num_threads(1).build().expect("a thread");
        let ended = alone.install(|| {
            packed.visit_apart(&mut [(); N], |part, _| {
                Ok::<_, PackedError>(seen.fetch_add(part.n_points(), Ordering::Relaxed) < 100)
            })
        });
        assert!(ended.is_ok_and(|all| !all));
        let read = packed.sums.iter().filter(|sum| sum.get().is_some()).count();
        assert!(seen.into_inner() < 200 && read < 20, "{read} of {} blocks were read", packed.sums.len());
        let failed = packed.visit_apart(&mut [(); N], |_, _| {
            Err(PackedError::Damaged { path: "x".into(), reason: "of the test".into() })
        });
        assert!(failed.is_err_and(|error| error.to_string().contains("of the test")));
    }

    #[test]
    fn reads_that_fail_and_bits_that_flip_are_errors() {
        let bytes = bytes().1;
        for every in 30..50 {
            let Ok(packed) = open(bytes.clone(), every, true) else { continue };
            let packed = packed.expect("the key");
            let error = (0..9).find_map(|_| all_apart(&packed).err()).expect("a read failed").to_string();
            assert_eq!(error, "t.packed: the packed table can't be read: a fault");
        }
        let mut packed = open(bytes.clone(), 0, false).expect("no fault").expect("the key");
        let points = super::super::MAGIC.len()..super::super::MAGIC.len() + N * D * 4;
        for known in [false, true] {
            for at in points.clone().step_by(67) {
                let mut changed = bytes.clone();
                changed[at] ^= 1 << (at % 8);
                packed.bytes = Box::new(Faulty::of(changed));
                let error = all_apart(&packed).expect_err("a block that changed").to_string();
                assert!(error.contains("is damaged: bytes "), "byte {at}, {known}: {error}");
            }
            packed.bytes = Box::new(Faulty::of(bytes.clone()));
            all_apart(&packed).expect("as it was");
        }
    }
}
