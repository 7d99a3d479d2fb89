//! Verification: finds the first difference between the results of two devices.

use std::fmt;

use crate::engine::{Engine, Job, Keep, Outcome, State, Watch};
use crate::kmeans::Restarts;

/// The first difference between the results of two devices.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// The device compared with.
    pub base: String,
    /// The other device.
    pub other: String,
    /// Where they differ, and both values.
    pub place: DifferencePlace,
}

/// A position in a result, with the values of the base and of the other device.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DifferencePlace {
    /// Numbers of restarts.
    Count(usize, usize),
    /// A coordinate of a centroid, in lattice units.
    Centroid {
        /// The restart.
        restart: u64,
        /// The cluster.
        cluster: usize,
        /// The feature, from 0.
        feature: usize,
        /// Both values.
        values: (i32, i32),
    },
    /// The label of a row.
    Label {
        /// The restart.
        restart: u64,
        /// The row, from 0.
        row: usize,
        /// Both labels.
        labels: (u32, u32),
    },
    /// The weight of a cluster.
    Weight {
        /// The restart.
        restart: u64,
        /// The cluster.
        cluster: usize,
        /// Both weights.
        weights: (u64, u64),
    },
    /// Only the fingerprints, if the results differ in size.
    Fingerprint(String, String),
    /// The outcome of a restart, although its state is equal when the restart runs by itself.
    Outcome {
        /// The restart.
        restart: u64,
        /// What differs.
        what: &'static str,
        /// Both values, as text.
        values: (String, String),
    },
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { base, other, place } = self;
        let (at, first, second) = match place {
            DifferencePlace::Count(a, b) => {
                ("the number of restarts".to_owned(), a.to_string(), b.to_string())
            }
            DifferencePlace::Centroid { restart, cluster, feature, values } => (
                format!("restart {restart}, cluster {cluster}, feature {} (lattice units)", feature + 1),
                values.0.to_string(),
                values.1.to_string(),
            ),
            DifferencePlace::Label { restart, row, labels } => (
                format!("restart {restart}, the cluster of row {}", row + 1),
                labels.0.to_string(),
                labels.1.to_string(),
            ),
            DifferencePlace::Weight { restart, cluster, weights } => (
                format!("restart {restart}, the weight of cluster {cluster}"),
                weights.0.to_string(),
                weights.1.to_string(),
            ),
            DifferencePlace::Fingerprint(a, b) => ("the fingerprint".to_owned(), a.clone(), b.clone()),
            DifferencePlace::Outcome { restart, what, values } => {
                (format!("restart {restart}, its {what}"), values.0.clone(), values.1.clone())
            }
        };
        write!(f, "{base} and {other} differ first in {at}: {first} on {base}, {second} on {other}")
    }
}

/// A device's name, engine and results.
pub(super) type Computed<'a> = (&'a str, &'a dyn Engine, &'a Restarts);

/// The first difference between the results, if any. A restart whose outcome differs is run again by itself on both
/// devices, to find the difference in its state.
pub(super) fn first_difference(job: &Job<'_>, base: Computed<'_>, other: Computed<'_>) -> Option<Difference> {
    let place = match place_in_outcomes(&base.2.outcomes, &other.2.outcomes) {
        Some(place) => Some(in_detail(job, base.1, other.1, &place).unwrap_or(place)),
        None => place_in_best(base.2, other.2).or_else(|| place_in_prints(job, base.2, other.2)),
    };
    place.map(|place| Difference { base: base.0.into(), other: other.0.into(), place })
}

fn place_in_outcomes(base: &[Outcome], other: &[Outcome]) -> Option<DifferencePlace> {
    if base.len() != other.len() {
        return Some(DifferencePlace::Count(base.len(), other.len()));
    }
    let (a, b) = base.iter().zip(other).find(|(a, b)| a != b)?;
    let parts = [
        ("number", a.restart.to_string(), b.restart.to_string()),
        ("iterations", a.iterations.to_string(), b.iterations.to_string()),
        ("inertia (lattice units)", a.inertia.to_string(), b.inertia.to_string()),
        ("stop", a.stop.name().to_owned(), b.stop.name().to_owned()),
        ("digest of centroids", a.digest.to_string(), b.digest.to_string()),
    ];
    let (what, a_value, b_value) = parts.into_iter().find(|(_, a, b)| a != b)?;
    Some(DifferencePlace::Outcome { restart: a.restart, what, values: (a_value, b_value) })
}

fn place_in_best(base: &Restarts, other: &Restarts) -> Option<DifferencePlace> {
    place_in_states(base.best()?.restart, base.best_state()?, other.best_state()?)
}

fn place_in_prints(job: &Job<'_>, base: &Restarts, other: &Restarts) -> Option<DifferencePlace> {
    let (a, b) = (base.fingerprint(job), other.fingerprint(job));
    (a != b).then_some(DifferencePlace::Fingerprint(a, b))
}

/// The difference between the states when the restart runs by itself; `None` if they are equal or a device fails.
fn in_detail(
    job: &Job<'_>,
    base: &dyn Engine,
    other: &dyn Engine,
    place: &DifferencePlace,
) -> Option<DifferencePlace> {
    let DifferencePlace::Outcome { restart, .. } = place else { return None };
    let restart = *restart;
    let alone = |engine: &dyn Engine| {
        let batch = engine.load(job).ok()?.run(restart..restart + 1, Keep::All, &Watch::default()).ok()?;
        batch.states.into_iter().next().map(|(_, state)| state)
    };
    place_in_states(restart, &alone(base)?, &alone(other)?)
}

fn place_in_states(restart: u64, base: &State, other: &State) -> Option<DifferencePlace> {
    let n_dims = (base.centroids.len() / base.counts.len().max(1)).max(1);
    let centroid = position(&base.centroids, &other.centroids).map(|(at, values)| {
        DifferencePlace::Centroid { restart, cluster: at / n_dims, feature: at % n_dims, values }
    });
    let label = || {
        let (row, labels) = position(&base.labels, &other.labels)?;
        Some(DifferencePlace::Label { restart, row, labels })
    };
    let weight = || {
        let (cluster, weights) = position(&base.counts, &other.counts)?;
        Some(DifferencePlace::Weight { restart, cluster, weights })
    };
    centroid.or_else(label).or_else(weight)
}

fn position<T: Copy + PartialEq>(base: &[T], other: &[T]) -> Option<(usize, (T, T))> {
    let at = base.iter().zip(other).position(|(a, b)| a != b)?;
    Some((at, (base[at], other[at])))
}
