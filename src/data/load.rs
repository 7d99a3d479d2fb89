//! Loads a table: opens it and collects its rows.

use std::sync::Arc;
use std::time::Instant;

use ndarray::{Array2, ShapeError};

use super::complete::Complete;
use super::dataset::Dataset;
use super::digits::{NAME as DIGITS, TRUTH as TRUTH_OF_DIGITS};
use super::drawings::{ColumnRoles, as_drawings};
use super::error::DataError;
use super::open::open_all;
use super::options::LoadOptions;
use super::pick::Pick;
use super::points::{Points, SourcePoints};
use super::reading::{Reading, RowNumbers};
use super::rows::Rows;
use super::source::Source;
use super::truth_file::with_truth_file;
use crate::log::info;
use crate::memory::{OutOfMemory, reserve};

/// Loads a table: `digits` is built in, `-` is standard input, anything else is a path.
///
/// Opens it as [`open`](super::open()) does and collects all rows. If the number of rows is known and the source can be reread, as
/// an
/// `.npy` file can, the features stay in the file: see [`Points::Source`].
///
/// # Errors
///
/// A [`DataError`], with row and column, for anything that isn't a table of finite numbers. NaN and infinity in the
/// features of an `.npy` file are left to the reader of the rows, such as a fit.
pub fn load(source: &str, options: &LoadOptions) -> Result<Dataset<'static>, DataError> {
    Ok(load_kept(source, options)?.data)
}

/// A table, and the source that it was loaded from.
pub struct Loaded {
    /// The table.
    pub data: Dataset<'static>,
    /// All rows, with those that were left out of the table; read again only if [`ReadOptions::reread`](super::ReadOptions::reread) asked for it, or
    /// [`Source::can_reread`] says so.
    pub source: Arc<dyn Source>,
}

/// [`load`], keeping the source, to read the rows again.
///
/// # Errors
///
/// As [`load`].
pub fn load_kept(source: &str, options: &LoadOptions) -> Result<Loaded, DataError> {
    let start = Instant::now();
    let sources: Vec<String> = [source.to_owned()].into_iter().chain(options.more.iter().cloned()).collect();
    let opened: Arc<dyn Source> = open_all(&sources, &options.read)?.into();
    #[cfg(feature = "cli")]
    if opened.pictures().is_some_and(|found| !found.pixels && found.count == 1) {
        return Err(DataError::OnePicture { name: opened.columns().source().to_owned() });
    }
    let mut options = options.clone();
    if source == DIGITS && options.more.is_empty() && options.truth.is_none() {
        match options.truth_file {
            Some(_) => options.ignore.push(TRUTH_OF_DIGITS.to_owned()),
            None => options.truth = Some(TRUTH_OF_DIGITS.to_owned()),
        }
    }
    let (opened, options) = drawn(opened, options)?;
    let data = collect(opened.clone(), &options)?;
    let (n, d) = (data.points.n_points(), data.points.n_dims());
    let rows = if matches!(data.points, Points::Source(_)) { "stay in the file" } else { "are in memory" };
    info!("opened {}: {n} rows of {d} features, which {rows}, in {:?}", data.name, start.elapsed());
    Ok(Loaded { data, source: opened })
}

/// The source as drawings, if that is asked for, with the options for it.
fn drawn(source: Arc<dyn Source>, options: LoadOptions) -> Result<(Arc<dyn Source>, LoadOptions), DataError> {
    let LoadOptions { read, more, truth, truth_file, weights, columns, ignore, numeric, missing, stay } =
        options;
    let roles = ColumnRoles { truth, weights, columns, ignore, numeric };
    let (source, roles) = as_drawings(source, read.as_drawings, roles)?;
    let ColumnRoles { truth, weights, columns, ignore, numeric } = roles;
    let options =
        LoadOptions { read, more, truth, truth_file, weights, columns, ignore, numeric, missing, stay };
    Ok((source, options))
}

/// The handwritten digits: points (1797, 64), integers from 0 to 16, with the column `digit` as truth.
///
/// ```
/// let digits = cairn::data::digits();
/// assert_eq!((digits.points.n_points(), digits.points.n_dims()), (1797, 64));
/// ```
pub fn digits() -> Dataset<'static> {
    load(DIGITS, &LoadOptions::default()).expect("the embedded table is checked by a test")
}

