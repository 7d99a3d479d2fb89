//! Weights.

use cairn::kmeans::{Init, KMeans};

use crate::common::{Case, Numbers, agree, digits, normal, values, weighted};

/// Weights drawn from these values.
fn drawn(n: usize, from: &[f64], seed: u64) -> Vec<f64> {
    let mut numbers = Numbers::new(seed);
    (0..n).map(|_| from[numbers.below(from.len() as u64) as usize]).collect()
}

agree!(small, zero_one_and_the_largest, all_the_largest_but_one, most_are_zero, as_few_rows_as_clusters);

fn small() -> Case {
    let data = weighted(normal(200, 5, 100), &drawn(200, &[1.0, 2.0, 3.0, 7.0], 101));
    Case::new(&data, KMeans::new(8).restarts(5))
}

fn zero_one_and_the_largest() -> Case {
    let data = weighted(normal(200, 5, 102), &drawn(200, &[0.0, 1.0, 4_294_967_295.0], 103));
    Case::new(&data, KMeans::new(8).restarts(5))
}

fn all_the_largest_but_one() -> Case {
    let mut weights = vec![4_294_967_295.0; 200];
    weights[9] = 1.0;
    Case::new(&weighted(normal(200, 5, 104), &weights), KMeans::new(8).restarts(5))
}

fn most_are_zero() -> Case {
    let data = weighted(normal(200, 5, 105), &drawn(200, &[0.0, 0.0, 0.0, 0.0, 0.0, 4.0, 5.0], 106));
    Case::new(&data, KMeans::new(8).restarts(5).init(Init::Random))
}

fn as_few_rows_as_clusters() -> Case {
    let mut weights = vec![0.0; 60];
    (0..60).step_by(10).for_each(|i| weights[i] = i as f64 + 1.0);
    Case::new(&weighted(normal(60, 4, 107), &weights), KMeans::new(6).restarts(5))
}

agree!(of_a_part_and_the_largest_that_may_share_a_sum, rounded, with_fewer_bits);

/// Weights at the limit of what parts of sums in workgroup memory take.
fn of_a_part_and_the_largest_that_may_share_a_sum() -> Case {
    let data = weighted(normal(200, 5, 116), &drawn(200, &[1.0, 65_536.0, 131_071.0], 117));
    Case::new(&data, KMeans::new(8).restarts(4))
}

/// Weights that no whole numbers below 2^32 are in proportion to.
fn rounded() -> Case {
    let data = weighted(normal(200, 5, 118), &drawn(200, &[1e-12, 0.1, 0.7, 1.0], 119));
    let case = Case::new(&data, KMeans::new(8).restarts(4));
    assert!(case.table.weights.rounding() > 0.0);
    case
}

/// So much weight that coordinates have fewer bits, and sums all that they may have.
fn with_fewer_bits() -> Case {
    let mut weights = vec![4_294_967_295.0; 63];
    weights[5] = 4.0;
    let case = Case::new(&weighted(normal(63, 4, 120), &weights), KMeans::new(4).restarts(4));
    assert_eq!(case.table.lattice.bits, 23);
    case
}

agree!(of_the_digits, beyond_the_range, in_a_mixed_table, with_a_tolerance, sums_beyond_32_bits);

fn of_the_digits() -> Case {
    let weights = drawn(1797, &[0.0, 1.0, 2.0, 1000.0], 108);
    Case::new(&weighted(digits(), &weights), KMeans::new(10).restarts(3))
}

/// Rows without weight far outside the range of the others.
fn beyond_the_range() -> Case {
    let mut rows = values(&normal(100, 3, 109));
    rows[..60].iter_mut().for_each(|x| *x *= 1000.0);
    let mut weights = drawn(100, &[1.0, 2.0], 110);
    weights[..20].fill(0.0);
    let case = Case::new(&weighted(crate::common::dataset(3, rows), &weights), KMeans::new(5).restarts(4));
    assert_eq!(case.table.outside.len(), 20);
    case
}

fn in_a_mixed_table() -> Case {
    let mut rows = values(&normal(200, 3, 111));
    rows.iter_mut().enumerate().for_each(|(at, x)| *x *= [1.0, 1e6, 1e-3][at % 3]);
    let data = weighted(crate::common::dataset(3, rows), &drawn(200, &[0.0, 1.0, 4_294_967_295.0], 112));
    Case::new(&data, KMeans::new(6).restarts(4))
}

fn with_a_tolerance() -> Case {
    let data = weighted(normal(200, 5, 113), &drawn(200, &[1.0, 9.0], 114));
    Case::new(&data, KMeans::new(8).restarts(5).tol(1e-3))
}

/// Counts and potentials that no 32 bits hold.
fn sums_beyond_32_bits() -> Case {
    let mut weights = vec![65_535.0; 70_000];
    weights[7] = 1.0;
    let case = Case::new(&weighted(normal(70_000, 1, 115), &weights), KMeans::new(2).restarts(1).max_iter(5));
    assert!(case.table.weights.total() > 1 << 32);
    case
}
