//! Passes over rows that stay in memory, by an engine that keeps what it knows of them from one pass to the next.

use super::reference::Sums;
use super::{DeviceInfo, EngineError, Watch};

/// What a pass found, beside the labels.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Passed {
    /// Sums of the clusters.
    pub sums: Sums,
    /// Labels that the certificate left open and integers decided.
    pub repaired: u64,
    /// Distances that were not computed, since bounds proved the labels.
    pub skipped: u64,
}

/// Rows prepared for passes, with what is known from the last one.
pub trait Passes {
    /// What it runs on.
    fn info(&self) -> DeviceInfo;

    /// Sets the label of every row to its nearest centroid (n_clusters, n_dims). `first`: of a restart; else `labels` are those of
    /// the pass before. `None` if the watch ends the run. (n_points)
    ///
    /// # Errors
    /// [`EngineError`] if the device fails.
    fn pass(
        &mut self,
        first_and_centroids: (bool, &[i32]),
        labels: &mut [u32],
        watch: &Watch<'_>,
    ) -> Result<Option<Passed>, EngineError>;
}
