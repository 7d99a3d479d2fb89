//! `cairn fit --dry-run`: what would be fitted and written.

use anyhow::Context;
use cairn::engine::Metric;
use cairn::kmeans::{Algorithm, Checkpoint, PackedHead, bytes_needed, pack_for};
use cairn::numbers::plural;
use cairn::warnings::{self, Placed, Warning};
use serde::Serialize;

use super::args::FitArgs;
use super::progress::size;
use super::ready::{Ready, outputs};
use super::terminal::{self, labelled, plain};
use super::{failure, hints, input, json, notes, prepared, rows_out, streaming, summary};

#[derive(Serialize)]
struct DryRun<'a> {
    schema: u32,
    version: &'a str,
    dry_run: bool,
    data: json::DataJson<'a>,
    table_columns: usize,
    features: &'a [String],
    params: json::Parameters<'a>,
    device: DeviceJson<'a>,
    memory_bytes: MemoryJson,
    outputs: &'a [String],
    resumed: Option<json::ResumedJson>,
    warnings: &'a [Warning],
}

#[derive(Serialize)]
struct DeviceJson<'a> {
    #[serde(flatten)]
    device: json::DeviceJson<'a>,
    why: &'a str,
}

/// Bytes of the host's memory.
#[derive(Serialize)]
struct MemoryJson {
    rows_as_read: u64,
    packed_and_a_restart: u64,
    limit: Option<u64>,            // --memory
    streamed: Option<u64>,         // of the packed table in a file, where the limit is less than needed
    held_if_streamed: Option<u64>, // then
}

/// Places the rows on the lattice, and writes what would be done with them.
pub(super) fn write(args: &FitArgs, ready: &Ready, kept: Option<&Checkpoint>) -> anyhow::Result<()> {
    let Ready { opened, data, source, params, starts, .. } = ready;
    let in_data = |error| failure::in_data(error, data);
    let streamed = streaming::plan(args, data, params)?;
    let table = match streamed {
        None => {
            let table = pack_for(data, params).map_err(in_data)?;
            params.job(&table).map_err(|error| in_data(error.into()))?;
            kept.map_or(Ok(()), |kept| kept.check_table(params, &table)).map_err(in_data)?;
            table
        }
        Some(_) => {
            let head = PackedHead::of(data, params).map_err(in_data)?;
            head.check(params, kept).map_err(in_data)?;
            head.table
        }
    };
    let resumed = kept.and_then(Checkpoint::from).map(|run| json::ResumedJson {
        restarts: run.count(),
        iterations: run.unfinished.as_ref().map_or(0, |next| next.iterations),
    });
    let placed = Placed::of(&table);
    let mut warnings = hints::with_flags(warnings::of_table(data, &placed)?);
    warnings.extend(args.rows_out.as_ref().and_then(|to| rows_out::unread(&**source, to)));
    let checkpoint = args.run.checkpoint.iter().map(|file| file.display().to_string());
    let outputs: Vec<String> = outputs(args).into_iter().chain(checkpoint).collect();
    let info = opened.engine.info();
    let memory = MemoryJson {
        rows_as_read: data.points.bytes_held(),
        packed_and_a_restart: bytes_needed(data),
        limit: args.host.memory.map(|memory| memory.as_u64()),
        streamed: streamed.as_ref().map(|(_, plan)| plan.streamed),
        held_if_streamed: streamed.as_ref().map(|(_, plan)| plan.held),
    };
    if !args.quiet {
        notes::of_table(data);
        starts.note(data).iter().for_each(|note| notes::write_note(note));
        notes::warn(&warnings);
    }
    let table_columns = data.reading.features.as_ref().map_or(data.columns.len(), |(count, _)| *count);
    if args.json {
        let device =
            DeviceJson { device: json::device(params, &info, opened.fallback.as_deref()), why: &opened.why };
        let text = json::pretty(&DryRun {
            schema: json::SCHEMA,
            version: json::VERSION,
            dry_run: true,
            data: json::data(data, &placed),
            table_columns,
            features: &data.columns,
            params: json::parameters(args, data, params, starts),
            device,
            memory_bytes: memory,
            outputs: &outputs,
            resumed,
            warnings: &warnings,
        })?;
        return terminal::write_stdout(&text).context("standard output");
    }
    if args.quiet {
        return Ok(());
    }
    let mut text = String::new();
    let mut line = |label: &str, value: &str| text.push_str(&labelled(label, &plain(value)));
    let rows = plural((data.points.n_points() + data.reading.dropped.count()) as u64, "row");
    line("data", &format!("{}, {rows} x {}", data.name, plural(table_columns as u64, "column")));
    prepared::lines(data).iter().for_each(|(label, text)| line(label, text));
    line("features", &format!("{}: {}", data.columns.len(), input::listed(&data.columns)));
    if let Some(truth) = &data.truth {
        line("truth", &format!("{:?}, {} classes", truth.column, truth.names.len()));
    }
    if let Some(weights) = &args.job.weights {
        line("weights", weights);
    }
    line("lattice", &format!("{} rows; {}", data.points.n_points(), summary::lattice(&table.lattice)));
    line("asked for", &summary::asked(params, &args.job.init));
    match params.algorithm() {
        Algorithm::Lloyd => {}
        Algorithm::Bisecting => line("algorithm", params.algorithm().name()),
        Algorithm::Minibatch(plan) => {
            line(
                "algorithm",
                &format!("{}: a sample, then {}", params.algorithm().name(), summary::batches(plan)),
            );
        }
    }
    if let Some(sizes) = params.sizes().and_then(|(min, max)| summary::sizes_words([min, max])) {
        line("sizes", &sizes);
    }
    if params.metric() != Metric::Euclidean {
        line("metric", params.metric().name());
    }
    if let (Some(json::ResumedJson { restarts, iterations }), Some(file)) = (resumed, &args.run.checkpoint) {
        let done = summary::done_before(restarts, iterations);
        line("resumes", &format!("from {}: {done}", file.display()));
    }
    let driver = if info.driver.is_empty() { String::new() } else { format!(", {}", info.driver) };
    line("device", &format!("{} ({}{driver}): {}", info.used, info.adapter, opened.why));
    match &streamed {
        None => line("memory", &memory_text(&memory, info.used, args)),
        Some((streaming, plan)) => line("memory", &streaming::planned(plan, streaming)),
    }
    let names = if outputs.is_empty() { "no file is asked for".to_owned() } else { outputs.join(", ") };
    line("outputs", &names);
    line("dry run", "nothing was fitted, and nothing was written");
    terminal::write_stdout(&text).context("standard output")
}

fn memory_text(memory: &MemoryJson, used: &str, args: &FitArgs) -> String {
    let read = match memory.rows_as_read {
        0 => "the rows stay in their file".to_owned(),
        bytes => format!("{} for the rows as they were read", size(bytes)),
    };
    let gpu = match (used, args.memory.gpu_memory) {
        ("gpu", Some(most)) => format!("; on the GPU at most {most}"),
        ("gpu", None) => "; on the GPU as --gpu-memory says by default".to_owned(),
        _ => String::new(),
    };
    format!("{} for the rows on the lattice and a restart, {read}{gpu}", size(memory.packed_and_a_restart))
}
