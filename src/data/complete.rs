//! A source without the rows that lack a value.

use std::ops::ControlFlow;
use std::sync::{Arc, Mutex, PoisonError};

use super::columns::Columns;
use super::error::DataError;
use super::pick::Pick;
use super::reading::{Dropped, TextReading};
use super::rows::Rows;
use super::source::{Chunk, Source};
use super::texts::CellType;

/// A source without the rows that lack a value in a picked column.
pub(super) struct Complete {
    source: Arc<dyn Source>,
    /// Number of rows that are left, if a first pass counted them.
    n_rows: Option<usize>,
    /// What the first pass left out; later ones leave out the same rows, whatever columns they read.
    found: Mutex<Option<Dropped>>,
}

impl Complete {
    /// The rows of `source` that lack no value of `pick`. If their number is known and they can be read again, a first
    /// pass counts those that are left.
    pub(super) fn new(source: Arc<dyn Source>, pick: &Pick) -> Result<Complete, DataError> {
        let counted = source.n_rows().is_some() && source.can_reread();
        let mut complete = Complete { source, n_rows: None, found: Mutex::new(None) };
        if counted {
            let mut n_rows = 0;
            complete.read(pick, &mut |chunk| {
                n_rows += chunk.n_rows;
                ControlFlow::Continue(())
            })?;
            complete.n_rows = Some(n_rows);
        }
        Ok(complete)
    }

