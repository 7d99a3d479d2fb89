//! Points: the table in the device's memory, in chunks; or streamed through it, chunk by chunk.

use std::ops::Range;

use rayon::prelude::*;

use super::buffers::{BLOCK, Shared, Sizes, allocate, allocate_planned, uniform};
use super::commands::Commands;
use super::context::Context;
use super::counters::count;
use super::narrow::NarrowPoints;
use super::plan::{BUFFERS, Plan};
use super::throughput::{Step, WIDE};
use super::units::Units;
use crate::engine::{EngineError, certify};
use crate::lattice::{Table, from_centre};

/// The points of a job, and how a kernel gets to see all of them.
#[derive(Debug)]
pub(super) struct Points<'a> {
    table: &'a Table,
    gamma: f32,   // of the points' errors
    width: usize, // coordinates of a row
    chunks: Vec<Sizes>,
    pub(super) rows: Vec<Range<usize>>,
    narrow: Option<NarrowPoints>,
    shared: Vec<Shared>, // of a streamed table two buffers that all chunks take in turn
    held: usize,
    streamed: bool,
}

impl<'a> Points<'a> {
    /// Uploads them, if they stay on the device. `units`: matrix units that may be used.
    pub(super) fn upload(
        context: &Context,
        table: &'a Table,
        sizes: &Sizes,
        units: Option<Units>,
        gamma: f32,
        plan: &Plan,
    ) -> Result<Self, EngineError> {
        let (n, width) = (table.n_points(), sizes.n_quads as usize * 4);
        count(&context.tally.planned_bytes, plan.bytes_of_points(sizes));
        let rows: Vec<_> = (0..n).step_by(plan.chunk).map(|first| first..n.min(first + plan.chunk)).collect();
        let chunks: Vec<_> = rows.iter().map(|rows| sizes.of_chunk(rows)).collect();
        let known = features_of(table, sizes);
        let features = allocate(context, "features", size_of_val(&known[..]))?;
        context.write(&features, 0, &known);
        let held = if plan.streamed { BUFFERS.min(rows.len()) } else { rows.len() };
        let mut shared: Vec<Shared> = Vec::with_capacity(rows.len());
        for (chunk, sizes) in chunks.iter().enumerate() {
            let sizes = uniform(context, sizes)?;
            let n = rows[chunk].len();
            let next = match chunk.checked_sub(held) {
                Some(before) => Shared { sizes, ..shared[before].clone() },
                None => Shared {
                    sizes,
                    points: allocate_planned(context, "points", n * width * 4)?,
                    weights: allocate_planned(context, "weights", n * 4)?,
                    errors: allocate_planned(context, "errors", n * 4)?,
                    features: features.clone(),
                    points_f16: allocate_planned(
                        context,
                        "points in f16",
                        chunks[chunk].points_f16_bytes(n),
                    )?,
                    norms: allocate_planned(context, "norms", chunks[chunk].unit_bytes(n))?,
                },
            };
            shared.push(next);
        }
        let narrow = units.map(|units| NarrowPoints::build(context, units));
        let points =
            Self { table, gamma, width, chunks, rows, narrow, shared, held, streamed: plan.streamed };
        if !points.streamed {
            let mut commands = Commands::new(context, &context.throughput());
            for chunk in 0..held {
                points.write(context, chunk)?;
                points.narrow(context, &mut commands, chunk)?;
            }
            commands.flush()?;
        }
        context.check()?;
        Ok(points)
    }

    /// The table that they are of.
    pub(super) fn table(&self) -> &Table {
        self.table
    }

    /// Whether they pass through the device each time that they are needed.
    pub(super) fn streamed(&self) -> bool {
        self.streamed
    }

    pub(super) fn n_chunks(&self) -> usize {
        self.chunks.len()
    }

    /// Sizes of a chunk.
    pub(super) fn sizes(&self, chunk: usize) -> &Sizes {
        &self.chunks[chunk]
    }

    /// Where a chunk lies when kernels see it.
    pub(super) fn shared(&self, chunk: usize) -> &Shared {
        &self.shared[chunk]
    }

