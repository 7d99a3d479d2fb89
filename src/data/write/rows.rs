//! The rows of a table as they were read, with their labels.

use std::io::{self, Write};

use super::output::{Output, OutputFormat, distinct, number, of_csv};
use super::sink::Sink;
use super::spreadsheet::as_text;
use crate::data::error::DataError;
use crate::data::pick::Pick;
use crate::data::reading::TextReading;
use crate::data::rows::Rows;
use crate::data::source::{Chunk, Source};
use crate::data::texts::{CellType, Texts};

/// The label of a row.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RowLabel<'a> {
    /// Its cluster.
    pub label: u32,
    /// The cluster's name.
    pub name: Option<&'a str>,
    /// The distance to the cluster's centroid.
    pub distance: f64,
}

/// A file of rows, in a temporary file until it is complete, or a stream of them.
///
/// Cells stay as they are in the source. In CSV so does the delimiter of a text, but for white space, which becomes a
/// tab, and a decimal comma, which distances then have too; a row names the columns. In the other formats a feature of
/// a text is a number, and its other columns are text.
pub struct RowsOut {
    sink: Sink,
    format: OutputFormat,
    columns: Vec<Column>,
    n_columns: usize,
    named: bool,
    delimiter: u8,
    decimal_comma: bool,
    /// Names of all columns, the appended ones last, no two alike.
    names: Vec<String>,
    #[cfg(feature = "parquet")]
    parquet: Option<parquet::Columns>,
}

/// A column of the source that is written.
#[derive(Debug, Clone, Copy)]
struct Column {
    /// Index in the source.
    at: usize,
    of: CellType,
    /// Place among the features, of one that is text in the source.
    feature: Option<usize>,
}

impl Output {
    /// Begins a file of the rows of `source`, of which chunks of `pick` are going to be written. `text` is what was found
    /// in a text, `named` whether rows have the name of their cluster.
    ///
    /// # Errors
    ///
    /// [`DataError::OutputOfRows`] for `.npy`, which has no text; [`DataError::Write`].
    pub fn begin_rows(
        self,
        source: &dyn Source,
        pick: &Pick,
        text: Option<&TextReading>,
        named: bool,
    ) -> Result<RowsOut, DataError> {
        self.check_rows()?;
        let format = self.format;
        let types = source.cell_types();
        let mut places = vec![None; types.len()];
        pick.features.iter().enumerate().for_each(|(place, &column)| places[column] = Some(place));
        let mut columns = Vec::new();
        for (at, of) in types.into_iter().enumerate() {
            match of {
                CellType::Unread(_) => {}
                CellType::Text => columns.push(Column { at, of, feature: places[at] }),
                _ => columns.push(Column { at, of, feature: None }),
            }
        }
        let header: Vec<String> = columns.iter().map(|column| name_in(source, column.at, format)).collect();
        let appended = if named { &["label", "name", "distance"][..] } else { &["label", "distance"] };
        let mut names: Vec<String> =
            header.iter().cloned().chain(appended.iter().map(|name| (*name).into())).collect();
        let all = distinct(&names);
        match format {
            // those of the source as they are
            OutputFormat::Csv => names[header.len()..].clone_from_slice(&all[header.len()..]),
            _ => names = all,
        }
        let delimiter = match text.map_or(',', |text| text.delimiter) {
            ' ' => b'\t',
            other => u8::try_from(other).unwrap_or(b','),
        };
        let mut out = RowsOut {
            sink: self.begin()?,
            format,
            columns,
            n_columns: source.columns().count(),
            named,
            delimiter,
            decimal_comma: text.is_some_and(|text| text.decimal_comma),
            names,
            #[cfg(feature = "parquet")]
            parquet: None,
        };
        out.begin().map_err(|reason| out.sink.failed(reason))?;
        Ok(out)
    }

    /// Checks that the format has room for text.
    ///
    /// # Errors
    ///
    /// [`DataError::OutputOfRows`].
    pub fn check_rows(&self) -> Result<(), DataError> {
        match self.format {
            OutputFormat::Npy => Err(DataError::OutputOfRows { path: self.place.path.clone() }),
            _ => Ok(()),
        }
    }
}

/// A column's name: in CSV that of the source as it is.
fn name_in(source: &dyn Source, column: usize, format: OutputFormat) -> String {
    let given = source.columns().header().map(|header| header[column].clone());
    given.filter(|_| format == OutputFormat::Csv).unwrap_or_else(|| source.columns().name(column))
}

impl RowsOut {
    fn begin(&mut self) -> io::Result<()> {
        match self.format {
            OutputFormat::Csv | OutputFormat::Plain => {
                csv_writer(&mut self.sink, self.delimiter).write_record(&self.names).map_err(of_csv)?;
            }
            #[cfg(feature = "parquet")]
            OutputFormat::Parquet => {
                self.parquet = Some(parquet::Columns::new(
                    self.sink.another()?,
                    &self.names,
                    &self.columns,
                    self.named,
                )?);
            }
            _ => {}
        }
        Ok(())
    }

