//! The cells of a text -> the values of the picked columns, and what is wrong with a cell.

use super::cells::{boolean, decimal_comma, is_missing, may_be_thousands};
use super::columns::Columns;
use super::error::{DataError, Hint, TextColumns};
use super::form::Form;
use super::options::Header;
use super::pick::Pick;

/// What the cells of a text mean.
pub(super) struct CsvValues {
    pub(super) columns: Columns,
    pub(super) form: Form,
    /// The requested header.
    pub(super) header: Header,
    /// More marks of missing values.
    pub(super) na: Vec<String>,
}

/// Rows of the first numbers with a decimal point and with a decimal comma, 0 for none. Only where numbers may have a
/// comma.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Decimals {
    pub(super) point: u64,
    pub(super) comma: u64,
}

impl Decimals {
    /// Notes a number with a decimal comma, or else a point. The row of the other kind, if there is one, as an error.
    pub(super) fn note(&mut self, row: u64, comma: bool) -> Result<(), u64> {
        let (this, other) = if comma { (&mut self.comma, self.point) } else { (&mut self.point, self.comma) };
        if other > 0 {
            return Err(other);
        }
        if *this == 0 {
            *this = row;
        }
        Ok(())
    }

    /// Those of these rows and others that follow, whose numbers are by so many too small. `None` if there are both kinds.
    pub(super) fn followed_by(self, next: Decimals, rows: u64) -> Option<Decimals> {
        let first = |here: u64, next: u64| match (here, next) {
            (0, 0) => 0,
            (0, next) => next + rows,
            (here, _) => here,
        };
        let both = Decimals { point: first(self.point, next.point), comma: first(self.comma, next.comma) };
        (both.point == 0 || both.comma == 0).then_some(both)
    }
}

impl CsvValues {
    fn feature(
        &self,
        row: u64,
        column: usize,
        cell: &str,
        decimals: &mut Decimals,
    ) -> Result<f64, DataError> {
        if self.is_mark(cell) {
            return Err(self.bad(row, column, cell));
        }
        // most cells by far
        if !self.form.commas()
            && !self.form.booleans[column]
            && let Ok(value) = cell.parse::<f64>()
            && value.is_finite()
        {
            return Ok(value);
        }
        if self.form.booleans[column] {
            return boolean(cell)
                .map(|value| f64::from(u8::from(value)))
                .ok_or_else(|| self.bad(row, column, cell));
        }
        match self.number(row, column, cell, decimals)? {
            Some(value) if value.is_finite() => Ok(value),
            Some(value) if value.is_nan() => Err(self.bad(row, column, cell)),
            Some(_) => {
                let (position, text) = (self.columns.position(row, column), cell.to_owned());
                Err(DataError::NotFinite { position, text })
            }
            None => Err(self.bad(row, column, cell)),
        }
    }

    /// A number with a decimal point, or with a comma where the form allows it and no other number has a point.
    fn number(
        &self,
        row: u64,
        column: usize,
        cell: &str,
        decimals: &mut Decimals,
    ) -> Result<Option<f64>, DataError> {
        let parsed = cell.parse().ok();
        if !self.form.commas() {
            return Ok(parsed);
        }
        let value = parsed.or_else(|| decimal_comma(cell));
        let comma = parsed.is_none();
        if value.is_some() && comma && !self.form.sure_commas && may_be_thousands(cell) {
            let (position, text) = (self.columns.position(row, column), cell.to_owned());
            return Err(DataError::DoubtfulComma { position, text });
        }
        if value.is_some() && (comma || cell.contains('.')) {
            decimals.note(row, comma).map_err(|other| {
                let (position, text) = (self.columns.position(row, column), cell.to_owned());
                DataError::MixedDecimals { position, text, comma, other }
            })?;
        }
        Ok(value)
    }

    /// The error for a cell that is no number.
    fn bad(&self, row: u64, column: usize, cell: &str) -> DataError {
        let (position, text, hint) =
            (self.columns.position(row, column), cell.to_owned(), self.hint(row, column, cell));
        match cell {
            "" => DataError::EmptyCell { position, hint },
            cell if is_missing(cell) || self.is_mark(cell) => DataError::Missing { position, text, hint },
            _ => DataError::NotANumber { position, text, hint, columns: Box::default() },
        }
    }

