//! A source of rows, the interface of all formats.
//!
//! A new format is one file, with a type that implements [`Source`] and a constant that says how it is recognised,
//! and one line in `open.rs`. Loading and streaming use the same source.

use std::ops::ControlFlow;

use super::columns::Columns;
use super::error::{DataError, Position};
use super::pick::Pick;
use super::reading::{DrawingReading, Dropped, PictureReading, TextReading};
use super::rows::Rows;
use super::texts::{CellType, Texts};
use super::truth::{Truth, TruthBuilder};

/// An open table: its columns are known, its rows are not read yet.
pub trait Source: Send + Sync {
    /// Its columns, and its name for messages.
    fn columns(&self) -> &Columns;

    /// The source whose rows these are, if it is another one: it knows what this one does not say.
    fn origin(&self) -> Option<&dyn Source> {
        None
    }

    /// Number of rows, if it is known before they are read.
    fn n_rows(&self) -> Option<usize>;

    /// Whether the rows can be read more than once. If so, each pass gives the same rows, or [`DataError::Changed`].
    fn can_reread(&self) -> bool;

    /// Number of files that make the table.
    fn n_files(&self) -> usize {
        self.origin().map_or(1, Source::n_files)
    }

    /// What was found in a text, with the picked features; complete once the rows were read. `None` for other formats.
    fn text(&self, pick: &Pick) -> Option<TextReading> {
        let _ = pick;
        None
    }

    /// What was found in pictures. `None` for other formats.
    fn pictures(&self) -> Option<&PictureReading> {
        self.origin()?.pictures()
    }

    /// How pictures were counted to drawings, if they were.
    fn drawings(&self) -> Option<&DrawingReading> {
        self.origin()?.drawings()
    }

    /// The names of the rows, such as those of files; empty if they have none. (n_rows)
    fn row_names(&self) -> &[String] {
        self.origin().map_or(&[], Source::row_names)
    }

    /// The type of the cells of each column. (n_columns)
    fn cell_types(&self) -> Vec<CellType>;

    /// Rows that were left out, since they lack a value; complete once the rows were read.
    fn dropped(&self) -> Dropped {
        self.origin().map_or_else(Dropped::default, Source::dropped)
    }

    /// Checks what can be known of the picked columns before their rows are read.
    ///
    /// # Errors
    ///
    /// [`DataError`] for a column that holds no numbers.
    fn check(&self, pick: &Pick) -> Result<(), DataError> {
        let _ = pick;
        Ok(())
    }

    /// Reads all rows in order and passes the picked columns to `each`, in chunks of at most 2 MiB of values (or one
    /// row, if that is larger) and at most `pick.most_rows` rows. A break ends the pass early without an error.
    ///
    /// Memory is bounded by a few chunks, unless a file of the format can only be read as a whole.
    ///
    /// # Errors
    ///
    /// [`DataError`] for anything wrong with the rows. Weights are checked to be finite and not negative. Features
    /// may be infinite or NaN: the caller checks them.
    fn read(&self, pick: &Pick, each: &mut dyn FnMut(Chunk<'_>) -> ControlFlow<()>) -> Result<(), DataError>;
}

impl dyn Source + '_ {
    /// [`Source::read`] with a function that may fail. Returns the truth, if its column was picked.
    ///
    /// # Errors
    ///
    /// The first error of `visit`, which ends the pass; those of [`Source::read`].
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

/// Consecutive rows of a source.
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
    /// The cells of all columns, if picked.
    pub texts: Option<&'a Texts>,
    /// The number that the source shows for each row, if it isn't the index plus 1. (n_rows)
    pub(super) numbers: Option<&'a [u64]>,
    pub(super) columns: &'a Columns,
    pub(super) features: &'a [usize],
}

impl Chunk<'_> {
    /// Position of a value in the source. `row` and `feature` count from 0 in this chunk.
    #[must_use]
    pub fn position(&self, row: usize, feature: usize) -> Position {
        self.columns.position(self.number(row), self.features[feature])
    }

    /// Whether its rows are drawings, of which a value that is not finite stands for a picture that is none.
    #[must_use]
    pub fn is_of_drawings(&self) -> bool {
        self.columns.is_of_drawings()
    }

    /// The number that the source shows for a row, which counts from 0 in this chunk.
    pub(super) fn number(&self, row: usize) -> u64 {
        match self.numbers {
            Some(numbers) => numbers[row],
            None => (self.first + row) as u64 + 1,
        }
    }
}
