//! The two nearest centroids of rows, in batches of rows. What the kernel can't certify is decided here, in integers.

use std::time::Instant;

use bytemuck::{Pod, Zeroable};
use rayon::prelude::*;

use super::commands::Commands;
use super::context::Context;
use super::kernel::Kernel;
use super::opened::{Gpu, smaller};
use super::throughput::{Step, Throughput};
use super::trips::trips;
use crate::engine::nearest_two::{
    Centroids, Labels, NearestSession, NearestTwo, distance, exactly, guesses_are_exact,
};
use crate::engine::{DeviceInfo, Engine, EngineError, certify};
use crate::lattice::{Table, from_centre};

/// Points a workgroup owns.
const POINTS: usize = 64;
/// Most bytes of rows uploaded at a time.
const MOST_BYTES: u64 = 64 << 20;
/// Fewest rows uploaded at a time, when memory is short.
const LEAST_ROWS: usize = 256;
/// Score of a padding column: never among the least.
const NONE: f32 = 1e38;

/// `Nearest` of the shader.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Pod, Zeroable)]
#[repr(C)]
pub struct Nearest {
    n_points: u32,
    n_quads: u32,
    n_packs: u32,
    exact: u32,
}

/// Centroids on the GPU.
pub(super) struct GpuNearest<'a> {
    gpu: &'a Gpu,
    centroids: Centroids<'a>,
    kernel: Kernel,
    n_quads: usize,
    n_packs: usize,
    columns: wgpu::Buffer, // f32, from the centre of the rows (n_packs, 4 n_quads, 4)
    gamma: f32,            // G for the points' share of E
    throughput: Throughput,
    most_rows: usize, // uploaded at a time
    note: Option<String>,
}

impl<'a> GpuNearest<'a> {
    pub(super) fn new(gpu: &'a Gpu, centroids: Centroids<'a>) -> Result<Self, EngineError> {
        let context = &gpu.context;
        let (n_quads, n_packs) = (centroids.lattice.n_dims().div_ceil(4), centroids.n_clusters().div_ceil(4));
        gpu.check_trips(trips(n_quads as u32, n_packs as u64, 0))?;
        let bytes = (n_packs * n_quads * 64) as u64;
        if bytes > context.max_binding() {
            let most = context.max_binding();
            let why = format!("the centroids take {bytes} bytes, a kernel can be given {most}");
            return Err(context.out_of_memory(why));
        }
        let kernel = Kernel::build(context, "nearest_two", &[]);
        let usage = wgpu::BufferUsages::STORAGE | wgpu::BufferUsages::COPY_DST;
        let columns = context.allocate("columns", bytes, usage)?;
        let (gamma, _) = gpu.bound.gammas(centroids.lattice.n_dims(), certify::UNIT_WGSL);
        // within the binding limit, and small for the host
        let fits = context.max_binding().min(MOST_BYTES) / (n_quads as u64 * 16);
        let most_rows = fits.clamp(1, 1 << 24) as usize;
        let throughput = context.throughput();
        Ok(Self {
            gpu,
            centroids,
            kernel,
            n_quads,
            n_packs,
            columns,
            gamma,
            throughput,
            most_rows,
            note: None,
        })
    }

    /// Uploads fewer rows at a time after the device was out of memory; returns any other error. The least number is
    /// tried twice: the failed attempt has freed its memory.
    fn recover(&mut self, error: EngineError, n_rows: usize, again: bool) -> Result<(), EngineError> {
        let EngineError::OutOfMemory { .. } = &error else { return Err(error) };
        if n_rows <= LEAST_ROWS && again {
            return Err(error);
        }
        self.gpu.context.clear_oom();
        self.most_rows = (n_rows / 2).max(LEAST_ROWS);
        self.note = Some(smaller(&error));
        Ok(())
    }

    /// Guesses for `n` rows from `first` on: nearest and second, or invalid indices where they are not proven.
    fn guess(&mut self, table: &Table, first: usize, n: usize) -> Result<Vec<[u32; 2]>, EngineError> {
        use wgpu::BufferUsages as Usage;
        let context = &self.gpu.context;
        let exact = guesses_are_exact(table, self.centroids.values);
        let (bases, errors) = self.ends(table, exact);
        let sizes = [n, self.n_quads, self.n_packs].map(|size| size as u32);
        let nearest =
            Nearest { n_points: sizes[0], n_quads: sizes[1], n_packs: sizes[2], exact: exact.into() };
        let own: Vec<f32> = (first..first + n)
            .map(|i| if exact { 0.0 } else { certify::point_error(self.gamma, table.half_norm(i)) })
            .collect();
        let found = context.allocate("found", (n * 8) as u64, Usage::STORAGE | Usage::COPY_SRC)?;
        let buffers = [
            &filled(context, "nearest", &[nearest], Usage::UNIFORM)?,
            &filled(context, "rows", &padded(table, first, n, self.n_quads * 4), Usage::STORAGE)?,
            &filled(context, "own", &own, Usage::STORAGE)?,
            &self.columns,
            &filled(context, "bases", &bases, Usage::STORAGE)?,
            &filled(context, "errors of centroids", &errors, Usage::STORAGE)?,
            &found,
        ];
        let work = (n * self.n_quads * 4) as u128 * self.centroids.n_clusters() as u128;
        let (mut commands, start) = (Commands::new(context, &self.throughput), Instant::now());
        commands.run(&self.kernel.bind(context, &buffers), [n.div_ceil(POINTS), 1], (Step::Assign, work))?;
        commands.finish()?;
        let found = context.read(&[(&found, 0, (n * 8) as u64)])?;
        self.throughput.note(Step::Assign, work, start.elapsed().as_secs_f64());
        Ok(bytemuck::pod_collect_to_vec(&found))
    }