    /// Whether the user said that this text stands for a missing value.
    pub(super) fn is_mark(&self, cell: &str) -> bool {
        self.na.iter().any(|mark| mark == cell)
    }

    /// The error for text, with all columns of text among the features, if its own is one of those found.
    fn with_text_columns(&self, error: DataError, pick: &Pick) -> DataError {
        let DataError::NotANumber { position, text, hint, .. } = error else { return error };
        let mut found: Vec<usize> = self.columns.text().to_vec();
        found.retain(|column| pick.features.contains(column));
        if !found.contains(&(position.column - 1)) {
            found.clear();
        }
        let names = found.iter().map(|&column| self.columns.name(column)).collect();
        let columns = Box::new(TextColumns { names, asked: self.columns.asked_all(&found) });
        DataError::NotANumber { position, text, hint, columns }
    }

    /// Likely cause when a cell is not a number.
    fn hint(&self, row: u64, column: usize, cell: &str) -> Hint {
        let form = &self.form;
        let is_first = form.header.is_none() && row == form.first_row;
        if form.booleans[column] && !is_missing(cell) {
            Hint::BooleanColumn
        } else if cell.contains('\n') {
            Hint::ManyLines
        } else if form.n_columns == 1 && !is_missing(cell) {
            Hint::OneColumn { delimiter: char::from(form.delimiter) }
        } else if is_first && (self.header == Header::No || cell.is_empty()) {
            Hint::TakenForData
        } else if !form.commas() && decimal_comma(cell).is_some() {
            Hint::DecimalComma
        } else {
            Hint::None
        }
    }

    fn weight(&self, row: u64, column: usize, cell: &str, decimals: &mut Decimals) -> Result<f64, DataError> {
        match self.number(row, column, cell, decimals)? {
            Some(weight) if weight.is_finite() && weight >= 0.0 => Ok(weight),
            _ => {
                Err(DataError::Weight { position: self.columns.position(row, column), text: cell.to_owned() })
            }
        }
    }

    fn class(&self, row: u64, column: usize, cell: &str) -> Result<String, DataError> {
        match cell {
            "" => {
                Err(DataError::EmptyCell { position: self.columns.position(row, column), hint: Hint::None })
            }
            class => Ok(class.to_owned()),
        }
    }

    /// Whether a row of so many cells is as long as the first, apart from an empty cell after a trailing delimiter.
    pub(super) fn fits(&self, n_cells: usize, last: &str) -> bool {
        let expected = self.columns.count();
        n_cells == expected || self.form.trailing && n_cells == expected + 1 && last.trim().is_empty()
    }

    /// Whether a trimmed cell of numbers lacks its value, so that its row is dropped.
    fn lacks(&self, pick: &Pick, cell: &str) -> bool {
        pick.drops() && (is_missing(cell) || self.is_mark(cell))
    }

    /// The value of a feature's trimmed cell, as the pick takes it.
    pub(super) fn picked_feature(
        &self,
        pick: &Pick,
        (row, column): (u64, usize),
        cell: &str,
        decimals: &mut Decimals,
    ) -> Result<f64, DataError> {
        if self.lacks(pick, cell) {
            return Ok(f64::NAN);
        }
        match self.feature(row, column, cell, decimals) {
            Err(error) if pick.lenient && error.is_bad_cell() => Ok(f64::NAN),
            value => value.map_err(|error| self.with_text_columns(error, pick)),
        }
    }

    /// The weight in a trimmed cell.
    pub(super) fn picked_weight(
        &self,
        pick: &Pick,
        (row, column): (u64, usize),
        cell: &str,
        decimals: &mut Decimals,
    ) -> Result<f64, DataError> {
        if self.lacks(pick, cell) {
            return Ok(f64::NAN);
        }
        self.weight(row, column, cell, decimals)
    }

    /// The class in a trimmed cell; empty if it is missing and its row is dropped.
    pub(super) fn picked_class(
        &self,
        pick: &Pick,
        (row, column): (u64, usize),
        cell: &str,
    ) -> Result<String, DataError> {
        if pick.drops() && (cell.is_empty() || self.is_mark(cell)) {
            return Ok(String::new());
        }
        self.class(row, column, cell)
    }
}
