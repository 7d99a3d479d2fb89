//! Notes and warnings on standard error: choices made for the user, and doubts about the result.

use cairn::data::Dataset;
use cairn::engine::cost::CostsError;
use cairn::engine::{Device, Estimates};
use cairn::numbers::time;
use cairn::warnings::Warning;

use super::done::Done;
use super::{cache, input, log, prepared, terminal};

/// Most warnings shown.
const MOST: usize = 12;

/// Writes all notes, then all warnings.
pub(super) fn write(done: &Done<'_>) {
    notes(done).iter().for_each(|note| write_note(note));
    warn(&done.warnings);
}

/// Writes the notes on a table: how it was read, and what was made of it.
pub(super) fn of_table(data: &Dataset<'_>) {
    table(data).iter().for_each(|note| write_note(note));
}

/// Writes a note.
pub(super) fn write_note(note: &str) {
    terminal::write_stderr(&format!("note: {}", terminal::plain(note)));
}

/// Writes warnings.
pub(super) fn warn(warnings: &[Warning]) {
    let bold = anstyle::AnsiColor::Yellow.on_default().bold();
    let write =
        |text: &str| terminal::write_stderr(&format!("{bold}warning:{bold:#} {}", terminal::plain(text)));
    warnings.iter().take(MOST).for_each(|warning| write(&warning.text));
    if warnings.len() > MOST {
        write(&format!("and {} more warnings, which --json lists", warnings.len() - MOST));
    }
}

fn table(data: &Dataset<'_>) -> Vec<String> {
    [input::notes(data), prepared::notes(data)].concat()
}

fn notes(done: &Done<'_>) -> Vec<String> {
    let (fit, verbose) = (&done.fit, log::is_verbose());
    let mut notes = table(&done.data);
    notes.extend(done.starts.note(&done.data));
    if verbose || *done.params.device() == Device::Auto {
        notes.push(format!("device {}", fit.device_reason));
    }
    if let Some(estimates) = fit.estimates.as_ref().filter(|_| verbose) {
        notes.push(estimated(estimates));
    }
    if verbose {
        let unreadable = cache::costs().1.filter(|error| matches!(error, CostsError::Unreadable(_)));
        notes.extend(unreadable.and_then(|error| cache::note(&error, true)));
        notes.extend(done.opened.engine.notes());
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
