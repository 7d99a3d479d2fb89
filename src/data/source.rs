//! The one door for tables: a source of rows, whatever its format.
//!
//! A format is one file with a type that implements [`Source`] and a constant that says how its files are told from
//! others, and one line in `open.rs`. What loads a table and what streams it use the same source.

use std::ops::ControlFlow;

use super::columns::Columns;
use super::error::{DataError, Place};
use super::pick::Pick;
use super::rows::Rows;
use super::truth::{Truth, TruthBuilder};

/// A table whose columns are known, and whose rows are still to come.
pub trait Source: Send + Sync {
    /// Its columns, and its name in messages.
    fn columns(&self) -> &Columns;

    /// Number of rows, where it is known before they are read.
    fn n_rows(&self) -> Option<usize>;

    /// Whether the rows can be had more than once. Each reading gives the same rows then, or
    /// [`DataError::Changed`].
    fn can_reread(&self) -> bool;

    /// Reads all rows from first to last and hands over those columns of them, in chunks of at most 2 MiB of values
    /// (or one row, if that is larger) and of at most `pick.most_rows` rows. A break ends the reading early, which is
    /// no error here: `visit` takes a function that may fail.
    ///
    /// Memory is bounded by a few chunks, unless a file of the format can only be read as a whole.
    ///
    /// # Errors
    ///
    /// All that can be wrong with the rows. Features need not be finite: it is for the caller to look at them.
    /// Weights are finite and not negative.
    fn read(&self, pick: &Pick, each: &mut dyn FnMut(Chunk<'_>) -> ControlFlow<()>) -> Result<(), DataError>;
}

impl dyn Source + '_ {
    /// Hands over all rows from first to last, as [`Source::read`] does, and returns the truth if a column of it was
    /// picked.
    ///
    /// # Errors
    ///
    /// The first error of `visit` ends the walk; all that can be wrong with the rows is a [`DataError`].
    pub fn visit<E: From<DataError>>(
        &self,
        pick: &Pick,
        visit: &mut dyn FnMut(Chunk<'_>) -> Result<(), E>,
    ) -> Result<Option<Truth>, E> {
        let mut truth = pick.truth.map(|column| TruthBuilder::new(self.columns().name(column)));
        let mut failed = None;
        self.read(pick, &mut |chunk| {
            if let Some(truth) = &mut truth {
                chunk.truth.iter().for_each(|class| truth.push(class));
            }
            match visit(chunk) {
                Ok(()) => ControlFlow::Continue(()),
                Err(error) => {
                    failed = Some(error);
                    ControlFlow::Break(())
                }
            }
        })?;
        match failed {
            None => Ok(truth.map(TruthBuilder::finish)),
            Some(error) => Err(error),
        }
    }
}

/// Some rows, one after the other.
#[derive(Debug, Clone, Copy)]
pub struct Chunk<'a> {
    /// Index of the first of them, from 0.
    pub first: usize,
    /// Number of rows, at least 1.
    pub n_rows: usize,
    /// Their features. (n_rows, n_features)
    pub rows: Rows<'a>,
    /// Their classes as text, if a truth was picked. (n_rows)
    pub truth: &'a [String],
    /// Their weights, if picked. (n_rows)
    pub weights: &'a [f64],
    /// The number that the source shows for each row, where it isn't the index plus 1. (n_rows)
    pub(super) numbers: Option<&'a [u64]>,
    pub(super) columns: &'a Columns,
    pub(super) features: &'a [usize],
}

impl Chunk<'_> {
    /// Where a value stands in the source: row and feature count from 0 in this chunk.
    #[must_use]
    pub fn place(&self, row: usize, feature: usize) -> Place {
        let number = match self.numbers {
            Some(numbers) => numbers[row],
            None => (self.first + row) as u64 + 1,
        };
        self.columns.place(number, self.features[feature])
    }
}
