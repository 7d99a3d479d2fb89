//! The calls by which ranks reach each other.

/// The calls by which ranks reach each other. All ranks make the same calls in the same order; each waits for all others.
pub trait Comm: Send + Sync {
    /// The number of this rank, from 0.
    fn rank(&self) -> usize;

    /// How many ranks there are.
    fn size(&self) -> usize;

    /// Replaces each word by the sum of those of all ranks, modulo 2^64. All ranks give as many.
    ///
    /// # Errors
    /// [`CommError::Lost`] if a rank can't be reached.
    fn sum(&self, words: &mut [u64]) -> Result<(), CommError>;

    /// The bytes of every rank, by rank. Each may give another number of them.
    ///
    /// # Errors
    /// [`CommError::Lost`] if a rank can't be reached.
    fn gather(&self, bytes: &[u8]) -> Result<Vec<Vec<u8>>, CommError>;

    /// Replaces the bytes by those of rank `root`.
    ///
    /// # Errors
    /// [`CommError::Lost`] if a rank can't be reached.
    fn broadcast(&self, bytes: &mut Vec<u8>, root: usize) -> Result<(), CommError>;
}

/// Why ranks can't go on together.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CommError {
    /// A rank can't be reached any more, or the library that connects them fails.
    #[error("the other processes of this fit can't be reached ({reason})")]
    Lost {
        /// What the library says.
        reason: String,
    },
    /// Another rank has failed.
    #[error("process {rank} of this fit failed: {reason}")]
    Failed {
        /// Its number, from 0.
        rank: usize,
        /// Its error.
        reason: String,
    },
    /// Ranks were not started alike.
    #[error(
        "process {rank} of this fit has {what} {other}, and process 0 has {expected}; start all processes alike"
    )]
    Unlike {
        /// The number of a rank, from 0.
        rank: usize,
        /// What differs.
        what: &'static str,
        /// What it has.
        other: String,
        /// What rank 0 has.
        expected: String,
    },
}

/// The only process of a fit.
#[derive(Debug, Clone, Copy, Default)]
pub struct Alone;

impl Comm for Alone {
    fn rank(&self) -> usize {
        0
    }

    fn size(&self) -> usize {
        1
    }

    fn sum(&self, _words: &mut [u64]) -> Result<(), CommError> {
        Ok(())
    }

    fn gather(&self, bytes: &[u8]) -> Result<Vec<Vec<u8>>, CommError> {
        Ok(vec![bytes.to_vec()])
    }

    fn broadcast(&self, _bytes: &mut Vec<u8>, _root: usize) -> Result<(), CommError> {
        Ok(())
    }
}
