//! Parquet files. Groups of rows are read chunk by chunk, so a file may be larger than memory.

use std::sync::Arc;

use parquet::column::reader::get_column_reader;
use parquet::errors::ParquetError;
use parquet::file::metadata::{ParquetMetaData, ParquetMetaDataReader};
use parquet::schema::types::SchemaDescriptor;

use super::columnar::{Cells, ColumnFile, ColumnTable, EachRows, Wanted, not_numbers};
use super::columns::{Columns, MOST_COLUMNS};
use super::error::DataError;
use super::format::InputFormat;
use super::guarded::guarded;
use super::input::{Input, Stored};
use super::options::ReadOptions;
use super::parquet_bytes::{FileBytes, Pages};
use super::parquet_column::{ColumnRows, Leaf, unread};
use super::source::Source;

/// The Parquet format.
pub(super) const FORMAT: InputFormat =
    InputFormat { magic: &[b"PAR1"], endings: &["parquet", "pq"], is_text: false, open };

const NAME: &str = "Parquet";

struct Parquet {
    stored: Stored,
    metadata: Arc<ParquetMetaData>,
    /// Where the cells of each column are. (n_columns)
    places: Vec<Place>,
}

/// A leaf of the schema, and the place in its lists.
#[derive(Debug, Clone, Copy)]
struct Place {
    leaf: usize,
    element: usize,
    /// Length of its lists.
    width: usize,
}

/// A leaf, whether it is read as text, and its rows.
type OfLeaf = ((usize, bool), ColumnRows);

fn open(input: Input, _: &ReadOptions) -> Result<Box<dyn Source>, DataError> {
    let stored = input.store()?;
    let name = stored.name().to_owned();
    guarded(&name, NAME, || opened(stored))
}

fn opened(stored: Stored) -> Result<Box<dyn Source>, DataError> {
    let name = stored.name().to_owned();
    let file = FileBytes::new(stored.open()?, stored.len());
    let metadata = ParquetMetaDataReader::new().parse_and_finish(&file);
    let metadata = metadata.map_err(|error| damaged(&name, &error))?;
    let n_rows = n_rows(&name, &metadata)?;
    let (mut names, mut kinds, mut places) = (Vec::new(), Vec::new(), Vec::new());
    for (root, leaves) in fields(metadata.file_metadata().schema_descr()) {
        let leaf = Leaf::of(metadata.file_metadata().schema_descr(), &leaves);
        let width = match leaf.is_list {
            true => first_length(&name, &file, &metadata, leaves[0], &leaf)?,
            false => 1,
        };
        if names.len() + width > MOST_COLUMNS as usize {
            let columns = (names.len() + width) as u64;
            return Err(DataError::TooManyColumns { name, columns, most: MOST_COLUMNS });
        }
        for element in 0..width {
            names.push(if leaf.is_list { format!("{root}[{element}]") } else { root.clone() });
            kinds.push(leaf.kind.clone());
            places.push(Place { leaf: leaves[0], element, width });
        }
    }
    if n_rows == 0 || names.is_empty() {
        return Err(DataError::NpyNoCells { name, n_points: n_rows as u64, n_dims: names.len() as u64 });
    }
    file.check_unchanged()?;
    let columns = Columns::named(&name, names).with_text(not_numbers(&kinds));
    let file = Box::new(Parquet { stored, metadata: Arc::new(metadata), places });
    Ok(Box::new(ColumnTable { file, columns, kinds, n_rows }))
}

/// Number of rows.
fn n_rows(name: &str, metadata: &ParquetMetaData) -> Result<usize, DataError> {
    let said = metadata.file_metadata().num_rows();
    let groups = metadata.row_groups().iter().map(|group| group.num_rows());
    let all = groups.clone().fold(0i64, i64::saturating_add);
    match usize::try_from(said) {
        Ok(n) if said == all && groups.into_iter().all(|rows| rows >= 0) => Ok(n),
        _ => Err(wrong(name, format!("it says {said} rows, and its groups {all}"))),
    }
}

/// Each field of the table, with its leaves.
fn fields(schema: &SchemaDescriptor) -> Vec<(String, Vec<usize>)> {
    let mut fields: Vec<(usize, String, Vec<usize>)> = Vec::new();
    for leaf in 0..schema.num_columns() {
        let root = schema.get_column_root_idx(leaf);
        match fields.last_mut().filter(|field| field.0 == root) {
            Some(field) => field.2.push(leaf),
            None => fields.push((root, schema.get_column_root(leaf).name().to_owned(), vec![leaf])),
        }
    }
    fields.into_iter().map(|(_, name, leaves)| (name, leaves)).collect()
}

