//! How restarts are chosen: independent ones, or children of a population (docs/DEFINITION.md, section 3.15).

use crate::engine::reference::child::slot_of;
use crate::engine::{Outcome, State};

/// How the restarts of a fit are chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Search {
    /// Independent restarts.
    #[default]
    Restarts,
    /// The first restarts are a population. All others are children of its members, a generation at a time: a child begins
    /// with the centroids of a member, crossed with those of another one or with one centroid moved elsewhere, and takes the
    /// member's place if its inertia is lower. With one cluster all restarts are independent.
    Evolve {
        /// Restarts of a generation, at least 1; no more than there are restarts.
        population: u64,
    },
}

impl Search {
    /// The name used in tables and JSON.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Restarts => "restarts",
            Self::Evolve { .. } => "evolve",
        }
    }

    /// Restarts of a generation, if there are any.
    #[must_use]
    pub fn population(self) -> Option<u64> {
        match self {
            Self::Restarts => None,
            Self::Evolve { population } => Some(population),
        }
    }

    /// What follows a number of restarts in a sentence: how they are chosen, and whether they are refined. Empty for plain
    /// ones.
    #[must_use]
    pub fn words(self, refine: bool) -> String {
        let evolved =
            self.population().map(|population| format!(", evolved in a population of {population}"));
        evolved.unwrap_or_default() + if refine { ", each refined" } else { "" }
    }
}

/// What a search did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Searched {
    /// How restarts were chosen.
    pub search: Search,
    /// Whether each restart was refined.
    pub refine: bool,
    /// Generations of children that were complete; 0 of independent restarts.
    pub generations: u64,
    /// Children that took the place of a member.
    pub accepted: u64,
    /// Why there were no more restarts.
    pub ended: RunEnd,
}

impl Searched {
    /// All of some independent restarts.
    pub(super) fn plain() -> Self {
        let search = Search::Restarts;
        Self { search, refine: false, generations: 0, accepted: 0, ended: RunEnd::Restarts }
    }

    /// The first restarts, which begin with seeds; all others begin with centroids of these.
    #[must_use]
    pub fn first_generation(&self) -> u64 {
        match self.search {
            Search::Restarts => u64::MAX,
            Search::Evolve { population } => population,
        }
    }
}

/// Why a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RunEnd {
    /// All restarts were done.
    Restarts,
    /// The time was over: see [`KMeans::time`](super::KMeans::time).
    Time,
    /// No generation had brought a lower inertia for long: see [`KMeans::patience`](super::KMeans::patience).
    Patience,
    /// The observer cancelled it.
    Cancelled,
}

impl RunEnd {
    /// The name used in JSON.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Restarts => "restarts",
            Self::Time => "time",
            Self::Patience => "patience",
            Self::Cancelled => "cancelled",
        }
    }
}

/// A population and its next generation, as far as it is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Population {
    pub(super) size: u64,
    pub(super) inertias: Vec<u128>,
    pub(super) centroids: Vec<Vec<i32>>, // of each member, (n_clusters, n_dims)
    pub(super) next: Vec<(u128, Vec<i32>)>,
    pub(super) generations: u64,
    pub(super) accepted: u64,
    /// Generations in a row that have not lowered the least inertia.
    pub(super) idle: u64,
}

impl Population {
    /// None yet; it will have `size` members.
    pub(super) fn new(size: u64) -> Self {
        Self {
            size,
            inertias: Vec::new(),
            centroids: Vec::new(),
            next: Vec::new(),
            generations: 0,
            accepted: 0,
            idle: 0,
        }
    }

    /// The centroids of the members, if there are all of them.
    pub(super) fn members(&self) -> Option<&[Vec<i32>]> {
        (self.centroids.len() as u64 == self.size).then_some(&self.centroids)
    }

    /// The first restart after the generation of restart `next`.
    pub(super) fn end_of_generation(&self, next: u64) -> u64 {
        (next / self.size).saturating_add(1).saturating_mul(self.size)
    }

    /// Adds the next restarts, all of which have their states. A complete generation takes its places.
    pub(super) fn add(&mut self, outcomes: &[Outcome], states: &[(u64, State)]) {
        for (outcome, (_, state)) in outcomes.iter().zip(states) {
            if self.members().is_none() {
                self.inertias.push(outcome.inertia);
                self.centroids.push(state.centroids.clone());
                continue;
            }
            self.next.push((outcome.inertia, state.centroids.clone()));
            if self.next.len() as u64 == self.size {
                self.replace();
            }
        }
    }

    /// In order of the slots, a child takes the place of its member if its inertia is lower, and no member has the same.
    fn replace(&mut self) {
        let least = self.inertias.iter().min().copied();
        for (child, (inertia, centroids)) in (0..).zip(std::mem::take(&mut self.next)) {
            let slot = slot_of(child, self.inertias.len());
            if inertia < self.inertias[slot] && !self.inertias.contains(&inertia) {
                self.inertias[slot] = inertia;
                self.centroids[slot] = centroids;
                self.accepted += 1;
            }
        }
        self.generations += 1;
        self.idle = if self.inertias.iter().min().copied() < least { 0 } else { self.idle + 1 };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::Stop;

    fn add(population: &mut Population, inertias: &[u128]) {
        let outcome =
            |inertia| Outcome { restart: 0, inertia, iterations: 1, stop: Stop::FixedPoint, digest: 0 };
        let state =
            |inertia: u128| State { centroids: vec![inertia as i32], labels: Vec::new(), counts: Vec::new() };
        for &inertia in inertias {
            population.add(&[outcome(inertia)], &[(0, state(inertia))]);
        }
    }

    #[test]
    fn a_child_takes_its_own_slot_if_it_is_better_and_new() {
        let mut population = Population::new(3);
        add(&mut population, &[50, 40]);
        assert!(population.members().is_none());
        add(&mut population, &[30]);
        assert_eq!((population.end_of_generation(0), population.end_of_generation(3)), (3, 6));
        // 40 is there already, 45 is worse than its member; the last one waits for its generation
        add(&mut population, &[40, 45]);
        assert_eq!(population.members().unwrap(), [[50], [40], [30]]);
        add(&mut population, &[20]);
        assert_eq!(population.members().unwrap(), [[50], [40], [20]]);
        assert_eq!((population.generations, population.accepted, population.idle), (1, 1, 0));
        // 39 frees 40, which the third child may not take: it is worse than its member
        add(&mut population, &[41, 39, 40]);
        assert_eq!(population.members().unwrap(), [[41], [39], [20]]);
        assert_eq!((population.generations, population.accepted, population.idle), (2, 3, 1));
    }
}
