//! Arrow IPC files, also called Feather (version 2). Read batch by batch.

use arrow_array::RecordBatch;
use arrow_schema::{DataType, Field};

use super::arrow_batches::{Batches, NAME, damaged};
use super::arrow_column::{kind_of, read};
use super::columnar::{Cells, ColumnFile, ColumnTable, EachRows, Wanted, not_numbers};
use super::columns::{Columns, MOST_COLUMNS};
use super::error::DataError;
use super::format::InputFormat;
use super::guarded::guarded;
use super::input::{Input, Stored};
use super::options::ReadOptions;
use super::source::Source;

/// The Arrow IPC format.
pub(super) const FORMAT: InputFormat =
    InputFormat { magic: &[b"ARROW1"], endings: &["arrow", "feather", "ipc"], is_text: false, open };

struct Arrow {
    stored: Stored,
    /// The column of the file, and the place in its lists. (n_columns)
    places: Vec<(usize, usize)>,
}

fn open(input: Input, _: &ReadOptions) -> Result<Box<dyn Source>, DataError> {
    let stored = input.store()?;
    let name = stored.name().to_owned();
    guarded(&name, NAME, || opened(stored))
}

fn opened(stored: Stored) -> Result<Box<dyn Source>, DataError> {
    let name = stored.name().to_owned();
    let batches = Batches::open(&stored)?;
    let (schema, n_rows) = (batches.schema(), batches.n_rows());
    let (mut names, mut kinds, mut places) = (Vec::new(), Vec::new(), Vec::new());
    for (at, field) in schema.fields().iter().enumerate() {
        let width = width(field);
        let n_columns = width.unwrap_or(1) + names.len();
        if n_columns > MOST_COLUMNS as usize {
            return Err(DataError::TooManyColumns { name, columns: n_columns as u64, most: MOST_COLUMNS });
        }
        for element in 0..width.unwrap_or(1) {
            names.push(width.map_or(field.name().clone(), |_| format!("{}[{element}]", field.name())));
            kinds.push(kind_of(field.data_type()));
            places.push((at, element));
        }
    }
    if n_rows == 0 || names.is_empty() {
        return Err(DataError::NpyNoCells { name, n_points: n_rows as u64, n_dims: names.len() as u64 });
    }
    let columns = Columns::named(&name, names).with_text(not_numbers(&kinds));
    Ok(Box::new(ColumnTable { file: Box::new(Arrow { stored, places }), columns, kinds, n_rows }))
}

/// The length of the lists in a column of lists of one length.
fn width(field: &Field) -> Option<usize> {
    match field.data_type() {
        DataType::FixedSizeList(_, width) => usize::try_from(*width).ok(),
        _ => None,
    }
}

impl ColumnFile for Arrow {
    fn pass(
        &self,
        (_, most_rows): (usize, usize),
        wanted: &[Wanted],
        each: &mut EachRows<'_>,
    ) -> Result<(), DataError> {
        let mut cells: Vec<Cells> = wanted.iter().map(|_| Cells::default()).collect();
        let mut roots: Vec<usize> = wanted.iter().map(|wanted| self.places[wanted.column].0).collect();
        roots.sort_unstable();
        roots.dedup();
        let mut batches = self.guarded(|| Ok(Batches::open(&self.stored)?.of_columns(&roots)))?;
        while let Some(batch) = self.guarded(|| batches.next())? {
            for first in (0..batch.num_rows()).step_by(most_rows) {
                let rows = batch.slice(first, most_rows.min(batch.num_rows() - first));
                self.guarded(|| self.read(&rows, &roots, wanted, &mut cells))?;
                if each(rows.num_rows(), &cells)?.is_break() {
                    return Ok(());
                }
            }
        }
        batches.check_unchanged()
    }
}

impl Arrow {
    /// Reads the cells of rows that have these columns of the file.
    fn read(
        &self,
        rows: &RecordBatch,
        roots: &[usize],
        wanted: &[Wanted],
        cells: &mut [Cells],
    ) -> Result<(), DataError> {
        for (wanted, cells) in wanted.iter().zip(cells) {
            let (root, element) = self.places[wanted.column];
            let column = roots.partition_point(|&other| other < root);
            cells.clear();
            read(rows.column(column), element, wanted.as_text, cells)
                .map_err(|error| damaged(self.stored.name(), &error))?;
        }
        Ok(())
    }

    fn guarded<T>(&self, work: impl FnOnce() -> Result<T, DataError>) -> Result<T, DataError> {
        guarded(self.stored.name(), NAME, work)
    }
}
