//! Files that hold their columns one by one, such as Parquet and Arrow -> rows.

use std::ops::ControlFlow;

use super::columns::{Columns, listed};
use super::error::{DataError, Hint, TextColumns, quoted};
use super::pick::Pick;
use super::rows::Rows;
use super::source::{Chunk, Source};
use super::texts::{CellType, Texts};

/// What the cells of a column are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Kind {
    /// Numbers. `narrow`: whether f32 holds each of them exactly.
    Number {
        narrow: bool,
        cells: CellType,
    },
    Text,
    /// Anything else, in words.
    Other(&'static str),
}

/// A column to read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Wanted {
    pub(super) column: usize,
    /// Whether its cells are wanted as text, for the truth.
    pub(super) as_text: bool,
}

/// Chunks that are read in place of one.
const PARTS: usize = 8;
/// Rows of which all columns are put together before those of the next.
const ROWS_AT_A_TIME: usize = 256;

/// The cells of a column in some rows: numbers or texts, NaN or empty where there is none.
#[derive(Debug, Clone, Default)]
pub(super) struct Cells {
    pub(super) numbers: Vec<f64>,
    pub(super) texts: Vec<String>,
    /// Rows without a value, which count from 0 in these rows.
    pub(super) missing: Vec<usize>,
}

impl Cells {
    pub(super) fn clear(&mut self) {
        self.numbers.clear();
        self.texts.clear();
        self.missing.clear();
    }

    /// Adds a row without a value.
    pub(super) fn push_missing(&mut self, as_text: bool) {
        self.missing.push(self.numbers.len().max(self.texts.len()));
        if as_text { self.texts.push(String::new()) } else { self.numbers.push(f64::NAN) }
    }
}

/// The columns that hold no numbers, in ascending order.
pub(super) fn not_numbers(kinds: &[Kind]) -> Vec<usize> {
    (0..kinds.len()).filter(|&column| !matches!(kinds[column], Kind::Number { .. })).collect()
}

/// What is done with some rows: their number, and the cells of each wanted column.
pub(super) type EachRows<'a> = dyn FnMut(usize, &[Cells]) -> Result<ControlFlow<()>, DataError> + 'a;

/// A file that holds its columns one by one.
pub(super) trait ColumnFile: Send + Sync {
    /// The first row of a pass of which rows from `from` on are wanted.
    fn first_row(&self, from: usize) -> usize {
        let _ = from;
        0
    }

    /// Reads rows in order: from the first one, which is one that [`first_row`](Self::first_row) returns, and at most so many at
    /// a time.
    fn pass(
        &self,
        first_and_most: (usize, usize),
        wanted: &[Wanted],
        each: &mut EachRows<'_>,
    ) -> Result<(), DataError>;
}

/// An open file of columns.
pub(super) struct ColumnTable {
    pub(super) file: Box<dyn ColumnFile>,
    pub(super) columns: Columns,
    /// (n_columns)
    pub(super) kinds: Vec<Kind>,
    pub(super) n_rows: usize,
}

impl Source for ColumnTable {
    fn columns(&self) -> &Columns {
        &self.columns
    }

    fn n_rows(&self) -> Option<usize> {
        Some(self.n_rows)
    }

    fn can_reread(&self) -> bool {
        true
    }

    fn check(&self, pick: &Pick) -> Result<(), DataError> {
        self.check_kinds(pick)
    }

    fn cell_types(&self) -> Vec<CellType> {
        let of = |kind: &Kind| match *kind {
            Kind::Number { cells, .. } => cells,
            Kind::Text => CellType::Text,
            Kind::Other(what) => CellType::Unread(what),
        };
        self.kinds.iter().map(of).collect()
    }

