//! Values.

use cairn::data::Dataset;
use cairn::kmeans::KMeans;

use crate::common::{Case, Numbers, agree, dataset, integers, normal, values, weighted};

/// A normal table with `change` applied to each value, given its row and feature.
fn changed(
    n_points: usize,
    n_dims: usize,
    seed: u64,
    change: impl Fn(usize, usize, f64) -> f64,
) -> Dataset<'static> {
    let table = values(&normal(n_points, n_dims, seed));
    dataset(n_dims, table.iter().enumerate().map(|(at, &x)| change(at / n_dims, at % n_dims, x)).collect())
}

agree!(negative, far_from_zero, tiny, huge, all_31_bits, whole_numbers);

fn negative() -> Case {
    Case::new(&changed(200, 7, 20, |_, _, x| x - 50.0), KMeans::new(6).restarts(4))
}

fn far_from_zero() -> Case {
    Case::new(&changed(200, 4, 21, |_, _, x| x + 1e9), KMeans::new(6).restarts(4))
}

fn tiny() -> Case {
    Case::new(&changed(200, 4, 22, |_, _, x| x * 1e-300), KMeans::new(6).restarts(4))
}

fn huge() -> Case {
    Case::new(&changed(200, 4, 23, |_, _, x| x * 1e300), KMeans::new(6).restarts(4))
}

/// The largest coordinates, norms and distances that a table can have, in both signs.
fn all_31_bits() -> Case {
    let mut numbers = Numbers::new(24);
    let edge = (1 << 30) - 2;
    let sign = |numbers: &mut Numbers| if numbers.below(2) == 0 { -1.0 } else { 1.0 };
    let values = (0..150 * 33).map(|_| sign(&mut numbers) * numbers.whole(edge - 99, edge)).collect();
    Case::new(&integers(33, values), KMeans::new(9).restarts(4))
}

/// On a grid, as counts are, but too wide for scores to be exact in f32.
fn whole_numbers() -> Case {
    let mut numbers = Numbers::new(25);
    Case::new(
        &dataset(20, (0..300 * 20).map(|_| numbers.whole(0, 999)).collect()),
        KMeans::new(8).restarts(4),
    )
}

agree!(an_outlier, outliers_in_every_feature);

/// One value so far out that all others share a few steps of the lattice.
fn an_outlier() -> Case {
    let data = changed(200, 6, 26, |i, j, x| if (i, j) == (77, 2) { 1e6 } else { x });
    Case::new(&data, KMeans::new(6).restarts(4))
}

fn outliers_in_every_feature() -> Case {
    let data = changed(200, 6, 27, |i, j, x| if i == 31 * j { -1e5 } else { x });
    Case::new(&data, KMeans::new(9).restarts(4))
}

agree!(mixed, mixed_cut, mixed_cut_by_weight);

/// Ratios beside ages beside incomes.
fn mixed() -> Case {
    let data = changed(250, 6, 28, |_, j, x| x * [1e-3, 1.0, 12.0, 1e3, 4e4, 1e6][j]);
    let case = Case::new(&data, KMeans::new(7).restarts(4));
    assert!(case.table.lattice.mixed());
    case
}

/// Scales so far apart that the exponents may differ by no more than costs have room for.
fn mixed_cut() -> Case {
    let data = changed(100, 5, 29, |_, j, x| x * [1e-30, 1e-9, 1.0, 1e3, 1e9][j]);
    let case = Case::new(&data, KMeans::new(5).restarts(4));
    assert_eq!(case.table.lattice.max_shift(), 26); // 4^26 * 5 * 100 < 2^62
    case
}

/// So much weight that the exponents are cut lower.
fn mixed_cut_by_weight() -> Case {
    let data = changed(90, 20, 30, |_, j, x| x * if j < 10 { 1e-12 } else { 1.0 });
    let weights: Vec<f64> = (0..90).map(|i| if i % 2 == 0 { 65_535.0 } else { 65_534.0 }).collect();
    let case = Case::new(&weighted(data, &weights), KMeans::new(5).restarts(4));
    assert!((1..31).contains(&case.table.lattice.max_shift()), "{:?}", case.table.lattice.shift);
    case
}

agree!(a_constant_column, a_constant_table, a_constant_column_in_a_mixed_table);

fn a_constant_column() -> Case {
    Case::new(&changed(200, 5, 31, |_, j, x| if j == 3 { 0.7 } else { x }), KMeans::new(6).restarts(4))
}

fn a_constant_table() -> Case {
    Case::new(&dataset(3, [0.1, -5.0, 1e9].repeat(50)), KMeans::new(4).restarts(3))
}

fn a_constant_column_in_a_mixed_table() -> Case {
    let data = changed(200, 4, 32, |_, j, x| [x, 0.7, 1e6 * x, -3e5][j]);
    Case::new(&data, KMeans::new(6).restarts(4))
}