/// The length of the lists in a column, by the first row.
fn first_length(
    name: &str,
    file: &FileBytes,
    metadata: &ParquetMetaData,
    at: usize,
    leaf: &Leaf,
) -> Result<usize, DataError> {
    let Some(group) = metadata.row_groups().iter().position(|group| group.num_rows() > 0) else {
        return Ok(1);
    };
    let mut rows = column_rows(name, file, metadata, (group, at), leaf.clone())?;
    Ok(rows.length_of_next()?.max(1))
}

/// A reader of a column in a group of rows.
fn column_rows(
    name: &str,
    file: &FileBytes,
    metadata: &ParquetMetaData,
    (group, at): (usize, usize),
    leaf: Leaf,
) -> Result<ColumnRows, DataError> {
    let group = metadata.row_group(group);
    let column = metadata.file_metadata().schema_descr().column(at);
    let chunk = group.column(at);
    let places =
        [Some(chunk.data_page_offset()), chunk.dictionary_page_offset(), Some(chunk.compressed_size())];
    if places.into_iter().flatten().any(|place| place < 0) {
        return Err(wrong(name, format!("column {:?} lies before it", column.path().string())));
    }
    let pages = Pages::new(file, chunk, group.num_rows() as usize).map_err(|error| damaged(name, &error))?;
    let pages = Box::new(pages);
    let column_name = column.path().string();
    Ok(ColumnRows::new(name, column_name, leaf, get_column_reader(column, pages)))
}

impl ColumnFile for Parquet {
    fn first_row(&self, from: usize) -> usize {
        let mut first = 0;
        for group in self.metadata.row_groups() {
            let after = first + group.num_rows() as usize;
            if after > from {
                break;
            }
            first = after;
        }
        first
    }

    fn pass(
        &self,
        (first, most_rows): (usize, usize),
        wanted: &[Wanted],
        each: &mut EachRows<'_>,
    ) -> Result<(), DataError> {
        let file = FileBytes::new(self.stored.open()?, self.stored.len());
        let done = self.groups(&file, wanted, (first, most_rows), each);
        file.check_unchanged().and(done)
    }
}

impl Parquet {
    fn groups(
        &self,
        file: &FileBytes,
        wanted: &[Wanted],
        (from, most_rows): (usize, usize),
        each: &mut EachRows<'_>,
    ) -> Result<(), DataError> {
        let mut cells: Vec<Cells> = wanted.iter().map(|_| Cells::default()).collect();
        let mut first = 0;
        for group in 0..self.metadata.num_row_groups() {
            let n_rows = self.metadata.row_group(group).num_rows() as usize;
            if first < from {
                first += n_rows;
                continue;
            }
            let mut columns = self.guarded(|| self.columns(file, group, wanted, first))?;
            for at in (0..n_rows).step_by(most_rows) {
                let n = most_rows.min(n_rows - at);
                self.guarded(|| columns.iter_mut().try_for_each(|(_, column)| column.read(n)))?;
                for (at, this) in wanted.iter().enumerate() {
                    if let Some(before) = wanted[..at].iter().position(|other| other == this) {
                        cells[at] = cells[before].clone();
                        continue;
                    }
                    let place = self.places[this.column];
                    let column = columns.iter_mut().find(|(of, _)| *of == (place.leaf, this.as_text));
                    column.into_iter().for_each(|(_, column)| column.swap(place.element, &mut cells[at]));
                }
                if each(n, &cells)?.is_break() {
                    return Ok(());
                }
            }
            first += n_rows;
        }
        Ok(())
    }

    /// Readers of the wanted leaves in a group of rows, as text or not.
    fn columns(
        &self,
        file: &FileBytes,
        group: usize,
        wanted: &[Wanted],
        first: usize,
    ) -> Result<Vec<OfLeaf>, DataError> {
        let schema = self.metadata.file_metadata().schema_descr();
        let mut columns: Vec<OfLeaf> = Vec::new();
        for wanted in wanted {
            let place = self.places[wanted.column];
            let of = (place.leaf, wanted.as_text);
            if columns.iter().all(|(other, _)| *other != of) {
                let leaf = Leaf::of(schema, &[place.leaf]);
                let name = self.stored.name();
                let rows = column_rows(name, file, &self.metadata, (group, place.leaf), leaf)?;
                columns.push((of, rows.starting_at(first, place.width)));
            }
            if let Some((_, column)) = columns.iter_mut().find(|(other, _)| *other == of) {
                column.want(place.element, wanted.as_text);
            }
        }
        Ok(columns)
    }

    fn guarded<T>(&self, work: impl FnOnce() -> Result<T, DataError>) -> Result<T, DataError> {
        guarded(self.stored.name(), NAME, work)
    }
}

fn damaged(name: &str, error: &ParquetError) -> DataError {
    unread(name, "", error)
}

fn wrong(name: &str, reason: String) -> DataError {
    DataError::Damaged { name: name.to_owned(), format: NAME, reason }
}
