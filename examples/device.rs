//! Uses a GPU if there is one, else the CPU. If the GPU fails, the CPU takes over. The result is the same to the last
//! bit.
//!
//! `cargo run --example device`
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "an example prints")]

use cairn::data;
use cairn::engine::{Device, OpenOptions};
use cairn::kmeans::{CONTINUE, FitError, KMeans, fit_with};

fn main() -> Result<(), FitError> {
    println!("{}", device()?);
    Ok(())
}

/// The device used, and the fingerprint.
pub(crate) fn device() -> Result<String, FitError> {
    let params = KMeans::new(10).restarts(20).seed(42).device(Device::Gpu).check()?;
    let options = OpenOptions { fallback: Some(true), ..OpenOptions::default() };
    let fit = fit_with(&data::digits(), &params, &options, &mut |_| CONTINUE)?;
    if let Some(why) = &fit.device.fallback {
        eprintln!("{why}");
    }
    Ok(format!("{}: {}", fit.device.used, fit.fingerprint))
}
