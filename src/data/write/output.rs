//! Output files in each format.

use std::fmt;
use std::fs;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use ndarray::ArrayView2;

use super::place::{folder, place};
use super::replace::{is_stuck, replace};
use super::spreadsheet::{as_text, csv_cell};
use crate::data::error::{DataError, Left};
use crate::log::info;
use crate::temporary::{self, Access, Temporary};

/// Format of an output file, by its extension.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum OutputFormat {
    Csv,
    Npy,
    /// A JSON object on each line.
    JsonLines,
    #[cfg(feature = "parquet")]
    Parquet,
    /// Raw bytes, under any name.
    Plain,
}

/// An output file to be written later, in a folder checked to be writable.
///
/// A `write_` function writes a temporary file in the same folder and then renames it. Until then an existing file of
/// that name keeps its content; its mode and its owner stay. A file with several names is overwritten instead.
#[must_use = "an output that isn't written leaves no file"]
pub struct Output {
    pub(super) place: Place,
    pub(super) format: OutputFormat,
    /// What is written to in place of a file.
    pub(super) stream: Option<Stream>,
}

/// Where an output goes, for errors.
#[derive(Debug, Clone)]
pub(super) struct Place {
    /// Its name as it was given.
    pub(super) path: PathBuf,
    /// The file; `None` for a stream.
    pub(super) target: Option<PathBuf>,
}

impl Place {
    /// The error for a failed write.
    pub(super) fn failed(&self, reason: io::Error) -> DataError {
        let left = self.target.as_deref().map_or(Left::Stream, Left::of);
        DataError::Write { path: self.path.clone(), reason, left }
    }
}

/// What an output may be written to in place of a file.
pub(super) type Stream = Box<dyn Write + Send>;

impl fmt::Debug for Output {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Output")
            .field("place", &self.place)
            .field("format", &self.format)
            .finish_non_exhaustive()
    }
}

impl Output {
    /// Checks the name, and that its folder is writable, by creating a file there and removing it at once.
    ///
    /// # Errors
    ///
    /// [`DataError::OutputFormat`] for a name that ends as none of the formats does, else
    /// [`DataError::Write`]: no such folder, no permission, the path is a folder or a read-only file.
    pub fn create(path: &Path) -> Result<Output, DataError> {
        Output::create_as(path, format_of(path)?)
    }

    /// As [`Output::create`], but for any name, for [`Output::write_bytes`].
    ///
    /// # Errors
    ///
    /// [`DataError::Write`].
    pub fn create_plain(path: &Path) -> Result<Output, DataError> {
        Output::create_as(path, OutputFormat::Plain)
    }

    /// An output that is written to a stream, such as standard output, as CSV. `name` is that of the stream in messages.
    pub fn to_stream(name: &str, stream: Box<dyn Write + Send>) -> Output {
        let place = Place { path: name.into(), target: None };
        Output { place, format: OutputFormat::Csv, stream: Some(stream) }
    }

    fn create_as(path: &Path, format: OutputFormat) -> Result<Output, DataError> {
        // replace the file that a symbolic link points to, not the link
        let target = place(path);
        let place = Place { path: path.to_owned(), target: Some(target.clone()) };
        let output = Output { place, format, stream: None };
        check_target(&target).map_err(|reason| output.failed(reason))?;
        temporary::sweep(folder(&target));
        let temporary = output.temporary().map_err(|reason| output.failed(reason))?;
        if is_stuck(&target, temporary.file()) {
            let reason = "the file there is another user's, in a folder where only they may replace it";
            return Err(output.failed(io::Error::other(reason)));
        }
        Ok(output)
    }

    /// Writes these bytes.
    ///
    /// # Errors
    ///
    /// [`DataError::Write`], such as for a full disk.
    pub fn write_bytes(self, bytes: &[u8]) -> Result<(), DataError> {
        self.commit(|file, _| file.write_all(bytes))
    }

