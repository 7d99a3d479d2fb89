//! `cairn devices --test`: a line a check, for the CPU and for every adapter.

use std::time::{Duration, Instant};

use anyhow::Context;
use cairn::compare::check::{CHECKS, Check, CheckError};
use cairn::compare::words;
use cairn::engine::Engine;
use cairn::engine::cpu::Cpu;

use crate::cli::summary::labelled;
use crate::cli::terminal::{self, plain};

/// Time after which no other check is begun on a device.
const ENOUGH: Duration = Duration::from_secs(10);

/// Runs all checks on all devices; those of adapters with matrix units twice, with and without them.
pub(super) fn run() -> anyhow::Result<()> {
    let mut failed = device("cpu", Ok(Box::new(Cpu::default())))?;
    for (name, engine) in adapters() {
        failed += device(&name, engine)?;
    }
    for (name, engine) in matrix_units() {
        failed += device(&name, engine)?;
    }
    match failed {
        0 => Ok(()),
        1 => anyhow::bail!("1 check failed: please report it, with what `cairn devices` says"),
        n => anyhow::bail!("{n} checks failed: please report them, with what `cairn devices` says"),
    }
}

type Opened = Result<Box<dyn Engine>, String>;

#[cfg(feature = "gpu")]
fn adapters() -> impl Iterator<Item = (String, Opened)> {
    use cairn::engine::OpenOptions;
    use cairn::engine::gpu::{Gpu, adapters};
    adapters().into_iter().map(|adapter| {
        let gpu = Gpu::open(&adapter, &OpenOptions::default());
        let gpu = gpu.map(|gpu| Box::new(gpu) as Box<dyn Engine>).map_err(|error| error.to_string());
        (adapter.to_string(), gpu)
    })
}

/// Adapters that have matrix units, made to use them. What fails their self-test is not opened.
#[cfg(feature = "gpu")]
fn matrix_units() -> impl Iterator<Item = (String, Opened)> {
    use cairn::engine::OpenOptions;
    use cairn::engine::gpu::{AdapterInfo, Gpu, MatrixUnits, adapters};
    let open = |adapter: &AdapterInfo| -> Opened {
        let options = OpenOptions { kernel: Some("matrix".into()), ..OpenOptions::default() };
        let gpu = Gpu::open(adapter, &options).map_err(|error| error.to_string())?;
        match gpu.matrix_units().map_err(|error| error.to_string())? {
            MatrixUnits::Usable(_) => Ok(Box::new(gpu)),
            MatrixUnits::Refused(why) => Err(why),
            MatrixUnits::None => Err("the driver did not open its matrix units".into()),
        }
    };
    let with_units = adapters().into_iter().filter(|adapter| adapter.matrix_units().is_some());
    with_units.map(move |adapter| (format!("{adapter}, matrix units"), open(&adapter)))
}

#[cfg(not(feature = "gpu"))]
fn matrix_units() -> impl Iterator<Item = (String, Opened)> {
    std::iter::empty()
}

#[cfg(not(feature = "gpu"))]
fn adapters() -> impl Iterator<Item = (String, Opened)> {
    std::iter::empty()
}

/// Runs all checks on a device, and says how many failed.
fn device(name: &str, engine: Opened) -> anyhow::Result<usize> {
    let start = Instant::now();
    write(&labelled("device", &plain(name)))?;
    let engine = match engine {
        Ok(engine) => engine,
        Err(error) => {
            write(&line("open", "", "FAIL", &plain(&error)))?;
            return Ok(1);
        }
    };
    let mut failed = 0;
    for check in &CHECKS {
        if start.elapsed() > ENOUGH {
            write(&line(check.step, check.what, "skip", "ten seconds are over"))?;
            continue;
        }
        let begun = Instant::now();
        let result = check.run("this device", engine.as_ref());
        failed += usize::from(result.is_err());
        write(&verdict(check, result, begun.elapsed()))?;
    }
    Ok(failed)
}

fn verdict(check: &Check, result: Result<(), CheckError>, took: Duration) -> String {
    match result {
        Ok(()) => line(check.step, check.what, "pass", &words::time(took.as_secs_f64())),
        Err(error) => line(check.step, check.what, "FAIL", &plain(&error.to_string())),
    }
}

fn line(step: &str, what: &str, verdict: &str, more: &str) -> String {
    format!("  {step:<9} {what:<32} {verdict}  {more}\n")
}

fn write(text: &str) -> anyhow::Result<()> {
    terminal::write_stdout(text).context("standard output")
}
