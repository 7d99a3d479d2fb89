//! What lies in the device's memory: the structs that shaders see, the points, and the state of the lanes.

use bytemuck::{Pod, Zeroable};

use super::context::Context;
use crate::engine::draws::candidates;
use crate::engine::reference::Sums;
use crate::engine::{EngineError, Job, Stop, certify};
use crate::lattice::Table;

/// Points a block of the seeding kernels holds.
pub(super) const BLOCK: usize = 256;
/// 64-bit sums that `update_sums_shared` has room for.
const SHARED_SUMS: usize = 2048;
/// Invocations of a workgroup of `update_sums_shared`.
const SHARED_WIDTH: usize = 64;
/// Score of a place in a group without a centroid: never the best.
const NONE: f32 = 1e38;

/// `Sizes` of the shaders' prelude.
#[derive(Debug, Clone, Copy, PartialEq, Pod, Zeroable)]
#[repr(C)]
pub struct Sizes {
    pub(super) n_points: u32,
    n_dims: u32,
    pub(super) n_quads: u32,
    pub(super) n_clusters: u32,
    pub(super) n_groups: u32,
    n_blocks: u32,
    n_candidates: u32,
    max_iter: u32,
    max_shift: u32,
    granularity: u32,
    small: u32,
    exact_seeds: u32,
    has_limit: u32,
    gamma: f32,
    copies: u32,
    unused: u32,
    shift_limit: [u32; 4],
}

/// `Lane` of the shaders' prelude.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Pod, Zeroable)]
#[repr(C)]
pub struct Lane {
    pub(super) status: u32,
    pub(super) iterations: u32,
    pub(super) stop: u32,
    empty: u32,
    changed: u32,
    pub(super) repaired: u32,
    pub(super) repaired_first: u32,
    unused: u32,
    shift: [u32; 4],
}

impl Lane {
    /// Why it stopped.
    pub(super) fn why(&self) -> Stop {
        match self.stop {
            0 => Stop::FixedPoint,
            1 => Stop::Tol,
            _ => Stop::MaxIter,
        }
    }
}

/// Values of [`Lane`]'s `status` that the host knows.
pub(super) mod status {
    pub(in crate::engine::gpu) const DONE: u32 = 2;
    pub(in crate::engine::gpu) const EMPTY: u32 = 3;
    pub(in crate::engine::gpu) const RESUME: u32 = 4;
}

impl Sizes {
    pub(super) fn new(job: &Job<'_>, gamma: f32) -> Self {
        let table = job.table;
        let (n, d, k) = (table.n_points(), table.n_dims(), job.n_clusters);
        let uniform = !table.lattice.mixed();
        let steps = u128::from(table.max_coordinate >> table.granularity);
        let small = uniform && (d as u128) * (2 * steps) * (2 * steps) < 1 << 32;
        let exact = uniform && certify::scores_are_exact(d, table.max_coordinate, table.granularity);
        let limit = job.shift_limit.map(largest_at_most);
        Self {
            n_points: n as u32,
            n_dims: d as u32,
            n_quads: d.div_ceil(4) as u32,
            n_clusters: k as u32,
            n_groups: k.div_ceil(4) as u32,
            n_blocks: n.div_ceil(BLOCK) as u32,
            n_candidates: candidates(k) as u32,
            max_iter: job.max_iter,
            max_shift: table.lattice.max_shift(),
            granularity: table.granularity,
            small: small.into(),
            exact_seeds: u32::from(exact && !matches!(job.seeding, crate::engine::Seeding::Given(_))),
            has_limit: limit.is_some().into(),
            gamma,
            copies: (SHARED_SUMS / (k * d)).min(SHARED_WIDTH / d).max(1) as u32,
            unused: 0,
            shift_limit: limbs(limit.unwrap_or(0)),
        }
    }

