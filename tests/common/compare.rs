//! The comparer: checks that two sets of restarts are equal in every bit, and reports the first difference.

use cairn::engine::{Outcome, State};
use cairn::kmeans::Restarts;

/// Compares all outcomes and states, and describes the first restart that differs: the first difference of
/// each of its parts, with both values.
pub(crate) fn compare(expected: &Restarts, got: &Restarts) -> Result<(), String> {
    let of_outcomes = |all: &Restarts| all.outcomes.iter().map(|outcome| outcome.restart).collect::<Vec<_>>();
    let of_states = |all: &Restarts| all.states.iter().map(|(restart, _)| *restart).collect::<Vec<_>>();
    same_restarts("outcomes", &of_outcomes(expected), &of_outcomes(got))?;
    same_restarts("states", &of_states(expected), &of_states(got))?;
    for (expected_outcome, outcome) in expected.outcomes.iter().zip(&got.outcomes) {
        let restart = outcome.restart;
        let mut found = outcome_differences(expected_outcome, outcome);
        let states = expected.states.iter().zip(&got.states);
        for ((_, expected), (_, state)) in states.filter(|((of, _), _)| *of == restart) {
            found.extend(state_differences(expected, state));
        }
        if !found.is_empty() {
            return Err(format!("restart {restart}: {}", found.join("; ")));
        }
    }
    Ok(())
}

fn same_restarts(of: &str, expected: &[u64], got: &[u64]) -> Result<(), String> {
    if expected == got { Ok(()) } else { Err(format!("{of} of the restarts {got:?}, expected {expected:?}")) }
}

fn outcome_differences(expected: &Outcome, got: &Outcome) -> Vec<String> {
    let differs = |what: &str, expected: String, got: String| {
        (expected != got).then(|| format!("{what} is {got}, expected {expected}"))
    };
    let parts = [
        differs("stop", expected.stop.name().into(), got.stop.name().into()),
        differs("iterations", expected.iterations.to_string(), got.iterations.to_string()),
        differs("inertia", expected.inertia.to_string(), got.inertia.to_string()),
        differs("digest", format!("{:016x}", expected.digest), format!("{:016x}", got.digest)),
    ];
    parts.into_iter().flatten().collect()
}

fn state_differences(expected: &State, got: &State) -> Vec<String> {
    let d = expected.centroids.len() / expected.counts.len().max(1);
    let parts = [
        first("centroids", &expected.centroids, &got.centroids, |at| {
            format!("cluster {}, feature {}: centroid", at / d, at % d)
        }),
        first("labels", &expected.labels, &got.labels, |row| format!("row {row}: label")),
        first("counts", &expected.counts, &got.counts, |cluster| format!("cluster {cluster}: count")),
    ];
    parts.into_iter().flatten().collect()
}

/// The first index at which two arrays differ; `name` describes it.
fn first<T: PartialEq + std::fmt::Display>(
    array: &str,
    expected: &[T],
    got: &[T],
    name: impl Fn(usize) -> String,
) -> Option<String> {
    if expected.len() != got.len() {
        return Some(format!("{} {array}, expected {}", got.len(), expected.len()));
    }
    let at = expected.iter().zip(got).position(|(expected, got)| expected != got)?;
    Some(format!("{} is {}, expected {}", name(at), got[at], expected[at]))
}