    fn read(&self, pick: &Pick, each: &mut dyn FnMut(Chunk<'_>) -> ControlFlow<()>) -> Result<(), DataError> {
        self.check_kinds(pick)?;
        let (wanted, narrow) = (self.wanted(pick), self.is_narrow(pick));
        // the cells of a chunk are numbers of 8 bytes on their way to its rows, and best stay in the cache until then
        let most_rows = pick.chunk_rows(if narrow { size_of::<f32>() } else { size_of::<f64>() });
        let most_rows = most_rows.div_ceil(PARTS);
        let mut block = Block::new(self, pick, narrow);
        block.first = self.file.first_row(pick.from);
        self.file.pass((block.first, most_rows), &wanted, &mut |n_rows, cells| {
            block.take(n_rows, cells)?;
            let flow = each(block.chunk(n_rows));
            block.first += n_rows;
            Ok(flow)
        })
    }
}

impl ColumnTable {
    /// The features, then truth and weights.
    fn wanted(&self, pick: &Pick) -> Vec<Wanted> {
        let numbers = pick.features.iter().map(|&column| Wanted { column, as_text: false });
        let truth = pick.truth.map(|column| Wanted { column, as_text: true });
        let weights = pick.weights.map(|column| Wanted { column, as_text: false });
        let texts = self.texts(pick).map(|column| Wanted { column, as_text: true });
        numbers.chain(truth).chain(weights).chain(texts).collect()
    }

    /// The columns of which texts are wanted.
    fn texts(&self, pick: &Pick) -> impl Iterator<Item = usize> {
        let all = if pick.texts { self.kinds.len() } else { 0 };
        (0..all).filter(|&column| !matches!(self.kinds[column], Kind::Other(_)))
    }

    fn is_narrow(&self, pick: &Pick) -> bool {
        pick.features.iter().all(|&column| matches!(self.kinds[column], Kind::Number { narrow: true, .. }))
    }

    /// Checks that features and weights are numbers, and the truth something that can be written.
    fn check_kinds(&self, pick: &Pick) -> Result<(), DataError> {
        let numbers = pick.features.iter().chain(&pick.weights).copied();
        let bad: Vec<usize> =
            numbers.filter(|&column| !matches!(self.kinds[column], Kind::Number { .. })).collect();
        let other = pick.truth.filter(|&column| matches!(self.kinds[column], Kind::Other(_)));
        let Some(&first) = bad.first().or(other.as_ref()) else { return Ok(()) };
        let others: Vec<String> =
            bad[1.min(bad.len())..].iter().map(|&column| self.columns.name(column)).collect();
        let all = bad.iter().map(|&column| self.columns.name(column)).collect();
        let columns = Box::new(TextColumns { names: all, asked: self.columns.asked_all(&bad) });
        let kind = match self.kinds[first] {
            Kind::Other(kind) => kind,
            _ => "text",
        };
        let (number, column) = (first + 1, quoted(&self.columns.name(first)));
        let others = if others.is_empty() { String::new() } else { format!("; so do {}", listed(&others)) };
        let what = format!("column {number} ({column}) holds {kind}, not numbers{others}");
        Err(DataError::ColumnKind { name: self.columns.source().to_owned(), what, columns })
    }
}

/// Buffers for the rows of a chunk.
struct Block<'a> {
    table: &'a ColumnTable,
    pick: &'a Pick,
    is_narrow: bool,
    first: usize,
    narrow: Vec<f32>, // (n_rows, n_features), or empty
    wide: Vec<f64>,   // (n_rows, n_features), or empty
    truth: Vec<String>,
    weights: Vec<f64>,
    texts: Texts,
}

impl<'a> Block<'a> {
    fn new(table: &'a ColumnTable, pick: &'a Pick, is_narrow: bool) -> Self {
        let (narrow, wide, truth, weights, texts) = Default::default();
        Self { table, pick, is_narrow, first: 0, narrow, wide, truth, weights, texts }
    }

