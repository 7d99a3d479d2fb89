//! Observes a fit, and cancels it when more restarts no longer help.
//!
//! `cargo run --example progress`
#![allow(clippy::print_stdout, reason = "an example prints")]

use std::ops::ControlFlow;

use cairn::data;
use cairn::engine::OpenOptions;
use cairn::kmeans::{FitError, KMeans, Progress, fit_with};

fn main() -> Result<(), FitError> {
    print!("{}", progress()?);
    Ok(())
}

/// A line for each batch, and how the fit ended.
pub(crate) fn progress() -> Result<String, FitError> {
    let params = KMeans::new(10).restarts(1000).seed(7).batch(10).check()?;
    let (mut lines, mut last) = (String::new(), f64::INFINITY);
    let mut watch = |&Progress { done, of, best, batch, .. }: &Progress<'_>| {
        if batch.is_empty() {
            return ControlFlow::Continue(()); // within a batch that takes long
        }
        lines += &format!("{done} of {of} restarts, best inertia {best:.1}\n");
        let better = best < last;
        last = best;
        if better { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    };
    match fit_with(&data::digits(), &params, &OpenOptions::default(), &mut watch) {
        Ok(fit) => Ok(lines + &format!("done: {}\n", fit.fingerprint)),
        Err(cancelled @ FitError::Cancelled { .. }) => Ok(lines + &format!("{cancelled}\n")),
        Err(error) => Err(error),
    }
}
