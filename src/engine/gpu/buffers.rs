//! Buffers on the device: structs shared with shaders, points, and the state of the slots.

use std::ops::Range;

use bytemuck::{Pod, Zeroable};

use super::context::Context;
use super::counters::count;
use super::trips::trips;
use crate::engine::draws::candidates;
use crate::engine::{EngineError, Job, Metric, Seeding, Stop, certify};
use crate::lattice::{Table, from_centre};

/// Most restarts of a batch.
pub(super) const MAX_SLOTS: usize = 4096;
/// Points per block of the seeding kernels.
pub(super) const BLOCK: usize = 256;
/// Points of a workgroup of `assign_matrix`.
pub(super) const TILE: usize = 128;
/// Centroids that units of either size compare at a time, or a multiple.
const SPAN: usize = 32;
/// Score of a padding column: never the best.
const NONE: f32 = 1e38;

/// `Sizes` of the shaders' prelude.
#[derive(Debug, Clone, Copy, PartialEq, Pod, Zeroable)]
#[repr(C)]
pub struct Sizes {
    pub(super) n_points: u32,
    pub(super) n_dims: u32,
    pub(super) n_quads: u32,
    pub(super) n_clusters: u32,
    pub(super) n_packs: u32,
    pub(super) n_blocks: u32,
    pub(super) n_candidates: u32,
    max_iter: u32,
    max_shift: u32,
    granularity: u32,
    small: u32,
    exact_seeds: u32,
    has_limit: u32,
    gamma: f32,
    bits: u32,
    first_point: u32,
    first_block: u32,
    pub(super) all_blocks: u32,
    share: f32,
    unit_bits: u32,
    shift_limit: [u32; 4],
    squares: [u32; 4],
}

/// `Slot` of the shaders' prelude.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Pod, Zeroable)]
#[repr(C)]
pub struct Slot {
    status: u32,
    iterations: u32,
    stop: u32,
    empty: u32,
    changed: u32,
    repaired: u32,
    repaired_first: u32,
    restart: u32,
    kept: u32,
    shift: [u32; 4],
    inertia: [u32; 4],
    digest: [u32; 2],
}

impl Slot {
    /// A slot in which a restart runs, whose centroids are taken for means, not for points.
    pub(super) fn after_an_iteration() -> Self {
        Self { iterations: 1, ..Self::default() }
    }

    /// The slot's restart, counted from the first of the run.
    pub(super) fn restart(&self) -> u32 {
        self.restart
    }
}

/// `Refill` of the shaders' prelude for empty clusters.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Pod, Zeroable)]
#[repr(C)]
pub struct Refill {
    slot: u32,
    works: u32,
    cluster: u32,
    row: u32,
    donor: u32,
    pending: u32,
    weight: [u32; 2],
    distance: [u32; 4],
}

/// `Found` of the shaders of seeding.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Pod, Zeroable)]
#[repr(C)]
pub struct Found {
    before: [u32; 4],
    t: [u32; 4],
    pub(super) block: u32,
    unused: [u32; 3],
}

/// The record that `collect` writes for a finished slot.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Pod, Zeroable)]
#[repr(C)]
pub(super) struct Record {
    pub(super) inertia: [u32; 4],
    pub(super) digest: [u32; 2],
    pub(super) iterations: u32,
    stop: u32,
    pub(super) repaired: u32,
    pub(super) repaired_first: u32,
    pub(super) restart: u32, // from the first of the run
    status: u32,
}

impl Record {
    /// Why it stopped.
    pub(super) fn why(&self) -> Stop {
        match self.stop {
            0 => Stop::FixedPoint,
            1 => Stop::Tol,
            _ => Stop::MaxIter,
        }
    }

    /// Whether the slot was done when it was collected.
    pub(super) fn is_done(&self) -> bool {
        self.status == DONE
    }
}

/// `DONE` of the shaders' prelude.
const DONE: u32 = 2;

