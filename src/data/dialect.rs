//! How the cells of a text are separated, by the first rows.

use super::cells::{CellKind, kind};
use super::csv_rows::{WHITE_SPACE, check_delimiter};
use super::error::DataError;
use super::input::bare_name;
use super::sample::{Sample, SampleRow};

/// The delimiters that are found. Of equally good ones the first wins.
const CANDIDATES: [u8; 5] = [b',', b'\t', b';', b'|', WHITE_SPACE];

/// A delimiter, and the first rows as it splits them.
pub(super) struct Dialect {
    pub(super) delimiter: u8,
    /// Lines before the rows: 1 for a line `sep=;`.
    pub(super) skip: usize,
    /// Whether the rows end in a delimiter, after which there is no column.
    pub(super) trailing: bool,
    pub(super) rows: Vec<SampleRow>,
}

impl Dialect {
    /// The dialect with the requested delimiter, or else with the one that splits the rows best. `source` is the
    /// name of the file.
    pub(super) fn of(source: &str, sample: &Sample, asked: Option<u8>) -> Result<Dialect, DataError> {
        let asked = asked.map(check_delimiter).transpose()?;
        let line = sep_line(&sample.first_line());
        let skip = usize::from(line.is_some());
        if let Some(delimiter) = asked.or(line) {
            return Ok(Dialect::with(delimiter, sample, skip));
        }
        if bare_name(source).to_ascii_lowercase().ends_with(".tsv") && sample.has(b'\t') {
            return Ok(Dialect::with(b'\t', sample, 0));
        }
        let may_be = |&delimiter: &u8| sample.has(delimiter) || delimiter == WHITE_SPACE && sample.has(b'\t');
        let mut best = (0.0, None);
        for dialect in
            CANDIDATES.into_iter().filter(may_be).map(|delimiter| Dialect::with(delimiter, sample, 0))
        {
            let fit = dialect.fit();
            if fit > best.0 {
                best = (fit, Some(dialect));
            }
        }
        Ok(best.1.unwrap_or_else(|| Dialect::with(b',', sample, 0)))
    }

    fn with(delimiter: u8, sample: &Sample, skip: usize) -> Dialect {
        let rows = sample.rows(delimiter, skip);
        let trailing = is_trailing(&rows);
        Dialect { delimiter, skip, trailing, rows }
    }

    /// Cells of a row, without the empty one after a trailing delimiter.
    pub(super) fn len(&self, row: &SampleRow) -> usize {
        row.len() - usize::from(self.trailing && row.ends_empty())
    }

    /// Whether numbers may have a decimal comma.
    pub(super) fn commas(&self) -> bool {
        self.delimiter != b','
    }

    /// How well the delimiter splits the rows: 0 if most rows have one cell; else greater the more rows have equally
    /// many cells, and the more cells are numbers.
    fn fit(&self) -> f64 {
        let body = if self.rows.len() > 1 { &self.rows[1..] } else { &self.rows[..] };
        let usual = most_frequent(body.iter().map(|row| self.len(row)));
        if usual < 2 {
            return 0.0;
        }
        let fitting = self.rows.iter().filter(|row| self.len(row) == usual).count();
        let (mut n_cells, mut typed) = (0, 0);
        for cell in self.rows.iter().flat_map(|row| row.cells().take(self.len(row))) {
            n_cells += 1;
            typed += usize::from(!cell.is_empty() && kind(cell, self.commas()) != CellKind::Text);
        }
        let share = |n: usize, all: usize| n as f64 / all as f64;
        share(fitting, self.rows.len()).powi(2) * (0.05 + share(typed, n_cells))
    }
}

/// Whether all rows below the first end in an empty cell, and the first one too or is shorter by it.
fn is_trailing(rows: &[SampleRow]) -> bool {
    match rows {
        [] => false,
        [only] => only.ends_empty(),
        [first, body @ ..] => {
            let len = most_frequent(body.iter().map(SampleRow::len));
            body.iter().all(SampleRow::ends_empty) && (first.ends_empty() || first.len() + 1 == len)
        }
    }
}

