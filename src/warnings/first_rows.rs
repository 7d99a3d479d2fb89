//! The first rows of a table, as they were given.

use crate::data::{DataError, Dataset};

/// Most rows that are examined, from the first on; of many columns fewer, but never less than the second.
const MOST_ROWS: usize = 1 << 16;
const LEAST_ROWS: usize = 1 << 10;
/// Values that are examined, unless these are fewer rows than the least.
const VALUES: usize = 1 << 22;

/// Calls `each` with the index and the values of the first rows, unscaled: of 65,536, or of 4,194,304 values but 1,024 rows
/// at least, and of the rest of a chunk.
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
    let most = (VALUES / d.max(1)).clamp(LEAST_ROWS, MOST_ROWS);
    let visited = data.points.raw().visit::<End>(&mut |first, rows| {
        if first >= most {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_wide_tables_fewer_rows_are_examined() {
        for (n, d, expected) in [(3000, 4, 3000), (1500, 8192, 1024), (100, 8192, 100)] {
            let data = Dataset::new("a table", ndarray::Array2::<f32>::zeros((n, d)));
            let mut seen = 0;
            first_rows(&data, &mut |_, _| seen += 1).expect("rows in memory");
            assert_eq!(seen, expected, "{n} x {d}");
        }
    }
}
