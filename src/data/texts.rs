//! The cells of rows as text, as they are in their source.

/// What the cells of a column are by the type that its format gives them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CellType {
    /// Text: all columns of a CSV file, of which a feature is a number all the same.
    Text,
    /// Floats, and decimals.
    Float,
    /// Integers with a sign, of at most 64 bits.
    Signed,
    /// Integers without one.
    Unsigned,
    /// `true` and `false`.
    Boolean,
    /// Anything that is not read, such as dates and nested values, in words.
    Unread(&'static str),
}

/// The cells of all columns of some rows, as text. (n_rows, n_columns)
///
/// A cell is what the source has, without quotes but with blanks; numbers of arrays have all digits. `None` for an empty
/// cell, for a null, and in a column that is not read ([`CellType::Unread`]).
#[derive(Debug, Clone, Default)]
pub struct Texts {
    text: String,
    cells: Vec<(usize, bool)>, // end in the text; whether there is a value (n_rows * n_columns)
}

impl Texts {
    /// Adds the next cell.
    pub(super) fn push(&mut self, cell: Option<&str>) {
        self.text.push_str(cell.unwrap_or_default());
        self.cells.push((self.text.len(), cell.is_some()));
    }

    pub(super) fn clear(&mut self) {
        self.text.clear();
        self.cells.clear();
    }

    /// Bytes of all cells.
    pub(super) fn bytes(&self) -> usize {
        self.text.len()
    }

    /// The cell of this number, from 0, counted row by row.
    #[must_use]
    pub fn cell(&self, at: usize) -> Option<&str> {
        let (end, is_there) = self.cells[at];
        let start = at.checked_sub(1).map_or(0, |before| self.cells[before].0);
        is_there.then(|| &self.text[start..end])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_as_they_were_given() {
        let mut texts = Texts::default();
        [Some(" a "), None, Some(""), Some("é")].into_iter().for_each(|cell| texts.push(cell));
        let cells: Vec<Option<&str>> = (0..4).map(|at| texts.cell(at)).collect();
        assert_eq!((cells, texts.bytes()), (vec![Some(" a "), None, Some(""), Some("é")], 5));
        texts.clear();
        texts.push(Some("b"));
        assert_eq!(texts.cell(0), Some("b"));
    }
}
