//! Empty clusters.

use cairn::data::Dataset;
use cairn::engine::reference::{assign, seed};
use cairn::kmeans::{Init, KMeans};
use ndarray::Array2;

use crate::common::{Case, Numbers, agree, integers, normal, repeated, values, weighted};

/// Starts from `starts`; the first assign leaves exactly `empties` clusters without a row.
fn starting(data: &Dataset<'_>, starts: Vec<f64>, max_iter: u32, empties: usize) -> Case {
    let d = data.points.n_dims();
    let k = starts.len() / d;
    let starts = Array2::from_shape_vec((k, d), starts).expect("whole rows");
    let kmeans = KMeans::new(k).restarts(1).init(Init::Centroids(starts)).max_iter(max_iter);
    let case = Case::new(data, kmeans);
    let labels = assign::assign(&case.table, &seed::seed(&case.job(), 0));
    let counts_for = |c: u32| move |(i, &label): (usize, &u32)| (label == c).then_some(i);
    let weight = |c: u32| -> u64 {
        labels
            .iter()
            .enumerate()
            .filter_map(counts_for(c))
            .map(|i| u64::from(case.table.weights.get(i)))
            .sum()
    };
    assert_eq!((0..k as u32).filter(|&c| weight(c) == 0).count(), empties);
    case
}

/// Whole numbers near zero in a table that reaches much further. (n_points, n_dims)
fn near_zero(n_points: usize, n_dims: usize, seed: u64) -> Vec<f64> {
    let mut numbers = Numbers::new(seed);
    (0..n_points * n_dims).map(|_| numbers.whole(-5000, 5000)).collect()
}

agree!(one_at_a_time, several_at_once, several_in_one_iteration, almost_all);

fn one_at_a_time() -> Case {
    let data = integers(3, near_zero(100, 3, 80));
    let far = vec![7.68e8, -7.68e8, 7.68e8];
    let starts = [near_zero(3, 3, 81), far].concat();
    starting(&data, starts, 300, 1)
}

fn several_at_once() -> Case {
    let data = integers(3, near_zero(100, 3, 82));
    let far = [
        [7.68e8, -7.68e8, 7.68e8],
        [-7.68e8, 7.68e8, 6.4e8],
        [7.68e8, -7.68e8, -6.4e8],
        [-6.4e8, 7.68e8, -8.96e8],
    ]
    .concat();
    let starts = [far, near_zero(3, 3, 83)].concat();
    starting(&data, starts, 300, 4)
}

fn several_in_one_iteration() -> Case {
    let data = integers(3, near_zero(100, 3, 84));
    let far = [[7.68e8, -7.68e8, 7.68e8], [-7.68e8, 7.68e8, 6.4e8], [7.68e8, -7.68e8, -6.4e8]].concat();
    starting(&data, [near_zero(4, 3, 85), far].concat(), 1, 3)
}

/// All starts are one point: all clusters but the first are empty.
fn almost_all() -> Case {
    let data = normal(120, 4, 86);
    let starts = values(&data)[20..24].repeat(50);
    starting(&data, starts, 300, 49)
}

agree!(
    duplicates_farthest,
    ties_farthest,
    ties_far_apart,
    donors_of_one_location,
    no_location_left,
    weightless_farthest
);

/// The farthest location is seven rows: they move together.
fn duplicates_farthest() -> Case {
    let mut times = vec![1; 60];
    times[..5].fill(7);
    let mut rows = values(&normal(60, 2, 87));
    rows[..10].iter_mut().for_each(|x| *x += 40.0);
    let data = repeated(&crate::common::dataset(2, rows), &times);
    starting(&data, [0.1, 0.2].repeat(4), 300, 3)
}

/// Four rows of three locations, all equally far: the lowest rows go first.
fn ties_farthest() -> Case {
    let far = [[0.0, 9.0], [9.0, 0.0], [0.0, 9.0], [-9.0, 0.0], [0.0, -9.0]];
    let near = [[0.0, 0.0], [1.0, 0.0], [0.0, 1.0], [-1.0, 0.0], [0.0, -1.0]];
    let data = crate::common::rows(&[far, near].concat());
    starting(&data, [0.0, 0.0].repeat(4), 300, 3)
}

/// Four locations equally far, hundreds of rows apart: the lowest rows go first.
fn ties_far_apart() -> Case {
    let near = [[0.0, 0.0], [1.0, 0.0], [0.0, 1.0], [-1.0, 0.0], [0.0, -1.0]];
    let mut rows = near.repeat(120);
    for (row, far) in [(100, [0.0, 9.0]), (300, [9.0, 0.0]), (500, [-9.0, 0.0]), (599, [0.0, -9.0])] {
        rows[row] = far;
    }
    starting(&crate::common::rows(&rows), [0.0, 0.0].repeat(3), 2, 2)
}

/// The farthest rows are alone in their clusters, or with their copies: they can't be taken.
fn donors_of_one_location() -> Case {
    let rows = [[-50.0, 0.0], [50.0, 0.0], [50.0, 0.0], [0.0, 0.0], [1.0, 0.0], [0.0, 2.0]];
    let starts = [[-30.0, 0.0], [30.0, 0.0], [0.0, 0.0], [0.0, 0.0], [0.0, 0.0]].concat();
    starting(&crate::common::rows(&rows), starts, 300, 2)
}

/// Three locations for six clusters.
fn no_location_left() -> Case {
    let data = repeated(&crate::common::rows(&[[0.0, 1.0], [4.0, 1.0], [9.0, 3.0]]), &[4, 2, 3]);
    starting(&data, [3.0, 2.0].repeat(6), 300, 5)
}

/// The farthest rows weigh nothing, some of them beyond the range: none of them may be taken.
fn weightless_farthest() -> Case {
    let mut rows = values(&normal(80, 3, 88));
    rows[..30].iter_mut().for_each(|x| *x *= 20.0);
    let mut weights = vec![2.0; 80];
    weights[..10].fill(0.0);
    weights[50] = 5.0;
    starting(&weighted(crate::common::dataset(3, rows), &weights), [0.0, 0.1, 0.2].repeat(5), 300, 4)
}

agree!(again_and_again, in_a_mixed_table);

/// More clusters than locations for many restarts, each starting elsewhere.
fn again_and_again() -> Case {
    let mut numbers = Numbers::new(89);
    let rows = (0..200).map(|_| numbers.whole(0, 6)).collect();
    Case::new(&crate::common::dataset(2, rows), KMeans::new(30).restarts(6).init(Init::Random))
}

fn in_a_mixed_table() -> Case {
    let mut rows = values(&normal(150, 3, 90));
    rows.iter_mut().enumerate().for_each(|(at, x)| *x *= [1.0, 1e7, 1e-4][at % 3]);
    let starts = [rows[..3].repeat(6), rows[30..36].to_vec()].concat();
    let case = starting(&crate::common::dataset(3, rows), starts, 300, 5);
    assert!(case.table.lattice.mixed());
    case
}
