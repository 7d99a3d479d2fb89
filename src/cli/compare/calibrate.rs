//! `--calibrate`: measures the cost of each device and saves it for `--device auto`.

use anyhow::Context;
use cairn::compare::calibrate::{fit, samples};
use cairn::compare::{Contestant, HostClock, Runner, Step};
use cairn::engine::OpenOptions;
use cairn::engine::cost::{Cost, Costs, GpuCost};
use cairn::numbers;

use super::devices::{self, DeviceList};
use crate::cli::args::CompareArgs;
use crate::cli::device::{Wanted, options};
use crate::cli::failure::Stopped;
use crate::cli::progress::Bar;
use crate::cli::table::Table;
use crate::cli::{cache, stop, terminal};

/// Measures the devices one after the other, and saves the cost model.
pub(super) fn run(args: &CompareArgs, list: &DeviceList) -> anyhow::Result<()> {
    // earlier measurements must not affect this one
    let options =
        OpenOptions { costs: Costs::default(), ..options(&Wanted { quiet: true, ..devices::wanted(args) })? };
    let list = if *list == DeviceList::Default { &DeviceList::Hardware } else { list };
    let contestants = devices::open(list, &options, args.quiet)?;
    stop::allow("nothing was written");
    let (mut costs, _) = cache::costs();
    let mut rows = Vec::new();
    let mut ended = Ok(());
    for contestant in &contestants {
        match measure(contestant) {
            Ok(cost) => {
                rows.push(row(&contestant.device.name, &cost));
                record(&mut costs, contestant, cost);
            }
            Err(error) => ended = ended.and(Err(error)), // continue with the others; if stopped, they return at once
        }
    }
    if rows.is_empty() {
        return ended;
    }
    let saved = cache::save(&costs).context("the costs could not be saved");
    if args.quiet {
        return saved.map(drop).and(ended);
    }
    let header = ["", "fixed", "per value", "per restart", "points x features x clusters x passes"];
    let text = Table::of_names(&header, rows.into_iter()).text();
    let place = saved.as_ref().map(|file| terminal::plain(&file.display().to_string()));
    let said = place.map(|file| format!("saved for `--device auto` in {file}"));
    let said =
        said.map(|said| format!("\n{}\n", terminal::wrapped(&said, terminal::room(), 0))).unwrap_or_default();
    terminal::write_stdout(&(text + &said)).context("standard output")?; // what was measured, also if it isn't saved
    saved.map(drop).and(ended)
}

fn measure(contestant: &Contestant<'_>) -> anyhow::Result<Cost> {
    let bar = Bar::line("calibrate");
    let say = |step: Step<'_>| {
        if let Step::Run { what, .. } = step {
            bar.say(&format!("{}: {what}", contestant.device.name));
        }
    };
    let runner = Runner { clock: &HostClock::start(), stop: &stop::STOP, say: &say };
    let (engine, open_s) = (contestant.engine.as_ref(), contestant.device.open_s);
    let samples = samples(&runner, engine, open_s).map_err(|error| {
        if stop::is_asked() {
            Stopped("the costs of the remaining devices were not saved".into()).into()
        } else {
            anyhow::Error::new(error).context(contestant.device.name.clone())
        }
    })?;
    fit(&samples).with_context(|| format!("{}: no time was measured", contestant.device.name))
}

fn record(costs: &mut Costs, contestant: &Contestant<'_>, cost: Cost) {
    let adapter = &contestant.device.adapter;
    match contestant.device.used {
        "gpu" => {
            costs.gpus.retain(|gpu| gpu.adapter != *adapter);
            costs.gpus.push(GpuCost { adapter: adapter.clone(), cost });
        }
        "cpu" => {
            costs.cpu = Some(cost);
            costs.threads = rayon::current_num_threads();
        }
        _ => {} // the reference is never chosen
    }
}

fn row(name: &str, cost: &Cost) -> Vec<String> {
    let per_second = |seconds: f64| match seconds {
        0.0 => "-".to_owned(),
        seconds => format!("{} a second", numbers::rate(1.0 / seconds)),
    };
    let Cost { fixed, per_value, per_restart, per_step } = *cost;
    vec![
        terminal::plain(name),
        numbers::time(fixed),
        per_second(per_value),
        per_second(per_restart),
        per_second(per_step),
    ]
}
