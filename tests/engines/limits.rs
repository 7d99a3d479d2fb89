//! The largest sizes, at which a driver may give up without a word.
//!
//! Mesa's llvmpipe ends the loops of a kernel once an invocation has gone round 65,535 times in all of them
//! together (`LP_MAX_TGSI_LOOP_ITERATIONS`): it then computes something else, and no error is seen. A device
//! like that may refuse a job, but never be wrong.

use cairn::kmeans::{KMeans, Restarts};

use crate::common::{Backend, Case, Numbers, bisector, integers, normal, on_devices, repeated};

on_devices!(most_columns, repairs_among_many_values, many_seeds_of_few_rows);

/// The most columns there may be, and the largest distances: 2^64 - 2^48 from corner to corner.
fn most_columns(backend: Backend) {
    let mut numbers = Numbers::new(13);
    let values = (0..3 * 65_535).map(|_| numbers.whole(-(1 << 23), 1 << 23)).collect();
    agrees_or_is_refused(&Case::new(&integers(65_535, values), KMeans::new(2).restarts(4)), backend);
}

/// Ties, to be decided in integers among 90 centroids of 784 features.
fn repairs_among_many_values(backend: Backend) {
    let (d, k) = (784, 90);
    let mut numbers = Numbers::new(14);
    let mut adversary = bisector(d, 15);
    let far = (0..(k - 2) * d).map(|_| -8_000_000.0 - numbers.whole(0, 1000));
    adversary.centroids = far.chain(adversary.centroids).collect();
    agrees_or_is_refused(&adversary.case(1), backend);
}

/// Five distinct rows for 600 clusters: all other seeds are looked for among the rows not used yet.
fn many_seeds_of_few_rows(backend: Backend) {
    let data = repeated(&normal(5, 1, 16), &[140; 5]);
    agrees_or_is_refused(&Case::new(&data, KMeans::new(600).restarts(2)), backend);
}

fn agrees_or_is_refused(case: &Case, backend: Backend) {
    let expected: Restarts = case.oracle();
    case.agrees_or_is_refused(backend, &expected);
}
