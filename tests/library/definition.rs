//! The reference against examples of the definition computed by hand.
//!
//! Other tests compare devices with the reference; these test the reference itself.

use cairn::data::Dataset;
use cairn::engine::reference::{Reference, seed};
use cairn::engine::{Stop, draws::Draws};
use cairn::kmeans::{Init, KMeans};
use ndarray::Array2;

use crate::common::{Case, dataset, rows, weighted};

/// The end of a run of one feature, in the user's units.
#[derive(Debug, PartialEq)]
struct End {
    labels: Vec<u32>,
    centroids: Vec<f64>,
    counts: Vec<u64>,
    inertia: f64,
    iterations: u32,
    stop: Stop,
}

fn end(case: &Case) -> End {
    let mut run = case.run(&Reference, 1);
    let (outcome, (_, state)) = (run.outcomes[0], run.states.remove(0));
    End {
        centroids: case.table.lattice.centroid_values(&state.centroids),
        labels: state.labels,
        counts: state.counts,
        inertia: case.table.cost(outcome.inertia),
        iterations: outcome.iterations,
        stop: outcome.stop,
    }
}

/// Rows of one feature.
fn line(values: &[f64]) -> Dataset<'static> {
    dataset(1, values.to_vec())
}

/// A run from these starts, of one feature.
fn starting(data: &Dataset<'_>, starts: &[f64], change: impl FnOnce(KMeans) -> KMeans) -> End {
    let init =
        Init::Centroids(Array2::from_shape_vec((starts.len(), 1), starts.to_vec()).expect("one column"));
    end(&Case::new(data, change(KMeans::new(starts.len()).restarts(1).init(init))))
}

/// Labels and centroids of a run to the fixed point.
fn fixed_point(values: &[f64], starts: &[f64]) -> (Vec<u32>, Vec<f64>) {
    let end = starting(&line(values), starts, |kmeans| kmeans);
    assert_eq!(end.stop, Stop::FixedPoint);
    (end.labels, end.centroids)
}

#[test]
fn a_tie_goes_to_the_lowest_index() {
    assert_eq!(fixed_point(&[0.0, 2.0, 4.0], &[0.0, 4.0]), (vec![0, 0, 1], vec![1.0, 4.0]));
    assert_eq!(fixed_point(&[0.0, 2.0, 4.0], &[4.0, 0.0]), (vec![1, 0, 0], vec![3.0, 0.0]));
}

#[test]
fn means_round_half_up() {
    // a step is 1 here, and the edges' sum is 0
    let edge = f64::from(1 << 30);
    for (a, b, mean) in
        [(2.0, 0.0, 1.0), (-2.0, 0.0, 0.0), (1.0, 0.0, 0.0), (-1.0, -2.0, -1.0), (5.0, 1.0, 2.0)]
    {
        let end = starting(&line(&[-edge, a, b, edge]), &[0.0], |kmeans| kmeans);
        assert_eq!(end.centroids, [mean], "({a} + {b}) / 4");
    }
}

#[test]
fn one_iteration_is_assign_update_assign() {
    let end = starting(&line(&[0.0, 1.0, 8.0, 9.0]), &[0.0, 1.0], |kmeans| kmeans.max_iter(1));
    let expected = End {
        labels: vec![0, 0, 1, 1],
        centroids: vec![0.0, 6.0],
        counts: vec![2, 2],
        inertia: 14.0,
        iterations: 1,
        stop: Stop::MaxIter,
    };
    assert_eq!(end, expected);
}

#[test]
fn tolerance_is_a_share_of_the_mean_variance() {
    // variance 16.25; squared shifts 25 (0, 1 -> 0, 6), then 6.5 (-> 0.5, 8.5), then 0
    let stops = |tol: f64| {
        let end = starting(&line(&[0.0, 1.0, 8.0, 9.0]), &[0.0, 1.0], |kmeans| kmeans.tol(tol));
        (end.stop, end.iterations)
    };
    assert_eq!(stops(1.54), (Stop::Tol, 1));
    assert_eq!(stops(1.53), (Stop::Tol, 2));
    assert_eq!(stops(0.41), (Stop::Tol, 2));
    assert_eq!(stops(0.39), (Stop::FixedPoint, 3));
    assert_eq!(stops(0.0), (Stop::FixedPoint, 3));
}

#[test]
fn the_fixed_point_is_the_first_reason_to_stop() {
    let values = line(&[0.0, 1.0, 8.0, 9.0]);
    let end = starting(&values, &[0.5, 8.5], |kmeans| kmeans.max_iter(1).tol(10.0));
    assert_eq!((end.stop, end.iterations, end.centroids), (Stop::FixedPoint, 1, vec![0.5, 8.5]));
    // and the tolerance the second
    let end = starting(&values, &[0.0, 1.0], |kmeans| kmeans.max_iter(1).tol(10.0));
    assert_eq!((end.stop, end.iterations), (Stop::Tol, 1));
}

#[test]
fn an_empty_cluster_takes_the_farthest_row_and_ties_go_to_the_lowest() {
    // rows 1 and 2 are both 1 away from their centroids
    assert_eq!(
        fixed_point(&[0.0, 1.0, 10.0, 11.0], &[0.0, 5.0, 11.0]),
        (vec![0, 1, 2, 2], vec![0.0, 1.0, 10.5])
    );
}

#[test]
fn a_donor_keeps_some_weight() {
    // row 0 is farthest, but alone: row 1 goes
    assert_eq!(fixed_point(&[0.0, 10.0, 11.0], &[3.0, 10.5, 10.5]), (vec![0, 2, 1], vec![0.0, 11.0, 10.0]));
    // as are rows 0 and 1, being one location
    let (labels, _) = fixed_point(&[0.0, 0.0, 10.0, 11.0], &[3.0, 10.5, 10.5]);
    assert_eq!(labels, [0, 0, 2, 1]);
}

