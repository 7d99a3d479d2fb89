//! Notes and warnings on standard error: choices made for the user, and doubts about the result.

use cairn::engine::{Device, Estimates, Stop};
use cairn::lattice::CoarseFeature;
use cairn::numbers::{self, time};

use super::done::Done;
use super::{input, terminal};

/// Most coarse features that are named.
const NAMED: usize = 5;

/// Writes all notes, then all warnings.
pub(super) fn write(done: &Done<'_>) {
    for note in notes(done) {
        terminal::write_stderr(&format!("note: {}", terminal::plain(&note)));
    }
    let bold = anstyle::AnsiColor::Yellow.on_default().bold();
    for warning in warnings(done) {
        terminal::write_stderr(&format!("{bold}warning:{bold:#} {}", terminal::plain(&warning)));
    }
}

fn notes(done: &Done<'_>) -> Vec<String> {
    let (fit, verbose) = (&done.fit, done.args.verbose);
    let mut notes = input::notes(&done.data.name, &done.data.reading);
    if verbose || *done.params.device() == Device::Auto {
        notes.push(format!("device {}", fit.device_reason));
    }
    if let Some(estimates) = fit.estimates.as_ref().filter(|_| verbose) {
        notes.push(estimated(estimates));
    }
    if verbose {
        let work = fit.work();
        notes.push(format!(
            "{} nearest centroids were found, {} of them decided in integers",
            work.assigned_points, work.repaired_points
        ));
    }
    notes
}

/// The estimates from which `auto` chose.
fn estimated(estimates: &Estimates) -> String {
    let model = |measured: bool| match measured {
        true => "as measured by `cairn compare --calibrate`",
        false => "by the built-in model",
    };
    let cpu = time(estimates.cpu);
    let (of_cpu, of_gpu) = (model(estimates.cpu_measured), model(estimates.gpu_measured));
    let said = match estimates.gpu.map(time) {
        None => format!("{cpu} on the CPU, {of_cpu}; no GPU"),
        Some(gpu) if of_cpu == of_gpu => {
            format!("{cpu} on the CPU, {gpu} on a GPU, opening it included, both {of_cpu}")
        }
        Some(gpu) => format!("{cpu} on the CPU, {of_cpu}, and {gpu} on a GPU, opening it included, {of_gpu}"),
    };
    let hint =
        if estimates.cpu_measured { "" } else { "; `cairn compare --calibrate` measures this machine" };
    format!("auto estimated {said}{hint}")
}

fn warnings(done: &Done<'_>) -> Vec<String> {
    let fit = &done.fit;
    let mut warnings = Vec::new();
    warnings.extend(fit.device.fallback.clone());
    if fit.device.software {
        let adapter = &fit.device.adapter;
        warnings
            .push(format!("{adapter} is a software adapter, which runs on the CPU; --device cpu is faster"));
    }
    warnings.extend(coarse(&fit.rounding.coarse, &done.data.columns));
    if fit.weights_rounded {
        warnings.push("the weights were rounded to whole numbers of at most 65535, in proportion".into());
    }
    warnings.extend(empty(done));
    warnings
}

fn coarse(features: &[CoarseFeature], columns: &[String]) -> Vec<String> {
    let one = |feature: &CoarseFeature| {
        let name = columns.get(feature.feature).map_or("?", String::as_str);
        let bits = numbers::significant(feature.bits, 3);
        format!(
            "a few huge values leave the others of {name:?} only {bits} bits; clip that column, or take its logarithm"
        )
    };
    let mut warnings: Vec<String> = features.iter().take(NAMED).map(one).collect();
    if features.len() > NAMED {
        let more = numbers::plural((features.len() - NAMED) as u64, "more column");
        warnings.push(format!("{more} keep few bits, for the same reason"));
    }
    warnings
}

fn empty(done: &Done<'_>) -> Option<String> {
    let (empty, n_clusters) = (done.fit.empty(), done.params.n_clusters());
    let why = match done.fit.best.stop {
        Stop::MaxIter => {
            "--max-iter stopped before they were filled, or there are fewer distinct rows than clusters"
        }
        _ => "there are fewer distinct rows than clusters; ask for fewer with -k",
    };
    (empty > 0).then(|| format!("{empty} of {n_clusters} clusters ended empty: {why}"))
}
