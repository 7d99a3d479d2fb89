//! Clusters your own arrays: a view of `f64`, the same in `f32`, and rows with weights.
//!
//! `cargo run --example own_array`
#![allow(clippy::print_stdout, reason = "an example prints")]

use cairn::data::Dataset;
use cairn::kmeans::{Fit, FitError, KMeans, fit};
use ndarray::{Array2, Axis, concatenate, s};

fn main() -> Result<(), FitError> {
    print!("{}", own_array()?);
    Ok(())
}

/// The result for each array.
pub(crate) fn own_array() -> Result<String, FitError> {
    // three groups of rows; the first column is an id, not a feature
    let table = Array2::from_shape_fn((90, 3), |(row, column)| match column {
        0 => row as f64,
        _ => (row % 3 * 10 * column) as f64 + (row * column % 7) as f64 / 8.0,
    });
    let features = table.slice(s![.., 1..]);
    let wide = three_clusters(Dataset::new("f64", features))?;

    // these values are exact in f32, so the result is the same to the last bit
    let narrow = three_clusters(Dataset::new("f32", features.mapv(|x| x as f32)))?;

    // a row of weight 2 counts as two copies
    let weighted = three_clusters(Dataset::new("weights", features).with_weights(vec![2.0; 90]))?;
    let twice = concatenate![Axis(0), features, features];
    let copied = three_clusters(Dataset::new("copies", twice))?;

    Ok(format!(
        "centroids\n{:.2}\nf32 gives the same fingerprint: {}\ninertia {:.3}, with weights {:.3}, of copies {:.3}\n",
        wide.centroids(),
        wide.fingerprint == narrow.fingerprint,
        wide.inertia(),
        weighted.inertia(),
        copied.inertia(),
    ))
}

fn three_clusters(data: Dataset<'_>) -> Result<Fit, FitError> {
    fit(&data, &KMeans::new(3).restarts(5).seed(1).check()?)
}
