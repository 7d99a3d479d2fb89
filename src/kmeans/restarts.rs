//! The results of all restarts: outcomes, states, the best one, the spread and the fingerprint.

use std::time::Duration;

use crate::engine::{Batch, Job, Keep, Outcome, State, Times, Work};

/// Results of all restarts.
#[derive(Debug, Clone, Default)]
pub struct Restarts {
    /// One for each restart, in order.
    pub outcomes: Vec<Outcome>,
    /// States with their restart's number: the best one's, or all.
    pub states: Vec<(u64, State)>,
    /// How many labels were decided in floating point, and how many in integers.
    pub work: Work,
    /// Wall time of each step.
    pub times: Times,
}

/// Distribution of the inertias of all restarts, in lattice units.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Spread {
    /// Number of restarts.
    pub count: usize,
    /// Least inertia.
    pub min: u128,
    /// Median: the two central values of an even count, else the central value twice.
    pub median: (u128, u128),
    /// Largest inertia.
    pub max: u128,
    /// Restarts that reached the least inertia.
    pub found_best: usize,
}

impl Restarts {
    /// Adds the next batch, which took `wall`.
    pub(super) fn take(&mut self, batch: Batch, keep: Keep, wall: Duration) {
        self.times.merge(batch.times.scaled_to(wall));
        self.work.merge(batch.work);
        self.outcomes.extend(batch.outcomes);
        self.states.extend(batch.states);
        if keep == Keep::Best {
            let best = self.best().map(|best| best.restart);
            self.states.retain(|(restart, _)| Some(*restart) == best);
        }
    }

    /// The best restart: least inertia, then least number.
    #[must_use]
    pub fn best(&self) -> Option<&Outcome> {
        Batch::best(&self.outcomes)
    }

    /// The best restart's state.
    #[must_use]
    pub fn best_state(&self) -> Option<&State> {
        let best = self.best()?.restart;
        self.states.iter().find(|(restart, _)| *restart == best).map(|(_, state)| state)
    }

    /// Distribution of the inertias; `None` without restarts.
    #[must_use]
    pub fn spread(&self) -> Option<Spread> {
        let mut inertias: Vec<u128> = self.outcomes.iter().map(|outcome| outcome.inertia).collect();
        inertias.sort_unstable();
        let count = inertias.len();
        let (&min, &max) = (inertias.first()?, inertias.last()?);
        let median = (inertias[(count - 1) / 2], inertias[count / 2]);
        let found_best = inertias.partition_point(|&inertia| inertia == min);
        Some(Spread { count, min, median, max, found_best })
    }

    /// The fingerprint (docs/DEFINITION.md, section 3.10) as 64 hex digits. It is equal on two machines whose results
    /// are equal.
    #[must_use]
    pub fn fingerprint(&self, job: &Job<'_>) -> String {
        let mut hasher = blake3::Hasher::new();
        hasher.update(b"cairn-fp-2");
        let sizes = [job.table.n_points(), job.table.n_dims(), job.n_clusters, self.outcomes.len()];
        for size in sizes {
            hasher.update(&(size as u64).to_le_bytes());
        }
        for outcome in &self.outcomes {
            hasher.update(&outcome.iterations.to_le_bytes());
            hasher.update(&[outcome.stop as u8]);
            hasher.update(&outcome.inertia.to_le_bytes());
            hasher.update(&outcome.digest.to_le_bytes());
        }
        if let Some(state) = self.best_state() {
            state.centroids.iter().for_each(|q| {
                hasher.update(&q.to_le_bytes());
            });
            state.labels.iter().for_each(|label| {
                hasher.update(&label.to_le_bytes());
            });
        }
        hasher.finalize().to_hex().to_string()
    }
}
