//! Whether row 1 names the columns: it is compared with the rows below, cell by cell.
//!
//! * A cell with text above numbers speaks for names; a number above numbers, and a text that occurs again below it,
//!   for data. Where both speak, the user must say.
//! * Empty cells and marks of missing values speak for nothing.
//! * `0,1,..,d-1` above other rows are the names of a table without names, with or without an empty first cell. Other
//!   numbers that count up, such as years, are doubtful if they differ from the rows below.

use super::cells::{CellKind, has_fraction, kind, whole};
use super::error::HeaderDoubt;
use super::sample::SampleRow;

/// Most columns of whole numbers for which `0,1,..` may well be data, such as the corners of a triangle.
const FEW: usize = 4;

/// A column of the rows below row 1.
#[derive(Debug, Clone, Default)]
struct Below {
    present: usize,
    numbers: usize,
    booleans: usize,
    /// Whether all of its numbers have a fraction or an exponent.
    fractions: bool,
    least: f64,
    most: f64,
}

/// Row 1 and the columns below.
struct Table<'a> {
    first: &'a SampleRow,
    body: &'a [SampleRow],
    below: Vec<Below>,
    commas: bool,
}

/// Whether the first row names the columns. `n_columns` counts the columns, `commas` tells whether numbers may have a
/// decimal comma.
pub(super) fn names_columns(rows: &[SampleRow], n_columns: usize, commas: bool) -> Result<bool, HeaderDoubt> {
    let [first, body @ ..] = rows else { return Ok(false) };
    let below = (0..n_columns).map(|column| Below::of(body, column, commas)).collect();
    let table = Table { first, body, below, commas };
    let columns = || 0..n_columns;
    let text_above_numbers = columns().find(|&column| table.is_text_above_numbers(column));
    let like_below = columns().find(|&column| table.is_like_below(column));
    match (text_above_numbers, like_below) {
        (Some(text), Some(like)) => Err(table.mixed(text, like)),
        (Some(_), None) => Ok(true),
        (None, Some(_)) => table.counts(),
        (None, None) => table.without_numbers(),
    }
}

impl Below {
    fn of(body: &[SampleRow], column: usize, commas: bool) -> Below {
        let mut below =
            Below { fractions: true, least: f64::INFINITY, most: f64::NEG_INFINITY, ..Below::default() };
        for row in body.iter().filter(|row| column < row.len()) {
            let cell = row.cell(column);
            match kind(cell, commas) {
                CellKind::Missing => continue,
                CellKind::Number => below.add(cell),
                CellKind::Boolean => below.booleans += 1,
                CellKind::Text => {}
            }
            below.present += 1;
        }
        below
    }

    fn add(&mut self, cell: &str) {
        self.numbers += 1;
        self.fractions &= has_fraction(cell);
        let value = cell.replacen(',', ".", 1).parse().unwrap_or(f64::NAN);
        self.least = self.least.min(value);
        self.most = self.most.max(value);
    }

    /// Whether most of its cells are numbers.
    fn is_numeric(&self) -> bool {
        2 * self.numbers > self.present
    }

    fn is_boolean(&self) -> bool {
        self.booleans > 0 && self.booleans == self.present
    }

    /// Whether a value lies outside the column's range by more than its width.
    fn is_far(&self, value: i64) -> bool {
        let (value, width) = (value as f64, self.most - self.least);
        value < self.least - width || value > self.most + width
    }
}

