//! `--memory`: a table that is larger lies packed in a file, from which it is streamed.

use std::hash::{BuildHasher, RandomState};
use std::path::{Path, PathBuf};
use std::{env, process};

use cairn::data::{Dataset, Loaded, file_and_part, state_of};
use cairn::kmeans::{MemoryPlan, Params, StreamedFrom, Streaming, bytes_needed};
use serde::Serialize;

use super::args::{FitArgs, ScaleArg};
use super::failure::Usage;
use super::progress::size;
use super::request;
use super::terminal::plain;

/// Digits of the hash in the name of a file.
const DIGITS: usize = 8;

/// Where a table was streamed from, as JSON.
#[derive(Serialize)]
pub(super) struct StreamedJson {
    file: String,
    file_bytes: u64,
    reused: bool,
    kept: bool,
    planned_bytes: u64,   // of memory
    in_memory_bytes: u64, // that a fit in memory would have needed
}

/// Loads the table, whose rows stay in their files as far as these can be read again.
pub(super) fn load(args: &FitArgs) -> anyhow::Result<Loaded> {
    let mut options = request::options_of(&args.job, &args.more);
    (options.stay, options.read.reread) = (true, true);
    let Loaded { data, source } = request::load_watched(&args.job.data, options)?;
    let memory = args.host.memory.map_or(u64::MAX, |memory| memory.as_u64());
    let values = data.points.n_points() as u64 * data.points.n_dims() as u64;
    let sorted =
        [MemoryPlan::PROCESS, bytes_needed(&data), values * 8].into_iter().fold(0, u64::saturating_add);
    if matches!(args.job.scale.scale, ScaleArg::Robust) && sorted > memory {
        let text =
            "--scale robust with --memory: it sorts all values in memory; use another scale, or allow more";
        return Err(Usage(text.into()).into());
    }
    Ok(Loaded { data: request::scaled(data, &args.job.scale, &args.job.metric)?, source })
}

/// How the table is streamed, with the plan of it. `None` without a limit on memory, or for a table that keeps it.
pub(super) fn plan(
    args: &FitArgs,
    data: &Dataset<'_>,
    params: &Params,
) -> anyhow::Result<Option<(Streaming, MemoryPlan)>> {
    let Some((memory, plan)) = needed(args, data, params)? else { return Ok(None) };
    if args.measures {
        return Err(Usage(
            "--measures with --memory: they need the whole table in memory; leave them out, or allow more"
                .into(),
        )
        .into());
    }
    let options = request::options_of(&args.job, &args.more);
    let how = format!("{options:?}");
    let sources: Vec<String> = [args.job.data.clone()].into_iter().chain(args.more.iter().cloned()).collect();
    let state = state_of(&sources);
    let file = file(args, &how, state.is_some());
    let keep = !args.host.no_keep && state.is_some();
    // what is read from a pipe is nobody else's
    let key = format!("{how}; {}", state.unwrap_or_else(|| file.display().to_string()));
    Ok(Some((Streaming { memory, file, keep, key }, plan)))
}

/// The memory allowed, and the plan of a fit that streams its table. `None` without a limit, or for a table that keeps it.
pub(super) fn needed(
    args: &FitArgs,
    data: &Dataset<'_>,
    params: &Params,
) -> anyhow::Result<Option<(u64, MemoryPlan)>> {
    let Some(memory) = args.host.memory.map(|memory| memory.as_u64()) else { return Ok(None) };
    let plan = MemoryPlan::of(data, params, memory)?;
    Ok((plan.in_memory > memory).then_some((memory, plan)))
}

/// The file of the packed table: beside the data, unless a folder is asked for. `again`: whether the data can be read again.
fn file(args: &FitArgs, how: &str, again: bool) -> PathBuf {
    let data = Path::new(file_and_part(&args.job.data).0);
    let name =
        data.file_name().filter(|_| again).map_or_else(|| "table".into(), |name| name.to_string_lossy());
    let name = name.replace(['*', '?', '['], "_");
    let scale = format!("{:?} {:?}", args.job.scale.scale, args.job.metric.metric);
    let hash = blake3::hash(format!("{how} {} {scale}", args.job.data).as_bytes()).to_hex();
    let unique =
        if again { String::new() } else { format!("{:016x}.", RandomState::new().hash_one(process::id())) };
    let own = if again { folder_of(data) } else { env::temp_dir() };
    let folder = args.host.scratch.clone().unwrap_or(own);
    folder.join(format!("{name}.{unique}{}.packed", &hash.as_str()[..DIGITS]))
}

/// The folder of a file, or of the files that a pattern names: what there is of its path before the first sign of a pattern.
fn folder_of(data: &Path) -> PathBuf {
    let is_plain = |path: &&Path| path.is_dir() || !path.to_string_lossy().contains(['*', '?', '[']);
    data.ancestors().skip(1).find(is_plain).map_or_else(PathBuf::new, Path::to_owned)
}

/// What becomes of a table, before it is fitted.
pub(super) fn planned(plan: &MemoryPlan, streaming: &Streaming) -> String {
    let kept = if streaming.keep { "stays for other fits" } else { "is removed at the end" };
    format!(
        "{} of the {} allowed, where {} are needed to hold the table; its rows are streamed from {}, {}, which {kept}",
        size(plan.held),
        size(streaming.memory),
        size(plan.in_memory),
        plain(&streaming.file.display().to_string()),
        size(plan.streamed)
    )
}

/// What was done, for the summary.
pub(super) fn done(from: &StreamedFrom) -> String {
    let (was, is) = (
        if from.reused { "of an earlier fit" } else { "packed for this fit" },
        if from.kept { "kept" } else { "removed" },
    );
    format!(
        "{} of memory planned, from {}, {}, {was} and {is}",
        size(from.plan.held),
        plain(&from.file.display().to_string()),
        size(from.bytes)
    )
}

/// The same as JSON.
pub(super) fn json(from: &StreamedFrom) -> StreamedJson {
    StreamedJson {
        file: from.file.display().to_string(),
        file_bytes: from.bytes,
        reused: from.reused,
        kept: from.kept,
        planned_bytes: from.plan.held,
        in_memory_bytes: from.plan.in_memory,
    }
}
