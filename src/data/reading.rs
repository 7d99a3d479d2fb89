//! How a table was read: what was found in it, not given by the user.

/// How a table was read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reading {
    /// What was found in a text; `None` for other formats and tables in memory.
    pub text: Option<TextReading>,
    /// The rows' numbers in the source; in several files counted through all of them.
    pub rows: RowNumbers,
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

/// The number of each row in its source: for a text the line on which it begins.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RowNumbers {
    /// Rows from which on numbers follow one another: index, number. Empty: numbers are indices plus 1.
    runs: Vec<(usize, u64)>,
}

impl RowNumbers {
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
    fn numbers_of_rows_are_those_that_were_given() {
        let (given, mut rows) = ([2, 3, 5, 6, 7, 10], RowNumbers::default());
        assert_eq!(rows.number(4), 5);
        given.iter().enumerate().for_each(|(index, &number)| rows.push(index, number));
        assert!(given.iter().enumerate().all(|(index, &number)| rows.number(index) == number));
        assert_eq!(rows.runs.len(), 3);
    }
}
