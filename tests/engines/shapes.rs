//! Sizes.

use cairn::kmeans::KMeans;

use crate::common::{Case, Numbers, agree, dataset, digits, normal};

agree!(digits_k2, digits_k10, digits_k64);

fn digits_k2() -> Case {
    Case::new(&digits(), KMeans::new(2).restarts(5))
}

fn digits_k10() -> Case {
    Case::new(&digits(), KMeans::new(10).restarts(7))
}

fn digits_k64() -> Case {
    Case::new(&digits(), KMeans::new(64).restarts(2))
}

agree!(one_row, one_value, one_feature, one_cluster, as_many_clusters_as_rows);

fn one_row() -> Case {
    Case::new(&dataset(5, vec![1.0, -2.0, 0.3, 1e6, 0.0]), KMeans::new(1).restarts(4))
}

fn one_value() -> Case {
    Case::new(&dataset(1, vec![0.1]), KMeans::new(1).restarts(2))
}

fn one_feature() -> Case {
    Case::new(&normal(300, 1, 1), KMeans::new(7).restarts(5))
}

fn one_cluster() -> Case {
    Case::new(&normal(300, 9, 2), KMeans::new(1).restarts(4))
}

fn as_many_clusters_as_rows() -> Case {
    Case::new(&normal(40, 3, 3), KMeans::new(40).restarts(5))
}

agree!(below_a_tile, a_tile, above_a_tile, more_features_than_rows, more_clusters_than_features);

fn below_a_tile() -> Case {
    Case::new(&normal(255, 63, 4), KMeans::new(31).restarts(4))
}

fn a_tile() -> Case {
    Case::new(&normal(256, 64, 5), KMeans::new(32).restarts(4))
}

fn above_a_tile() -> Case {
    Case::new(&normal(257, 65, 6), KMeans::new(33).restarts(4))
}

fn more_features_than_rows() -> Case {
    Case::new(&normal(33, 257, 7), KMeans::new(5).restarts(4))
}

fn more_clusters_than_features() -> Case {
    Case::new(&normal(300, 2, 8), KMeans::new(129).restarts(2))
}

agree!(pictures, many_columns, many_rows, many_restarts);

/// 28 x 28 pixels of whole numbers, most of them 0, some columns always.
fn pictures() -> Case {
    let mut numbers = Numbers::new(9);
    let pixel = |at: usize, numbers: &mut Numbers| match at % 784 {
        0..28 => 0.0,
        _ if numbers.below(5) > 0 => 0.0,
        _ => numbers.whole(0, 255),
    };
    Case::new(
        &dataset(784, (0..120 * 784).map(|at| pixel(at, &mut numbers)).collect()),
        KMeans::new(10).restarts(3),
    )
}

fn many_columns() -> Case {
    Case::new(&normal(40, 3001, 10), KMeans::new(3).restarts(3))
}

/// So many rows that the processor's threads share those of one restart.
fn many_rows() -> Case {
    Case::new(&normal(50_001, 2, 11), KMeans::new(5).restarts(2).max_iter(25))
}

/// A grid of many slots, which finish at different times.
fn many_restarts() -> Case {
    Case::new(&normal(60, 3, 12), KMeans::new(5).restarts(300))
}
