//! `--calibrate`: what each device costs, kept for `--device auto`.

use anyhow::Context;
use cairn::compare::calibrate::{fit, samples};
use cairn::compare::{HostClock, Stand, words};
use cairn::engine::cost::{Cost, Costs, GpuCost};

use super::devices::{self, Entrant, Wish};
use super::{STOP, stop_on_ctrl_c, text};
use crate::cli::args::CompareArgs;
use crate::cli::failure::Stopped;
use crate::cli::progress::Bar;
use crate::cli::{cache, terminal};

/// Measures the devices, one after the other, and keeps what they cost.
pub(super) fn run(args: &CompareArgs, wish: &Wish) -> anyhow::Result<()> {
    let mut entrants = devices::open(if *wish == Wish::Usual { &Wish::All } else { wish })?;
    // `auto` never takes these: only who names them wants to know
    entrants.retain(|entrant| *wish != Wish::Usual || !entrant.opened.engine.info().software);
    stop_on_ctrl_c()?;
    let (mut costs, _) = cache::costs();
    let mut rows = Vec::new();
    for entrant in &entrants {
        let cost = measure(args, entrant)?;
        rows.push(row(&entrant.name, &cost));
        keep(&mut costs, entrant, cost);
    }
    let file = cache::keep(&costs).context("the costs could not be kept")?;
    if args.quiet {
        return Ok(());
    }
    let header = ["", "fixed", "per value", "per restart", "points x features x clusters x passes"];
    let text = text::table(&header, rows.into_iter());
    let text =
        format!("{text}\nkept for `--device auto` in {}\n", terminal::plain(&file.display().to_string()));
    terminal::write_stdout(&text).context("standard output")
}

fn measure(args: &CompareArgs, entrant: &Entrant) -> anyhow::Result<Cost> {
    let bar = Bar::line(args.quiet);
    let say = |text: &str| bar.say(&format!("{}: {text}", entrant.name));
    let stand = Stand { clock: &HostClock::start(), stop: &STOP, say: &say };
    let (engine, open) = (entrant.opened.engine.as_ref(), entrant.opened.took);
    let samples = samples(&stand, engine, open).map_err(|error| {
        let stopped = STOP.load(std::sync::atomic::Ordering::Relaxed);
        if stopped { Stopped.into() } else { anyhow::Error::new(error).context(entrant.name.clone()) }
    })?;
    fit(&samples).with_context(|| format!("{}: no time was measured", entrant.name))
}

fn keep(costs: &mut Costs, entrant: &Entrant, cost: Cost) {
    let info = entrant.opened.engine.info();
    match info.used {
        "gpu" => {
            costs.gpus.retain(|gpu| gpu.adapter != info.adapter);
            costs.gpus.push(GpuCost { adapter: info.adapter, cost });
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
        seconds => format!("{} a second", words::rate(1.0 / seconds)),
    };
    let Cost { fixed, per_value, per_restart, per_step } = *cost;
    vec![
        terminal::plain(name),
        words::time(fixed),
        per_second(per_value),
        per_second(per_restart),
        per_second(per_step),
    ]
}
