//! The largest sizes, at which a driver may fail silently.
//!
//! Mesa's llvmpipe ends the loops of a kernel once an invocation has made 65,535 trips in all of them together
//! (`LP_MAX_TGSI_LOOP_ITERATIONS`). Its results are then wrong, without an error. Such a device may refuse a job, but
//! must not return a wrong result.

use cairn::kmeans::{Init, KMeans, Restarts};
use ndarray::Array2;

use crate::common::{
    Backend, Case, Numbers, bisector, dataset, integers, normal, on_devices, quick, repeated,
};

on_devices!(
    most_columns,
    many_mixed_columns,
    repairs_among_many_values,
    repairs_among_many_mixed_values,
    many_seeds_of_few_rows,
);

/// The most columns there may be, and the largest distances: 2^78 - 2^62 from corner to corner.
fn most_columns(backend: Backend) {
    let mut numbers = Numbers::new(13);
    let values = (0..3 * 65_535).map(|_| numbers.whole(-(1 << 30), 1 << 30)).collect();
    agrees_or_is_refused(&Case::new(&integers(65_535, values), KMeans::new(2).restarts(4)), backend);
}

/// Columns of scales as far apart as they may be: their distances are the widest, and the slowest to add up.
fn many_mixed_columns(backend: Backend) {
    let mut numbers = Numbers::new(17);
    let d = 40_000;
    let scale = |at: usize| if at.is_multiple_of(2) { 1.0 } else { 1e-9 };
    let values = (0..5 * d).map(|at| numbers.whole(-1000, 1000) * scale(at)).collect();
    let case = Case::new(&dataset(d, values), KMeans::new(2).restarts(2).max_iter(1));
    assert!(case.table.lattice.mixed());
    agrees_or_is_refused(&case, backend);
}

/// Ties among many centroids, of features of far apart scales.
fn repairs_among_many_mixed_values(backend: Backend) {
    let (d, k) = (784, 90);
    let mut numbers = Numbers::new(18);
    let scale = |at: usize| if at.is_multiple_of(2) { 1.0 } else { 1e-9 };
    let points: Vec<f64> = (0..30 * d).map(|at| numbers.whole(-1, 1) * scale(at)).collect();
    // every centroid twice: all points are ties
    let starts: Vec<f64> = (0..k).flat_map(|c| points[(c / 2 % 30) * d..][..d].to_vec()).collect();
    let starts = Array2::from_shape_vec((k, d), starts).expect("whole rows");
    let kmeans = KMeans::new(k).restarts(1).init(Init::Centroids(starts)).max_iter(1);
    let spread: Vec<f64> = (0..2 * d).map(|at| if at < d { 2.0 } else { -2.0 } * scale(at)).collect();
    let case = Case::new(&dataset(d, [points.repeat(3), spread].concat()), kmeans);
    assert!(case.table.lattice.mixed());
    agrees_or_is_refused(&case, backend);
}

/// Ties, to be decided in integers among 90 centroids of 784 features.
fn repairs_among_many_values(backend: Backend) {
    let (d, k) = (784, 90);
    let mut numbers = Numbers::new(14);
    let mut adversary = bisector(d, 15);
    let far = (0..(k - 2) * d).map(|_| -1e9 - numbers.whole(0, 1000));
    adversary.centroids = far.chain(adversary.centroids).collect();
    agrees_or_is_refused(&adversary.case(1), backend);
}

/// Five distinct rows for 600 clusters: all other seeds are looked for among the rows not used yet.
fn many_seeds_of_few_rows(backend: Backend) {
    let data = repeated(&normal(5, 1, 16), &[140; 5]);
    agrees_or_is_refused(&Case::new(&data, KMeans::new(600).restarts(if quick() { 1 } else { 2 })), backend);
}

fn agrees_or_is_refused(case: &Case, backend: Backend) {
    let expected: Restarts = case.oracle();
    case.agrees_or_is_refused(backend, &expected);
}
