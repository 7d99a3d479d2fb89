//! `cairn devices --test`: one line per device, for the CPU and every adapter; with `-v` also one line per check.

use cairn::numbers;
use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use anyhow::Context;
use cairn::compare::check::{CHECKS, Check, CheckError, GPU_CHECKS, GpuSettings};
use cairn::engine::cpu::Cpu;
use cairn::engine::{Engine, OpenOptions};

use crate::cli::device::{environment, explain};
use crate::cli::terminal::{self, labelled, plain};

/// Time after which no further check is started on a device.
const ENOUGH: Duration = Duration::from_secs(10);

/// A device that can be checked.
trait CheckedDevice {
    fn engine(&self) -> &dyn Engine;
    /// Names of the kernels used so far.
    fn kernels(&self) -> Vec<String> {
        Vec::new()
    }
}

impl CheckedDevice for Cpu {
    fn engine(&self) -> &dyn Engine {
        self
    }
}

/// An open device, or why it could not be opened.
type OpenResult = Result<Box<dyn CheckedDevice>, String>;
/// Opens a device with the settings of a check, or with the default ones.
type Opener<'a> = dyn Fn(Option<GpuSettings>) -> OpenResult + 'a;

/// Results of the checks of a device.
#[derive(Default)]
struct Tested {
    passed: usize,
    failed: usize,
    skipped: usize,
    lines: String,
    kernels: BTreeSet<String>,
}

/// Runs all checks on all devices.
pub(super) fn run(verbose: bool) -> anyhow::Result<()> {
    let options = environment()?;
    let cpu = Cpu::open(&options).map_err(explain)?;
    let mut failed = device("cpu", verbose, &CHECKS, &|_| Ok(Box::new(cpu)))?;
    failed += gpus(verbose, &options)?;
    match failed {
        0 => Ok(()),
        1 => anyhow::bail!("1 check failed: please report it, with the output of `cairn devices -v`"),
        n => anyhow::bail!("{n} checks failed: please report them, with the output of `cairn devices -v`"),
    }
}

#[cfg(feature = "gpu")]
impl CheckedDevice for cairn::engine::gpu::Gpu {
    fn engine(&self) -> &dyn Engine {
        self
    }

    fn kernels(&self) -> Vec<String> {
        self.kernels()
    }
}

#[cfg(feature = "gpu")]
fn gpus(verbose: bool, options: &OpenOptions) -> anyhow::Result<usize> {
    use cairn::engine::gpu::{Gpu, adapters};
    let checks: Vec<Check> = CHECKS.into_iter().chain(GPU_CHECKS).collect();
    let mut failed = 0;
    for adapter in adapters(&options.backends, options.query_units()) {
        failed += device(&adapter.to_string(), verbose, &checks, &|settings| {
            let options =
                settings.map_or_else(|| options.clone(), |settings| with_settings(settings, options));
            let gpu = Gpu::open(&adapter, &options).map_err(|error| error.to_string())?;
            Ok(Box::new(gpu) as Box<dyn CheckedDevice>)
        })?;
        if adapter.matrix_units().is_some() {
            let name = format!("{adapter}, matrix units");
            failed += device(&name, verbose, &CHECKS, &|_| matrix_units(&adapter, options))?;
        }
    }
    Ok(failed)
}

#[cfg(feature = "gpu")]
fn with_settings(settings: GpuSettings, options: &OpenOptions) -> OpenOptions {
    use cairn::engine::Testing;
    let (choice, slice) = (settings.choice.map(str::to_owned), settings.slice);
    OpenOptions {
        gpu_kernel: settings.kernel.map(str::to_owned).or(options.gpu_kernel.clone()),
        gpu_memory: settings.memory,
        testing: Testing { choice, slice, ..Testing::default() },
        ..options.clone()
    }
}

#[cfg(not(feature = "gpu"))]
fn gpus(_verbose: bool, _options: &OpenOptions) -> anyhow::Result<usize> {
    let _: [Check; GPU_CHECKS.len()] = GPU_CHECKS; // only for GPUs
    Ok(0)
}