    /// Most rounds that the loops of one invocation go in any kernel but those of assign, from above.
    pub(super) fn rounds(&self) -> u64 {
        let [n_blocks, k, quads] = [self.n_blocks, self.n_clusters, self.n_quads].map(u64::from);
        let sums = 4 * quads + 70;
        let shared = SHARED_SUMS as u64 * 5;
        let means = k / 64 + (quads / 16 + 1) * 30 + 16;
        let weigh = u64::from(self.n_candidates) * (quads + 16) + 16;
        let draw = 2 * n_blocks + 300;
        [sums, shared, means, weigh, draw, k / 64 + 8].into_iter().max().unwrap_or(0)
    }

    /// Multiply-adds of an assign of one lane.
    pub(super) fn work(&self) -> u64 {
        u64::from(self.n_points) * u64::from(self.n_clusters) * u64::from(self.n_dims)
    }

    /// Whether features have steps of their own.
    pub(super) fn mixed(&self) -> bool {
        self.max_shift > 0
    }

    /// Whether all sums of a lane fit the workgroup memory of `update_sums_shared`.
    pub(super) fn sums_fit_shared(&self) -> bool {
        self.n_clusters as usize * self.n_dims as usize <= SHARED_SUMS
    }

    /// Floats of a lane's centroids: groups of four, features padded to quads.
    pub(super) fn centroid_floats(&self) -> usize {
        self.n_groups as usize * self.n_quads as usize * 16
    }
}

/// The largest integer that is at most `limit` when rounded to `f64`: what the device compares shifts with.
fn largest_at_most(limit: f64) -> u128 {
    let (mut least, mut most) = (0u128, u128::MAX);
    while least < most {
        let middle = least + (most - least).div_ceil(2);
        if middle as f64 <= limit { least = middle } else { most = middle - 1 }
    }
    least
}

fn limbs(value: u128) -> [u32; 4] {
    [0, 32, 64, 96].map(|at| (value >> at) as u32)
}

/// What all lanes share. Written once.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) sizes: wgpu::Buffer,
    pub(super) points: wgpu::Buffer,   // f32 (n_points, 4 n_quads)
    pub(super) weights: wgpu::Buffer,  // u32 (n_points)
    pub(super) errors: wgpu::Buffer,   // f32 (n_points)
    pub(super) features: wgpu::Buffer, // (4^-e, e) (4 n_quads)
}

impl Shared {
    pub(super) fn upload(
        context: &Context,
        table: &Table,
        sizes: &Sizes,
        gamma: f32,
    ) -> Result<Self, EngineError> {
        let (n, d, width) = (table.n_points(), table.n_dims(), sizes.n_quads as usize * 4);
        let bytes = (n * width * 4) as u64;
        if bytes > context.max_binding() {
            let most = context.max_binding();
            return Err(
                context.out_of_memory(format!("the points take {bytes} bytes, a kernel can be given {most}"))
            );
        }
        let weights: Vec<u32> = (0..n).map(|i| table.weights.get(i)).collect();
        let errors: Vec<f32> = (0..n).map(|i| point_error(table, gamma, i)).collect();
        let mut features = vec![[1.0f32, 0.0]; width];
        for (feature, &e) in features.iter_mut().zip(&table.lattice.shift) {
            *feature = [0.25f32.powi(e as i32), e as f32];
        }
        let shared = Self {
            sizes: uniform(context, "sizes", size_of::<Sizes>()),
            points: storage(context, "points", n * width * 4),
            weights: storage(context, "weights", n * 4),
            errors: storage(context, "errors", n * 4),
            features: storage(context, "features", width * 8),
        };
        context.write(&shared.sizes, 0, &[*sizes]);
        if width == d {
            context.write(&shared.points, 0, &table.points);
        } else {
            context.write(&shared.points, 0, &padded(table, width));
        }
        context.write(&shared.weights, 0, &weights);
        context.write(&shared.errors, 0, &errors);
        context.write(&shared.features, 0, &features);
        context.check()?;
        Ok(shared)
    }
}