impl Sizes {
    pub(super) fn new(job: &Job<'_>, gamma: f32, squares: u128) -> Self {
        let table = job.table;
        let (n, d, k) = (table.n_points(), table.n_dims(), job.n_clusters);
        let uniform = !table.lattice.mixed();
        let steps = u128::from(table.max_coordinate >> table.granularity);
        let largest = (d as u128) * (2 * steps) * (2 * steps); // distance, in squared steps
        let small = [largest < 1 << 32, largest < 1 << 24].map(|small| u32::from(uniform && small));
        let limit = job.shift_limit.map(largest_at_most);
        Self {
            n_points: n as u32,
            n_dims: d as u32,
            n_quads: d.div_ceil(4) as u32,
            n_clusters: k as u32,
            n_packs: k.div_ceil(4) as u32,
            n_blocks: n.div_ceil(BLOCK) as u32,
            n_candidates: candidates(k) as u32,
            max_iter: job.max_iter,
            max_shift: table.lattice.max_shift(),
            granularity: table.granularity,
            small: small.iter().sum(),
            exact_seeds: if matches!(job.seeding, Seeding::Given(_)) { 0 } else { exact_in(table) },
            has_limit: limit.is_some().into(),
            gamma,
            bits: u32::BITS - table.reach().leading_zeros(),
            first_point: 0,
            first_block: 0,
            all_blocks: n.div_ceil(BLOCK) as u32,
            share: 0.0,
            unit_bits: match job.metric {
                Metric::Euclidean => 0,
                Metric::Cosine => table.lattice.bits,
            },
            shift_limit: limbs(limit.unwrap_or(0)),
            squares: limbs(squares),
        }
    }

    /// The sizes where matrix units may be used, with so much of their bound.
    pub(super) fn with_matrix(self, table: &Table, bound: f64) -> Self {
        let rounded = !certify::is_f16(table.reach(), table.granularity);
        let share = certify::round_up(bound * certify::matrix_share(table.n_dims(), rounded));
        Self { share, ..self }
    }

    /// Whether matrix units may be used.
    pub(super) fn on_units(&self) -> bool {
        self.share > 0.0
    }

    /// The sizes of a chunk of the points. Its first row is the first of a block.
    pub(super) fn of_chunk(&self, rows: &Range<usize>) -> Self {
        Self {
            n_points: rows.len() as u32,
            n_blocks: rows.len().div_ceil(BLOCK) as u32,
            first_point: rows.start as u32,
            first_block: (rows.start / BLOCK) as u32,
            ..*self
        }
    }

    /// Upper bound on the loop trips of an invocation that compares so many pairs, as in [`trips`].
    pub(super) fn trips(&self, pairs: u64) -> u64 {
        let block_sums = u64::from(self.n_candidates) * u64::from(self.all_blocks) / 64; // a workgroup shares them
        trips(self.n_quads, pairs, block_sums)
    }

    /// Multiply-adds per assign of one slot.
    pub(super) fn work(&self) -> u64 {
        u64::from(self.n_points) * u64::from(self.n_clusters) * u64::from(self.n_dims)
    }

    /// Whether the lattice is mixed.
    pub(super) fn mixed(&self) -> bool {
        self.max_shift > 0
    }

    /// Whether distances between points, granularity divided out, fit 32 bits.
    pub(super) fn small(&self) -> bool {
        self.small > 0
    }

    /// Half norms of a slot's centroids.
    pub(super) fn half_norm_floats(&self) -> usize {
        self.n_packs as usize * 4
    }

    /// Coordinates of a slot's centroids: packs of four, features padded to quads.
    pub(super) fn centroid_coordinates(&self) -> usize {
        self.n_packs as usize * self.n_quads as usize * 16
    }

    /// Bytes of a row in f16, where matrix units may be used: whole pieces of units of either size.
    pub(super) fn row_f16_bytes(&self) -> u64 {
        if self.on_units() { u64::from(self.n_quads).div_ceil(4) * 32 } else { 0 }
    }

    /// Bytes of `n_points` points in f16, padded to whole tiles.
    pub(super) fn points_f16_bytes(&self, n_points: usize) -> usize {
        n_points.next_multiple_of(TILE) * self.row_f16_bytes() as usize
    }

    /// Bytes of a word for each of `n_points` points, where matrix units may be used.
    pub(super) fn unit_bytes(&self, n_points: usize) -> usize {
        if self.on_units() { n_points * 4 } else { 0 }
    }

