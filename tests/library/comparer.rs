//! The comparer detects an error in any part of a result, and names its position.

use cairn::engine::Stop;
use cairn::kmeans::{KMeans, Restarts};

use crate::common::{Case, compare, normal};

fn truth() -> Restarts {
    Case::new(&normal(60, 3, 1), KMeans::new(4).restarts(5)).oracle()
}

/// The comparer's message after `spoil` changed a correct result.
fn refusal(spoil: impl FnOnce(&mut Restarts)) -> String {
    let expected = truth();
    let mut got = expected.clone();
    spoil(&mut got);
    compare(&expected, &got).expect_err("a wrong result was let through")
}

#[test]
fn equal_results_pass() {
    assert_eq!(compare(&truth(), &truth()), Ok(()));
    let case = Case::new(&normal(60, 3, 1), KMeans::new(4).restarts(5));
    assert_eq!(compare(&truth(), &case.run_threads(2, 3)), Ok(()));
}

#[test]
fn a_wrong_label() {
    let truth = truth().states[3].1.labels[17];
    let text = refusal(|got| got.states[3].1.labels[17] = 9);
    assert_eq!(text, format!("restart 3: row 17: label is 9, expected {truth}"));
}

#[test]
fn a_wrong_count() {
    let truth = truth().states[2].1.counts[1];
    let text = refusal(|got| got.states[2].1.counts[1] += 1);
    assert_eq!(text, format!("restart 2: cluster 1: count is {}, expected {truth}", truth + 1));
}

#[test]
fn a_wrong_centroid() {
    let truth = truth().states[4].1.centroids[7];
    let text = refusal(|got| got.states[4].1.centroids[7] -= 1);
    assert_eq!(text, format!("restart 4: cluster 2, feature 1: centroid is {}, expected {truth}", truth - 1));
}

#[test]
fn a_wrong_inertia() {
    let truth = truth().outcomes[1].inertia;
    let text = refusal(|got| got.outcomes[1].inertia ^= 1);
    assert_eq!(text, format!("restart 1: inertia is {}, expected {truth}", truth ^ 1));
}

#[test]
fn a_wrong_number_of_iterations() {
    let truth = truth().outcomes[0].iterations;
    let text = refusal(|got| got.outcomes[0].iterations += 2);
    assert_eq!(text, format!("restart 0: iterations is {}, expected {truth}", truth + 2));
}

#[test]
fn a_wrong_reason_to_stop() {
    let text = refusal(|got| got.outcomes[4].stop = Stop::Tol);
    assert_eq!(text, "restart 4: stop is tol, expected fixed_point");
}

#[test]
fn a_wrong_digest() {
    let text = refusal(|got| got.outcomes[2].digest = 0x2a);
    assert!(text.starts_with("restart 2: digest is 000000000000002a, expected "), "{text}");
}

#[test]
fn all_parts_of_the_first_wrong_restart() {
    let text = refusal(|got| {
        got.outcomes[1].iterations = 0;
        got.states[1].1.labels[0] = 9;
        got.states[1].1.labels[1] = 9;
        got.states[2].1.labels[0] = 9;
    });
    assert!(text.starts_with("restart 1: iterations is 0, expected "), "{text}");
    assert!(text.contains("; row 0: label is 9, expected "), "{text}");
    assert!(!text.contains("row 1:") && !text.contains("restart 2"), "{text}");
}

#[test]
fn missing_and_misplaced_restarts() {
    let text = refusal(|got| got.outcomes.truncate(4));
    assert_eq!(text, "outcomes of the restarts [0, 1, 2, 3], expected [0, 1, 2, 3, 4]");
    let text = refusal(|got| got.states.swap(0, 1));
    assert_eq!(text, "states of the restarts [1, 0, 2, 3, 4], expected [0, 1, 2, 3, 4]");
    let text = refusal(|got| drop(got.states.remove(2)));
    assert_eq!(text, "states of the restarts [0, 1, 3, 4], expected [0, 1, 2, 3, 4]");
}

#[test]
fn another_shape() {
    let text = refusal(|got| got.states[0].1.labels.truncate(59));
    assert_eq!(text, "restart 0: 59 labels, expected 60");
    let text = refusal(|got| got.states[0].1.centroids.push(0));
    assert_eq!(text, "restart 0: 13 centroids, expected 12");
}
