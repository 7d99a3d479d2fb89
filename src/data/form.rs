//! The form of a text: all that is found in its first rows.

use super::cells::{CellKind, decimal_comma, kind, may_be_thousands, whole};
use super::dialect::Dialect;
use super::error::DataError;
use super::header::names_columns;
use super::options::{Header, ReadOptions};
use super::sample::{Sample, SampleRow};

/// Rows that are enough to say that a column counts them, whatever its name.
const MANY_ROWS: usize = 10;
/// Rows that are enough if its name says so too.
const SOME_ROWS: usize = 3;

/// The form of a text.
pub(super) struct Form {
    pub(super) delimiter: u8,
    /// Rows before the data: a line `sep=;`, and the header.
    pub(super) skip: usize,
    /// Line of the first row, which may be the header.
    pub(super) first_row: u64,
    pub(super) header: Option<Vec<String>>,
    pub(super) n_columns: usize,
    pub(super) trailing: bool,
    /// Whether a comma in a number is certain to be a decimal one: semicolons separate the cells, or some number of the
    /// first rows has a comma that can't be that of thousands.
    pub(super) sure_commas: bool,
    /// Columns of truth values. (n_columns)
    pub(super) booleans: Vec<bool>,
    /// Columns with a cell that is neither a number nor missing.
    pub(super) text: Vec<usize>,
    /// The first column, if it seems to count the rows.
    pub(super) row_count: Option<usize>,
}

impl Form {
    /// The form of the text with this sample.
    pub(super) fn of(source: &str, sample: &Sample, options: &ReadOptions) -> Result<Form, DataError> {
        let mut dialect = Dialect::of(source, sample, options.delimiter)?;
        let Some(first) = dialect.rows.first() else {
            return Err(DataError::Empty { name: source.to_owned() });
        };
        let first_row = first.line;
        let is_header = is_header(source, &mut dialect, options.header)?;
        let first = &dialect.rows[0];
        let n_columns = dialect.len(first);
        let header = is_header.then(|| first.cells().take(n_columns).map(str::to_owned).collect::<Vec<_>>());
        let body = &dialect.rows[usize::from(is_header)..];
        let booleans: Vec<bool> = (0..n_columns).map(|column| is_boolean(body, column)).collect();
        let is_text = |&column: &usize| has_text(body, column, dialect.commas(), booleans[column]);
        let text = (0..n_columns).filter(is_text).collect();
        let name = header.as_ref().map(|header| header[0].as_str());
        let row_count = (n_columns > 1 && counts_rows(body, name)).then_some(0);
        Ok(Form {
            delimiter: dialect.delimiter,
            skip: dialect.skip + usize::from(is_header),
            first_row,
            header,
            n_columns,
            trailing: dialect.trailing,
            sure_commas: dialect.delimiter == b';'
                || body.iter().flat_map(SampleRow::cells).any(is_sure_comma),
            booleans,
            text,
            row_count,
        })
    }

    /// Whether numbers may have a decimal comma.
    pub(super) fn commas(&self) -> bool {
        self.delimiter != b','
    }
}

/// Whether the first row names the columns. If it begins with `#`, as numpy writes names, it does. A first row that is
/// shorter by one cell than all others lacks the name of the first column, as R leaves it out; it is given an empty one.
fn is_header(source: &str, dialect: &mut Dialect, asked: Header) -> Result<bool, DataError> {
    if let Some(names) = dialect.rows[0].after_comment_mark().filter(|_| asked != Header::No) {
        let fits = |row: &SampleRow| dialect.len(row) == dialect.len(&names);
        if dialect.rows[1..].iter().all(fits) {
            dialect.rows[0] = names;
            return Ok(true);
        }
    }
    let n_columns = dialect.len(&dialect.rows[0]);
    let body = &dialect.rows[1..];
    let short = !body.is_empty() && body.iter().all(|row| dialect.len(row) == n_columns + 1);
    let whole = short.then(|| dialect.rows[0].after_empty_cell());
    let decided = match asked {
        Header::Yes => true,
        Header::No => false,
        Header::Auto => {
            let given = whole.clone().map(|whole| std::mem::replace(&mut dialect.rows[0], whole));
            let columns = n_columns + usize::from(short);
            let decided = names_columns(&dialect.rows, columns, dialect.commas());
            if let Some(given) = given {
                dialect.rows[0] = given;
            }
            let row = dialect.rows[0].line;
            decided.map_err(|doubt| DataError::DoubtfulHeader { name: source.to_owned(), row, doubt })?
        }
    };
    if let Some(whole) = whole.filter(|_| decided) {
        dialect.rows[0] = whole;
    }
    Ok(decided)
}

/// Whether a cell is a number with a decimal comma that can't be that of thousands.
fn is_sure_comma(cell: &str) -> bool {
    decimal_comma(cell).is_some() && !may_be_thousands(cell)
}

/// Whether all cells of a column that are there are truth values.
fn is_boolean(body: &[SampleRow], column: usize) -> bool {
    let kinds =
        body.iter().map(|row| kind(row.cell(column), false)).filter(|&kind| kind != CellKind::Missing);
    let mut some = false;
    kinds.inspect(|_| some = true).all(|kind| kind == CellKind::Boolean) && some
}

/// Whether a column has a cell that is neither a number nor missing, nor one of a column of truth values.
fn has_text(body: &[SampleRow], column: usize, commas: bool, boolean: bool) -> bool {
    body.iter().any(|row| match kind(row.cell(column), commas) {
        CellKind::Text => true,
        CellKind::Boolean => !boolean,
        CellKind::Number | CellKind::Missing => false,
    })
}

/// Whether the first column counts the rows, as an index or an id does.
fn counts_rows(body: &[SampleRow], name: Option<&str>) -> bool {
    let enough = if name.is_some_and(is_name_of_id) { SOME_ROWS } else { MANY_ROWS };
    let Some(first) = body.first().and_then(|row| whole(row.cell(0))) else { return false };
    body.len() >= enough && (first..).zip(body).all(|(number, row)| whole(row.cell(0)) == Some(number))
}

/// Whether a column of that name is likely to number the rows.
fn is_name_of_id(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    name.ends_with("id")
        || ["", "unnamed: 0", "index", "no", "no.", "nr", "#", "row"].contains(&name.as_str())
}