    /// Bytes of a slot's centroids in f16, padded to whole tiles.
    pub(super) fn centroids_f16_bytes(&self) -> usize {
        (self.n_clusters as usize).next_multiple_of(SPAN) * self.row_f16_bytes() as usize
    }
}

/// Where the scores of centroids that are points are exact: 0 nowhere, 1 in `f32`, 2 also on matrix units.
fn exact_in(table: &Table) -> u32 {
    if table.lattice.mixed() {
        return 0;
    }
    let (d, most, granularity) = (table.n_dims(), table.reach(), table.granularity);
    let exact = [certify::scores_are_exact, certify::matrix_scores_are_exact];
    exact.iter().map(|exact| u32::from(exact(d, most, granularity))).sum()
}

/// The largest integer that is at most `limit` when rounded to `f64`, as the limit of shifts on the device.
fn largest_at_most(limit: f64) -> u128 {
    let (mut least, mut most) = (0u128, u128::MAX);
    while least < most {
        let centre = least + (most - least).div_ceil(2);
        if centre as f64 <= limit { least = centre } else { most = centre - 1 }
    }
    least
}

fn limbs(value: u128) -> [u32; 4] {
    [0, 32, 64, 96].map(|at| (value >> at) as u32)
}

/// Buffers that all slots share: a chunk of the points, and constants of the features.
#[derive(Debug, Clone)]
pub(super) struct Shared {
    pub(super) sizes: wgpu::Buffer,      // Sizes of the chunk
    pub(super) points: wgpu::Buffer,     // i32, from the centre (n_points, 4 n_quads)
    pub(super) weights: wgpu::Buffer,    // u32 (n_points)
    pub(super) errors: wgpu::Buffer,     // f32 (n_points)
    pub(super) features: wgpu::Buffer,   // (4^-e, e) (4 n_quads), then the centre in two parts
    pub(super) points_f16: wgpu::Buffer, // for matrix units: pieces (n_points, depth)
    pub(super) norms: wgpu::Buffer,      // for matrix units: f32 (n_points)
}

/// The state of the slots of a batch, with the labels of one chunk.
#[derive(Debug, Clone)]
pub(super) struct Slots {
    pub(super) slots: wgpu::Buffer, // Slot (slots + 1): the last one is the best so far
    pub(super) running: wgpu::Buffer, // u32 (slots)
    pub(super) labels: wgpu::Buffer, // u32 (slots + 1, n_points)
    pub(super) centroids: wgpu::Buffer, // i32 (slots + 1, n_packs, 4 n_quads, 4)
    pub(super) half_norms: wgpu::Buffer, // f32 (slots, n_packs, 4)
    pub(super) sums: wgpu::Buffer,  // i64 (slots, n_clusters, n_dims)
    pub(super) counts: wgpu::Buffer, // u64 (slots, n_clusters)
    pub(super) settled: wgpu::Buffer, // u32 (slots, n_points): labels that the sums have
    pub(super) others: wgpu::Buffer, // for matrix units: u32 (slots, n_points)
    pub(super) centroids_f16: wgpu::Buffer, // for matrix units: pieces (slots, padded n_clusters, depth)
}