    fn found(&self) -> Option<Dropped> {
        self.found.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Source for Complete {
    fn columns(&self) -> &Columns {
        self.source.columns()
    }

    fn origin(&self) -> Option<&dyn Source> {
        Some(&*self.source)
    }

    fn n_rows(&self) -> Option<usize> {
        self.n_rows
    }

    fn can_reread(&self) -> bool {
        self.source.can_reread()
    }

    fn check(&self, pick: &Pick) -> Result<(), DataError> {
        self.source.check(pick)
    }

    fn text(&self, pick: &Pick) -> Option<TextReading> {
        self.source.text(pick)
    }

    fn cell_types(&self) -> Vec<CellType> {
        self.source.cell_types()
    }

    fn dropped(&self) -> Dropped {
        self.found().unwrap_or_default()
    }

    fn read(&self, pick: &Pick, each: &mut dyn FnMut(Chunk<'_>) -> ControlFlow<()>) -> Result<(), DataError> {
        let known = self.found();
        let mut holes = Holes::new(pick);
        let (mut block, mut n_kept, mut ended) = (Block::default(), 0, false);
        // rows are counted
        let pick = &Pick { from: 0, ..pick.clone() };
        self.source.read(pick, &mut |chunk| {
            let kept: Vec<usize> = match &known {
                Some(dropped) => {
                    let is_kept = |row: &usize| dropped.rows().binary_search(&(chunk.first + row)).is_err();
                    (0..chunk.n_rows).filter(is_kept).collect()
                }
                None => holes.complete_rows(&chunk),
            };
            if kept.is_empty() {
                return ControlFlow::Continue(());
            }
            let flow = each(block.of(&chunk, &kept, n_kept));
            n_kept += kept.len();
            ended = flow.is_break();
            flow
        })?;
        if known.is_none() && !ended {
            let dropped = holes.dropped(self.columns(), pick);
            let (name, rows) = (self.columns().source().to_owned(), dropped.count());
            if n_kept == 0 && rows > 0 {
                return Err(DataError::AllMissing { name, rows, columns: dropped.columns().to_vec() });
            }
            *self.found.lock().unwrap_or_else(PoisonError::into_inner) = Some(dropped);
        }
        Ok(())
    }
}

/// The rows that lack a value, and in which columns.
struct Holes {
    rows: Vec<usize>,
    features: Vec<u64>, // cells without a value (n_features)
    truth: u64,
    weights: u64,
}

impl Holes {
    fn new(pick: &Pick) -> Holes {
        Holes { rows: Vec::new(), features: vec![0; pick.features.len()], truth: 0, weights: 0 }
    }

    /// The rows of a chunk that lack no value. Notes the others.
    fn complete_rows(&mut self, chunk: &Chunk<'_>) -> Vec<usize> {
        let all = 0..chunk.n_rows;
        all.filter(|&row| {
            let holes = self.add(chunk, row);
            if holes > 0 {
                self.rows.push(chunk.first + row);
            }
            holes == 0
        })
        .collect()
    }

    /// Counts the values that a row lacks.
    fn add(&mut self, chunk: &Chunk<'_>, row: usize) -> u64 {
        let n = self.features.len();
        let mut holes = 0;
        let mut add = |count: &mut u64, is_hole: bool| {
            *count += u64::from(is_hole);
            holes += u64::from(is_hole);
        };
        let counts = self.features.iter_mut();
        match chunk.rows {
            Rows::F32(values) => {
                counts.zip(&values[row * n..]).for_each(|(count, value)| add(count, value.is_nan()));
            }
            Rows::F64(values) => {
                counts.zip(&values[row * n..]).for_each(|(count, value)| add(count, value.is_nan()));
            }
        }
        add(&mut self.truth, chunk.truth.get(row).is_some_and(String::is_empty));
        add(&mut self.weights, chunk.weights.get(row).is_some_and(|weight| weight.is_nan()));
        holes
    }

    fn dropped(self, columns: &Columns, pick: &Pick) -> Dropped {
        let features = pick.features.iter().copied().zip(self.features);
        let others = [(pick.truth, self.truth), (pick.weights, self.weights)];
        let others = others.into_iter().filter_map(|(column, count)| Some((column?, count)));
        let mut counts: Vec<(usize, u64)> = features.chain(others).filter(|(_, count)| *count > 0).collect();
        counts.sort_unstable();
        let named = counts.into_iter().map(|(column, count)| (columns.name(column), count));
        Dropped::new(self.rows, named.collect())
    }
}

/// Buffers for the rows of a chunk that are left.
#[derive(Default)]
struct Block {
    narrow: Vec<f32>,
    wide: Vec<f64>,
    truth: Vec<String>,
    weights: Vec<f64>,
    numbers: Vec<u64>,
}

impl Block {
    /// These rows of a chunk; `first` is the index of the first of them among all that are left.
    fn of<'a>(&'a mut self, chunk: &Chunk<'a>, kept: &[usize], first: usize) -> Chunk<'a> {
        self.numbers = kept.iter().map(|&row| chunk.number(row)).collect();
        if kept.len() == chunk.n_rows {
            return Chunk { first, numbers: Some(&self.numbers), ..*chunk };
        }
        let n = chunk.features.len();
        let rows = match chunk.rows {
            Rows::F32(values) => {
                self.narrow = kept.iter().flat_map(|row| &values[row * n..][..n]).copied().collect();
                Rows::F32(&self.narrow)
            }
            Rows::F64(values) => {
                self.wide = kept.iter().flat_map(|row| &values[row * n..][..n]).copied().collect();
                Rows::F64(&self.wide)
            }
        };
        self.truth = kept.iter().filter_map(|&row| chunk.truth.get(row)).cloned().collect();
        self.weights = kept.iter().filter_map(|&row| chunk.weights.get(row)).copied().collect();
        Chunk {
            first,
            n_rows: kept.len(),
            rows,
            truth: &self.truth,
            weights: &self.weights,
            texts: None, // of all rows only
            numbers: Some(&self.numbers),
            ..*chunk
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::error::DataError;
    use super::super::open::open_reader;
    use super::super::options::{Missing, ReadOptions};
    use super::*;

    /// Rows, their numbers, and what was left out.
    type Left = (Vec<f64>, Vec<u64>, Dropped);

    fn left(name: &str, bytes: Vec<u8>, pick: &Pick) -> Result<Left, DataError> {
        let bytes = Box::new(std::io::Cursor::new(bytes));
        let source = open_reader(name, bytes, &ReadOptions::default())?;
        let complete: Box<dyn Source> = Box::new(Complete::new(source.into(), pick)?);
        let (mut values, mut numbers) = (Vec::new(), Vec::new());
        complete.visit::<DataError>(pick, &mut |chunk| {
            assert_eq!(chunk.first, numbers.len());
            values.extend_from_slice(&chunk.rows.to_f64());
            numbers.extend((0..chunk.n_rows).map(|row| chunk.number(row)));
            Ok(())
        })?;
        assert!(complete.n_rows().is_none_or(|n| n == numbers.len()));
        Ok((values, numbers, complete.dropped()))
    }

    fn pick(features: Vec<usize>) -> Pick {
        Pick { features, missing: Missing::Drop, most_rows: Some(2), ..Pick::default() }
    }

    #[test]
    fn rows_with_holes_are_left_out_and_counted() {
        let text = "a,b,c\n1,2,x\n,4,x\n5,NA,x\n\n7,8,\n?,-,x\n11,12,x\n";
        let (values, numbers, dropped) =
            left("t.csv", text.into(), &pick(vec![0, 1])).expect("rows are left");
        assert_eq!((values, numbers), (vec![1.0, 2.0, 7.0, 8.0, 11.0, 12.0], vec![2, 6, 8]));
        assert_eq!((dropped.rows(), dropped.count()), (&[1, 2, 4][..], 3));
        assert_eq!(dropped.columns(), [("a".to_owned(), 2), ("b".to_owned(), 2)]);
        // a class that is missing too
        let pick = Pick { truth: Some(2), ..pick(vec![0]) };
        let (values, _, dropped) = left("t.csv", text.into(), &pick).expect("rows are left");
        assert_eq!((values, dropped.columns()[1].clone()), (vec![1.0, 5.0, 11.0], ("c".to_owned(), 1)));
    }

    #[test]
    fn what_is_no_hole_is_an_error_all_the_same() {
        let error = |text: &str| left("t.csv", text.into(), &pick(vec![0, 1])).expect_err("bad").to_string();
        assert!(error("a,b\n1,2\n3,x\n").contains("row 3, column 2 (\"b\"): \"x\" is not a number"));
        assert!(error("a,b\n1,2\n3,inf\n").contains("not a finite number"));
        let said = error("a,b\n1,\n,2\n3,NA\n");
        assert!(said.contains("each of 3 lacks a value; missing are \"a\" (1), \"b\" (2)"), "{said}");
    }

    #[test]
    fn arrays_are_counted_first() {
        let values = [1.0, 2.0, f64::NAN, 4.0, 5.0, 6.0_f64];
        let mut bytes =
            b"\x93NUMPY\x01\x00\x3c\x00{'descr': '<f8', 'fortran_order': False, 'shape': (3, 2), }\n"
                .to_vec();
        bytes.extend(values.iter().flat_map(|x| x.to_le_bytes()));
        let (values, numbers, dropped) = left("t.npy", bytes, &pick(vec![0, 1])).expect("rows are left");
        assert_eq!((values, numbers, dropped.count()), (vec![1.0, 2.0, 5.0, 6.0], vec![1, 3], 1));
    }
}
