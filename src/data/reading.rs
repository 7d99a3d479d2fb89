//! How a table was read: what was found in it, not given by the user.

use crate::picture::Channels;

/// How a table was read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reading {
    /// What was found in a text; `None` for other formats and tables in memory.
    pub text: Option<TextReading>,
    /// What was found in pictures; `None` for other formats.
    pub pictures: Option<PictureReading>,
    /// How pictures were counted to drawings, if they were.
    pub drawings: Option<DrawingReading>,
    /// The rows' names, such as those of files of pictures; empty if they have none. (n_points)
    pub names: Vec<String>,
    /// The rows' numbers in the source; in several files counted through all of them.
    pub rows: RowNumbers,
    /// Rows that were left out, since they lack a value.
    pub dropped: Dropped,
    /// Columns that were left out by request, since they are not numeric, by name.
    pub not_numeric: Vec<String>,
    /// Number of columns of the table, and the indices of the features among them; `None` for a table in memory.
    pub features: Option<(usize, Vec<usize>)>,
}

/// What was found in a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TextReading {
    /// What separates cells; a blank stands for any run of blanks and tabs.
    pub delimiter: char,
    /// Line of the first row, from 1.
    pub first_row: u64,
    /// The columns' names, if the first row holds them.
    pub header: Option<Vec<String>>,
    /// Whether rows end in a delimiter, after which there is no column.
    pub trailing_delimiter: bool,
    /// Whether numbers have a decimal comma.
    pub decimal_comma: bool,
    /// Features whose cells are truth values, read as 1 and 0.
    pub booleans: Vec<String>,
    /// A feature that seems to count the rows: its name, and the text that finds the column.
    pub row_count: Option<(String, String)>,
}

/// What was found in pictures.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PictureReading {
    /// Number of pictures, at least 1.
    pub count: usize,
    /// Columns and rows of pixels, if all pictures have one size.
    pub size: Option<(usize, usize)>,
    /// Number of pixels of all of them.
    pub n_pixels: u64,
    /// The values of a pixel.
    pub channels: Channels,
    /// Whether values have 16 bits, so that they go up to 65,535, not to 255.
    pub deep: bool,
    /// Whether each pixel is a row. Else each picture is one.
    pub pixels: bool,
    /// What else is in a folder of pictures, and was left out, by name.
    pub left_out: Vec<String>,
}

/// How pictures were counted to 8 x 8.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DrawingReading {
    /// Rows of pixels of each picture.
    pub height: usize,
    /// Columns of pixels.
    pub width: usize,
    /// Whether ink is darker than paper.
    pub dark_ink: bool,
    /// How many of the first pictures say so by their border, and of how many; `None` if it was given.
    pub votes: Option<(usize, usize)>,
    /// Columns that were left out since they are no pixels, and have no other role, by name.
    pub left_out: Vec<String>,
}

/// Rows that were left out, since they lack a value.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Dropped {
    rows: Vec<usize>,            // indices in the source, ascending
    columns: Vec<(String, u64)>, // in order
}

impl Dropped {
    /// These rows, by index in the source in ascending order, and the columns that lack values, with their number.
    pub(super) fn new(rows: Vec<usize>, columns: Vec<(String, u64)>) -> Self {
        Self { rows, columns }
    }

    /// Their number.
    #[must_use]
    pub fn count(&self) -> usize {
        self.rows.len()
    }

    /// Their indices in the source, ascending.
    #[must_use]
    pub fn rows(&self) -> &[usize] {
        &self.rows
    }

    /// The columns that lack values, by name, and in how many rows.
    #[must_use]
    pub fn columns(&self) -> &[(String, u64)] {
        &self.columns
    }

    /// The index in the source of a row that was kept, given its index among these.
    #[must_use]
    pub fn index(&self, kept: usize) -> usize {
        let (mut low, mut high) = (0, self.rows.len());
        while low < high {
            let at = low.midpoint(high);
            // so many kept rows are before it
            if self.rows[at] - at <= kept { low = at + 1 } else { high = at }
        }
        kept + low
    }

    /// A value for each row of the source: `None` for those that were left out. `kept` has a value for each other row.
    #[must_use]
    pub fn with_gaps<T>(&self, kept: impl IntoIterator<Item = T>) -> Vec<Option<T>> {
        let (mut all, mut rows) = (Vec::new(), self.rows.iter().peekable());
        let mut fill = |all: &mut Vec<Option<T>>| {
            while rows.next_if(|&&row| row == all.len()).is_some() {
                all.push(None);
            }
        };
        for value in kept {
            fill(&mut all);
            all.push(Some(value));
        }
        fill(&mut all);
        all
    }
}

/// The number of each row in its source: for a text the line on which it begins.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RowNumbers {
    /// Rows from which on numbers follow one another: index, number. Empty: numbers are indices plus 1.
    runs: Vec<(usize, u64)>,
}

impl RowNumbers {
    /// The numbers of the first `n` rows of a source that numbers its rows from 1, without those that were left out.
    pub(super) fn without(dropped: &Dropped, n: usize) -> Self {
        let mut numbers = Self::default();
        for (at, &row) in dropped.rows().iter().enumerate() {
            let kept = row - at; // rows before it
            if kept < n {
                numbers.push(kept, dropped.index(kept) as u64 + 1);
            }
        }
        numbers
    }

    /// Adds the number of the row of this index; indices ascend.
    pub(super) fn push(&mut self, index: usize, number: u64) {
        if self.number(index) != number {
            self.runs.push((index, number));
        }
    }

    /// The number of a row, given its index from 0.
    #[must_use]
    pub fn number(&self, index: usize) -> u64 {
        let at = self.runs.partition_point(|run| run.0 <= index);
        let (first, number) = at.checked_sub(1).map_or((0, 1), |at| self.runs[at]);
        number + (index - first) as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_that_were_left_out_leave_gaps() {
        let dropped = Dropped::new(vec![0, 3, 4, 7], vec![("age".into(), 4)]);
        let all = dropped.with_gaps("abcd".chars());
        let text: String = all.iter().map(|letter| letter.unwrap_or('-')).collect();
        assert_eq!((text.as_str(), dropped.count()), ("-ab--cd-", 4));
        assert_eq!([0, 1, 2, 3, 4].map(|kept| dropped.index(kept)), [1, 2, 5, 6, 8]);
        let numbers = RowNumbers::without(&dropped, 4);
        assert_eq!([0, 1, 2, 3].map(|kept| numbers.number(kept)), [2, 3, 6, 7]);
        let none = Dropped::default();
        assert_eq!((none.index(5), none.with_gaps([1, 2])), (5, vec![Some(1), Some(2)]));
        assert_eq!(RowNumbers::without(&none, 9), RowNumbers::default());
    }

    #[test]
    fn numbers_of_rows_are_those_that_were_given() {
        let (given, mut rows) = ([2, 3, 5, 6, 7, 10], RowNumbers::default());
        assert_eq!(rows.number(4), 5);
        given.iter().enumerate().for_each(|(index, &number)| rows.push(index, number));
        assert!(given.iter().enumerate().all(|(index, &number)| rows.number(index) == number));
        assert_eq!(rows.runs.len(), 3);
    }
}
