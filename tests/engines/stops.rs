//! Stop reasons and starts.

use cairn::engine::Stop;
use cairn::engine::reference::Reference;
use cairn::kmeans::{Init, KMeans};
use ndarray::Array2;

use crate::common::{Case, agree, digits, normal, shape, values};

/// `case`, once the reference is seen to stop for this reason in some restart.
fn stopping(case: Case, stop: Stop) -> Case {
    let outcomes = case.run(&Reference, 1).outcomes;
    assert!(outcomes.iter().any(|outcome| outcome.stop == stop), "no restart ends by {}", stop.name());
    case
}

agree!(tolerance, wide_tolerance, one_iteration, two_iterations);

fn tolerance() -> Case {
    stopping(Case::new(&normal(300, 5, 40), KMeans::new(6).restarts(5).tol(0.02)), Stop::Tol)
}

fn wide_tolerance() -> Case {
    stopping(Case::new(&normal(300, 5, 41), KMeans::new(6).restarts(5).tol(10.0)), Stop::Tol)
}

fn one_iteration() -> Case {
    stopping(Case::new(&normal(300, 5, 42), KMeans::new(6).restarts(5).max_iter(1)), Stop::MaxIter)
}

fn two_iterations() -> Case {
    stopping(Case::new(&digits(), KMeans::new(10).restarts(3).max_iter(2)), Stop::MaxIter)
}

agree!(random_starts, random_starts_of_the_digits, random_starts_among_duplicates, given_starts, other_seeds);

fn random_starts() -> Case {
    Case::new(&normal(300, 5, 43), KMeans::new(12).restarts(5).init(Init::Random))
}

fn random_starts_of_the_digits() -> Case {
    Case::new(&digits(), KMeans::new(10).restarts(3).init(Init::Random))
}

/// Three distinct rows for four clusters: draws run out.
fn random_starts_among_duplicates() -> Case {
    let data = crate::common::repeated(&normal(3, 2, 44), &[30, 1, 2]);
    Case::new(&data, KMeans::new(4).restarts(5).init(Init::Random))
}

/// The mean of every k-th row.
fn given_starts() -> Case {
    let (data, k) = (digits(), 9);
    let (n, d) = shape(&data);
    let values = values(&data);
    let starts = Array2::from_shape_fn((k, d), |(c, j)| {
        let rows = (c..n).step_by(k);
        rows.clone().map(|i| values[i * d + j]).sum::<f64>() / rows.count() as f64
    });
    Case::new(&data, KMeans::new(k).restarts(1).init(Init::Centroids(starts)))
}

fn other_seeds() -> Case {
    Case::new(&normal(100, 3, 45), KMeans::new(8).restarts(8).seed(u64::MAX))
}
