//! The metric cosine: rows and centroids of length 1.

use cairn::data::{Dataset, Scale};
use cairn::engine::Metric;
use cairn::kmeans::{Init, KMeans};
use ndarray::Array2;

use crate::common::{Case, Numbers, agree, dataset, digits, normal, repeated, weighted};

fn cosine(data: Dataset<'static>, kmeans: KMeans) -> Case {
    Case::new(&data.scaled(Scale::Unit).expect("finite values"), kmeans.metric(Metric::Cosine))
}

agree!(digits_k10, one_row, one_feature, one_cluster, as_many_clusters_as_rows);

fn digits_k10() -> Case {
    cosine(digits(), KMeans::new(10).restarts(5))
}

fn one_row() -> Case {
    cosine(dataset(5, vec![1.0, -2.0, 0.3, 1e6, 0.0]), KMeans::new(1).restarts(2))
}

/// All rows are 1 or -1.
fn one_feature() -> Case {
    cosine(normal(200, 1, 1), KMeans::new(3).restarts(4))
}

fn one_cluster() -> Case {
    cosine(normal(300, 9, 2), KMeans::new(1).restarts(3))
}

fn as_many_clusters_as_rows() -> Case {
    cosine(normal(40, 3, 3), KMeans::new(40).restarts(3))
}

agree!(partial_tiles, more_features_than_rows, many_clusters, many_rows, many_restarts);

fn partial_tiles() -> Case {
    cosine(normal(257, 65, 4), KMeans::new(33).restarts(3))
}

fn more_features_than_rows() -> Case {
    cosine(normal(33, 257, 5), KMeans::new(5).restarts(3))
}

/// Guesses in few bits: centroids lie outside the hull of the points.
fn many_clusters() -> Case {
    cosine(normal(700, 70, 6), KMeans::new(90).restarts(2))
}

fn many_rows() -> Case {
    cosine(normal(30_001, 3, 7), KMeans::new(5).restarts(2).max_iter(20))
}

fn many_restarts() -> Case {
    cosine(normal(60, 3, 8), KMeans::new(5).restarts(150))
}

agree!(a_narrow_cone, axes, opposite_rows, nearly_opposite_rows, sizes_of_all_kinds);

/// Rows whose angles are small: the centre of the table is far from 0, on both sides of it.
fn a_narrow_cone() -> Case {
    let mut numbers = Numbers::new(9);
    let mut row = || {
        (0..12).map(|j| (if j % 3 == 0 { -1.0 } else { 1.0 }) + 1e-3 * numbers.normal()).collect::<Vec<_>>()
    };
    cosine(dataset(12, (0..300).flat_map(|_| row()).collect()), KMeans::new(6).restarts(3))
}

/// Coordinates of one bit, and many ties.
fn axes() -> Case {
    let row = |i: usize| (0..7).map(move |j| f64::from(u8::from(j == i % 7)));
    cosine(dataset(7, (0..70).flat_map(row).collect()), KMeans::new(4).restarts(6))
}

/// The sum of a cluster is zero: its centroid stays.
fn opposite_rows() -> Case {
    let rows = dataset(2, vec![1.0, 0.0, -1.0, 0.0, 0.0, 1.0, 0.0, -1.0, 2.0, 0.0, -5.0, 0.0]);
    let starts = ndarray::arr2(&[[1.0, 2.0]]);
    cosine(rows, KMeans::new(1).restarts(1).init(Init::Centroids(starts)))
}

/// A sum of a few steps of the lattice, which is scaled up.
fn nearly_opposite_rows() -> Case {
    let rows = dataset(3, vec![1.0, 0.0, 0.0, -1.0, 3e-9, -1e-9, 1.0, 1e-9, 0.0, -1.0, 0.0, 0.0]);
    let starts = ndarray::arr2(&[[1.0, 2.0, 3.0]]);
    cosine(rows, KMeans::new(1).restarts(1).init(Init::Centroids(starts)))
}

fn sizes_of_all_kinds() -> Case {
    let mut numbers = Numbers::new(10);
    let mut row = |i: i32| {
        let size = 2f64.powi(i * 37 % 1900 - 950);
        (0..4).map(|_| size * numbers.normal()).collect::<Vec<_>>()
    };
    cosine(dataset(4, (0..120).flat_map(&mut row).collect()), KMeans::new(5).restarts(3))
}

agree!(empty_clusters, random_starts, tolerance, weights, the_largest_weights, copies);

fn empty_clusters() -> Case {
    let mut starts = Array2::from_elem((6, 3), -1.0);
    starts.row_mut(0).fill(1.0);
    starts[(2, 1)] = -1.01;
    let mut numbers = Numbers::new(11);
    let rows = (0..300).map(|_| numbers.unit() + 0.01).collect();
    cosine(dataset(3, rows), KMeans::new(6).restarts(1).init(Init::Centroids(starts)))
}

fn random_starts() -> Case {
    cosine(normal(150, 6, 12), KMeans::new(8).restarts(5).init(Init::Random))
}

fn tolerance() -> Case {
    cosine(normal(300, 5, 13), KMeans::new(9).restarts(6).tol(0.01))
}

fn weights() -> Case {
    let weights: Vec<f64> = (0..200).map(|i| f64::from(i % 5)).collect();
    cosine(weighted(normal(200, 4, 14), &weights), KMeans::new(6).restarts(4))
}

/// Coordinates of 23 bits, and sums of all 61.
fn the_largest_weights() -> Case {
    let weights: Vec<f64> = (0..64).map(|i| f64::from(u32::MAX - i % 7)).collect();
    cosine(weighted(normal(64, 3, 15), &weights), KMeans::new(4).restarts(3))
}

fn copies() -> Case {
    let data = normal(30, 3, 16);
    cosine(repeated(&data, &[4; 30]), KMeans::new(35).restarts(3))
}