#[test]
fn all_rows_of_a_location_go_and_one_list_serves_all_empties() {
    // farthest from 3: the two zeros, then 5
    let (labels, centroids) = fixed_point(&[0.0, 4.0, 0.0, 5.0], &[3.0, 3.0, 3.0]);
    assert_eq!((labels, centroids), (vec![1, 0, 1, 2], vec![4.0, 0.0, 5.0]));
}

#[test]
fn a_cluster_stays_empty_where_no_location_is_left() {
    let end = starting(&line(&[1.0, 1.0, 5.0, 5.0]), &[1.0, 1.0, 5.0, 2.0], |kmeans| kmeans);
    assert_eq!((end.centroids, end.counts), (vec![1.0, 1.0, 5.0, 2.0], vec![2, 0, 2, 0]));
    assert_eq!((end.stop, end.iterations, end.inertia), (Stop::FixedPoint, 1, 0.0));
}

#[test]
fn rows_without_weight_are_never_taken_but_labelled() {
    let data = weighted(line(&[0.0, 4.0, 9.0, 10.0]), &[1.0, 1.0, 0.0, 1.0]);
    // from 5: row 0 and row 3 are farthest, row 2 counts for nothing
    let end = starting(&data, &[5.0, 5.0], |kmeans| kmeans.max_iter(1));
    assert_eq!((end.centroids, end.labels, end.counts), (vec![7.0, 0.0], vec![1, 0, 0, 0], vec![2, 1]));
}

#[test]
fn weights_multiply() {
    let data = weighted(line(&[0.0, 1.0, 8.0]), &[1.0, 3.0, 2.0]);
    let end = starting(&data, &[0.0, 8.0], |kmeans| kmeans);
    assert_eq!((end.centroids, end.counts, end.inertia), (vec![0.75, 8.0], vec![4, 2], 0.75));
}

/// Seed rows of a table whose rows have the values 0, 1, 2, ...
fn seeded(values: &[f64], weights: &[f64], kmeans: KMeans) -> Vec<f64> {
    let case = Case::new(&weighted(line(values), weights), kmeans);
    case.table.lattice.centroid_values(&seed::seed(&case.job(), 0))
}

/// The draws of seed 42, restart 0, are 0.348, 0.286, 0.494 of 2^64.
#[test]
fn greedy_seeding_by_hand() {
    let to_9: Vec<f64> = (0..10).map(f64::from).collect();
    // 10 rows: row 3. Squared distances to it: 9 4 1 0 1 4 9 16 25 36, sum 105; draws fall at 29 and 51: rows 7
    // and 8. Both leave a potential of 25: row 7 was drawn first.
    assert_eq!(seeded(&to_9, &[1.0; 10], KMeans::new(2)), [3.0, 7.0]);
    // weight 3 on row 8: total 12 makes the first 4; w D = 16 9 4 1 0 1 4 9 48 25, sum 117; draws fall at 33 and
    // 57: rows 6 and 8. Row 8 leaves far less.
    let mut weights = [1.0; 10];
    weights[8] = 3.0;
    assert_eq!(seeded(&to_9, &weights, KMeans::new(2)), [4.0, 8.0]);
}

#[test]
fn seeding_goes_on_where_every_row_is_a_seed_already() {
    // potential 0 after two seeds: the lowest row of positive weight that is no seed, and no draw for it
    let seeds = seeded(&[5.0, 2.0, 2.0, 5.0], &[0.0, 1.0, 1.0, 1.0], KMeans::new(3));
    assert_eq!(seeds.iter().filter(|&&x| x == 2.0).count(), 2, "{seeds:?}");
}

#[test]
fn random_starts_by_hand() {
    let random =
        |values: &[f64], k| seeded(values, &vec![1.0; values.len()], KMeans::new(k).init(Init::Random));
    // 10 rows: rows 3, 2, 4
    let to_9: Vec<f64> = (0..10).map(f64::from).collect();
    assert_eq!(random(&to_9, 3), [3.0, 2.0, 4.0]);
    // row 2 equals row 3: the draw is made again
    let mut twin = to_9.clone();
    twin[2] = 3.0;
    assert_eq!(random(&twin, 2), [3.0, 4.0]);
    // two values for three seeds: draws run out, then any row will do
    let seeds = random(&[1.0, 1.0, 1.0, 7.0], 3);
    assert_eq!((seeds.contains(&1.0), seeds.contains(&7.0)), (true, true));
}

#[test]
fn streams_differ_by_seed_and_restart() {
    let begin = |seed, restart| Draws::new(seed, restart).draw();
    let numbers = [begin(0, 0), begin(0, 1), begin(1, 0), begin(u64::MAX, 0), begin(0, u64::MAX)];
    assert!((0..5).all(|a| (0..a).all(|b| numbers[a] != numbers[b])));
}

#[test]
fn two_features_are_one_distance() {
    let data = rows(&[[0.0, 0.0], [3.0, 4.0], [0.0, 6.0]]);
    let starts = Array2::from_shape_vec((2, 2), vec![0.0, 0.0, 0.0, 6.0]).expect("two rows");
    let case = Case::new(&data, KMeans::new(2).restarts(1).init(Init::Centroids(starts)).max_iter(1));
    // (3, 4) is 25 from the first and 13 from the second
    assert_eq!(end(&case).labels, [0, 1, 1]);
    assert_eq!(end(&case).inertia, 3.25 * 2.0);
}