    /// Writes the label of each row. A row without one has an empty cell in text and [`u32::MAX`] in an array.
    ///
    /// # Errors
    ///
    /// [`DataError::Write`], such as for a full disk.
    pub fn write_labels(
        self,
        mut labels: impl ExactSizeIterator<Item = Option<u32>>,
    ) -> Result<(), DataError> {
        self.commit(|file, format| match format {
            OutputFormat::Csv | OutputFormat::Plain => {
                writeln!(file, "label")?;
                labels.try_for_each(|label| match label {
                    Some(label) => writeln!(file, "{label}"),
                    None => writeln!(file, "\"\""), // many readers skip a line without a cell
                })
            }
            OutputFormat::Npy => {
                write_npy_header(file, "<u4", &[labels.len()])?;
                labels.try_for_each(|label| file.write_all(&label.unwrap_or(u32::MAX).to_le_bytes()))
            }
            OutputFormat::JsonLines => labels.try_for_each(|label| {
                let label = label.map_or("null".to_owned(), |label| label.to_string());
                writeln!(file, r#"{{"label":{label}}}"#)
            }),
            #[cfg(feature = "parquet")]
            OutputFormat::Parquet => write_parquet_labels(file, labels),
        })
    }

    /// As [`Output::write_labels`], with the name of the file that each row is, where the format has a place for it: an
    /// array has none.
    ///
    /// # Errors
    ///
    /// [`DataError::Write`], such as for a full disk.
    pub fn write_labels_of(
        self,
        files: &[String],
        labels: impl ExactSizeIterator<Item = Option<u32>>,
    ) -> Result<(), DataError> {
        if self.format == OutputFormat::Npy {
            return self.write_labels(labels);
        }
        self.commit(|file, format| match format {
            #[cfg(feature = "parquet")]
            OutputFormat::Parquet => write_parquet_labels_of(file, files, labels),
            OutputFormat::JsonLines => files.iter().zip(labels).try_for_each(|(name, label)| {
                writeln!(
                    file,
                    r#"{{"file":{},"label":{}}}"#,
                    serde_json::json!(name),
                    serde_json::json!(label)
                )
            }),
            _ => {
                writeln!(file, "file,label")?;
                files.iter().zip(labels).try_for_each(|(name, label)| {
                    writeln!(
                        file,
                        "{},{}",
                        csv_cell(name),
                        label.map(|label| label.to_string()).unwrap_or_default()
                    )
                })
            }
        })
    }

    /// Writes a matrix, such as centroids: `rows` of shape (n_rows, n_columns), and a name for each column.
    ///
    /// # Errors
    ///
    /// [`DataError::OutputColumns`] if the number of names is not that of the columns; [`DataError::Write`].
    pub fn write_matrix(self, columns: &[String], rows: ArrayView2<'_, f64>) -> Result<(), DataError> {
        if columns.len() != rows.ncols() {
            return Err(DataError::OutputColumns {
                path: self.place.path,
                names: columns.len(),
                columns: rows.ncols(),
            });
        }
        self.commit(|file, format| match format {
            OutputFormat::Csv | OutputFormat::Plain => {
                write_csv(file, columns, rows.rows().into_iter().map(|row| row.into_iter().map(number)))
            }
            OutputFormat::Npy => {
                write_npy_header(file, "<f8", rows.shape())?;
                rows.iter().try_for_each(|value| file.write_all(&value.to_le_bytes()))
            }
            _ => {
                let rows = rows.rows().into_iter().map(|row| row.iter().copied().map(Some).collect());
                write_named(file, format, columns, rows)
            }
        })
    }

    /// Writes a table with cells that may have no value.
    ///
    /// # Errors
    ///
    /// [`DataError::OutputColumns`] if the number of names is not that of each row's cells; [`DataError::Write`].
    pub fn write_table(self, columns: &[String], rows: &[Vec<Option<f64>>]) -> Result<(), DataError> {
        if let Some(row) = rows.iter().find(|row| row.len() != columns.len()) {
            return Err(DataError::OutputColumns {
                path: self.place.path,
                names: columns.len(),
                columns: row.len(),
            });
        }
        self.commit(|file, format| match format {
            OutputFormat::Csv | OutputFormat::Plain => {
                let cell = |value: &Option<f64>| value.as_ref().map(number).unwrap_or_default();
                write_csv(file, columns, rows.iter().map(|row| row.iter().map(cell)))
            }
            OutputFormat::Npy => {
                write_npy_header(file, "<f8", &[rows.len(), columns.len()])?;
                let values = rows.iter().flatten().map(|value| value.unwrap_or(f64::NAN));
                values.into_iter().try_for_each(|value| file.write_all(&value.to_le_bytes()))
            }
            _ => write_named(file, format, columns, rows.iter().cloned()),
        })
    }

    /// Lets `write` fill a temporary file, then renames it.
    fn commit(
        mut self,
        write: impl FnOnce(&mut (dyn Write + Send), OutputFormat) -> io::Result<()>,
    ) -> Result<(), DataError> {
        if let Some(stream) = self.stream.take() {
            let mut stream = BufWriter::new(stream);
            let written = write(&mut stream, self.format).and_then(|()| stream.flush());
            return written.map_err(|reason| self.failed(reason));
        }
        let written = self.temporary().and_then(|temporary| {
            let mut file = BufWriter::new(temporary.file());
            write(&mut file, self.format)?;
            file.flush()?;
            drop(file);
            Ok(temporary)
        });
        self.name(written.map_err(|reason| self.failed(reason))?)
    }

    /// Gives a finished temporary file its name.
    pub(super) fn name(&self, temporary: Temporary) -> Result<(), DataError> {
        let Place { path, target } = self.place.clone();
        let target = target.unwrap_or_default();
        replace(temporary, &target)
            .inspect(|_| info!("wrote {}", target.display()))
            .map_err(|(reason, left)| DataError::Write { path, reason, left })
    }

    /// A temporary file in the target's folder, with default permissions.
    pub(super) fn temporary(&self) -> io::Result<Temporary> {
        let folder = folder(self.place.target.as_deref().unwrap_or(Path::new("")));
        Temporary::new_in(folder, Access::Usual).map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => io::Error::other("its folder does not exist"),
            io::ErrorKind::PermissionDenied => io::Error::other("no permission to make files in its folder"),
            _ => error,
        })
    }

    pub(super) fn failed(&self, reason: io::Error) -> DataError {
        self.place.failed(reason)
    }
}

