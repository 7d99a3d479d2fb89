//! The table of restarts, which is written while they end.

use std::io::{self, Seek, Write};

use super::output::{Output, OutputFormat, npy_header, number};
use super::sink::Sink;
use crate::data::error::DataError;

/// A row of the table of restarts.
#[derive(Debug, Clone, PartialEq)]
pub struct RestartRow {
    /// The restart, from 0.
    pub restart: u64,
    /// Its inertia, in the user's units squared.
    pub inertia: f64,
    /// Its iterations.
    pub iterations: u32,
    /// Why it stopped: `fixed_point`, `tol` or `max_iter`.
    pub stopped: &'static str,
    /// The same as a code: 0, 1 or 2.
    pub stopped_code: u8,
}

/// A file of restarts, in a temporary file until it is complete.
pub struct RestartsOut {
    sink: Sink,
    format: OutputFormat,
    asked: u64,
    written: u64,
    #[cfg(feature = "parquet")]
    columns: Option<columns::Columns>,
}

impl Output {
    /// Begins the table of `n_restarts` restarts.
    ///
    /// # Errors
    ///
    /// [`DataError::Write`].
    pub fn begin_restarts(self, n_restarts: u64) -> Result<RestartsOut, DataError> {
        let format = self.format;
        let mut sink = self.begin()?;
        let begun = match format {
            OutputFormat::Csv | OutputFormat::Plain => writeln!(sink, "restart,inertia,iterations,stopped"),
            OutputFormat::Npy => sink.write_all(&header(n_restarts, n_restarts)),
            _ => Ok(()),
        };
        begun.map_err(|reason| sink.failed(reason))?;
        #[cfg(feature = "parquet")]
        let columns = if format == OutputFormat::Parquet {
            let columns = sink.another().and_then(columns::Columns::new);
            Some(columns.map_err(|reason| sink.failed(reason))?)
        } else {
            None
        };
        Ok(RestartsOut {
            sink,
            format,
            asked: n_restarts,
            written: 0,
            #[cfg(feature = "parquet")]
            columns,
        })
    }
}

impl RestartsOut {
    /// Writes a restart.
    ///
    /// # Errors
    ///
    /// [`DataError::Write`], such as for a full disk.
    pub fn write(&mut self, row: &RestartRow) -> Result<(), DataError> {
        self.written += 1;
        self.write_row(row).map_err(|reason| self.sink.failed(reason))
    }

    fn write_row(&mut self, row: &RestartRow) -> io::Result<()> {
        let RestartRow { restart, inertia, iterations, stopped, stopped_code } = row;
        match self.format {
            OutputFormat::Csv | OutputFormat::Plain => {
                writeln!(self.sink, "{restart},{},{iterations},{stopped}", number(inertia))
            }
            OutputFormat::Npy => {
                let values = [*restart as f64, *inertia, f64::from(*iterations), f64::from(*stopped_code)];
                values.iter().try_for_each(|value| self.sink.write_all(&value.to_le_bytes()))
            }
            OutputFormat::JsonLines => {
                let inertia = serde_json::json!(inertia);
                writeln!(
                    self.sink,
                    r#"{{"restart":{restart},"inertia":{inertia},"iterations":{iterations},"stopped":"{stopped}"}}"#
                )
            }
            #[cfg(feature = "parquet")]
            OutputFormat::Parquet => {
                self.columns.as_mut().map_or(Ok(()), |columns| columns.push(row.clone()))
            }
        }
    }

    /// Gives the file its name. It may have fewer restarts than announced.
    ///
    /// # Errors
    ///
    /// [`DataError::Write`].
    pub fn finish(mut self) -> Result<(), DataError> {
        #[cfg(feature = "parquet")]
        if let Some(columns) = self.columns.take() {
            columns.finish().map_err(|reason| self.sink.failed(reason))?;
        }
        if self.format == OutputFormat::Npy && self.written < self.asked {
            let header = header(self.written, self.asked);
            let begin = self.sink.rewind().and_then(|()| self.sink.write_all(&header));
            begin.map_err(|reason| self.sink.failed(reason))?;
        }
        self.sink.finish()
    }
}

/// The header of an `.npy` file of restarts, as long as that for `asked` of them.
fn header(n_restarts: u64, asked: u64) -> Vec<u8> {
    let shape = |n: u64| format!("({n}, 4)");
    npy_header("'<f8'", &shape(n_restarts), shape(asked).len() - shape(n_restarts).len())
}

/// Restarts as columns.
#[cfg(feature = "parquet")]
mod columns {
    use std::fs::File;
    use std::io::{self, BufWriter, Write};

    use super::RestartRow;
    use crate::data::write::parquet::{Cells, GROUP, Kind, ParquetOut};

    pub(super) struct Columns {
        out: ParquetOut<BufWriter<File>>,
        waiting: Vec<RestartRow>,
    }

    impl Columns {
        pub(super) fn new(to: BufWriter<File>) -> io::Result<Self> {
            let columns = [
                ("restart", Kind::U64),
                ("inertia", Kind::F64),
                ("iterations", Kind::U32),
                ("stopped", Kind::Text),
            ];
            Ok(Self { out: ParquetOut::new(to, columns.into_iter())?, waiting: Vec::new() })
        }

        pub(super) fn push(&mut self, row: RestartRow) -> io::Result<()> {
            self.waiting.push(row);
            if self.waiting.len() == GROUP { self.write() } else { Ok(()) }
        }

        fn write(&mut self) -> io::Result<()> {
            let rows = std::mem::take(&mut self.waiting);
            let columns = [
                Cells::U64(rows.iter().map(|row| Some(row.restart)).collect()),
                Cells::F64(rows.iter().map(|row| Some(row.inertia)).collect()),
                Cells::U32(rows.iter().map(|row| Some(row.iterations)).collect()),
                Cells::Text(rows.iter().map(|row| Some(row.stopped.into())).collect()),
            ];
            self.out.write(columns.into_iter())
        }

        pub(super) fn finish(mut self) -> io::Result<()> {
            if !self.waiting.is_empty() {
                self.write()?;
            }
            self.out.finish()?.flush()
        }
    }
}