/// Runs checks on a device, prints the results, and returns the number of failures.
fn device(name: &str, verbose: bool, checks: &[Check], open: &Opener<'_>) -> anyhow::Result<usize> {
    let start = Instant::now();
    let tested = test(checks, verbose, open);
    let Tested { passed, failed, skipped, lines, kernels } = tested;
    let took = numbers::time(start.elapsed().as_secs_f64());
    let said = format!("{}: {} ({took})", plain(name), verdict(passed, failed, skipped));
    write(&labelled("device", &said))?;
    write(&lines)?;
    if verbose && !kernels.is_empty() {
        let kernels: Vec<String> = kernels.into_iter().collect();
        write(&labelled("  kernels", &kernels.join(", ")))?;
    }
    Ok(failed)
}

/// The result of the checks of a device. What was skipped is not said to have passed.
fn verdict(passed: usize, failed: usize, skipped: usize) -> String {
    let of = passed + failed + skipped;
    let skipped = match skipped {
        0 => String::new(),
        n => format!(", {n} skipped at the limit of {} seconds", ENOUGH.as_secs()),
    };
    match failed {
        0 if skipped.is_empty() => format!("all {of} checks passed"),
        0 => format!("{passed} of {of} checks passed{skipped}"),
        n => format!("FAILED: {n} of {of} checks{skipped}"),
    }
}

fn test(checks: &[Check], verbose: bool, open: &Opener<'_>) -> Tested {
    let start = Instant::now();
    let mut tested = Tested::default();
    let mut opened: Option<(Option<GpuSettings>, OpenResult)> = None;
    for check in checks {
        if start.elapsed() > ENOUGH {
            tested.skipped += 1;
            tested.lines += &line(check, "skip", "the limit of ten seconds was reached");
            continue;
        }
        let begun = Instant::now();
        let same = opened.take().filter(|(settings, device)| *settings == check.settings && device.is_ok());
        let (settings, device) = same.unwrap_or_else(|| (check.settings, open(check.settings)));
        let result = match &device {
            Ok(device) => {
                check.run("this device", device.engine()).map_err(|error: CheckError| error.to_string())
            }
            Err(error) => Err(error.clone()),
        };
        match result {
            Ok(()) => tested.passed += 1,
            Err(_) => tested.failed += 1,
        }
        match result {
            Ok(()) if !verbose => {}
            Ok(()) => tested.lines += &line(check, "pass", &numbers::time(begun.elapsed().as_secs_f64())),
            Err(error) => tested.lines += &line(check, "FAIL", &plain(&error)),
        }
        tested.kernels.extend(device.iter().flat_map(|device| device.kernels()));
        opened = Some((settings, device));
    }
    tested
}

fn line(check: &Check, verdict: &str, more: &str) -> String {
    let kernel =
        check.settings.and_then(|settings| settings.kernel).map(|kernel| kernel.replace("trial", "tiled"));
    let what = kernel.map_or(check.what.to_owned(), |kernel| format!("{kernel}: {}", check.what));
    format!("  {:<9} {what:<36} {verdict}  {more}\n", check.step)
}

fn write(text: &str) -> anyhow::Result<()> {
    terminal::write_stdout(text).context("standard output")
}

/// Opens an adapter so that it uses its matrix units. An error if they fail their self-test.
#[cfg(feature = "gpu")]
fn matrix_units(adapter: &cairn::engine::gpu::AdapterInfo, options: &OpenOptions) -> OpenResult {
    use cairn::engine::gpu::{Gpu, MatrixUnits};
    let options = OpenOptions { gpu_kernel: Some("matrix".into()), ..options.clone() };
    let gpu = Gpu::open(adapter, &options).map_err(|error| error.to_string())?;
    match gpu.matrix_units().map_err(|error| error.to_string())? {
        MatrixUnits::Usable(_) => Ok(Box::new(gpu)),
        MatrixUnits::Refused(why) => Err(why),
        MatrixUnits::None => Err("the driver did not open its matrix units".into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_skipped_has_not_passed() {
        assert_eq!(verdict(18, 0, 0), "all 18 checks passed");
        assert_eq!(verdict(29, 0, 3), "29 of 32 checks passed, 3 skipped at the limit of 10 seconds");
        assert_eq!(verdict(16, 2, 0), "FAILED: 2 of 18 checks");
        assert_eq!(verdict(20, 1, 11), "FAILED: 1 of 32 checks, 11 skipped at the limit of 10 seconds");
    }
}
