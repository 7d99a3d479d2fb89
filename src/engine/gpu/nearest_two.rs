//! The two nearest centroids of rows, piece by piece; what the kernel leaves open is decided here, in integers.

use bytemuck::{Pod, Zeroable};
use rayon::prelude::*;

use super::context::Context;
use super::kernel::Kernel;
use super::{DISPATCH, Gpu};
use crate::engine::nearest_two::{
    Centroids, NearestSession, NearestTwo, distance, exactly, guesses_are_exact,
};
use crate::engine::{DeviceInfo, Engine, EngineError, certify};
use crate::lattice::Table;

/// Points a workgroup owns.
const POINTS: usize = 64;
/// Score of a place in a group without a centroid: never among the least.
const NONE: f32 = 1e38;

/// `Nearest` of the shader.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Pod, Zeroable)]
#[repr(C)]
pub struct Nearest {
    n_points: u32,
    n_quads: u32,
    n_groups: u32,
    exact: u32,
}

/// Centroids on the GPU.
pub(super) struct GpuNearest<'a> {
    gpu: &'a Gpu,
    centroids: Centroids<'a>,
    kernel: Kernel,
    n_quads: usize,
    n_groups: usize,
    columns: wgpu::Buffer, // f32 (n_groups, 4 n_quads, 4)
    gamma: f32,            // of the points' errors
}

impl<'a> GpuNearest<'a> {
    pub(super) fn new(gpu: &'a Gpu, centroids: Centroids<'a>) -> Result<Self, EngineError> {
        let context = &gpu.context;
        let (n_quads, n_groups) =
            (centroids.lattice.n_dims().div_ceil(4), centroids.n_clusters().div_ceil(4));
        gpu.check_rounds(n_groups as u64 * (n_quads as u64 + 6))?;
        let values = columns(&centroids, n_quads, n_groups);
        let bytes = size_of_val(&values[..]) as u64;
        if bytes > context.max_binding() {
            let most = context.max_binding();
            let why = format!("the centroids take {bytes} bytes, a kernel can be given {most}");
            return Err(context.out_of_memory(why));
        }
        let kernel = Kernel::build(context, "nearest_two", &[]);
        let columns = filled(context, "columns", &values, wgpu::BufferUsages::STORAGE);
        context.check()?;
        let (gamma, _) = gpu.bound.gammas(centroids.lattice.n_dims(), certify::UNIT_WGSL);
        Ok(Self { gpu, centroids, kernel, n_quads, n_groups, columns, gamma })
    }

    /// Rows of a dispatch: they fit a binding, and take no longer than a desktop's watchdog allows.
    fn most_rows(&self) -> usize {
        let width = self.n_quads * 4;
        let fits = self.gpu.context.max_binding() / (width as u64 * 4);
        let short = DISPATCH / (width as u128 * self.centroids.n_clusters() as u128);
        (fits.min(1 << 24) as u128).min(short).max(1) as usize
    }

    /// Guesses of the rows from `first` on: nearest and second, or no centroids where these are not proven.
    fn guess(&self, table: &Table, first: usize, n: usize) -> Result<Vec<[u32; 2]>, EngineError> {
        use wgpu::BufferUsages as Usage;
        let context = &self.gpu.context;
        let exact = guesses_are_exact(table, self.centroids.values);
        let (bases, errors) = self.ends(exact);
        let sizes = [n, self.n_quads, self.n_groups].map(|size| size as u32);
        let nearest =
            Nearest { n_points: sizes[0], n_quads: sizes[1], n_groups: sizes[2], exact: exact.into() };
        let own: Vec<f32> = (first..first + n)
            .map(|i| if exact { 0.0 } else { certify::point_error(self.gamma, table.half_norm(i)) })
            .collect();
        let found = buffer(context, "found", n * 8, Usage::STORAGE | Usage::COPY_SRC);
        let buffers = [
            &filled(context, "nearest", &[nearest], Usage::UNIFORM),
            &filled(context, "rows", &padded(table, first, n, self.n_quads * 4), Usage::STORAGE),
            &filled(context, "own", &own, Usage::STORAGE),
            &self.columns,
            &filled(context, "bases", &bases, Usage::STORAGE),
            &filled(context, "errors of centroids", &errors, Usage::STORAGE),
            &found,
        ];
        context.check()?;
        let mut encoder = context.encoder();
        {
            let mut pass = encoder.begin_compute_pass(&wgpu::ComputePassDescriptor::default());
            self.kernel.bind(context, &buffers).dispatch(&mut pass, n.div_ceil(POINTS), 1);
        }
        context.submit(encoder)?;
        Ok(bytemuck::pod_collect_to_vec(&context.read(&[(&found, 0, (n * 8) as u64)])?))
    }

