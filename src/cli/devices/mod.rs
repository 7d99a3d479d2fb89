//! `cairn devices`: lists the devices, and the one that `auto` would choose.

mod checks;

use std::collections::BTreeMap;

use anyhow::Context;
use cairn::engine::cpu::Cpu;
use cairn::engine::{self, Device, DeviceInfo, Engine, OpenOptions};
use serde::Serialize;

use super::args::DevicesArgs;
use super::device::{self, Wanted};
use super::json::{self, SCHEMA, VERSION};
use super::log;
use super::terminal::{self, plain};
use super::terminal::{labelled, labelled_in_one_line};

const NONE: &str = "none found; `apt install mesa-vulkan-drivers` (Debian, Ubuntu) gives a software one to try, \
                    a real GPU needs its vendor's Vulkan driver (in a container also the `graphics` capability)";
const NOT_BUILT: &str = "this cairn was built without the feature `gpu`";

#[derive(Serialize)]
struct Devices {
    schema: u32,
    version: &'static str,
    auto: Auto,
    cpu: String,
    adapters: Vec<Adapter>,
}

/// The device that `auto` would choose.
#[derive(Serialize)]
struct Auto {
    used: &'static str,
    adapter: String,
    reason: String,
}

#[derive(Serialize)]
struct Adapter {
    name: String,
    backend: String,
    driver: String,
    kind: String,
    software: bool,
    limits: BTreeMap<String, u64>,
    features: BTreeMap<String, bool>,
}

/// Runs the subcommand.
pub(super) fn run(args: &DevicesArgs) -> anyhow::Result<()> {
    if args.test {
        return checks::run(log::is_verbose());
    }
    let devices = find()?;
    let text = if args.json { json::pretty(&devices)? } else { text(&devices, log::is_verbose()) };
    terminal::write_stdout(&text).context("standard output")
}

fn find() -> anyhow::Result<Devices> {
    // open it: an adapter may be listed but fail to open
    let options = device::options(&Wanted::default())?;
    let opened = engine::open(&Device::Auto, &options).map_err(device::explain)?;
    let DeviceInfo { used, adapter, .. } = opened.engine.info();
    Ok(Devices {
        schema: SCHEMA,
        version: VERSION,
        auto: Auto { reason: format!("{used} ({adapter}): {}", opened.why), used, adapter },
        cpu: Cpu::open(&options)?.info().adapter,
        adapters: adapters(&options),
    })
}

#[cfg(feature = "gpu")]
fn adapters(options: &OpenOptions) -> Vec<Adapter> {
    let adapter = |found: engine::gpu::AdapterInfo| Adapter {
        name: found.name,
        backend: found.backend,
        driver: found.driver,
        kind: found.kind,
        software: found.software,
        limits: found.limits.into_iter().collect(),
        features: found.features.into_iter().collect(),
    };
    engine::gpu::adapters(&options.backends, options.query_units()).into_iter().map(adapter).collect()
}

#[cfg(not(feature = "gpu"))]
fn adapters(_options: &OpenOptions) -> Vec<Adapter> {
    Vec::new()
}

/// A line for each device; if `verbose`, also the limits and features of adapters.
fn text(devices: &Devices, verbose: bool) -> String {
    let mut text = labelled_in_one_line("cpu", &plain(&devices.cpu));
    for adapter in &devices.adapters {
        text.push_str(&adapter_text(adapter, verbose));
    }
    if devices.adapters.is_empty() {
        text.push_str(&labelled("gpu", if cfg!(feature = "gpu") { NONE } else { NOT_BUILT }));
    }
    text + &labelled("auto takes", &plain(&devices.auto.reason))
}

fn adapter_text(adapter: &Adapter, verbose: bool) -> String {
    let Adapter { name, backend, driver, kind, .. } = adapter;
    let limits = adapter.limits.iter().map(|(name, limit)| format!("{name} {limit}"));
    let features =
        adapter.features.iter().map(|(name, has)| format!("{name} {}", if *has { "yes" } else { "no" }));
    let head = plain(&format!("{name} ({kind}, {backend}, {driver})"));
    if !verbose {
        return labelled_in_one_line("gpu", &head);
    }
    let lists = [("  limits", limits.collect::<Vec<_>>()), ("  features", features.collect())];
    let lists = lists.map(|(label, list)| labelled(label, &list.join(", "))).concat();
    labelled("gpu", &head) + &lists
}
