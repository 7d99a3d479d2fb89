//! Fits by ranks of which each has some rows of the table.

use std::ops::{ControlFlow, Range};
use std::time::Instant;

use rayon::prelude::*;

use super::together::{Ranks, Share, Shared, in_threads_of_all};
use crate::comm::{Comm, CommError, Partial, Timed};
use crate::data::Dataset;
use crate::engine::parts::RowParts;
use crate::engine::{Metric, Opened};
use crate::kmeans::checkpoint::Checkpoint;
use crate::kmeans::directions::place_directions;
use crate::kmeans::fit::{Fit, Progress, Step, fit_packed};
use crate::kmeans::memory_plan::MemoryPlan;
use crate::kmeans::pack::{extent_of, place_rows};
use crate::kmeans::saved::SavedRun;
use crate::kmeans::streamed::needs_one_table;
use crate::kmeans::{FitError, Params};
use crate::lattice::{Extent, Found, Lattice, Moments, Packer, Table, Weights, check_shape};
use crate::log::info;
use crate::memory;
use crate::packed::BLOCK;

/// [`fit_in_steps`](crate::kmeans::fit_in_steps) by several processes. All of them call this, each with its own rows: those of rank 0 are
/// the first rows of the table, those of rank 1 come next, and so on. The fit is that of one process with all rows, to the last
/// bit; every rank gets the whole of it, with the labels of all rows.
///
/// All ranks have the same parameters, but for device and threads. A checkpoint is that of rank 0, which reads and writes it; it
/// goes on with any number of ranks, and with one process. Where one rank is cancelled or fails, all are and do.
///
/// ```
/// use cairn::comm::{Comm, threads};
/// use cairn::data::{self, Dataset};
/// use cairn::engine::{Device, OpenOptions, open};
/// use cairn::kmeans::{CONTINUE, KMeans, fit, fit_on_ranks};
/// use cairn::ndarray::{Array2, s};
///
/// let all = Array2::from_shape_fn((1000, 4), |(i, j)| (i * (j + 3) % 97) as f64);
/// let params = KMeans::new(5).restarts(3).check()?;
/// let expected = fit(&Dataset::from(&all), &params)?.fingerprint;
/// std::thread::scope(|scope| {
///     for rank in threads(3) {
///         let (all, params, expected) = (&all, &params, &expected);
///         scope.spawn(move || {
///             // 100, 450 and 450 rows
///             let first = [0, 100, 550, 1000];
///             let own = all.slice(s![first[rank.rank()]..first[rank.rank() + 1], ..]);
///             let cpu = open(&Device::Cpu, &OpenOptions::default()).expect("the CPU is always there");
///             let fit = fit_on_ranks(&cpu, &Dataset::from(own), params, &rank, None, &mut |_| CONTINUE);
///             assert_eq!(fit.expect("a fit").fingerprint, *expected);
///         });
///     }
/// });
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// As [`fit_with_checkpoint`](crate::kmeans::fit_with_checkpoint), of any rank; [`FitError::OneProcessOnly`] for parameters that need the
/// whole table; [`CommError::Unlike`] for ranks that differ, [`CommError::Lost`] for one that can't be reached.
///
/// [`CommError::Unlike`]: crate::comm::CommError::Unlike
/// [`CommError::Lost`]: crate::comm::CommError::Lost
pub fn fit_on_ranks(
    opened: &Opened,
    data: &Dataset<'_>,
    params: &Params,
    comm: &dyn Comm,
    checkpoint: Option<&mut Checkpoint>,
    seen: &mut (dyn FnMut(Step<'_>) -> ControlFlow<()> + Send),
) -> Result<Fit, FitError> {
    in_threads_of_all(comm, params, || {
        let start = Instant::now();
        let comm = Timed::new(comm);
        let all = Ranks { comm: &comm };
        all.agree(needs_one_table(params).map_or(Ok(()), |what| Err(FitError::OneProcessOnly { what })))?;
        all.check_alike(data, params)?;
        let mut own = None;
        let checkpoint = all.share_checkpoint(checkpoint, &mut own, params)?;
        let placed = all.place(data, params, &mut |done, of| {
            let _ = seen(Step::Pack { done, of });
        })?;
        let hashes = match checkpoint {
            Some(_) => all.hashes(&placed)?,
            None => Vec::new(),
        };
        let packing = start.elapsed();
        let Placed { head, own, moments, firsts } = &placed;
        info!(
            "process {} of {} has {} of {} rows, placed on the lattice in {packing:?}",
            comm.rank(),
            comm.size(),
            own.n_points(),
            head.n_points()
        );
        let rows = RowParts::of_ranks((head, moments), own, firsts, &comm);
        let kept = checkpoint.map(|checkpoint| (checkpoint, &*data.name));
        let progress = &mut |progress: &Progress<'_>| seen(Step::Restarts(*progress));
        let mut fit = fit_packed(opened, (head, Some((rows, &hashes))), params, kept, progress)?;
        fit.scaling = data.points.scaling().cloned();
        fit.timings.pack = packing;
        fit.timings.total += packing;
        fit.shared = Some(Shared { n_ranks: comm.size(), share: Share::Rows, in_calls: comm.spent() });
        Ok(fit)
    })
}

/// The rows of a rank on the lattice of the whole table.
struct Placed {
    head: Table,
    own: Table,
    moments: Moments,
    firsts: Vec<usize>, // the first row of each rank, and the number of all rows
}

impl Ranks<'_> {
    /// The checkpoint of rank 0, and for the others one that follows it and is never written; `own` is room for that.
    fn share_checkpoint<'c>(
        &self,
        checkpoint: Option<&'c mut Checkpoint>,
        own: &'c mut Option<Checkpoint>,
        params: &Params,
    ) -> Result<Option<&'c mut Checkpoint>, FitError> {
        let checkpoint = checkpoint.filter(|_| self.comm.rank() == 0);
        let checked = checkpoint.as_ref().map_or(Ok(()), |checkpoint| checkpoint.check(params));
        self.agree(checked.map_err(FitError::from))?;
        if self.comm.size() == 1 {
            return Ok(checkpoint);
        }
        // nothing; that there is one; and the run that it goes on from
        let mut bytes = Vec::new();
        if let Some(checkpoint) = &checkpoint {
            bytes.push(1);
            bytes.extend(checkpoint.from().map_or_else(Vec::new, SavedRun::to_bytes));
        }
        self.comm.broadcast(&mut bytes, 0)?;
        let Some((_, run)) = bytes.split_first() else { return Ok(None) };
        let from = (!run.is_empty() && checkpoint.is_none()).then(|| SavedRun::of_bytes(run)).transpose();
        let from = self.agree(from.map_err(FitError::from));
        if checkpoint.is_some() {
            from?;
            return Ok(checkpoint);
        }
        let from = from?;
        Ok(Some(own.insert(Checkpoint::following(from))))
    }

    /// Places the rows of all ranks on one lattice.
    fn place(
        &self,
        data: &Dataset<'_>,
        params: &Params,
        seen: &mut dyn FnMut(u64, u64),
    ) -> Result<Placed, FitError> {
        let (n_own, n_dims) = (data.points.n_points(), data.points.n_dims());
        let counts = self.gather_words(Ok(vec![n_own as u64]))?;
        let mut firsts = vec![0];
        for count in counts.iter().flatten() {
            firsts.push(firsts[firsts.len() - 1] + *count as usize);
        }
        let n_points = firsts[firsts.len() - 1];
        let rows = firsts[self.comm.rank()]..firsts[self.comm.rank() + 1];
        check_shape(n_points, n_dims)?;
        let needed = (n_own as u64 * (n_dims as u64 * 4 + 28))
            .saturating_add(n_points as u64 * MemoryPlan::PER_SHARED_ROW);
        self.agree(memory::check(needed).map_err(FitError::from))?;
        let weights = self.weights(data, n_points)?;
        let lattice = self.lattice(data, params, (&weights, rows.clone()), seen)?;
        let packer = Packer::of_rank(lattice, weights, rows);
        let packer = match params.metric() {
            Metric::Euclidean => place_rows(data, packer, &mut |_| Ok(()), seen),
            Metric::Cosine => place_directions(data, packer, &mut |_| Ok(())),
        };
        let found = packer.as_ref().map_or_else(|_| Vec::new(), |packer| json(&packer.found()));
        let packer = self.agree(packer)?;
        let all = self.gather(Ok(found))?;
        let read = |bytes: &Vec<u8>| serde_json::from_slice(bytes);
        let lost = |error: serde_json::Error| CommError::Lost { reason: error.to_string() };
        let all: Vec<Found> = all.iter().map(read).collect::<Result<_, _>>().map_err(lost)?;
        let (head, own) = packer.finish_with(&all);
        let mut moments = Moments::new(n_dims);
        moments.add(&own);
        let moments = self.sum_moments(&moments)?;
        Ok(Placed { head, own, moments, firsts })
    }

    /// The integer weights of all rows.
    fn weights(&self, data: &Dataset<'_>, n_points: usize) -> Result<Weights, FitError> {
        let Some(own) = &data.weights else { return Ok(Weights::ones(n_points)) };
        let all = self.gather_words(Ok(own.iter().map(|weight| weight.to_bits()).collect()))?;
        let all: Vec<f64> = all.into_iter().flatten().map(f64::from_bits).collect();
        Ok(Weights::new(&all, n_points)?)
    }

    fn lattice(
        &self,
        data: &Dataset<'_>,
        params: &Params,
        (weights, rows): (&Weights, Range<usize>),
        seen: &mut dyn FnMut(u64, u64),
    ) -> Result<Lattice, FitError> {
        let n_dims = data.points.n_dims();
        if params.metric() == Metric::Cosine {
            return Ok(Lattice::of_directions(n_dims, weights.total()));
        }
        let own = extent_of(data, params.starts(), (weights, rows.start), seen);
        let all = self.gather_words(own.map(|extent| extent.words()))?;
        let mut extent = Extent::new(n_dims);
        for words in &all {
            Extent::of_words(words, n_dims).iter().for_each(|own| extent.merge(own));
        }
        Ok(extent.lattice(weights.total())?)
    }

    fn sum_moments(&self, own: &Moments) -> Result<Moments, FitError> {
        let wide = own.sums.iter().chain(&own.squares).map(|sum| sum.cast_unsigned()).collect();
        let all = Partial { wide, ..Partial::default() }.sum(self.comm)?;
        let mut sums: Vec<i128> = all.wide.into_iter().map(u128::cast_signed).collect();
        let squares = sums.split_off(own.sums.len());
        Ok(Moments { sums, squares })
    }

    /// Hashes of the points of the whole table, in blocks, whichever ranks have their rows. The rank that has the begin of a block
    /// hashes it, with the values that the next ones have of it.
    fn hashes(&self, placed: &Placed) -> Result<Vec<blake3::Hash>, FitError> {
        let (own, d) = (&placed.own.points, placed.head.n_dims());
        let first = placed.firsts[self.comm.rank()] * d;
        let begun = (first.next_multiple_of(BLOCK) - first).min(own.len()); // values of a block that begins before
        let bytes = |values: &[i32]| values.iter().flat_map(|value| value.to_le_bytes()).collect::<Vec<u8>>();
        let ends = self.gather(Ok(bytes(&own[..begun])))?;
        let (blocks, last) = own[begun..].split_at((own.len() - begun) / BLOCK * BLOCK);
        let hash = |block: &[i32]| *blake3::hash(&bytes(block)).as_bytes();
        let mut hashes: Vec<u8> = blocks.par_chunks(BLOCK).flat_map_iter(hash).collect();
        if !last.is_empty() {
            let mut last = bytes(last);
            for end in &ends[self.comm.rank() + 1..] {
                // it is filled by ranks until one of them begins a block
                let room = BLOCK * 4 - last.len();
                last.extend_from_slice(&end[..end.len().min(room)]);
            }
            hashes.extend(blake3::hash(&last).as_bytes());
        }
        let all = self.gather(Ok(hashes))?;
        Ok(all.iter().flat_map(|bytes| bytes.as_chunks::<32>().0).map(|&hash| hash.into()).collect())
    }
}

fn json(found: &Found) -> Vec<u8> {
    serde_json::to_vec(found).unwrap_or_default()
}