fn padded(table: &Table, width: usize) -> Vec<f32> {
    let d = table.n_dims();
    let mut points = vec![0.0; table.n_points() * width];
    for (to, from) in points.chunks_exact_mut(width).zip(table.points.chunks_exact(d)) {
        to[..d].copy_from_slice(from);
    }
    points
}

/// `G |x|^2 / 2` of row `i`, rounded up.
fn point_error(table: &Table, gamma: f32, i: usize) -> f32 {
    certify::point_error(gamma, table.half_norm(i))
}

/// The state of the lanes of a batch.
#[derive(Debug)]
pub(super) struct Lanes {
    pub(super) lanes: wgpu::Buffer,      // Lane (lanes)
    pub(super) running: wgpu::Buffer,    // u32 (lanes)
    pub(super) labels: wgpu::Buffer,     // u32 (lanes, n_points)
    pub(super) centroids: wgpu::Buffer,  // f32 (lanes, n_groups, 4 n_quads, 4)
    pub(super) half_norms: wgpu::Buffer, // f32 (lanes, n_groups, 4)
    pub(super) sums: wgpu::Buffer,       // i64 (lanes, n_clusters, n_dims)
    pub(super) counts: wgpu::Buffer,     // u64 (lanes, n_clusters)
}

impl Lanes {
    pub(super) fn new(context: &Context, sizes: &Sizes, n_lanes: usize) -> Result<Self, EngineError> {
        let (k, d) = (sizes.n_clusters as usize, sizes.n_dims as usize);
        let lanes = Self {
            lanes: storage(context, "lanes", n_lanes * size_of::<Lane>()),
            running: storage(context, "running", n_lanes * 4),
            labels: storage(context, "labels", n_lanes * sizes.n_points as usize * 4),
            centroids: storage(context, "centroids", n_lanes * sizes.centroid_floats() * 4),
            half_norms: storage(context, "half norms", n_lanes * sizes.n_groups as usize * 16),
            sums: storage(context, "sums", n_lanes * k * d * 8),
            counts: storage(context, "counts", n_lanes * k * 8),
        };
        context.check()?;
        Ok(lanes)
    }

    /// Final centroids and sums of the first `n_lanes` lanes.
    pub(super) fn read_results(
        &self,
        context: &Context,
        sizes: &Sizes,
        n_lanes: usize,
    ) -> Result<Vec<(Vec<i32>, Sums)>, EngineError> {
        let (k, d) = (sizes.n_clusters as usize, sizes.n_dims as usize);
        let floats = sizes.centroid_floats();
        let parts = [floats * 4, k * d * 8, k * 8].map(|bytes| (n_lanes * bytes) as u64);
        let [to_sums, to_counts, end] =
            [parts[0], parts[0] + parts[1], parts.iter().sum()].map(|at: u64| at as usize);
        let buffers = [&self.centroids, &self.sums, &self.counts];
        let wanted: Vec<_> =
            buffers.into_iter().zip(parts).map(|(buffer, bytes)| (buffer, 0, bytes)).collect();
        let bytes = context.read(&wanted)?;
        let centroids: Vec<f32> = bytemuck::pod_collect_to_vec(&bytes[..to_sums]);
        let sums: Vec<i64> = bytemuck::pod_collect_to_vec(&bytes[to_sums..to_counts]);
        let counts: Vec<u64> = bytemuck::pod_collect_to_vec(&bytes[to_counts..end]);
        let lane = |lane: usize| {
            let sums = Sums {
                sums: sums[lane * k * d..][..k * d].to_vec(),
                counts: counts[lane * k..][..k].to_vec(),
            };
            (rows(sizes, &centroids[lane * floats..][..floats]), sums)
        };
        Ok((0..n_lanes).map(lane).collect())
    }

    /// Labels of these lanes, one after the other. (n, n_points)
    pub(super) fn read_labels(
        &self,
        context: &Context,
        sizes: &Sizes,
        lanes: &[usize],
    ) -> Result<Vec<u32>, EngineError> {
        let bytes = u64::from(sizes.n_points) * 4;
        let parts: Vec<_> = lanes.iter().map(|&lane| (&self.labels, lane as u64 * bytes, bytes)).collect();
        Ok(bytemuck::pod_collect_to_vec(&context.read(&parts)?))
    }

