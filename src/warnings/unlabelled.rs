//! Rows that a model can't label.

use super::place::row_number;
use super::warning::{Warning, WarningCode, listed};
use crate::data::{Dataset, numbered_name};
use crate::model::PredictError;
use crate::numbers::plural;

/// Most rows listed.
const MOST_ROWS: usize = 10;

/// The rows without a label, while a table is read.
#[derive(Debug, Default)]
pub struct Unlabelled {
    count: u64,
    rows: Vec<u64>,         // the first few
    first: String,          // why the first one has none
    column: Option<String>, // if it is the same for all
}

impl Unlabelled {
    /// Adds a row, with the reason: [`PredictError::NotFinite`], [`PredictError::TooFar`],
    /// [`PredictError::NoDirectionAt`] or [`PredictError::NoDrawing`], with its position.
    pub fn add(&mut self, error: &PredictError) {
        let (position, of_a_value) = match error {
            PredictError::NotFinite { position, .. } | PredictError::TooFar { position, .. } => {
                (position, true)
            }
            PredictError::NoDirectionAt { position } | PredictError::NoDrawing { position } => {
                (position, false)
            }
            _ => return,
        };
        let named = || position.column_name.clone().unwrap_or_else(|| numbered_name(position.column - 1));
        let column = of_a_value.then(named);
        if self.count == 0 {
            self.first = error.to_string();
            self.column = column;
        } else if self.column != column {
            self.column = None;
        }
        self.count += 1;
        if self.rows.len() < MOST_ROWS {
            self.rows.push(position.row);
        }
    }

    /// Number of rows.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.count
    }

    /// The warning, if there are any.
    #[must_use]
    pub fn warning(&self) -> Option<Warning> {
        let (rows, first) = (listed(&self.rows, self.count), &self.first);
        let text = match self.count {
            0 => return None,
            1 => format!("1 row has no label: {first}"),
            n => format!("{} have no label (rows {rows}); the first: {first}", plural(n, "row")),
        };
        let warning = Warning::new(WarningCode::UnlabelledRows, text).in_rows(self.rows.clone());
        Some(Warning { column: self.column.clone(), ..warning })
    }
}

/// A warning if a fit left rows without a label, given by index from 0.
pub(super) fn of_fit(data: &Dataset<'_>, rows: &[usize]) -> Option<Warning> {
    let count = rows.len() as u64;
    let some: Vec<u64> = rows.iter().take(MOST_ROWS).map(|&row| row_number(data, row)).collect();
    let have = match count {
        0 => return None,
        1 => format!("1 row of weight 0 has no label (row {})", some[0]),
        n => format!("{n} rows of weight 0 have no label (rows {})", listed(&some, n)),
    };
    let text = format!(
        "{have}: a value lies 2^62 lattice steps or more from the rows that have weight; give the row a weight, or \
         leave it out"
    );
    Some(Warning::new(WarningCode::UnlabelledRows, text).in_rows(some))
}