impl Table<'_> {
    fn kind(&self, column: usize) -> CellKind {
        kind(self.first.cell(column), self.commas)
    }

    fn is_text_above_numbers(&self, column: usize) -> bool {
        let below = &self.below[column];
        match self.kind(column) {
            CellKind::Text => below.is_numeric() || below.is_boolean(),
            CellKind::Boolean => below.is_numeric(),
            _ => false,
        }
    }

    fn is_like_below(&self, column: usize) -> bool {
        let below = &self.below[column];
        match self.kind(column) {
            CellKind::Number => below.is_numeric(),
            CellKind::Boolean => below.is_boolean(),
            CellKind::Text => self.recurs(column),
            CellKind::Missing => false,
        }
    }

    /// Whether the cell's text occurs again below it.
    fn recurs(&self, column: usize) -> bool {
        let cell = self.first.cell(column);
        !self.below[column].is_numeric() && self.body.iter().any(|row| row.cell(column) == cell)
    }

    fn mixed(&self, text: usize, like: usize) -> HeaderDoubt {
        let cell = |column: usize| self.first.cell(column).to_owned();
        HeaderDoubt::Mixed {
            text: cell(text),
            text_column: text + 1,
            like: cell(like),
            like_column: like + 1,
        }
    }

    /// For a row like those below: whether its numbers count up as only names do.
    fn counts(&self) -> Result<bool, HeaderDoubt> {
        let numeric: Vec<usize> = (0..self.below.len())
            .filter(|&column| self.kind(column) == CellKind::Number && self.below[column].is_numeric())
            .collect();
        let cells: Option<Vec<i64>> = numeric.iter().map(|&column| whole(self.first.cell(column))).collect();
        let Some(cells) = cells.filter(|cells| !cells.is_empty()) else { return Ok(false) };
        let doubt = || Err(HeaderDoubt::Counts { from: cells[0], to: cells[cells.len() - 1] });
        let fractions = |column: &usize| self.below[*column].fractions;
        let (any_unlike, all_unlike) = (numeric.iter().any(fractions), numeric.iter().all(fractions));
        let far = self.body.len() > 2
            && numeric.iter().zip(&cells).all(|(&column, &value)| self.below[column].is_far(value));
        let from_zero = cells.iter().zip(0..).all(|(&cell, place)| cell == place);
        if from_zero && self.is_rest_empty(&numeric) && (cells.len() > 1 || self.first.len() > 1) {
            let unnamed_first = self.first.cell(0).is_empty();
            let sure = any_unlike || unnamed_first || cells.len() > FEW && !self.goes_on(&numeric, &cells);
            return if sure { Ok(true) } else { doubt() };
        }
        let doubtful = match cells.len() {
            1 => cells[0] == 0 && self.below.len() == 1 && all_unlike && far,
            // two years beside a name, or two counts above fractions
            2 => {
                cells[1].checked_sub(cells[0]) == Some(1)
                    && far
                    && (from_zero && all_unlike || self.has_text())
            }
            n => is_even(&cells) && !self.goes_on(&numeric, &cells) && (all_unlike || far || n > FEW),
        };
        if doubtful { doubt() } else { Ok(false) }
    }

    fn has_text(&self) -> bool {
        (0..self.below.len()).any(|column| self.kind(column) == CellKind::Text)
    }

    /// Whether all cells but those of some columns are empty, which is so for at most the first one.
    fn is_rest_empty(&self, columns: &[usize]) -> bool {
        columns.iter().copied().eq(0..self.below.len())
            || columns.iter().copied().eq(1..self.below.len()) && self.first.cell(0).is_empty()
    }

    /// Whether the next rows count up in equal steps too.
    fn goes_on(&self, columns: &[usize], cells: &[i64]) -> bool {
        self.body.iter().take(3).all(|next| {
            let next: Option<Vec<i64>> = columns.iter().map(|&column| whole(next.cell(column))).collect();
            next.is_some_and(|next| is_even(&next) && next[1] - next[0] == cells[1] - cells[0])
        })
    }

    /// For a row of which nothing can be compared with numbers: it names the columns if it is text only.
    fn without_numbers(&self) -> Result<bool, HeaderDoubt> {
        let kinds: Vec<CellKind> = (0..self.below.len()).map(|column| self.kind(column)).collect();
        let find = |wanted| kinds.iter().position(|&kind| kind == wanted);
        match (find(CellKind::Text), find(CellKind::Number).or(find(CellKind::Boolean))) {
            (Some(text), Some(like)) if self.body.is_empty() => Err(self.mixed(text, like)),
            (Some(_), None) => Ok(kinds.iter().zip(&self.below).all(|(kind, below)| {
                // a missing value in a column of numbers: names would not be missing there
                *kind != CellKind::Missing || below.numbers == 0
            })),
            _ => Ok(false),
        }
    }
}

/// Whether the steps between numbers are equal, and not 0.
fn is_even(cells: &[i64]) -> bool {
    let step = |pair: &[i64]| pair[1].checked_sub(pair[0]);
    let steps: Vec<Option<i64>> = cells.windows(2).map(step).collect();
    steps
        .first()
        .is_some_and(|&first| first.is_some_and(|step| step != 0) && steps.iter().all(|&step| step == first))
}

