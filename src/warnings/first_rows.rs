//! The first rows of a table, as they were given.

use crate::data::{DataError, Dataset};

/// Most rows that are examined, from the first on.
const MOST_ROWS: usize = 1 << 16;

/// Calls `each` with the index and the values of the first rows, unscaled: 65,536, and the rest of a chunk.
pub(super) fn first_rows(data: &Dataset<'_>, each: &mut dyn FnMut(usize, &[f64])) -> Result<(), DataError> {
    /// Ends the visit once enough rows are seen.
    enum End {
        Enough,
        Failed(DataError),
    }
    impl From<DataError> for End {
        fn from(error: DataError) -> Self {
            Self::Failed(error)
        }
    }
    let d = data.points.n_dims();
    let visited = data.points.raw().visit::<End>(&mut |first, rows| {
        if first >= MOST_ROWS {
            return Err(End::Enough);
        }
        rows.to_f64().chunks_exact(d).enumerate().for_each(|(row, values)| each(first + row, values));
        Ok(())
    });
    match visited {
        Err(End::Failed(error)) => Err(error),
        Err(End::Enough) | Ok(()) => Ok(()),
    }
}
