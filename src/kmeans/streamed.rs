//! Fits of tables larger than memory: the rows are placed on the lattice in a file, which every pass goes through.

use std::fs;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::time::Instant;

use super::algorithm::Algorithm;
use super::checkpoint::Checkpoint;
use super::directions::place_directions;
use super::error::FitError;
use super::fit::{Fit, Progress, Step, fit_packed};
use super::memory_plan::{MemoryPlan, StreamedFrom};
use super::pack::{lattice_of, place_rows, weights_of};
use super::params::Params;
use super::pool::in_threads;
use super::search::Search;
use crate::data::Dataset;
use crate::engine::parts::RowParts;
use crate::engine::{Keep, Metric, Opened};
use crate::lattice::{Lattice, Moments, Packer, Table, Weights};
use crate::log::info;
use crate::memory;
use crate::packed::{PackWriter, PackedTable};

/// How a table larger than memory is fitted.
#[derive(Debug, Clone)]
pub struct Streaming {
    /// Most bytes of memory, of all that the process needs on the host.
    pub memory: u64,
    /// The file of the packed table.
    pub file: PathBuf,
    /// Whether the file stays for other fits of the same table. It takes 4 bytes a value.
    pub keep: bool,
    /// What a file of the same table is recognised by: the state of its source, and how it was read. To this are added the
    /// weights, the scaling, the metric and the start centroids.
    pub key: String,
}

/// Checks that a fit with these parameters can stream its table.
pub(super) fn check(params: &Params) -> Result<(), FitError> {
    needs_one_table(params).map_or(Ok(()), |what| Err(FitError::InMemoryOnly { what }))
}

/// What of the parameters needs the whole table in the memory of one process.
pub(super) fn needs_one_table(params: &Params) -> Option<&'static str> {
    match params.algorithm() {
        Algorithm::Bisecting => Some("the algorithm bisecting"),
        Algorithm::Minibatch(_) => Some("the algorithm minibatch"),
        Algorithm::Lloyd if params.refine() => Some("refining"),
        Algorithm::Lloyd if params.search() != Search::Restarts => Some("an evolving search"),
        Algorithm::Lloyd if params.sizes().is_some() => Some("limits on sizes"),
        Algorithm::Lloyd if params.keep() == Keep::All => Some("a report of all restarts"),
        Algorithm::Lloyd => None,
    }
}

/// [`fit_in_steps`](super::fit_in_steps), or with a checkpoint [`fit_with_checkpoint`](super::fit_with_checkpoint), of a table
/// that stays in a file. The fit is the same, to the last bit.
///
/// # Errors
/// As these; [`FitError::TooLittleMemory`]; [`FitError::InMemoryOnly`] for parameters that need the table in memory;
/// [`FitError::Packed`] for a file that can't be written or read.
pub fn fit_streamed(
    opened: &Opened,
    data: &Dataset<'_>,
    params: &Params,
    streaming: &Streaming,
    checkpoint: Option<&mut Checkpoint>,
    seen: &mut (dyn FnMut(Step<'_>) -> ControlFlow<()> + Send),
) -> Result<Fit, FitError> {
    check(params)?;
    if let Some(checkpoint) = &checkpoint {
        checkpoint.check(params)?;
    }
    in_threads(params.threads(), || {
        let start = Instant::now();
        let plan = MemoryPlan::of(data, params, streaming.memory)?;
        memory::check(plan.held.saturating_sub(MemoryPlan::PROCESS))?;
        let (table, reused) = packed(data, params, streaming, plan, &mut |done, of| {
            let _ = seen(Step::Pack { done, of });
        })?;
        let packing = start.elapsed();
        info!(
            "{} rows of {} features lie packed in {} after {packing:?}",
            table.head().n_points(),
            table.head().n_dims(),
            table.path().display()
        );
        let kept = checkpoint.map(|checkpoint| (checkpoint, &*data.name));
        let removed = (!streaming.keep).then(|| Removed(&streaming.file));
        // an open file is read on after it was removed, but not on every system
        let removed = removed.filter(|_| !cfg!(unix));
        let rows = RowParts::of_file(&table);
        let progress = &mut |progress: &Progress<'_>| seen(Step::Restarts(*progress));
        let mut fit =
            fit_packed(opened, (table.head(), Some((rows, table.hashes()))), params, kept, progress)?;
        drop(removed);
        fit.scaling = data.points.scaling().cloned();
        fit.timings.pack = packing;
        fit.timings.total += packing;
        let (file, bytes, kept) = (streaming.file.clone(), table.n_bytes(), streaming.keep);
        fit.streamed = Some(StreamedFrom { file, bytes, reused, kept, plan });
        Ok(fit)
    })
}

/// A file that is removed on drop.
struct Removed<'a>(&'a Path);

impl Drop for Removed<'_> {
    fn drop(&mut self) {
        let _ = fs::remove_file(self.0); // may be removed already
    }
}

