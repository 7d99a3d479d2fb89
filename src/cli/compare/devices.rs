//! `--devices`: parses the list and opens the devices.

use anyhow::Context;
use cairn::compare::Contestant;
use cairn::compare::document::DeviceReport;
use cairn::engine::{self, Device, OpenOptions};

use crate::cli::args::CompareArgs;
use crate::cli::args::device::device;
use crate::cli::device::{Wanted, explain};
use crate::cli::failure::Usage;
use crate::cli::notes;

/// The requested devices.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum DeviceList {
    /// The CPU, and the best GPU if there is one; no software adapter.
    Default,
    /// The CPU and every GPU; no software adapter.
    Hardware,
    /// The CPU and every adapter.
    All,
    /// These.
    Listed(Vec<(String, Device)>),
}

/// The options for opening them.
pub(super) fn wanted(args: &CompareArgs) -> Wanted {
    Wanted { gpu_memory: args.memory.gpu_memory, quiet: args.quiet, size: None }
}

/// Parses the list.
pub(super) fn parse(list: Option<&str>) -> Result<DeviceList, Usage> {
    let Some(list) = list else { return Ok(DeviceList::Default) };
    if list.trim().eq_ignore_ascii_case("all") {
        return Ok(DeviceList::All);
    }
    let mut devices: Vec<(String, Device)> = Vec::new();
    for name in list.split(',').map(str::trim) {
        let device = device(name);
        check(name, &device)?;
        if devices.iter().any(|(_, other)| *other == device) {
            return Err(Usage(format!("--devices {list}: {name} is listed twice; name it once")));
        }
        devices.push((device.name().to_owned(), device));
    }
    Ok(DeviceList::Listed(devices))
}

fn check(name: &str, device: &Device) -> Result<(), Usage> {
    let why = match device {
        Device::Named(_) if name.is_empty() => "a name is missing",
        Device::Named(_) if name.eq_ignore_ascii_case("all") => "all must be given alone",
        Device::Auto => "auto is a choice among devices",
        _ => return Ok(()),
    };
    Err(Usage(format!(
        "--devices: {why}; give cpu, gpu, reference or names of GPUs, separated by commas, or all"
    )))
}

/// Opens the devices. An error if a named device is missing. Software adapters, which `auto` never takes, are opened only if
/// they are named; unless `quiet`, a note says so.
pub(super) fn open(
    list: &DeviceList,
    options: &OpenOptions,
    quiet: bool,
) -> anyhow::Result<Vec<Contestant<'static>>> {
    match list {
        DeviceList::Listed(devices) => {
            let opened = devices.iter().map(|(name, device)| open_one(name, device, options));
            let contestants: Vec<_> = opened.collect::<anyhow::Result<_>>()?;
            twice(&contestants)?;
            Ok(contestants)
        }
        DeviceList::Default => {
            let cpu = open_one("cpu", &Device::Cpu, options)?;
            let wanted = Adapters { most: 1, software: false, quiet };
            Ok(std::iter::once(cpu).chain(adapters(&wanted, options)).collect())
        }
        DeviceList::Hardware | DeviceList::All => {
            let cpu = open_one("cpu", &Device::Cpu, options)?;
            let wanted = Adapters { most: usize::MAX, software: *list == DeviceList::All, quiet };
            Ok(std::iter::once(cpu).chain(adapters(&wanted, options)).collect())
        }
    }
}