    /// Calls `encode` with the number of each chunk, when kernels that it dispatches will see that chunk.
    pub(super) fn each_chunk(
        &self,
        context: &Context,
        commands: &mut Commands<'_>,
        encode: &mut dyn FnMut(&mut Commands<'_>, usize) -> Result<(), EngineError>,
    ) -> Result<(), EngineError> {
        let mut used: Vec<Option<wgpu::SubmissionIndex>> = vec![commands.last(); self.held];
        for chunk in 0..self.n_chunks() {
            if self.streamed {
                // what is written next is seen by all that is handed over from now on
                commands.flush()?;
                let buffer = chunk % self.held;
                if let Some(last) = used[buffer].take() {
                    context.wait(last)?;
                }
                self.write(context, chunk)?;
                encode(commands, chunk)?;
                commands.flush()?;
                used[buffer] = commands.last();
            } else {
                encode(commands, chunk)?;
            }
        }
        Ok(())
    }

    /// The rows of a block as they lie on the device, and their weights; zeros past the end.
    pub(super) fn block(&self, block: usize) -> (Vec<i32>, Vec<u32>) {
        let rows = block * BLOCK..self.table.n_points().min((block + 1) * BLOCK);
        let mut weights: Vec<u32> = rows.clone().map(|i| self.table.weights.get(i)).collect();
        let mut points = padded(self.table, rows, self.width);
        weights.resize(BLOCK, 0);
        points.resize(BLOCK * self.width, 0);
        (points, weights)
    }

    /// Writes a chunk, in pieces that are submitted and waited for: staging memory for all of it at once would take as
    /// much again.
    fn write(&self, context: &Context, chunk: usize) -> Result<(), EngineError> {
        let rows = self.rows[chunk].clone();
        let step = (context.piece / (self.width * 4)).max(1);
        for first in rows.clone().step_by(step) {
            let piece = first..rows.end.min(first + step);
            self.write_piece(context, self.shared(chunk), first - rows.start, piece.clone());
            if piece.end < rows.end {
                let submission = context.submit(context.encoder())?;
                context.wait(submission)?;
            }
        }
        count(&context.tally.point_bytes_up, (rows.len() * (self.width * 4 + 8)) as u64);
        Ok(())
    }

    /// Writes `rows` to the place of a chunk's rows from `at` on.
    fn write_piece(&self, context: &Context, shared: &Shared, at: usize, rows: Range<usize>) {
        let table = self.table;
        let weights: Vec<u32> = rows.clone().map(|i| table.weights.get(i)).collect();
        let error = |i: usize| certify::point_error(self.gamma, table.half_norm(i));
        let errors: Vec<f32> = rows.clone().map(error).collect();
        let (d, to) = (table.n_dims(), (at * self.width * 4) as u64);
        if self.width == d && table.centre.iter().all(|&m| m == 0) {
            context.write(&shared.points, to, &table.points[rows.start * d..rows.end * d]);
        } else {
            context.write(&shared.points, to, &padded(table, rows, self.width));
        }
        context.write(&shared.weights, (at * 4) as u64, &weights);
        context.write(&shared.errors, (at * 4) as u64, &errors);
    }
}

impl Points<'_> {
    /// Rounds a chunk to f16, if matrix units may be used. Points that stay on the device are rounded once, those of a
    /// streamed chunk in each pass that reads them so.
    pub(super) fn narrow(
        &self,
        context: &Context,
        commands: &mut Commands<'_>,
        chunk: usize,
    ) -> Result<(), EngineError> {
        let Some(narrow) = &self.narrow else { return Ok(()) };
        let n = self.rows[chunk].len();
        let work = (n * self.width) as u128 * WIDE;
        let bound = narrow.bind(context, self.shared(chunk));
        commands.run(&bound, [NarrowPoints::blocks(n), 1], (Step::Update, work)).map(drop)
    }
}

/// What is known of the features, then their centre in two parts that an `f32` holds exactly.
pub(super) fn features_of(table: &Table, sizes: &Sizes) -> Vec<[f32; 2]> {
    let width = sizes.n_quads as usize * 4;
    let mut features = vec![[1.0f32, 0.0]; width];
    for (feature, &e) in features.iter_mut().zip(&table.lattice.shift) {
        *feature = [0.25f32.powi(e as i32), e as f32];
    }
    features.extend(table.centre.iter().map(|m| [(m >> 12) as f32, (m & 0xfff) as f32]));
    features.resize(2 * width, [0.0, 0.0]);
    features
}

/// Rows from the centre, padded with zeros. (rows, width)
pub(super) fn padded(table: &Table, rows: Range<usize>, width: usize) -> Vec<i32> {
    let d = table.n_dims();
    let from = &table.points[rows.start * d..rows.end * d];
    let mut wide = vec![0; rows.len() * width];
    let pairs = wide.par_chunks_exact_mut(width).with_min_len(1024).zip(from.par_chunks_exact(d));
    pairs.for_each(|(to, from)| {
        to.iter_mut().zip(from_centre(from, &table.centre)).for_each(|(to, x)| *to = x);
    });
    wide
}
