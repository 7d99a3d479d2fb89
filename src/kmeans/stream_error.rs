//! What is wrong with a stream, or with a batch for it.

/// Most weight of all rows of a stream: then 64 bits hold every sum of their coordinates.
pub(super) const MOST_WEIGHT: u64 = 1 << 31;

/// What is wrong with a stream, or with a batch for it.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum StreamError {
    /// The ends of a given range are not finite numbers, the lesser one first.
    #[error("column {column}: the range {lo} .. {hi} is not one of finite numbers, the lesser one first")]
    BadRange {
        /// Column, from 1.
        column: usize,
        /// The first end.
        lo: f64,
        /// The second end.
        hi: f64,
    },
    /// A batch does not have the features of the stream.
    #[error("the batch has {n_dims} columns of features and the stream {expected}; they must agree")]
    Features {
        /// Features of the batch.
        n_dims: usize,
        /// Features of the stream.
        expected: usize,
    },
    /// A row lies outside the range that was fixed at the start. Rows and columns count from 1.
    #[error(
        "row {row} of the batch, column {column}: {value} lies outside the range {lo} .. {hi} of the stream, which is \
         fixed at its start; leave the row out, or start a stream with a wider range"
    )]
    Outside {
        /// Row in the batch, from 1.
        row: usize,
        /// Column, from 1.
        column: usize,
        /// The value, as it is scaled.
        value: f64,
        /// Least value of the range.
        lo: f64,
        /// Largest value of the range.
        hi: f64,
    },
    /// A weight is not a whole number: weights of all batches have one unit.
    #[error(
        "row {row} of the batch: weight {value} is not a whole number below 4294967296; multiply the weights of all \
         batches by one factor that makes them so"
    )]
    Weight {
        /// Row in the batch, from 1.
        row: usize,
        /// The weight.
        value: f64,
    },
    /// The weights of all batches are too many.
    #[error(
        "the batch weighs {batch} and those before it {before}; a stream can hold {most} in all, so start another one \
         from its centroids",
        most = MOST_WEIGHT
    )]
    TooHeavy {
        /// Weight of the batch.
        batch: u64,
        /// Weight of all batches before it.
        before: u64,
    },
    /// Rows that are scaled by other numbers than those of the first batch.
    #[error(
        "the batch is scaled by other numbers than the first one, so that their rows can't be compared; scale all \
         batches by the same numbers"
    )]
    OtherScale,
    /// An algorithm that has no batches.
    #[error("the algorithm {0} can't follow a stream; leave it out")]
    Algorithm(&'static str),
    /// Ranges for rows of length 1, whose range is known.
    #[error(
        "the metric cosine has rows of length 1, whose range is -1 .. 1; start the stream without ranges"
    )]
    RangesOfDirections,
}