    /// Current centroids of these lanes. (n_clusters, n_dims) each
    pub(super) fn read_centroids(
        &self,
        context: &Context,
        sizes: &Sizes,
        lanes: &[usize],
    ) -> Result<Vec<Vec<i32>>, EngineError> {
        let bytes = (sizes.centroid_floats() * 4) as u64;
        let parts: Vec<_> = lanes.iter().map(|&lane| (&self.centroids, lane as u64 * bytes, bytes)).collect();
        let values: Vec<f32> = bytemuck::pod_collect_to_vec(&context.read(&parts)?);
        Ok(values.chunks_exact(sizes.centroid_floats()).map(|values| rows(sizes, values)).collect())
    }

    /// Bytes of the largest buffer for a lane, and of all of them. `near` is what seeding adds.
    pub(super) fn bytes(sizes: &Sizes) -> (u64, u64) {
        let (n, k, d) = (u64::from(sizes.n_points), u64::from(sizes.n_clusters), u64::from(sizes.n_dims));
        let near = n * 16;
        let potentials = u64::from(sizes.n_candidates * sizes.n_blocks) * 16;
        let centroids = sizes.centroid_floats() as u64 * 4;
        let draws = k * u64::from(sizes.n_candidates) * 8;
        let all = [near, potentials, centroids, draws, n * 4, k * d * 8, k * 12];
        (all.iter().copied().max().unwrap_or(0), all.iter().sum())
    }
}

/// Centroids of a lane as the kernels read them: four side by side, with their half norms.
pub(super) fn columns(table: &Table, sizes: &Sizes, centroids: &[i32]) -> (Vec<f32>, Vec<f32>) {
    let (d, width) = (table.n_dims(), sizes.n_quads as usize * 4);
    let mut values = vec![0.0; sizes.centroid_floats()];
    let mut half_norms = vec![NONE; sizes.n_groups as usize * 4];
    for (c, row) in centroids.chunks_exact(d).enumerate() {
        let mut norm = 0.0;
        for (j, (&q, &e)) in row.iter().zip(&table.lattice.shift).enumerate() {
            values[((c / 4) * width + j) * 4 + c % 4] = q as f32;
            norm += f64::from(q) * f64::from(q) * 0.25f64.powi(e as i32);
        }
        half_norms[c] = (norm / 2.0) as f32;
    }
    (values, half_norms)
}

/// The centroids in such columns, row by row. (n_clusters, n_dims)
pub(super) fn rows(sizes: &Sizes, columns: &[f32]) -> Vec<i32> {
    let (k, d, width) = (sizes.n_clusters as usize, sizes.n_dims as usize, sizes.n_quads as usize * 4);
    let value = |c: usize, j: usize| columns[((c / 4) * width + j) * 4 + c % 4] as i32;
    (0..k).flat_map(|c| (0..d).map(move |j| value(c, j))).collect()
}

/// A buffer for kernels to read and write. New ones hold zeros.
pub(super) fn storage(context: &Context, name: &'static str, bytes: usize) -> wgpu::Buffer {
    use wgpu::BufferUsages as Usage;
    buffer(context, name, bytes, Usage::STORAGE | Usage::COPY_DST | Usage::COPY_SRC)
}

fn uniform(context: &Context, name: &'static str, bytes: usize) -> wgpu::Buffer {
    buffer(context, name, bytes, wgpu::BufferUsages::UNIFORM | wgpu::BufferUsages::COPY_DST)
}

fn buffer(context: &Context, name: &'static str, bytes: usize, usage: wgpu::BufferUsages) -> wgpu::Buffer {
    let size = (bytes as u64).max(16).next_multiple_of(16);
    let wish = wgpu::BufferDescriptor { label: Some(name), size, usage, mapped_at_creation: false };
    context.device.create_buffer(&wish)
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