    /// `|c|^2 / 2 - E` and `2 E` of each centroid.
    fn ends(&self, table: &Table, exact: bool) -> (Vec<f32>, Vec<f32>) {
        let lattice = self.centroids.lattice;
        let (_, gamma) = self.gpu.bound.gammas(lattice.n_dims(), certify::UNIT_WGSL);
        let (mut bases, mut errors) = (vec![NONE; self.n_packs * 4], vec![0.0; self.n_packs * 4]);
        for c in 0..self.centroids.n_clusters() {
            let half_norm = table.half_norm_of(self.centroids.row(c as u32));
            let error = if exact { 0.0 } else { certify::centroid_error(gamma, half_norm) };
            (bases[c], errors[c]) = ((half_norm - f64::from(error)) as f32, 2.0 * error);
        }
        (bases, errors)
    }
}

impl NearestSession for GpuNearest<'_> {
    fn info(&self) -> DeviceInfo {
        DeviceInfo { fallback: self.note.clone(), ..self.gpu.info() }
    }

    fn nearest_two(&mut self, table: &Table) -> Result<Vec<NearestTwo>, EngineError> {
        let centroids = self.centroids;
        self.find(table, |row, guess| decide(table, &centroids, row, guess))
    }

    fn labels(&mut self, table: &Table) -> Result<Labels, EngineError> {
        let centroids = self.centroids;
        let n_clusters = centroids.n_clusters() as u32;
        let decided = self.find(table, |row, [label, _]| match label < n_clusters {
            true => (label, false),
            false => (exactly(table, &centroids, row).label, true),
        })?;
        let repaired = decided.iter().filter(|(_, repaired)| *repaired).count() as u64;
        Ok(Labels { labels: decided.into_iter().map(|(label, _)| label).collect(), repaired })
    }
}

impl GpuNearest<'_> {
    /// Guesses the nearest centroids of all rows, and decides each by its guess.
    fn find<T: Send>(
        &mut self,
        table: &Table,
        decide: impl Fn(usize, [u32; 2]) -> T + Sync,
    ) -> Result<Vec<T>, EngineError> {
        let columns = columns(&self.centroids, &table.centre, self.n_quads, self.n_packs);
        self.gpu.context.write(&self.columns, 0, &columns);
        let mut all = Vec::with_capacity(table.n_points());
        let mut failed = None;
        while all.len() < table.n_points() {
            let first = all.len();
            let n = self.most_rows.min(table.n_points() - first);
            let guesses = match self.guess(table, first, n) {
                Err(error) => {
                    self.recover(error, n, failed == Some(first))?;
                    failed = Some(first);
                    continue;
                }
                guesses => guesses?,
            };
            let decided = guesses.par_iter().enumerate().with_min_len(256);
            all.par_extend(decided.map(|(i, &guess)| decide(first + i, guess)));
        }
        Ok(all)
    }
}

/// The two nearest of a row, whose guess names none where it proves none.
fn decide(table: &Table, centroids: &Centroids<'_>, row: usize, [label, second]: [u32; 2]) -> NearestTwo {
    let n_clusters = centroids.n_clusters() as u32;
    let open = label >= n_clusters || (n_clusters > 1 && (second >= n_clusters || second == label));
    if open {
        return exactly(table, centroids, row);
    }
    let to = |c: u32| (c, distance(table, centroids, row, c));
    NearestTwo::new(to(label), (n_clusters > 1).then(|| to(second)))
}

/// Centroids from the centre, four side by side, features padded to quads and scaled by their `4^-e`.
fn columns(centroids: &Centroids<'_>, centre: &[i32], n_quads: usize, n_packs: usize) -> Vec<f32> {
    let width = n_quads * 4;
    let mut values = vec![0.0; n_packs * width * 4];
    for c in 0..centroids.n_clusters() {
        let row = from_centre(centroids.row(c as u32), centre).zip(&centroids.lattice.shift);
        for (j, (x, &e)) in row.enumerate() {
            values[((c / 4) * width + j) * 4 + c % 4] = x as f32 * 0.25f32.powi(e as i32);
        }
    }
    values
}

/// Rows from the centre, rounded to `f32` and padded with zeros. (n, width)
fn padded(table: &Table, first: usize, n: usize, width: usize) -> Vec<f32> {
    let d = table.n_dims();
    let mut points = vec![0.0; n * width];
    let rows = table.points[first * d..][..n * d].chunks_exact(d);
    points.chunks_exact_mut(width).zip(rows).for_each(|(to, from)| {
        to.iter_mut().zip(from_centre(from, &table.centre)).for_each(|(to, x)| *to = x as f32);
    });
    points
}

fn filled<T: Pod>(
    context: &Context,
    name: &'static str,
    data: &[T],
    usage: wgpu::BufferUsages,
) -> Result<wgpu::Buffer, EngineError> {
    let usage = usage | wgpu::BufferUsages::COPY_DST;
    let buffer = context.allocate(name, size_of_val(data) as u64, usage)?;
    context.write(&buffer, 0, data);
    Ok(buffer)
}
