//! Fits a model to some rows, and predicts the clusters of other rows.
//!
//! `cargo run --example predict`
#![allow(clippy::print_stdout, reason = "an example prints")]

use std::error::Error;

use cairn::data::{self, Dataset};
use cairn::engine::{Device, OpenOptions, open};
use cairn::kmeans::{KMeans, fit};
use cairn::model::Predictor;
use ndarray::{Array2, s};

/// Rows for the fit.
const FITTED: usize = 1500;

fn main() -> Result<(), Box<dyn Error>> {
    print!("{}", predict()?);
    Ok(())
}

/// Accuracy on new rows, by the names of their clusters.
pub(crate) fn predict() -> Result<String, Box<dyn Error>> {
    let digits = data::digits();
    let (n_points, n_dims) = (digits.points.n_points(), digits.points.n_dims());
    let pixels = Array2::from_shape_vec((n_points, n_dims), digits.points.to_f64()?)?;
    let mut truth = digits.truth.ok_or("the digits come with their truth")?;
    let unseen = truth.labels.split_off(FITTED);
    let names = truth.names.clone();

    let seen = Dataset { truth: Some(truth), ..Dataset::new("digits", pixels.slice(s![..FITTED, ..])) };
    let params = KMeans::new(40).restarts(10).check()?;
    let model = fit(&seen, &params)?.model(&seen, &params)?; // named by the truth of each cluster's rows

    let opened = open(&Device::Cpu, &OpenOptions::default())?;
    let mut predictor = Predictor::new(&model, &*opened.engine)?;
    let rows: Vec<f64> = pixels.slice(s![FITTED.., ..]).iter().copied().collect();
    let found = predictor.predict(&rows)?;

    let right = found
        .iter()
        .zip(&unseen)
        .filter(|(row, digit)| model.name(row.label as usize) == Some(&names[**digit as usize]))
        .count();
    Ok(format!(
        "{right} of {} new rows are named rightly\nthe first is {:.3} from its centroid\n",
        found.len(),
        found[0].distance
    ))
}