#[cfg(test)]
mod tests {
    use super::super::sample::Sample;
    use super::*;

    fn found(text: &str) -> Result<bool, HeaderDoubt> {
        let sample = Sample::read(&mut text.as_bytes(), 1 << 24).expect("memory can be read");
        let rows = sample.rows(b',', 0);
        names_columns(&rows, rows[0].len(), false)
    }

    #[test]
    fn text_above_numbers_names_the_columns() {
        for text in
            ["x,y\n1,2\n", "name,x\nbob,1\nal,2\n", ",x\n1,2\n3,4\n", "x\n1\nbad\n2\n", "a,b\nTrue,1\n"]
        {
            assert_eq!(found(text), Ok(true), "{text:?}");
        }
        assert_eq!(found("a,b\n"), Ok(true));
        assert_eq!(found("x,y\nfoo,bar\n"), Ok(true));
    }

    #[test]
    fn rows_like_those_below_are_data() {
        for text in [
            "5.1,3.5,a\n4.9,3.0,a\n6.2,2.9,b\n",
            "5.1,3.5,a\n4.9,3.0,b\n",
            "a,1\nb,2\n",
            "True,1\nFalse,2\n",
            "1,2\n3,4\n",
            "1,2,3\n",
            "0\n1\n33554432\n33554433\n",
            "1,2,3\n4,5,6\n7,8,9\n",
            "0,0\n0,1\n1,0\n1,1\n",
            "0\n0.1\n0.2\n0.3\n",
            "a,x\na,x\n",
        ] {
            assert_eq!(found(text), Ok(false), "{text:?}");
        }
    }

    #[test]
    fn missing_values_name_nothing() {
        for mark in ["?", "NA", "n/a", "NaN", "null", "-", ""] {
            assert_eq!(found(&format!("5,{mark},3\n4,1,2\n9,9,9\n")), Ok(false), "{mark}");
            assert_eq!(found(&format!("{mark},{mark}\n4,1\n9,9\n")), Ok(false), "{mark}");
            assert_eq!(found(&format!("{mark},a\n4,x\n9,y\n")), Ok(false), "{mark}");
        }
    }

    #[test]
    fn counts_from_zero_are_the_names_of_a_table_without_names() {
        for text in [
            "0,1,2\n5.1,3.5,1.4\n4.9,3.0,1.4\n",
            ",0,1\n0,5.1,3.5\n1,4.9,3.0\n",
            ",0,1\n0,5,3\n1,4,3\n",
            ",0\n0,5\n1,4\n",
            "0,1,2,3,4\n7,7,1,0,9\n3,1,2,2,2\n",
            "0,1\n5.1,3\n4.9,2\n",
        ] {
            assert_eq!(found(text), Ok(true), "{text:?}");
        }
    }

    #[test]
    fn doubts_are_errors() {
        let mixed = |text_column, like_column| move |doubt| matches!(doubt, HeaderDoubt::Mixed { text_column: t, like_column: l, .. } if (t, l) == (text_column, like_column));
        assert!(found("1,b\n3,4\n").is_err_and(mixed(2, 1)));
        assert!(found("5,x,3\n4,1,2\n9,9,9\n").is_err_and(mixed(2, 1)));
        assert!(found("1,2,cat\n").is_err_and(mixed(3, 1)));
        assert!(found("n.a,a\n1,a\n2,b\n").is_err_and(mixed(1, 2)));
        for text in [
            "0,1\n1,0\n2,1\n",
            "0,1,2\n1,2,3\n",
            "0,1,2,3,4\n0,1,2,3,4\n",
            "0,1,2,3,4\n5,6,7,8,9\n",
            "2019,2020,2021\n5,6,7\n4,3,2\n9,1,1\n",
            "name,2019,2020\nFR,5,6\nDE,4,3\nIT,9,1\n",
            "400,410,420\n0.1,0.2,0.3\n0.2,0.2,0.2\n",
            "0,1,label\n5.1,3.5,a\n4.9,3.0,a\n6.2,2.9,b\n",
            "0\n5.1\n4.9\n6.2\n",
        ] {
            assert!(matches!(found(text), Err(HeaderDoubt::Counts { .. })), "{text:?}");
        }
    }
}
