//! How much memory a fit needs, with its table in memory or in a file.

use std::path::PathBuf;

use super::error::FitError;
use super::pack::{bytes_needed, bytes_of_pairs};
use super::params::Params;
use crate::data::Dataset;
use crate::engine::parts::APART;
use crate::lattice::check_shape;
use crate::packed::{BLOCK, LEAST_ROWS};

/// Chunks in which a file is read, in bytes: the largest for which there is room.
const CHUNKS: [u64; 5] = [16 << 20, 8 << 20, 4 << 20, 2 << 20, 1 << 20];

/// Most rows of a sample of the table.
const SAMPLED: u64 = 4096;

/// What a fit holds in memory, and in a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MemoryPlan {
    /// Bytes of a fit in memory.
    pub in_memory: u64,
    /// Bytes of memory of a fit that streams its table.
    pub held: u64,
    /// Bytes of the file that it streams.
    pub streamed: u64,
    /// Bytes that are read of it at a time.
    pub chunk: u64,
}

/// What was streamed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StreamedFrom {
    /// The file of the packed table.
    pub file: PathBuf,
    /// Its bytes.
    pub bytes: u64,
    /// Whether it was there from an earlier fit.
    pub reused: bool,
    /// Whether it is still there.
    pub kept: bool,
    /// What was planned.
    pub plan: MemoryPlan,
}

impl MemoryPlan {
    /// Bytes of a process that has read no table, with what formats need to read one.
    pub const PROCESS: u64 = 64 << 20;
    /// Bytes of each row of the whole table, in a process that has some of the rows: the labels of two restarts, and others.
    pub const PER_SHARED_ROW: u64 = 12;

    /// The plan of a fit within so many bytes.
    ///
    /// # Errors
    /// [`FitError::TooLittleMemory`] if even a streamed fit needs more; [`FitError::Lattice`] for too many rows or features.
    pub fn of(data: &Dataset<'_>, params: &Params, most: u64) -> Result<Self, FitError> {
        let (n, d) = (data.points.n_points(), data.points.n_dims());
        check_shape(n, d)?;
        let (n, d, k) = (n as u64, d as u64, params.n_clusters() as u64);
        let as_read = data.points.bytes_held();
        let threads = rayon::current_num_threads() as u64;
        let of_clusters = k.saturating_mul(d).saturating_mul(8 * (threads + 1) + 32);
        let of_truth = if data.truth.is_some() { n * 8 } else { 0 };
        let pairs = params.sizes().map_or(0, |_| bytes_of_pairs(data.points.n_points(), params.n_clusters()));
        let in_memory = [as_read, bytes_needed(data), of_clusters, of_truth, pairs];
        let in_memory = in_memory.into_iter().fold(Self::PROCESS, u64::saturating_add);
        // labels of the restart that runs and of the best one; weights as they were read, as integers, and their totals
        let labels = if params.n_restarts() > 1 { 8 } else { 4 };
        let of_rows = n * (labels + if data.weights.is_some() { 24 } else { 0 }) + of_truth;
        // rows of which the centre and the report on rounding are made
        let samples = n.min(SAMPLED) * d * 12;
        // a block that each thread reads, its narrow forms and a tile of it, and centroids as guesses need them
        let (block, centroids) = ((BLOCK as u64).min(n * d), k.saturating_mul(d).min(APART as u64));
        let of_threads = threads * (block * 8 + block.div_ceil(d) * 24 + d * 128 + centroids * 6);
        let fixed = [as_read, of_rows, of_clusters, samples, of_threads];
        let fixed = fixed.into_iter().fold(Self::PROCESS, u64::saturating_add);
        // of a chunk three copies, its tiles and narrow forms; of its rows norms, labels and shares of 128 bits
        let held = |chunk: u64| {
            let chunk = chunk.max(LEAST_ROWS as u64 * d * 4);
            fixed.saturating_add(chunk * 5 + chunk * 8 / d)
        };
        let (streamed, least) = (n * d * 4, CHUNKS[CHUNKS.len() - 1]);
        let fits = CHUNKS.into_iter().find(|&chunk| held(chunk) <= most);
        let Some(chunk) = fits.or_else(|| (in_memory <= most).then_some(least)) else {
            return Err(FitError::TooLittleMemory { needed: held(least).min(in_memory), most });
        };
        Ok(Self { in_memory, held: held(chunk), streamed, chunk })
    }
}