/// Checks for errors that would otherwise only occur when the file is renamed.
/// Checks that there is no folder, no device and no read-only file of this name.
pub(crate) fn check_target(target: &Path) -> io::Result<()> {
    match fs::metadata(target) {
        Ok(found) if found.is_dir() => Err(io::ErrorKind::IsADirectory.into()),
        Ok(found) if !found.is_file() => Err(io::Error::other("it is not a regular file")),
        Ok(found) if found.permissions().readonly() => Err(io::Error::other("the file there is read-only")),
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Removes all temporary files of this process, for a signal that ends it. Nothing can be written any more.
pub fn remove_temporaries() {
    temporary::remove_all();
}

/// [`remove_temporaries`], unless a thread is just making or removing one. Allocates nothing and waits for nothing.
pub fn try_remove_temporaries() {
    temporary::try_remove_all();
}

fn format_of(path: &Path) -> Result<OutputFormat, DataError> {
    let ending = path.extension().unwrap_or_default();
    #[cfg(feature = "parquet")]
    if ending.eq_ignore_ascii_case("parquet") {
        return Ok(OutputFormat::Parquet);
    }
    if ending.eq_ignore_ascii_case("csv") {
        Ok(OutputFormat::Csv)
    } else if ending.eq_ignore_ascii_case("npy") {
        Ok(OutputFormat::Npy)
    } else if ending.eq_ignore_ascii_case("jsonl") || ending.eq_ignore_ascii_case("ndjson") {
        Ok(OutputFormat::JsonLines)
    } else {
        Err(DataError::OutputFormat { path: path.to_owned() })
    }
}

/// Writes rows in a format that names each cell.
fn write_named(
    file: &mut (dyn Write + Send),
    format: OutputFormat,
    columns: &[String],
    mut rows: impl Iterator<Item = Vec<Option<f64>>>,
) -> io::Result<()> {
    let names = distinct(columns);
    match format {
        #[cfg(feature = "parquet")]
        OutputFormat::Parquet => write_parquet(file, &names, rows),
        _ => rows.try_for_each(|row| writeln!(file, "{}", object(&names, &row))),
    }
}

/// A JSON object; numbers that are not finite are null, as in all JSON.
fn object(names: &[String], row: &[Option<f64>]) -> String {
    let cell = |(name, value): (&String, &Option<f64>)| {
        format!("{}:{}", serde_json::json!(name), serde_json::json!(value))
    };
    let cells: Vec<String> = names.iter().zip(row).map(cell).collect();
    format!("{{{}}}", cells.join(","))
}

/// The names, no two alike: a column whose name another before it has is given its number too.
pub(super) fn distinct(columns: &[String]) -> Vec<String> {
    let mut seen = std::collections::HashSet::new();
    let mut name = |(at, name): (usize, &String)| {
        let mut name = name.clone();
        while !seen.insert(name.clone()) {
            name = format!("{name} (column {})", at + 1);
        }
        name
    };
    columns.iter().enumerate().map(&mut name).collect()
}

#[cfg(feature = "parquet")]
fn write_parquet_labels(
    file: &mut (dyn Write + Send),
    mut labels: impl Iterator<Item = Option<u32>>,
) -> io::Result<()> {
    use super::parquet::{Cells, GROUP, Kind, ParquetOut};
    let mut out = ParquetOut::new(file, std::iter::once(("label", Kind::U32)))?;
    loop {
        let group: Vec<_> = labels.by_ref().take(GROUP).collect();
        if group.is_empty() {
            return out.finish().map(drop);
        }
        out.write(std::iter::once(Cells::U32(group)))?;
    }
}

#[cfg(feature = "parquet")]
fn write_parquet_labels_of(
    file: &mut (dyn Write + Send),
    files: &[String],
    labels: impl Iterator<Item = Option<u32>>,
) -> io::Result<()> {
    use super::parquet::{Cells, Kind, ParquetOut};
    let mut out = ParquetOut::new(file, [("file", Kind::Text), ("label", Kind::U32)].into_iter())?;
    let files = Cells::Text(files.iter().map(|name| Some(name.clone().into())).collect());
    out.write([files, Cells::U32(labels.collect())].into_iter())?;
    out.finish().map(drop)
}

#[cfg(feature = "parquet")]
fn write_parquet(
    file: &mut (dyn Write + Send),
    names: &[String],
    rows: impl Iterator<Item = Vec<Option<f64>>>,
) -> io::Result<()> {
    use super::parquet::{Cells, Kind, ParquetOut};
    let mut out = ParquetOut::new(file, names.iter().map(|name| (name.as_str(), Kind::F64)))?;
    let rows: Vec<Vec<Option<f64>>> = rows.collect();
    let column = |at: usize| Cells::F64(rows.iter().map(|row| row[at]).collect());
    out.write((0..names.len()).map(column))?;
    out.finish().map(drop)
}

/// The shortest text that reads back as the same f64, with an exponent where plain digits would be many.
pub(crate) fn number(value: &f64) -> String {
    match value.abs() {
        0.0 | 1e-5..1e16 => value.to_string(),
        _ => format!("{value:e}"),
    }
}

fn write_csv(
    file: &mut dyn Write,
    columns: &[String],
    rows: impl Iterator<Item = impl Iterator<Item = String>>,
) -> io::Result<()> {
    let mut writer = ::csv::Writer::from_writer(file);
    writer.write_record(columns.iter().map(|name| as_text(name).into_owned())).map_err(of_csv)?;
    for row in rows {
        row.into_iter().try_for_each(|cell| writer.write_field(cell)).map_err(of_csv)?;
        writer.write_record(None::<&[u8]>).map_err(of_csv)?;
    }
    writer.flush()
}

/// The error of the system, if it is one: a closed pipe must be known as such.
pub(super) fn of_csv(error: ::csv::Error) -> io::Error {
    match error.into_kind() {
        ::csv::ErrorKind::Io(error) => error,
        other => io::Error::other(format!("{other:?}")),
    }
}

pub(super) fn write_npy_header(file: &mut dyn Write, dtype: &str, shape: &[usize]) -> io::Result<()> {
    let comma = if shape.len() == 1 { "," } else { "" };
    let sizes: Vec<String> = shape.iter().map(usize::to_string).collect();
    file.write_all(&npy_header(&format!("'{dtype}'"), &format!("({}{comma})", sizes.join(", ")), 0))
}

/// The header of an `.npy` file, with dtype and shape in Python's notation, padded to whole cache lines as numpy
/// does.
/// `spare` characters are left for a longer shape.
pub(crate) fn npy_header(dtype: &str, shape: &str, spare: usize) -> Vec<u8> {
    let text = format!("{{'descr': {dtype}, 'fortran_order': False, 'shape': {shape}, }}");
    let length = (10 + text.len() + spare + 1).next_multiple_of(64) - 10;
    let text = format!("{text:<width$}\n", width = length - 1);
    [b"\x93NUMPY\x01\x00", &(length as u16).to_le_bytes()[..], text.as_bytes()].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Headers of all lengths, so that every padding occurs.
    #[test]
    fn npy_headers_are_read_by_another_implementation() {
        let long = |axes: usize, first: usize| [&[first][..], &vec![1; axes]].concat();
        let shapes = (0..30).flat_map(|axes| [1, 10, 100].map(|first| long(axes, first)));
        for shape in shapes.chain([vec![0], vec![10_000_000_000, 64], vec![7, 0]]) {
            let mut written = Vec::new();
            write_npy_header(&mut written, "<f8", &shape).unwrap();
            assert!(written.len().is_multiple_of(64) && written.ends_with(b"\n"), "{shape:?}");
            let read = npyz::NpyHeader::from_reader(&written[..]).unwrap();
            assert_eq!(read.shape(), shape.iter().map(|&size| size as u64).collect::<Vec<_>>());
            assert_eq!((read.dtype().descr(), read.order()), ("'<f8'".to_owned(), npyz::Order::C));
        }
        let spare = npy_header("'<u4'", "(1,)", 60);
        assert_eq!(spare.len(), 128);
        assert_eq!(npyz::NpyHeader::from_reader(&spare[..]).unwrap().shape(), [1]);
    }
}
