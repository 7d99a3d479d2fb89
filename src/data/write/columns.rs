//! A Parquet output that is written column by column, some rows at a time.

use super::output::{Output, Place};
use super::parquet::{Cells, Kind, ParquetOut};
use super::sink::Sink;
use crate::data::error::DataError;

/// A Parquet file, in a temporary file until it is complete, or a stream of that format.
pub struct ColumnsOut {
    out: ParquetOut<Sink>,
    place: Place,
}

impl Output {
    /// Begins a Parquet output of columns of these names.
    ///
    /// # Errors
    ///
    /// [`DataError::Write`].
    pub fn begin_columns(self, columns: &[(String, Kind)]) -> Result<ColumnsOut, DataError> {
        let place = self.place.clone();
        let columns = columns.iter().map(|(name, kind)| (name.as_str(), *kind));
        let out = ParquetOut::new(self.begin()?, columns).map_err(|reason| place.failed(reason))?;
        Ok(ColumnsOut { out, place })
    }
}

impl ColumnsOut {
    /// Writes some rows: the cells of each column, as many for each and of the types that were given.
    ///
    /// # Errors
    ///
    /// [`DataError::Write`], such as for a full disk.
    pub fn write(&mut self, columns: Vec<Cells>) -> Result<(), DataError> {
        self.out.write(columns.into_iter()).map_err(|reason| self.place.failed(reason))
    }

    /// Ends the file and gives it its name.
    ///
    /// # Errors
    ///
    /// [`DataError::Write`].
    pub fn finish(self) -> Result<(), DataError> {
        self.out.finish().map_err(|reason| self.place.failed(reason))?.finish()
    }
}
