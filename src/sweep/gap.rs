//! The gap statistic: how much less the inertia is than that of rows without clusters.
//!
//! Tibshirani, Walther and Hastie, "Estimating the number of clusters in a data set via the gap statistic", Journal of the
//! Royal Statistical Society B 63 (2001), 411-423; their first kind of reference: each feature uniform over its range.
//! docs/DEFINITION.md, section 5, defines it to the last bit.

use std::ops::ControlFlow;

use crate::engine::Opened;
use crate::engine::draws::Draws;
use crate::kmeans::{self, FitError, Params};
use crate::lattice::Table;
use crate::score::choose;

/// Most rows that are clustered; of more a sample is.
const MOST_ROWS: usize = 2_000;
/// Streams of random numbers from which reference sets are drawn: restarts use those from 0.
const FIRST_STREAM: u64 = 1 << 63;

/// What a number of clusters is compared with.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Expected {
    /// Mean of the logarithms of the reference sets' inertias, in lattice units.
    log: f64,
    /// Their standard deviation, times `sqrt(1 + 1 / B)` for B sets.
    error: f64,
}

/// The gap of a fit.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Gap {
    pub(super) gap: f64,
    /// The standard error of what the inertia is compared with.
    pub(super) error: f64,
}

/// Rows whose gap is computed, and what is drawn for it.
pub(super) struct GapRows<'a> {
    table: &'a Table,
    /// A sample, if there are too many rows.
    sample: Option<Table>,
    n_sets: usize,
    seed: u64,
}

impl<'a> GapRows<'a> {
    /// The rows of positive weight of a table, or a sample of them, and so many reference sets. `seed` chooses both.
    pub(super) fn new(table: &'a Table, n_sets: usize, seed: u64) -> Self {
        let rows = table.weighted_rows();
        let sample = if rows.len() > MOST_ROWS {
            Some(choose(rows.len(), MOST_ROWS, seed).into_iter().map(|at| rows[at]).collect())
        } else if rows.len() < table.n_points() {
            Some(rows)
        } else {
            None
        };
        let sample = sample.map(|rows: Vec<u32>| table.select(&rows));
        Self { table, sample, n_sets, seed }
    }

    fn rows(&self) -> &Table {
        self.sample.as_ref().unwrap_or(self.table)
    }

    /// Number of rows that are clustered.
    pub(super) fn n_rows(&self) -> usize {
        self.rows().n_points()
    }

    /// Clusters the reference sets. `None` if there are no sets, fewer rows than clusters, or sets without inertia.
    pub(super) fn expected(
        &self,
        opened: &Opened,
        params: &Params,
        watch: &mut (dyn FnMut() -> ControlFlow<()> + Send),
    ) -> Result<Option<Expected>, FitError> {
        if self.n_sets == 0 || params.n_clusters() > self.n_rows() {
            return Ok(None);
        }
        let mut logs = Vec::with_capacity(self.n_sets);
        for set in 0..self.n_sets {
            let mut draws = Draws::new(self.seed, FIRST_STREAM + set as u64);
            let set = self.rows().uniform(&mut |n| draws.below(n.into()) as u64);
            let fit = kmeans::fit_table(opened, &set, params, &mut |_| watch())?;
            logs.push(libm::log(fit.best.inertia as f64));
        }
        Ok(of_logs(&logs))
    }

    /// The gap of a fit of the whole table with this inertia, in lattice units.
    pub(super) fn gap(
        &self,
        expected: &Expected,
        inertia: u128,
        (opened, params): (&Opened, &Params),
        watch: &mut (dyn FnMut() -> ControlFlow<()> + Send),
    ) -> Result<Option<Gap>, FitError> {
        let inertia = match &self.sample {
            None => inertia,
            Some(sample) => kmeans::fit_table(opened, sample, params, &mut |_| watch())?.best.inertia,
        };
        let gap = expected.log - libm::log(inertia as f64);
        Ok(gap.is_finite().then_some(Gap { gap, error: expected.error }))
    }
}

/// Mean and deviation of the logarithms, in the order of the sets; `None` if an inertia is 0.
fn of_logs(logs: &[f64]) -> Option<Expected> {
    let n = logs.len() as f64;
    let log = logs.iter().sum::<f64>() / n;
    let squares: f64 = logs.iter().map(|x| (x - log) * (x - log)).sum();
    let error = (squares / n).sqrt() * (1.0 + 1.0 / n).sqrt();
    log.is_finite().then_some(Expected { log, error })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_error_grows_by_the_number_of_sets() {
        let expected = of_logs(&[1.0, 3.0]).expect("finite");
        assert_eq!((expected.log, expected.error), (2.0, 1.5f64.sqrt()));
        assert_eq!(of_logs(&[1.0, f64::NEG_INFINITY]), None);
    }
}
