//! What the file of a run holds.

use std::time::Duration;

use super::identity::RunIdentity;
use crate::engine::{Outcome, Unfinished};
use crate::kmeans::restarts::fingerprint_of;
use crate::kmeans::search::{Population, RunEnd};
use crate::numbers;

/// A run as its file has it: its restarts so far, the best one's state, and the restart between two iterations, if one is
/// begun.
///
/// [`Checkpoint`](crate::kmeans::Checkpoint) writes it while the run goes on.
#[derive(Debug, Clone, PartialEq)]
pub struct SavedRun {
    /// Its table and parameters.
    pub identity: RunIdentity,
    /// What else is known of the table.
    pub about: AboutRun,
    /// Number of the first restart.
    pub first_restart: u64,
    /// Restarts asked for.
    pub n_restarts: u64,
    /// Why there are no more restarts; `None` of a run that is not done.
    pub ended: Option<RunEnd>,
    /// Outcomes of the restarts that are done, in order, without gaps.
    pub outcomes: Vec<Outcome>,
    /// The state of the best of them.
    pub best: Option<BestState>,
    /// The restart that comes next, if it is begun.
    pub unfinished: Option<Unfinished>,
    /// Time that restarts took so far, in all processes.
    pub spent: Duration,
    pub(in crate::kmeans) population: Option<Population>,
}

/// What is known of a table beside its identity, for people.
#[derive(Debug, Clone, PartialEq)]
pub struct AboutRun {
    /// The table's name, as it was given.
    pub data: String,
    /// The version of Cairn that wrote it.
    pub cairn: String,
    /// The given weight that corresponds to an integer weight of 1.
    pub weight_unit: f64,
    /// A step of the finest feature is 2 to this power.
    pub least_exponent: i32,
}

/// Centroids and labels of the best restart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BestState {
    /// Number of the restart.
    pub restart: u64,
    /// Lattice coordinates. (n_clusters, n_dims)
    pub centroids: Vec<i32>,
    /// Nearest centroid of each row; [`NO_LABEL`](crate::engine::NO_LABEL) for a row without one. (n_points)
    pub labels: Vec<u32>,
}

impl SavedRun {
    /// Restarts done.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.outcomes.len() as u64
    }

    /// The outcome of the best restart, if one is done.
    #[must_use]
    pub fn best_outcome(&self) -> Option<&Outcome> {
        let at = self.best.as_ref()?.restart.checked_sub(self.first_restart)?;
        self.outcomes.get(usize::try_from(at).ok()?)
    }

    /// A cost in the user's units as text, with this many significant digits.
    #[must_use]
    pub fn cost_text(&self, cost: u128, digits: usize) -> String {
        let AboutRun { weight_unit, least_exponent, .. } = self.about;
        numbers::product(cost, weight_unit, least_exponent.saturating_mul(2), digits)
    }

    /// The fingerprint of the restarts done: that of a fit of as many restarts, from the same first one.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        let best = self.best.as_ref().map(|best| (&best.centroids[..], &best.labels[..]));
        fingerprint_of(self.identity.sizes(), &self.outcomes, best)
    }

    /// The coordinates of all centroids in it.
    pub(in crate::kmeans) fn centroids(&self) -> impl Iterator<Item = i32> {
        let best = self.best.iter().flat_map(|best| &best.centroids);
        let unfinished = self.unfinished.iter().flat_map(|from| &from.centroids);
        let population = self.population.iter();
        let members = population.flat_map(|of| {
            of.centroids.iter().chain(of.next.iter().map(|(_, centroids)| centroids)).flatten()
        });
        best.chain(unfinished).chain(members).copied()
    }
}