/// All rows of a source.
fn collect(source: Arc<dyn Source>, options: &LoadOptions) -> Result<Dataset<'static>, DataError> {
    let columns = source.columns();
    let name = columns.source().to_owned();
    let pick = Pick::new(columns, options)?;
    source.check(&pick)?;
    let (source, pick) = with_truth_file(source, pick, options.truth_file.as_deref(), &options.read)?;
    let source: Arc<dyn Source> = if pick.drops() { Arc::new(Complete::new(source, &pick)?) } else { source };
    let columns = source.columns();
    let names = pick.features.iter().map(|&column| columns.name(column)).collect();
    let kept = source.n_rows().filter(|_| source.can_reread());
    let stays = options.stay && source.can_reread();
    let (mut values, mut weights) = (Values::F32(Vec::new()), Vec::new());
    let (mut truth, mut rows, mut n_rows) = (None, RowNumbers::default(), 0);
    // features that stay in the source are not read now: only truth and weights
    let features = if kept.is_some() { Vec::new() } else { pick.features.clone() };
    let wanted = Pick { features, ..pick.clone() };
    if wanted.n_columns() > 0 {
        truth = source.visit::<DataError>(&wanted, &mut |chunk| {
            let pushed = if stays { Ok(()) } else { values.push(chunk.rows) };
            let room = pushed.and_then(|()| reserve(&mut weights, chunk.weights.len()));
            room.map_err(|memory| DataError::OutOfMemory { name: name.clone(), memory })?;
            n_rows += chunk.n_rows;
            if source.n_files() == 1 && !stays {
                (0..chunk.n_rows).for_each(|row| rows.push(chunk.first + row, chunk.number(row)));
            }
            weights.extend_from_slice(chunk.weights);
            Ok(())
        })?;
    }
    let weights = pick.weights.map(|_| weights);
    let features = Some((source.columns().count(), pick.features.clone()));
    let not_numeric = pick.not_numeric.iter().map(|&column| source.columns().name(column)).collect();
    let dropped = source.dropped();
    // a row of several files has the number that counts through all of them
    let is_counted = kept.is_some() || stays || source.n_files() > 1;
    let rows = if is_counted { RowNumbers::without(&dropped, kept.unwrap_or(n_rows)) } else { rows };
    let (text, pictures) = (source.text(&pick), source.pictures().cloned());
    let drawings = source.drawings().cloned();
    let row_names = source.row_names().to_vec();
    let reading =
        Reading { text, pictures, drawings, names: row_names, rows, dropped, not_numeric, features };
    let kept = kept.or_else(|| stays.then_some(n_rows));
    let points = match kept {
        Some(n_points) => Points::Source(SourcePoints::new(source, pick, n_points)),
        None => values.points(pick.features.len()).expect("each row gave one value a feature"),
    };
    Ok(Dataset { name, points, columns: names, truth, weights, reading })
}

/// Values, row-major, as f32 while all of them are exact in f32.
enum Values {
    F32(Vec<f32>),
    F64(Vec<f64>),
}

impl Values {
    fn push(&mut self, rows: Rows<'_>) -> Result<(), OutOfMemory> {
        let more = rows.len();
        match (&mut *self, rows) {
            (Values::F32(values), Rows::F32(rows)) => {
                reserve(values, more)?;
                values.extend_from_slice(rows);
            }
            (Values::F32(values), Rows::F64(rows)) if are_f32(rows) => {
                reserve(values, more)?;
                values.extend(rows.iter().map(|&value| value as f32));
            }
            (Values::F32(values), Rows::F64(rows)) => {
                let mut wide = Vec::new();
                reserve(&mut wide, values.len() + more)?;
                wide.extend(values.iter().copied().map(f64::from));
                wide.extend_from_slice(rows);
                *self = Values::F64(wide);
            }
            (Values::F64(values), rows) => {
                reserve(values, more)?;
                values.extend_from_slice(&rows.to_f64());
            }
        }
        Ok(())
    }

    fn points(self, n_dims: usize) -> Result<Points<'static>, ShapeError> {
        match self {
            Values::F32(values) => {
                Array2::from_shape_vec((values.len() / n_dims, n_dims), values).map(Points::from)
            }
            Values::F64(values) => {
                Array2::from_shape_vec((values.len() / n_dims, n_dims), values).map(Points::from)
            }
        }
    }
}

/// Whether f32 holds each value exactly.
fn are_f32(values: &[f64]) -> bool {
    // many at a time, without a branch for each
    values
        .chunks(64)
        .all(|some| some.iter().fold(true, |all, &value| all & (f64::from(value as f32) == value)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_widened_when_the_first_one_needs_it() {
        let mut values = Values::F32(Vec::new());
        let push = |values: &mut Values, rows: Rows<'_>| values.push(rows).expect("room");
        push(&mut values, Rows::F64(&[1.0, 0.5]));
        push(&mut values, Rows::F32(&[2.0, 0.1]));
        assert!(matches!(&values, Values::F32(values) if *values == [1.0, 0.5, 2.0, 0.1]));
        push(&mut values, Rows::F64(&[3.0, 0.1]));
        push(&mut values, Rows::F32(&[4.0, 0.25]));
        let Ok(Points::F64(points)) = values.points(2) else { panic!("0.1 is no f32") };
        let expected = [[1.0, 0.5], [2.0, f64::from(0.1_f32)], [3.0, 0.1], [4.0, 0.25]];
        assert_eq!(points, ndarray::arr2(&expected));
    }
}
