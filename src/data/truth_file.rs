//! The known classes of the rows from a file of their own: one column, a row for each row of the table.

use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;

use super::columns::Columns;
use super::error::DataError;
use super::input::bare_name;
use super::open::open;
use super::options::{Header, ReadOptions};
use super::pick::Pick;
use super::reading::TextReading;
use super::source::{Chunk, Source};
use super::texts::CellType;
use super::truth::Truth;

/// A source whose rows have the classes of a file. They are a column after all others, which only its index finds.
struct WithTruth {
    source: Arc<dyn Source>,
    columns: Columns,
    /// The file, as it was given.
    file: String,
    /// The classes of all rows of the file.
    truth: Truth,
    /// The first row of a text, and whether it was taken for the name of the column.
    first: Option<(String, bool)>,
}

/// The rows of `source` with the classes in `file`, and a pick that has them as its truth. Without a file both are as they
/// were.
///
/// The file is opened as [`open`] does. It has one column; a one-dimensional array counts as one. The truth is called as
/// that column is, or like the file if the column has no name. `options` are those of the table: only `header`, if the
/// file leaves it in doubt, `na` and `longest_row` are used.
///
/// # Errors
///
/// As [`open`]; [`DataError::TruthColumns`]; [`DataError::TruthRows`], while the rows are read if their number is not known
/// before.
pub fn with_truth_file(
    source: Arc<dyn Source>,
    pick: Pick,
    file: Option<&str>,
    options: &ReadOptions,
) -> Result<(Arc<dyn Source>, Pick), DataError> {
    let Some(file) = file else { return Ok((source, pick)) };
    let classes = opened(file, options)?;
    let columns = classes.columns();
    if columns.count() != 1 {
        return Err(DataError::TruthColumns { name: columns.source().to_owned(), columns: columns.count() });
    }
    let of_classes = Pick { truth: Some(0), missing: pick.missing, ..Pick::default() };
    let read = classes.visit::<DataError>(&of_classes, &mut |_| Ok(()))?;
    let Some(mut truth) = read else { unreachable!("the truth was picked") };
    let first_class = truth.labels.first().and_then(|&class| truth.names.get(class as usize));
    let first = classes.text(&of_classes).and_then(|text| match text.header {
        Some(names) => names.into_iter().next().zip(Some(true)),
        None => first_class.cloned().zip(Some(false)),
    });
    if columns.header().is_none_or(|header| header[0].is_empty()) {
        truth.column = short_name(columns.source());
    }
    let with_truth = WithTruth {
        columns: source.columns().clone().with_appended(&truth.column),
        file: columns.source().to_owned(),
        source,
        truth,
        first,
    };
    if let Some(n_rows) = with_truth.source.n_rows() {
        with_truth.check_rows(n_rows)?;
    }
    let pick = Pick { truth: Some(with_truth.columns.count()), ..pick };
    Ok((Arc::new(with_truth), pick))
}

/// The file, of which the first row is a header if it is like one, or if that is in doubt and said of the table.
fn opened(file: &str, options: &ReadOptions) -> Result<Box<dyn Source>, DataError> {
    let open = |header| {
        let (na, longest_row) = (options.na.clone(), options.longest_row);
        open(file, &ReadOptions { header, na, longest_row, one_column: true, ..ReadOptions::default() })
    };
    match open(Header::Auto) {
        // standard input can't be read again
        Err(DataError::DoubtfulHeader { .. }) if options.header != Header::Auto && file != "-" => {
            open(options.header)
        }
        opened => opened,
    }
}

/// The name of a file without its folder, and without what names a compression.
fn short_name(name: &str) -> String {
    let bare = bare_name(name);
    Path::new(bare).file_name().map_or_else(|| bare.to_owned(), |name| name.to_string_lossy().into_owned())
}

impl WithTruth {
    /// Checks that the file has as many classes as the table has rows.
    fn check_rows(&self, rows: usize) -> Result<(), DataError> {
        let found = self.truth.labels.len();
        if found == rows {
            return Ok(());
        }
        let (name, table) = (self.file.clone(), self.columns.source().to_owned());
        // one row more or less, if the first one is not what it was taken for
        let first = self.first.clone();
        let first = first.filter(|(_, is_name)| if *is_name { found + 1 == rows } else { found == rows + 1 });
        Err(DataError::TruthRows { name, found, table, rows, first: first.map(|(first, _)| first) })
    }
}

impl Source for WithTruth {
    fn columns(&self) -> &Columns {
        &self.columns
    }

    fn origin(&self) -> Option<&dyn Source> {
        Some(&*self.source)
    }

    fn n_rows(&self) -> Option<usize> {
        self.source.n_rows()
    }

    fn can_reread(&self) -> bool {
        self.source.can_reread()
    }

    fn check(&self, pick: &Pick) -> Result<(), DataError> {
        self.source.check(&self.of_table(pick))
    }

    fn text(&self, pick: &Pick) -> Option<TextReading> {
        self.source.text(&self.of_table(pick))
    }

    fn cell_types(&self) -> Vec<CellType> {
        self.source.cell_types()
    }

    fn read(&self, pick: &Pick, each: &mut dyn FnMut(Chunk<'_>) -> ControlFlow<()>) -> Result<(), DataError> {
        if !self.has_truth(pick) {
            return self.source.read(pick, each);
        }
        let (all, names) = (&self.truth.labels, &self.truth.names);
        let (mut rows, mut ended, mut classes) = (0, false, Vec::new());
        self.source.read(&self.of_table(pick), &mut |chunk| {
            let first = rows;
            rows += chunk.n_rows;
            let Some(labels) = all.get(first..rows) else {
                return ControlFlow::Continue(()); // the error says how many there are
            };
            classes.clear();
            classes.extend(labels.iter().map(|&class| names[class as usize].clone()));
            let flow = each(Chunk { truth: &classes, ..chunk });
            ended = flow.is_break();
            flow
        })?;
        if ended { Ok(()) } else { self.check_rows(rows) }
    }
}

impl WithTruth {
    fn has_truth(&self, pick: &Pick) -> bool {
        pick.truth == Some(self.columns.count())
    }

    /// What is read of the table itself.
    fn of_table(&self, pick: &Pick) -> Pick {
        let truth = pick.truth.filter(|_| !self.has_truth(pick));
        Pick { truth, from: 0, ..pick.clone() }
    }
}