    /// Writes the rows of a chunk that has texts, with their labels, of which a row may have none. (n_rows)
    ///
    /// # Errors
    ///
    /// [`DataError::Write`], such as for a full disk.
    pub fn write(&mut self, chunk: &Chunk<'_>, labels: &[Option<RowLabel<'_>>]) -> Result<(), DataError> {
        self.write_rows(chunk, labels).map_err(|reason| self.sink.failed(reason))
    }

    fn write_rows(&mut self, chunk: &Chunk<'_>, labels: &[Option<RowLabel<'_>>]) -> io::Result<()> {
        let Some(texts) = chunk.texts.filter(|_| labels.len() == chunk.n_rows) else {
            return Err(io::Error::other("the rows have no texts, or another number of labels"));
        };
        let rows = ChunkRows { chunk, texts, n_columns: self.n_columns };
        match self.format {
            OutputFormat::Csv | OutputFormat::Plain => self.write_csv(&rows, labels)?,
            #[cfg(feature = "parquet")]
            OutputFormat::Parquet => {
                if let Some(parquet) = &mut self.parquet {
                    parquet.push(&rows, &self.columns, labels)?;
                }
                return Ok(());
            }
            _ => self.write_json(&rows, labels)?,
        }
        self.sink.flush() // so that the reader of a stream sees its rows
    }

    fn write_csv(&mut self, rows: &ChunkRows<'_>, labels: &[Option<RowLabel<'_>>]) -> io::Result<()> {
        let (columns, named, decimal_comma) = (&self.columns, self.named, self.decimal_comma);
        let mut writer = csv_writer(&mut self.sink, self.delimiter);
        let mut write = |row: usize, label: &Option<RowLabel<'_>>| -> ::csv::Result<()> {
            for column in columns {
                writer.write_field(rows.text(row, column).unwrap_or_default())?;
            }
            writer.write_field(label.map_or_else(String::new, |label| label.label.to_string()))?;
            if named {
                let name = label.and_then(|label| label.name).unwrap_or_default();
                writer.write_field(as_text(name).as_bytes())?;
            }
            let distance = label.map_or_else(String::new, |label| number(&label.distance));
            writer.write_field(if decimal_comma { distance.replace('.', ",") } else { distance })?;
            writer.write_record(None::<&[u8]>)
        };
        labels.iter().enumerate().try_for_each(|(row, label)| write(row, label)).map_err(of_csv)?;
        writer.flush()
    }

    fn write_json(&mut self, rows: &ChunkRows<'_>, labels: &[Option<RowLabel<'_>>]) -> io::Result<()> {
        use serde_json::json;
        let keys: Vec<String> = self.names.iter().map(|name| json!(name).to_string()).collect();
        for (row, label) in labels.iter().enumerate() {
            let cells = self.columns.iter().map(|column| rows.json(row, column));
            let name = self.named.then(|| json!(label.and_then(|label| label.name)).to_string());
            let of_label = json!(label.map(|label| label.label)).to_string();
            let distance = json!(label.map(|label| label.distance)).to_string();
            let cells = cells.chain([of_label]).chain(name).chain([distance]);
            let pairs: Vec<String> =
                keys.iter().zip(cells).map(|(key, cell)| format!("{key}:{cell}")).collect();
            writeln!(self.sink, "{{{}}}", pairs.join(","))?;
        }
        Ok(())
    }

    /// Gives the file its name.
    ///
    /// # Errors
    ///
    /// [`DataError::Write`].
    pub fn finish(self) -> Result<(), DataError> {
        #[cfg(feature = "parquet")]
        if let Some(parquet) = self.parquet {
            parquet.finish().map_err(|reason| self.sink.failed(reason))?;
        }
        self.sink.finish()
    }
}

fn csv_writer(to: &mut Sink, delimiter: u8) -> ::csv::Writer<&mut Sink> {
    ::csv::WriterBuilder::new().delimiter(delimiter).from_writer(to)
}

/// The rows of a chunk.
struct ChunkRows<'a> {
    chunk: &'a Chunk<'a>,
    texts: &'a Texts,
    n_columns: usize,
}

impl<'a> ChunkRows<'a> {
    /// A cell as it is in the source.
    fn text(&self, row: usize, column: &Column) -> Option<&'a str> {
        self.texts.cell(row * self.n_columns + column.at)
    }

    /// The value of a feature of a text.
    fn value(&self, row: usize, place: usize) -> Option<f64> {
        let at = row * self.chunk.features.len() + place;
        let value = match self.chunk.rows {
            Rows::F32(values) => f64::from(values[at]),
            Rows::F64(values) => values[at],
        };
        (!value.is_nan()).then_some(value)
    }

    /// A cell as JSON: a text that is no finite number stays text.
    fn json(&self, row: usize, column: &Column) -> String {
        let text = self.text(row, column);
        let value = column.feature.and_then(|place| self.value(row, place)).filter(|value| value.is_finite());
        match (column.of, text) {
            (_, None) => "null".to_owned(),
            (CellType::Text, Some(_)) if value.is_some() => serde_json::json!(value).to_string(),
            (CellType::Signed | CellType::Unsigned, Some(text)) => text.to_owned(),
            (CellType::Float, Some(text)) => serde_json::json!(text.parse::<f64>().ok()).to_string(),
            (CellType::Boolean, Some(text)) => (!is_false(text)).to_string(),
            (_, Some(text)) => serde_json::json!(text).to_string(),
        }
    }
}

