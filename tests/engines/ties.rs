//! Ties and near ties.

use cairn::kmeans::{Init, KMeans};
use ndarray::Array2;

use crate::common::{
    Case, Numbers, agree, bisector, dataset, far_centroid, integers, mirrored, normal, repeated,
};

agree!(duplicates, fewer_distinct_rows_than_clusters, binary, binary_many_clusters, a_square_grid);

fn duplicates() -> Case {
    Case::new(&repeated(&normal(40, 6, 60), &[7; 40]), KMeans::new(12).restarts(5))
}

fn fewer_distinct_rows_than_clusters() -> Case {
    Case::new(&repeated(&normal(5, 6, 61), &[9; 5]), KMeans::new(8).restarts(5))
}

fn binary() -> Case {
    let mut numbers = Numbers::new(62);
    Case::new(&dataset(20, (0..400 * 20).map(|_| numbers.whole(0, 1)).collect()), KMeans::new(8).restarts(5))
}

fn binary_many_clusters() -> Case {
    let mut numbers = Numbers::new(63);
    Case::new(&dataset(7, (0..300 * 7).map(|_| numbers.whole(0, 1)).collect()), KMeans::new(70).restarts(3))
}

fn a_square_grid() -> Case {
    let rows = (0..20).flat_map(|y| (0..20).flat_map(move |x| [f64::from(x), f64::from(y)]));
    Case::new(&dataset(2, rows.collect()), KMeans::new(4).restarts(8))
}

agree!(large_ties, candidates_that_gain_alike);

/// Zeros and ones times a large odd number: ties as in a binary table, in 31-bit arithmetic.
fn large_ties() -> Case {
    let mut numbers = Numbers::new(64);
    let values = (0..200 * 12).map(|_| numbers.whole(0, 1) * 536_870_909.0).collect();
    Case::new(&integers(12, values), KMeans::new(9).restarts(4))
}

agree!(two_equal_centroids, all_centroids_equal);

/// Starts from these rows of a normal table.
fn from_rows(n_dims: usize, rows: &[usize]) -> Case {
    let data = normal(200, n_dims, 65);
    let values = crate::common::values(&data);
    let starts = Array2::from_shape_fn((rows.len(), n_dims), |(c, j)| values[rows[c] * n_dims + j]);
    Case::new(&data, KMeans::new(rows.len()).restarts(1).init(Init::Centroids(starts)))
}

fn two_equal_centroids() -> Case {
    from_rows(5, &[3, 17, 80, 17, 120])
}

fn all_centroids_equal() -> Case {
    from_rows(3, &[42; 6])
}

agree!(bisector_of_2, bisector_of_64, bisector_of_400);

fn bisector_of_2() -> Case {
    bisector(2, 66).case(300)
}

fn bisector_of_64() -> Case {
    bisector(64, 67).case(300)
}

fn bisector_of_400() -> Case {
    bisector(400, 68).case(300)
}

agree!(far_centroid_first, far_centroid_inside, far_centroid_last, far_centroid_of_an_outlier);

fn far_centroid_first() -> Case {
    far_centroid(400, 0, 69).case(300)
}

fn far_centroid_inside() -> Case {
    far_centroid(400, 131, 70).case(300)
}

fn far_centroid_last() -> Case {
    far_centroid(400, 399, 71).case(300)
}

/// Rows near zero, one far away, and a centroid at it.
fn far_centroid_of_an_outlier() -> Case {
    let (n, d) = (150, 24);
    let mut numbers = Numbers::new(72);
    let values: Vec<f64> = (0..n * d).map(|_| numbers.whole(-1000, 1000)).collect();
    let mut starts = values[..4 * d].to_vec();
    starts.extend(vec![f64::from(1 << 30); d]);
    let starts = Array2::from_shape_vec((5, d), starts).expect("five rows");
    Case::new(&integers(d, values), KMeans::new(5).restarts(1).init(Init::Centroids(starts)))
}

/// The first of two candidates becomes the seed, though neither is proven to be the better.
fn candidates_that_gain_alike() -> Case {
    Case::new(&mirrored(60, 9, 65), KMeans::new(3).restarts(20))
}
