//! How many restarts run, and how they are chosen.

use std::time::Duration;

use super::{Params, Search};
use crate::engine::{Job, Keep};

/// How many restarts run, and how they are chosen.
#[derive(Debug, Clone, Copy)]
pub struct RunPlan {
    /// Number of the first restart; 0 of a search that has a population.
    pub first: u64,
    /// Restarts, the most if `time` or `patience` is set.
    pub n_restarts: u64,
    /// Restarts per batch; by default the size follows the time that batches take.
    pub batch_size: Option<u64>,
    /// Which states are kept.
    pub keep: Keep,
    /// How restarts are chosen.
    pub search: Search,
    /// The time after which the run ends.
    pub time: Option<Duration>,
    /// The generations without a lower inertia after which the run ends.
    pub patience: Option<u64>,
}

impl RunPlan {
    /// So many independent restarts, of which the best state is kept.
    #[must_use]
    pub fn restarts(n_restarts: u64) -> Self {
        let search = Search::Restarts;
        Self { first: 0, n_restarts, batch_size: None, keep: Keep::Best, search, time: None, patience: None }
    }

    /// That of a fit with these parameters.
    #[must_use]
    pub fn of(params: &Params) -> Self {
        Self {
            first: params.first_restart(),
            n_restarts: params.n_restarts(),
            batch_size: params.batch(),
            keep: params.keep(),
            search: params.search(),
            time: params.time(),
            patience: params.patience(),
        }
    }

    /// The restarts of a generation, of a search that has some.
    pub(super) fn population(&self, job: &Job<'_>) -> Option<u64> {
        match self.search {
            Search::Evolve { population } if job.n_clusters > 1 => Some(population.min(self.n_restarts)),
            Search::Evolve { .. } | Search::Restarts => None,
        }
    }
}