/// Whether a truth value, which an array has as a number, is false.
fn is_false(text: &str) -> bool {
    matches!(text, "false" | "0")
}

#[cfg(feature = "parquet")]
mod parquet {
    use std::fs::File;
    use std::io::{self, BufWriter, Write};

    use super::{CellType, ChunkRows, Column, RowLabel, is_false};
    use crate::data::write::parquet::{Cells, GROUP, Kind, ParquetOut};

    /// Most cells that wait to be written.
    const MOST_CELLS: usize = 1 << 20;
    /// Most bytes of text that wait.
    const MOST_BYTES: usize = 32 << 20;

    /// Columns of a group of rows.
    pub(super) struct Columns {
        out: ParquetOut<BufWriter<File>>,
        kinds: Vec<Kind>,
        waiting: Vec<Cells>, // one a column, the appended ones last
        n_rows: usize,
        n_bytes: usize,
    }

    impl Columns {
        pub(super) fn new(
            to: BufWriter<File>,
            names: &[String],
            columns: &[Column],
            named: bool,
        ) -> io::Result<Self> {
            let appended =
                if named { &[Kind::U32, Kind::Text, Kind::F64][..] } else { &[Kind::U32, Kind::F64] };
            let kinds: Vec<Kind> = columns.iter().map(kind).chain(appended.iter().copied()).collect();
            let names = names.iter().map(String::as_str);
            let out = ParquetOut::new(to, names.zip(kinds.iter().copied()))?;
            let waiting = kinds.iter().map(|kind| none(*kind)).collect();
            Ok(Self { out, kinds, waiting, n_rows: 0, n_bytes: 0 })
        }

        pub(super) fn push(
            &mut self,
            rows: &ChunkRows<'_>,
            columns: &[Column],
            labels: &[Option<RowLabel<'_>>],
        ) -> io::Result<()> {
            for (row, label) in labels.iter().enumerate() {
                let (of_source, appended) = self.waiting.split_at_mut(columns.len());
                for (cells, column) in of_source.iter_mut().zip(columns) {
                    let text = rows.text(row, column);
                    match cells {
                        Cells::Text(cells) => {
                            self.n_bytes += text.map_or(0, str::len);
                            cells.push(text.map(|text| text.to_owned().into()));
                        }
                        Cells::F64(cells) => cells.push(match column.feature {
                            Some(place) => rows.value(row, place),
                            None => text.and_then(|text| text.parse().ok()),
                        }),
                        Cells::I64(cells) => cells.push(text.and_then(|text| text.parse().ok())),
                        Cells::U64(cells) => cells.push(text.and_then(|text| text.parse().ok())),
                        Cells::U32(cells) => cells.push(text.and_then(|text| text.parse().ok())),
                        Cells::Bool(cells) => cells.push(text.map(|text| !is_false(text))),
                    }
                }
                for cells in appended {
                    match cells {
                        Cells::U32(cells) => cells.push(label.map(|label| label.label)),
                        Cells::F64(cells) => cells.push(label.map(|label| label.distance)),
                        Cells::Text(cells) => {
                            let name = label.and_then(|label| label.name);
                            cells.push(name.map(|name| name.to_owned().into()));
                        }
                        _ => {}
                    }
                }
                self.n_rows += 1;
                let most_rows = (MOST_CELLS / self.kinds.len()).clamp(1, GROUP);
                if self.n_rows >= most_rows || self.n_bytes >= MOST_BYTES {
                    self.write()?;
                }
            }
            Ok(())
        }

        fn write(&mut self) -> io::Result<()> {
            let empty: Vec<Cells> = self.kinds.iter().map(|kind| none(*kind)).collect();
            let waiting = std::mem::replace(&mut self.waiting, empty);
            (self.n_rows, self.n_bytes) = (0, 0);
            self.out.write(waiting.into_iter())
        }

        pub(super) fn finish(mut self) -> io::Result<()> {
            if self.n_rows > 0 {
                self.write()?;
            }
            self.out.finish()?.flush()
        }
    }

    fn kind(column: &Column) -> Kind {
        match column.of {
            CellType::Text if column.feature.is_some() => Kind::F64,
            CellType::Text | CellType::Unread(_) => Kind::Text,
            CellType::Float => Kind::F64,
            CellType::Signed => Kind::I64,
            CellType::Unsigned => Kind::U64,
            CellType::Boolean => Kind::Bool,
        }
    }

    fn none(kind: Kind) -> Cells {
        match kind {
            Kind::U32 => Cells::U32(Vec::new()),
            Kind::U64 => Cells::U64(Vec::new()),
            Kind::I64 => Cells::I64(Vec::new()),
            Kind::F64 => Cells::F64(Vec::new()),
            Kind::Bool => Cells::Bool(Vec::new()),
            Kind::Text => Cells::Text(Vec::new()),
        }
    }
}