impl Slots {
    /// Slots without restarts, for each chunk of the points. `chunks` are their rows.
    pub(super) fn allocate(
        context: &Context,
        sizes: &Sizes,
        chunks: &[Range<usize>],
        n_slots: usize,
    ) -> Result<Vec<Self>, EngineError> {
        let (k, d) = (sizes.n_clusters as usize, sizes.n_dims as usize);
        let slots = allocate_planned(context, "slots", (n_slots + 1) * size_of::<Slot>())?;
        let running = allocate_planned(context, "running", n_slots * 4)?;
        let centroids =
            allocate_planned(context, "centroids", (n_slots + 1) * sizes.centroid_coordinates() * 4)?;
        let half_norms = allocate_planned(context, "half norms", n_slots * sizes.half_norm_floats() * 4)?;
        let sums = allocate_planned(context, "sums", n_slots * k * d * 8)?;
        let counts = allocate_planned(context, "counts", n_slots * k * 8)?;
        let centroids_f16 =
            allocate_planned(context, "centroids in f16", n_slots * sizes.centroids_f16_bytes())?;
        if !k.is_multiple_of(4) {
            context.write(&half_norms, 0, &vec![NONE; n_slots * sizes.half_norm_floats()]);
        }
        let chunk = |rows: &Range<usize>| {
            let labels = allocate_planned(context, "labels", (n_slots + 1) * rows.len() * 4)?;
            let others = allocate_planned(context, "others", n_slots * sizes.unit_bytes(rows.len()))?;
            let settled = allocate_planned(context, "settled", n_slots * rows.len() * 4)?;
            let [slots, running] = [&slots, &running].map(Clone::clone);
            let [centroids, half_norms] = [&centroids, &half_norms].map(Clone::clone);
            let [sums, counts] = [&sums, &counts].map(Clone::clone);
            let centroids_f16 = centroids_f16.clone();
            Ok(Self {
                slots,
                running,
                labels,
                centroids,
                half_norms,
                sums,
                counts,
                settled,
                others,
                centroids_f16,
            })
        };
        chunks.iter().map(chunk).collect()
    }
}

/// Workspaces of seeding and refilling, one for each restart being seeded or slot being refilled.
#[derive(Debug, Clone)]
pub(super) struct Workspaces {
    pub(super) admitted: wgpu::Buffer, // slot, restart, first seed's row, 0 (workspaces)
    pub(super) waiting: wgpu::Buffer,  // u32 (workspaces)
    pub(super) chosen: wgpu::Buffer,   // (seeds so far, place of the newest) (workspaces)
    pub(super) seeds: wgpu::Buffer,    // u32 (workspaces, n_clusters)
    pub(super) taken: wgpu::Buffer,    // u32 (workspaces, n_clusters)
    pub(super) draws: wgpu::Buffer,    // u64 (workspaces, n_clusters - 1, n_candidates)
    pub(super) near: wgpu::Buffer,     // u128 (workspaces, n_points)
    pub(super) found: wgpu::Buffer,    // Found (workspaces, n_candidates)
    pub(super) candidates: wgpu::Buffer, // u32 (workspaces, n_candidates)
    pub(super) picked: wgpu::Buffer,   // i32 (workspaces, n_candidates + 1, 4 n_quads)
    pub(super) potentials: wgpu::Buffer, // u128 (workspaces, n_candidates, all_blocks)
    pub(super) refills: wgpu::Buffer,  // Refill (workspaces)
    pub(super) fetched: Option<Fetched>, // of a streamed table
}

/// The drawn blocks of a streamed table, one per candidate.
#[derive(Debug, Clone)]
pub(super) struct Fetched {
    pub(super) points: wgpu::Buffer, // i32 (workspaces, n_candidates, BLOCK, 4 n_quads)
    pub(super) weights: wgpu::Buffer, // u32 (workspaces, n_candidates, BLOCK)
}

impl Workspaces {
    /// New workspaces, for each chunk of the points. `chunks` are their rows.
    pub(super) fn allocate(
        context: &Context,
        sizes: &Sizes,
        chunks: &[Range<usize>],
        n_workspaces: usize,
        streamed: bool,
    ) -> Result<Vec<Self>, EngineError> {
        let k = sizes.n_clusters as usize;
        let (l, quads, blocks) =
            (sizes.n_candidates as usize, sizes.n_quads as usize, sizes.all_blocks as usize);
        let new = |name, bytes: usize| allocate_planned(context, name, n_workspaces * bytes);
        let near = chunks.iter().map(|rows| new("near", rows.len() * 16)).collect::<Result<Vec<_>, _>>()?;
        let fetched = || -> Result<Fetched, EngineError> {
            let points = new("fetched points", l * BLOCK * quads * 16)?;
            Ok(Fetched { points, weights: new("fetched weights", l * BLOCK * 4)? })
        };
        let first = |near| -> Result<Self, EngineError> {
            Ok(Self {
                admitted: new("admitted", 16)?,
                waiting: new("waiting", 4)?,
                chosen: new("chosen", 8)?,
                seeds: new("seeds", k * 4)?,
                taken: new("taken", k * 4)?,
                draws: new("draws", (k - 1) * l * 8)?,
                near,
                found: new("found", l * size_of::<Found>())?,
                candidates: new("candidates", l * 4)?,
                picked: new("picked", (l + 1) * quads * 16)?,
                potentials: new("potentials", l * blocks * 16)?,
                refills: new("refills", size_of::<Refill>())?,
                fetched: streamed.then(fetched).transpose()?,
            })
        };
        let mut workspaces: Vec<Self> = Vec::with_capacity(chunks.len());
        for near in near {
            let next = match workspaces.first() {
                Some(other) => Self { near, ..other.clone() },
                None => first(near)?,
            };
            workspaces.push(next);
        }
        Ok(workspaces)
    }
}