/// An error if two names are the same device.
fn twice(contestants: &[Contestant<'_>]) -> Result<(), Usage> {
    let devices: Vec<&DeviceReport> = contestants.iter().map(|contestant| &contestant.device).collect();
    let same = |a: &DeviceReport, b: &DeviceReport| {
        (a.used, &a.adapter, &a.driver) == (b.used, &b.adapter, &b.driver)
    };
    for (at, device) in devices.iter().enumerate() {
        let Some(other) = devices[..at].iter().find(|other| same(other, device)) else { continue };
        let (name, other, adapter) = (&device.name, &other.name, &device.adapter);
        return Err(Usage(format!(
            "--devices: {other} and {name} are the same device, {adapter}; name it once"
        )));
    }
    Ok(())
}

fn open_one(name: &str, device: &Device, options: &OpenOptions) -> anyhow::Result<Contestant<'static>> {
    let options = OpenOptions { fallback: Some(false), ..options.clone() };
    let opened = engine::open(device, &options).map_err(explain).context("--devices")?;
    Ok(Contestant::new(name, opened.engine, opened.took.as_secs_f64()))
}

/// Which adapters are opened.
#[cfg_attr(not(feature = "gpu"), allow(dead_code, reason = "only GPUs are chosen"))]
struct Adapters {
    most: usize,
    software: bool,
    quiet: bool,
}

/// The best adapters that can be opened; prints a note for each that can't, and for software adapters that are left out.
#[cfg(feature = "gpu")]
fn adapters(wanted: &Adapters, options: &OpenOptions) -> Vec<Contestant<'static>> {
    use cairn::engine::gpu::{AdapterInfo, Gpu, adapters};
    let all = adapters(&options.backends, options.query_units());
    let (found, left_out): (Vec<AdapterInfo>, Vec<AdapterInfo>) =
        all.into_iter().partition(|adapter| wanted.software || !adapter.software);
    let mut contestants = Vec::new();
    for adapter in &found {
        let start = std::time::Instant::now();
        match Gpu::open(adapter, options) {
            Ok(gpu) => {
                let took = start.elapsed().as_secs_f64();
                let twice = found.iter().filter(|other| other.name == adapter.name).count() > 1;
                let name = match (wanted.most, twice) {
                    (1, _) => "gpu".to_owned(),
                    (_, true) => format!("{}, {}", adapter.name, adapter.backend),
                    (_, false) => adapter.name.clone(),
                };
                contestants.push(Contestant::new(name, Box::new(gpu), took));
            }
            Err(error) => notes::write_note(&error.to_string()),
        }
        if contestants.len() == wanted.most {
            break;
        }
    }
    if let (false, Some(first)) = (wanted.quiet, left_out.first()) {
        notes::write_note(&leaves_out(&first.name, contestants.is_empty()));
    }
    contestants
}

/// The note on a software adapter that is left out.
#[cfg(feature = "gpu")]
fn leaves_out(name: &str, no_gpu: bool) -> String {
    let only = if no_gpu { "no GPU was found; " } else { "" };
    let word = name.split([' ', '(']).next().unwrap_or(name);
    format!("{only}{name} is left out, a software adapter on the CPU; --devices cpu,{word} compares it")
}

#[cfg(not(feature = "gpu"))]
fn adapters(wanted: &Adapters, _options: &OpenOptions) -> Vec<Contestant<'static>> {
    if !wanted.quiet {
        notes::write_note("this cairn was built without the feature `gpu`");
    }
    Vec::new()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists() {
        let these = |names: &[(&str, Device)]| {
            Ok(DeviceList::Listed(
                names.iter().map(|(name, device)| ((*name).to_owned(), device.clone())).collect(),
            ))
        };
        let parse = |list| parse(Some(list)).map_err(|error| error.0);
        assert_eq!(parse("CPU, gpu"), these(&[("cpu", Device::Cpu), ("gpu", Device::Gpu)]));
        assert_eq!(parse("GeForce"), these(&[("GeForce", Device::Named("GeForce".into()))]));
        assert_eq!(
            (parse("all"), super::parse(None).map_err(|_| ())),
            (Ok(DeviceList::All), Ok(DeviceList::Default))
        );
        for (list, word) in [
            ("cpu,", "missing"),
            ("", "missing"),
            ("cpu,CPU", "twice"),
            ("auto", "choice"),
            ("all,cpu", "alone"),
        ] {
            assert!(parse(list).unwrap_err().contains(word), "{list}");
        }
    }
}