    /// Takes the cells of the wanted columns.
    fn take(&mut self, n_rows: usize, cells: &[Cells]) -> Result<(), DataError> {
        let (features, others) = cells.split_at(self.pick.features.len());
        if !self.pick.lenient {
            let mut each = self.pick.features.iter().zip(features);
            each.try_for_each(|(&column, cells)| self.check_all_there(column, cells))?;
        }
        if self.is_narrow {
            by_rows(&mut self.narrow, n_rows, features, |value| value as f32);
        } else {
            by_rows(&mut self.wide, n_rows, features, |value| value);
        }
        let mut others = others.iter();
        if let (Some(column), Some(cells)) = (self.pick.truth, self.pick.truth.and_then(|_| others.next())) {
            self.check_all_there(column, cells)?;
            self.truth.clone_from(&cells.texts);
            if self.pick.drops() && matches!(self.table.kinds[column], Kind::Number { .. }) {
                self.truth.iter_mut().filter(|text| *text == "NaN").for_each(String::clear);
            }
        }
        if let (Some(column), Some(cells)) =
            (self.pick.weights, self.pick.weights.and_then(|_| others.next()))
        {
            self.check_all_there(column, cells)?;
            self.check_weights(column, &cells.numbers)?;
            self.weights.clone_from(&cells.numbers);
        }
        if self.pick.texts {
            self.take_texts(n_rows, others.as_slice());
        }
        Ok(())
    }

    /// Takes the texts of the columns that are read.
    fn take_texts(&mut self, n_rows: usize, cells: &[Cells]) {
        let mut of_column = vec![None; self.table.kinds.len()];
        self.table.texts(self.pick).zip(cells).for_each(|(column, cells)| of_column[column] = Some(cells));
        self.texts.clear();
        for row in 0..n_rows {
            for cells in &of_column {
                let there = cells.filter(|cells| cells.missing.binary_search(&row).is_err());
                self.texts.push(there.map(|cells| cells.texts[row].as_str()));
            }
        }
    }

    /// Checks that no value is missing, unless such rows are left out.
    fn check_all_there(&self, column: usize, cells: &Cells) -> Result<(), DataError> {
        let first = cells.missing.first().filter(|_| !self.pick.drops());
        let Some(&row) = first else { return Ok(()) };
        let position = self.table.columns.position((self.first + row) as u64 + 1, column);
        Err(DataError::Missing { position, text: "null".to_owned(), hint: Hint::None })
    }

    fn check_weights(&self, column: usize, weights: &[f64]) -> Result<(), DataError> {
        let Some(row) = weights.iter().position(|&weight| !self.pick.takes_weight(weight)) else {
            return Ok(());
        };
        let position = self.table.columns.position((self.first + row) as u64 + 1, column);
        Err(DataError::Weight { position, text: weights[row].to_string() })
    }

    fn chunk(&self, n_rows: usize) -> Chunk<'_> {
        Chunk {
            first: self.first,
            n_rows,
            rows: if self.is_narrow { Rows::F32(&self.narrow) } else { Rows::F64(&self.wide) },
            truth: &self.truth,
            weights: &self.weights,
            texts: self.pick.texts.then_some(&self.texts),
            numbers: None,
            columns: &self.table.columns,
            features: &self.pick.features,
        }
    }
}

/// Columns -> rows.
fn by_rows<T: Copy + Default>(to: &mut Vec<T>, n_rows: usize, columns: &[Cells], convert: impl Fn(f64) -> T) {
    to.clear();
    to.resize(n_rows * columns.len(), T::default());
    // so few rows at a time that what is written stays in the cache
    for (block, to) in to.chunks_mut(columns.len().max(1) * ROWS_AT_A_TIME).enumerate() {
        for (place, cells) in columns.iter().enumerate() {
            let values = cells.numbers.get(block * ROWS_AT_A_TIME..).unwrap_or_default();
            for (row, &value) in to.chunks_exact_mut(columns.len()).zip(values) {
                row[place] = convert(value);
            }
        }
    }
}