/// Centroids of a slot in the layout of the kernels.
pub(super) struct Columns {
    /// Packs of four, from the table's centre. (n_packs, 4 n_quads, 4)
    pub(super) values: Vec<i32>,
    /// From the centre. (n_packs, 4)
    pub(super) half_norms: Vec<f32>,
}

impl Columns {
    pub(super) fn new(table: &Table, sizes: &Sizes, centroids: &[i32]) -> Self {
        let (d, width) = (table.n_dims(), sizes.n_quads as usize * 4);
        let mut values = vec![0; sizes.centroid_coordinates()];
        let mut half_norms = vec![NONE; sizes.n_packs as usize * 4];
        for (c, row) in centroids.chunks_exact(d).enumerate() {
            for (j, x) in from_centre(row, &table.centre).enumerate() {
                values[((c / 4) * width + j) * 4 + c % 4] = x;
            }
            half_norms[c] = table.half_norm_of(row) as f32;
        }
        Self { values, half_norms }
    }
}

/// Converts columns back to centroids. (n_clusters, n_dims)
pub(super) fn rows(sizes: &Sizes, centre: &[i32], columns: &[i32]) -> Vec<i32> {
    let (k, d, width) = (sizes.n_clusters as usize, sizes.n_dims as usize, sizes.n_quads as usize * 4);
    let value = |c: usize, j: usize| columns[((c / 4) * width + j) * 4 + c % 4] + centre[j];
    (0..k).flat_map(|c| (0..d).map(move |j| value(c, j))).collect()
}

/// Usage of buffers that kernels read and write.
const STORAGE: wgpu::BufferUsages =
    wgpu::BufferUsages::STORAGE.union(wgpu::BufferUsages::COPY_DST).union(wgpu::BufferUsages::COPY_SRC);

/// Allocates a buffer of zeros for kernels to read and write.
pub(super) fn allocate(
    context: &Context,
    name: &'static str,
    bytes: usize,
) -> Result<wgpu::Buffer, EngineError> {
    context.allocate(name, bytes as u64, STORAGE)
}

/// The same, for what a [`Plan`](super::plan::Plan) has a place for.
pub(super) fn allocate_planned(
    context: &Context,
    name: &'static str,
    bytes: usize,
) -> Result<wgpu::Buffer, EngineError> {
    count(&context.tally.allocated_bytes, bytes as u64);
    allocate(context, name, bytes)
}

/// A buffer for [`Sizes`].
pub(super) fn uniform(context: &Context, sizes: &Sizes) -> Result<wgpu::Buffer, EngineError> {
    let usage = wgpu::BufferUsages::UNIFORM | wgpu::BufferUsages::COPY_DST;
    let buffer = context.allocate("sizes", size_of::<Sizes>() as u64, usage)?;
    context.write(&buffer, 0, &[*sizes]);
    Ok(buffer)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limit_of_shifts_is_the_same_question() {
        for limit in [0.0, 0.5, 1.0, 7.9, 1e10, 1e19, 3.3e30, f64::MAX] {
            let most = largest_at_most(limit);
            assert!(most as f64 <= limit);
            assert!(most == u128::MAX || (most + 1) as f64 > limit);
        }
    }

    #[test]
    fn limbs_are_little_endian() {
        assert_eq!(limbs((3 << 96) | (2 << 64) | 1), [1, 0, 2, 3]);
    }
}
