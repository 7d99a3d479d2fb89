//! Many centroids of many features, for which the CPU may guess in fewer bits, and look at movers first.

use cairn::kmeans::KMeans;

use crate::common::{Case, Numbers, agree, dataset, integers, normal, repeated, shape, values, weighted};

agree!(
    odd_features,
    one_far_row,
    all_31_bits,
    near_copies,
    whole_numbers,
    edges_of_a_grid,
    heavy_rows,
    to_the_fixed_point,
    movers,
    movers_of_few_features,
    movers_of_a_grid,
);

fn odd_features() -> Case {
    Case::new(&normal(300, 129, 70), KMeans::new(40).restarts(2).max_iter(6))
}

/// The outlier takes all the bits: everything else is left open.
fn one_far_row() -> Case {
    let data = normal(200, 64, 71);
    let (n, d) = shape(&data);
    let mut rows = values(&data);
    rows[(n / 2) * d] = 1e7;
    Case::new(&dataset(d, rows), KMeans::new(65).restarts(2).max_iter(5))
}

fn all_31_bits() -> Case {
    let mut numbers = Numbers::new(72);
    let edge = 1 << 30;
    let values = (0..150 * 97).map(|_| numbers.whole(-edge, edge)).collect();
    Case::new(&integers(97, values), KMeans::new(45).restarts(2).max_iter(5))
}

/// Rows that differ from one another by less than 16 bits can say.
fn near_copies() -> Case {
    let mut numbers = Numbers::new(73);
    let copies = repeated(&normal(30, 70, 74), &[8; 30]);
    let moved = values(&copies).into_iter().map(|x| x + 1e-7 * numbers.normal()).collect();
    Case::new(&dataset(70, moved), KMeans::new(60).restarts(2).max_iter(8))
}

/// Nothing is rounded, and there are many ties.
fn whole_numbers() -> Case {
    let mut numbers = Numbers::new(75);
    let values = (0..250 * 80).map(|_| numbers.whole(0, 2)).collect();
    Case::new(&dataset(80, values), KMeans::new(52).restarts(2).max_iter(6))
}

/// Whole numbers of which most lie at the ends of the range, so that sums of bytes come close to 2^15. In few features
/// and in many, some of which have no others to make four.
fn edges_of_a_grid() -> Case {
    let mut numbers = Numbers::new(80);
    let values =
        (0..400 * 63).map(|_| [0.0, 16.0, 16.0, 0.0, numbers.whole(0, 16)][numbers.whole(0, 4) as usize]);
    Case::new(&dataset(63, values.collect()), KMeans::new(25).restarts(3))
}

fn heavy_rows() -> Case {
    let weights: Vec<f64> = (0..220).map(|i| f64::from([0, 1, u32::MAX, 7][i % 4])).collect();
    Case::new(&weighted(normal(220, 66, 76), &weights), KMeans::new(63).restarts(2).max_iter(6))
}

/// Long enough for bounds to take over, and to be given up.
fn to_the_fixed_point() -> Case {
    Case::new(&normal(2000, 34, 77), KMeans::new(31).restarts(1))
}

/// As in `mutations`, which shows that movers are looked at here.
fn movers() -> Case {
    Case::new(&normal(3000, 34, 78), KMeans::new(150).restarts(1))
}

fn movers_of_few_features() -> Case {
    Case::new(&normal(3000, 16, 78), KMeans::new(256).restarts(1))
}

/// With ties between centroids, and between movers.
fn movers_of_a_grid() -> Case {
    let mut numbers = Numbers::new(79);
    let values = (0..3000 * 40).map(|_| numbers.whole(0, 2)).collect();
    Case::new(&dataset(40, values), KMeans::new(120).restarts(1))
}
