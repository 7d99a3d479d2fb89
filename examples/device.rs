//! Uses a GPU if there is one, else the CPU. If the GPU fails, the CPU takes over. The result is the same to the last
//! bit.
//!
//! `cargo run --example device`
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "an example prints")]

use cairn::data;
use cairn::engine::{Device, EngineError, OpenOptions, Opened, open};
use cairn::kmeans::{CONTINUE, FitError, KMeans, fit_on};

fn main() -> Result<(), FitError> {
    println!("{}", device()?);
    Ok(())
}

/// The device used, and the fingerprint.
pub(crate) fn device() -> Result<String, FitError> {
    let opened = gpu_or_cpu()?;
    let params = KMeans::new(10).restarts(20).seed(42).check()?;
    let fit = fit_on(&opened, &data::digits(), &params, &mut |_| CONTINUE)?;
    if let Some(why) = &fit.device.fallback {
        eprintln!("{why}");
    }
    Ok(format!("{}: {}", fit.device.used, fit.fingerprint))
}

fn gpu_or_cpu() -> Result<Opened, EngineError> {
    let options = OpenOptions { fallback: Some(true), ..OpenOptions::default() };
    match open(&Device::Gpu, &options) {
        Err(EngineError::NoAdapter(why)) => {
            eprintln!("{why}");
            open(&Device::Cpu, &options)
        }
        opened => opened,
    }
}
