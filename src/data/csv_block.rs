//! The values of consecutive rows of a text.

use ::csv::StringRecord;

use super::columns::Columns;
use super::csv_values::{CsvValues, Decimals};
use super::error::DataError;
use super::pick::Pick;
use super::rows::Rows;
use super::source::Chunk;
use super::texts::Texts;

/// Buffers for consecutive rows.
#[derive(Debug, Default)]
pub(super) struct RowBlock {
    /// Index of the first of them.
    pub(super) first: usize,
    pub(super) features: Vec<f64>, // (n_rows, n_features)
    pub(super) truth: Vec<String>,
    pub(super) weights: Vec<f64>,
    pub(super) numbers: Vec<u64>, // (n_rows)
    pub(super) texts: Texts,
}

impl RowBlock {
    pub(super) fn n_rows(&self) -> usize {
        self.numbers.len()
    }

    /// Makes room for the rows that follow.
    pub(super) fn clear(&mut self) {
        self.first += self.n_rows();
        self.truncate(0, 0);
        self.texts.clear();
    }

    /// Keeps the first rows only. Rows have `n_features` features each.
    pub(super) fn truncate(&mut self, n_rows: usize, n_features: usize) {
        self.features.truncate(n_rows * n_features);
        self.truth.truncate(n_rows);
        self.weights.truncate(n_rows);
        self.numbers.truncate(n_rows);
    }

    /// Adds a row.
    pub(super) fn push(
        &mut self,
        values: &CsvValues,
        pick: &Pick,
        (number, row): (u64, &StringRecord),
        decimals: &mut Decimals,
    ) -> Result<(), DataError> {
        for &column in &pick.features {
            let cell = row[column].trim();
            self.features.push(values.picked_feature(pick, (number, column), cell, decimals)?);
        }
        if let Some(column) = pick.weights {
            let cell = row[column].trim();
            self.weights.push(values.picked_weight(pick, (number, column), cell, decimals)?);
        }
        if let Some(column) = pick.truth {
            self.truth.push(values.picked_class(pick, (number, column), row[column].trim())?);
        }
        if pick.texts {
            let cells = row.iter().take(values.columns.count());
            cells.for_each(|cell| self.texts.push((!cell.is_empty()).then_some(cell)));
        }
        self.numbers.push(number);
        Ok(())
    }

    /// Takes rows of another block, from the given one on, until this one has `most`. Returns how many it took.
    pub(super) fn take_from(&mut self, other: &mut RowBlock, from: usize, most: usize) -> usize {
        let n = (other.n_rows() - from).min(most - self.n_rows());
        let n_features = other.features.len() / other.n_rows().max(1);
        self.features.extend_from_slice(&other.features[from * n_features..][..n * n_features]);
        if !other.truth.is_empty() {
            self.truth.extend(other.truth[from..][..n].iter_mut().map(std::mem::take));
        }
        if !other.weights.is_empty() {
            self.weights.extend_from_slice(&other.weights[from..][..n]);
        }
        self.numbers.extend_from_slice(&other.numbers[from..][..n]);
        n
    }

    pub(super) fn chunk<'a>(&'a self, columns: &'a Columns, pick: &'a Pick) -> Chunk<'a> {
        Chunk {
            first: self.first,
            n_rows: self.n_rows(),
            rows: Rows::F64(&self.features),
            truth: &self.truth,
            weights: &self.weights,
            texts: pick.texts.then_some(&self.texts),
            numbers: Some(&self.numbers),
            columns,
            features: &pick.features,
        }
    }
}