/// The packed table, and whether it was there.
fn packed(
    data: &Dataset<'_>,
    params: &Params,
    streaming: &Streaming,
    plan: MemoryPlan,
    seen: &mut dyn FnMut(u64, u64),
) -> Result<(PackedTable, bool), FitError> {
    let weights = weights_of(data)?;
    let key = key(data, params, &streaming.key);
    let open = || PackedTable::open(&streaming.file, &key, weights.clone(), plan.chunk);
    if let Ok(Some(table)) = open() {
        return Ok((table, true)); // one that is damaged is written again
    }
    let n_values = data.points.n_points() as u64 * data.points.n_dims() as u64;
    let create = if streaming.keep { PackWriter::create } else { PackWriter::create_private };
    let writer = create(&streaming.file, n_values)?;
    let (writer, table, moments) =
        place(data, (params, weights.clone()), (writer, plan.held, streaming.memory), seen)?;
    let file = writer.finish(&key, &table, &moments)?;
    Ok((PackedTable::of_written((&streaming.file, file), &key, weights, plan.chunk)?, false))
}

/// Places all rows on their lattice, and writes their coordinates. Returns the rest of the table. `held` is what is planned of the
/// memory, of which there is at most `most`.
fn place(
    data: &Dataset<'_>,
    (params, weights): (&Params, Weights),
    (mut writer, held, most): (PackWriter, u64, u64),
    seen: &mut dyn FnMut(u64, u64),
) -> Result<(PackWriter, Table, Moments), FitError> {
    let n_dims = data.points.n_dims();
    let (mut moments, mut points) = (Moments::new(n_dims), Vec::new());
    let mut placed = |packer: &mut Packer| {
        let first = packer.take(&mut points);
        // rows of weight zero outside the range stay in memory, and are written as text
        let outside = packer.head().outside.len() as u64 * (n_dims as u64 * 8 + 32) * 4;
        if outside > most.saturating_sub(held) && outside > MemoryPlan::PROCESS / 4 {
            return Err(FitError::TooLittleMemory { needed: held + outside, most });
        }
        writer.add(&points)?;
        let rows = first..first + points.len() / n_dims;
        let part = packer.head().part(rows, std::mem::take(&mut points));
        moments.add(&part);
        points = part.points;
        Ok(())
    };
    let packer = match params.metric() {
        Metric::Euclidean => {
            let lattice = lattice_of(data, params.starts(), &weights, seen)?;
            place_rows(data, Packer::taking(lattice, weights), &mut placed, seen)?
        }
        Metric::Cosine => {
            let lattice = Lattice::of_directions(n_dims, weights.total());
            place_directions(data, Packer::taking(lattice, weights), &mut placed)?
        }
    };
    Ok((writer, packer.finish(), moments))
}

/// A table on its lattice without its rows, which were placed and forgotten: what a dry run needs.
pub struct PackedHead {
    /// The table, without points.
    pub table: Table,
    moments: Moments,
    hashes: Vec<blake3::Hash>,
}

impl PackedHead {
    /// That of a table.
    ///
    /// # Errors
    /// As [`pack_for`](super::pack_for).
    pub fn of(data: &Dataset<'_>, params: &Params) -> Result<Self, FitError> {
        check(params)?;
        let (writer, table, moments) =
            place(data, (params, weights_of(data)?), (PackWriter::hashing(), 0, u64::MAX), &mut |_, _| ())?;
        Ok(Self { table, moments, hashes: writer.into_hashes()? })
    }

    /// Checks that the parameters fit the table, and that the run in a checkpoint, which goes on, is that of this table.
    ///
    /// # Errors
    /// [`FitError::Params`], [`FitError::Saved`].
    pub fn check(&self, params: &Params, checkpoint: Option<&Checkpoint>) -> Result<(), FitError> {
        let job = params.job_of(&self.table, Some(&self.moments))?;
        Ok(checkpoint
            .map_or(Ok(()), |checkpoint| checkpoint.check_job(params, (&job, Some(&self.hashes))))?)
    }
}

/// What a file of the same table is recognised by.
fn key(data: &Dataset<'_>, params: &Params, source: &str) -> String {
    let mut hash = blake3::Hasher::new();
    let mut add = |bytes: &[u8]| {
        hash.update(&(bytes.len() as u64).to_le_bytes()).update(bytes);
    };
    add(env!("CARGO_PKG_VERSION").as_bytes());
    add(source.as_bytes());
    add(params.metric().name().as_bytes());
    let floats =
        |values: &mut dyn Iterator<Item = f64>| values.flat_map(f64::to_le_bytes).collect::<Vec<u8>>();
    add(&[u8::from(data.weights.is_some()), u8::from(params.starts().is_some())]);
    for weights in data.weights.iter().flat_map(|weights| weights.chunks(1 << 16)) {
        add(&floats(&mut weights.iter().copied()));
    }
    if let Some(starts) = params.starts() {
        add(&floats(&mut starts.iter().copied()));
    }
    for rows in data.reading.dropped.rows().chunks(1 << 16) {
        add(&rows.iter().flat_map(|&row| (row as u64).to_le_bytes()).collect::<Vec<u8>>());
    }
    for name in &data.columns {
        add(name.as_bytes());
    }
    if let Some(scaling) = data.points.scaling() {
        add(format!("{scaling:?}").as_bytes()); // floats in their shortest exact form
    }
    format!("{} x {}, {}", data.points.n_points(), data.points.n_dims(), hash.finalize().to_hex())
}
