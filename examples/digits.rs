//! Clusters the embedded handwritten digits, and compares the clusters with the true digits.
//!
//! `cargo run --example digits`
#![allow(clippy::print_stdout, reason = "an example prints")]

use std::error::Error;

use cairn::data;
use cairn::kmeans::{KMeans, fit};
use cairn::score::score;

fn main() -> Result<(), Box<dyn Error>> {
    print!("{}", digits()?);
    Ok(())
}

/// The best of 20 restarts, as text.
pub(crate) fn digits() -> Result<String, Box<dyn Error>> {
    let digits = data::digits();
    let params = KMeans::new(10).restarts(20).seed(42).check()?;
    let fit = fit(&digits, &params)?;

    let truth = digits.truth.as_ref().ok_or("the digits come with their truth")?;
    let score = score(&truth.labels, truth.names.len(), fit.labels(), params.n_clusters())?;
    Ok(format!(
        "inertia {:.0}, found by {} of {} restarts\naccuracy {:.1}%\nfingerprint {}\n",
        fit.inertia(),
        fit.spread.found_best,
        params.n_restarts(),
        100.0 * score.accuracy,
        fit.fingerprint,
    ))
}