/// The most frequent of some numbers, and of several such ones the first.
fn most_frequent(numbers: impl Iterator<Item = usize>) -> usize {
    let mut counts: Vec<(usize, usize)> = Vec::new();
    for number in numbers {
        match counts.iter_mut().find(|count| count.0 == number) {
            Some(count) => count.1 += 1,
            None => counts.push((number, 1)),
        }
    }
    let most = counts.iter().map(|count| count.1).max();
    counts.into_iter().find(|count| Some(count.1) == most).map_or(0, |count| count.0)
}

/// The delimiter that a first line `sep=;` names, as Excel writes and reads it.
fn sep_line(line: &str) -> Option<u8> {
    let line = line.trim_matches(['"', '\u{feff}']);
    let start = line.get(..4)?;
    let rest = line.as_bytes().get(4..)?;
    let &delimiter = rest.first().filter(|_| start.eq_ignore_ascii_case("sep="))?;
    // a spreadsheet may have filled the line with delimiters
    let filled = rest.iter().all(|&byte| byte == delimiter || byte == b' ');
    check_delimiter(delimiter).ok().filter(|_| filled)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dialect(name: &str, text: &str) -> Dialect {
        let sample = Sample::read(&mut text.as_bytes(), 1 << 24).expect("memory can be read");
        Dialect::of(name, &sample, None).expect("nothing was asked for")
    }

    #[test]
    fn the_delimiter_is_the_one_that_splits_all_rows_alike() {
        for (text, expected) in [
            ("a,b\tc;d", b','),
            ("\n  \na\tb;c\n1\t2", b'\t'),
            ("a;b\r\n1,5;2\r\n", b';'),
            ("5,10;3,50;a\n6,20;2,75;b\n9,10;8,50;c", b';'),
            ("1,5;2,5\n3,5;4,5\n", b';'),
            ("name, given;x;y\nDoe, J;1;2\nRoe, R;3;4\n", b';'),
            ("a|b\n1|2\n", b'|'),
            ("x y\n1 2\n3 4\n", WHITE_SPACE),
            ("1.0e+00 2.0e+00\n3.0e+00 4.0e+00\n", WHITE_SPACE),
            ("1\t\t2\n3\t\t4\n", WHITE_SPACE),
            ("1\t\t2\n3\t4\t5\n", b'\t'),
            ("1, 2, 3\n4, 5, 6\n", b','),
            ("first name,age\nAnn Lee,3\nBo,4\n", b','),
            ("when,x\n2019-01-01 12:00,5\n2019-01-02 12:00,6\n", b','),
            ("sepal length\n5.1\n4.9\n", b','),
            ("x,y,z\n1,2,3\n1,2\n", b','),
            ("a\n1", b','),
            ("", b','),
        ] {
            assert_eq!(char::from(dialect("t.csv", text).delimiter), char::from(expected), "{text:?}");
        }
        assert_eq!(dialect("T.TSV", "a\tb,c\n1\t2,3").delimiter, b'\t');
    }

    #[test]
    fn a_delimiter_after_the_last_cell_is_no_column() {
        for text in ["a,b,\n1,2,\n3,4,", "a,b\n1,2,\n3,4,", "1,2,\n3,4,\n", "1,2,"] {
            let dialect = dialect("t.csv", text);
            assert!(dialect.trailing, "{text:?}");
            assert!(dialect.rows.iter().all(|row| dialect.len(row) == 2), "{text:?}");
        }
        for text in ["a,b,c\n1,2,\n3,4,", "1,2,\n3,4,5\n", "1,2\n3,4"] {
            assert!(!dialect("t.csv", text).trailing, "{text:?}");
        }
    }

    #[test]
    fn a_first_line_may_name_the_delimiter() {
        for (line, expected) in [
            ("sep=;", Some(b';')),
            ("SEP=,", Some(b',')),
            ("\"sep=\t\"", Some(b'\t')),
            ("sep=;;;", Some(b';')),
            ("sep=", None),
            ("sep=x", None),
            ("sep=;x", None),
            ("separation", None),
            ("sé=;", None),
        ] {
            assert_eq!(sep_line(line), expected, "{line:?}");
        }
        let dialect = dialect("t.csv", "sep=;\na;b\n1;2\n");
        assert_eq!((dialect.delimiter, dialect.skip, dialect.rows[0].line), (b';', 1, 2));
    }
}