    /// `|c|^2 / 2 - E` and `2 E` of each centroid.
    fn ends(&self, exact: bool) -> (Vec<f32>, Vec<f32>) {
        let lattice = self.centroids.lattice;
        let (_, gamma) = self.gpu.bound.gammas(lattice.n_dims(), certify::UNIT_WGSL);
        let (mut bases, mut errors) = (vec![NONE; self.n_groups * 4], vec![0.0; self.n_groups * 4]);
        for c in 0..self.centroids.n_clusters() {
            let terms = self.centroids.row(c as u32).iter().zip(&lattice.shift);
            let norm: f64 = terms.map(|(&q, &e)| f64::from(q) * f64::from(q) * 0.25f64.powi(e as i32)).sum();
            let error = if exact { 0.0 } else { certify::centroid_error(gamma, norm / 2.0) };
            (bases[c], errors[c]) = ((norm / 2.0 - f64::from(error)) as f32, 2.0 * error);
        }
        (bases, errors)
    }

    fn decide(&self, table: &Table, row: usize, [label, second]: [u32; 2]) -> NearestTwo {
        let n_clusters = self.centroids.n_clusters() as u32;
        let open = label >= n_clusters || (n_clusters > 1 && (second >= n_clusters || second == label));
        if open {
            return exactly(table, &self.centroids, row);
        }
        let to = |c: u32| (c, distance(table, &self.centroids, row, c));
        NearestTwo::new(to(label), (n_clusters > 1).then(|| to(second)))
    }
}

impl NearestSession for GpuNearest<'_> {
    fn info(&self) -> DeviceInfo {
        self.gpu.info()
    }

    fn nearest_two(&mut self, table: &Table) -> Result<Vec<NearestTwo>, EngineError> {
        let mut all = Vec::with_capacity(table.n_points());
        let step = self.most_rows();
        for first in (0..table.n_points()).step_by(step) {
            let n = step.min(table.n_points() - first);
            let guesses = self.guess(table, first, n)?;
            let decide = |(i, &guess): (usize, &[u32; 2])| self.decide(table, first + i, guess);
            all.par_extend(guesses.par_iter().enumerate().with_min_len(256).map(decide));
        }
        Ok(all)
    }
}

/// Centroids four side by side, features padded to quads and scaled by their `4^-e`.
fn columns(centroids: &Centroids<'_>, n_quads: usize, n_groups: usize) -> Vec<f32> {
    let width = n_quads * 4;
    let mut values = vec![0.0; n_groups * width * 4];
    for c in 0..centroids.n_clusters() {
        let row = centroids.row(c as u32).iter().zip(&centroids.lattice.shift);
        for (j, (&q, &e)) in row.enumerate() {
            values[((c / 4) * width + j) * 4 + c % 4] = q as f32 * 0.25f32.powi(e as i32);
        }
    }
    values
}

fn padded(table: &Table, first: usize, n: usize, width: usize) -> Vec<f32> {
    let d = table.n_dims();
    let mut points = vec![0.0; n * width];
    let rows = table.points[first * d..][..n * d].chunks_exact(d);
    points.chunks_exact_mut(width).zip(rows).for_each(|(to, from)| to[..d].copy_from_slice(from));
    points
}

fn filled<T: Pod>(
    context: &Context,
    name: &'static str,
    data: &[T],
    usage: wgpu::BufferUsages,
) -> wgpu::Buffer {
    let buffer = buffer(context, name, size_of_val(data), usage | wgpu::BufferUsages::COPY_DST);
    context.write(&buffer, 0, data);
    buffer
}

fn buffer(context: &Context, name: &'static str, bytes: usize, usage: wgpu::BufferUsages) -> wgpu::Buffer {
    let size = (bytes as u64).max(16).next_multiple_of(16);
    let wish = wgpu::BufferDescriptor { label: Some(name), size, usage, mapped_at_creation: false };
    context.device.create_buffer(&wish)
}
