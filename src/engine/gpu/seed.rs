//! Seed: the first centroids of all lanes at once.

use super::buffers::{BLOCK, Lanes, Shared, Sizes, columns, storage};
use super::context::Context;
use super::kernel::Kernel;
use super::rounds::SHORT;
use crate::engine::draws::{Draws, candidates};
use crate::engine::reference::seed::{gather, lowest_unused};
use crate::engine::rows::RowsByWeight;
use crate::engine::{EngineError, Job, Seeding};
use crate::lattice::Table;

/// `NO_ROW` of the shaders: nothing could be drawn.
const NO_ROW: u32 = u32::MAX;

/// The kernels of greedy k-means++.
#[derive(Debug)]
pub(super) struct SeedKernels {
    near: Kernel,
    draw: Kernel,
    weigh: Kernel,
    choose: Kernel,
}

impl SeedKernels {
    pub(super) fn build(context: &Context) -> Self {
        let build = |name| Kernel::build(context, name, &[]);
        Self {
            near: build("seed_near"),
            draw: build("seed_draw"),
            weigh: build("seed_weigh"),
            choose: build("seed_choose"),
        }
    }
}

/// The first centroids of these restarts. (n_clusters, n_dims) each
pub(super) fn seed(
    context: &Context,
    kernels: Option<&SeedKernels>,
    shared: &Shared,
    job: &Job<'_>,
    restarts: &[u64],
) -> Result<Vec<Vec<i32>>, EngineError> {
    let table = job.table;
    let (Some(kernels), Seeding::KMeansPlusPlus) = (kernels, &job.seeding) else {
        return Ok(restarts.iter().map(|&restart| seed_on_host(job, restart)).collect());
    };
    let rows = plus_plus(context, kernels, shared, job, restarts)?;
    let lanes = rows.chunks_exact(job.n_clusters);
    Ok(lanes.map(|rows| gather(table, &filled(table, rows))).collect())
}

/// Centroids that need no distances.
fn seed_on_host(job: &Job<'_>, restart: u64) -> Vec<i32> {
    match &job.seeding {
        Seeding::Given(centroids) => centroids.clone(),
        _ => {
            let rows = RowsByWeight::new(job.table);
            gather(job.table, &rows.random(job.n_clusters, &mut Draws::new(job.seed, restart)))
        }
    }
}

/// The seeds of a lane, with unused rows where every distance was zero and nothing could be drawn.
fn filled(table: &Table, rows: &[u32]) -> Vec<usize> {
    let drawn = rows.iter().take_while(|&&row| row != NO_ROW);
    let mut seeds: Vec<usize> = drawn.map(|&row| row as usize).collect();
    while seeds.len() < rows.len() {
        seeds.push(lowest_unused(table, &seeds));
    }
    seeds
}

/// The rows that become seeds. (lanes, n_clusters)
fn plus_plus(
    context: &Context,
    kernels: &SeedKernels,
    shared: &Shared,
    job: &Job<'_>,
    restarts: &[u64],
) -> Result<Vec<u32>, EngineError> {
    let (n, k, l) = (job.table.n_points(), job.n_clusters, candidates(job.n_clusters));
    let (lanes, n_blocks) = (restarts.len(), n.div_ceil(BLOCK));
    let (seeds, draws) = draw_ahead(job, restarts);

    let chosen = storage(context, "chosen", lanes * 4);
    let seed_buffer = storage(context, "seeds", lanes * k * 4);
    let draw_buffer = storage(context, "draws", draws.len() * 8);
    let near = storage(context, "near", lanes * n * 16);
    let blocks = storage(context, "blocks", lanes * n_blocks * 16);
    let candidate_rows = storage(context, "candidates", lanes * l * 4);
    let potentials = storage(context, "potentials", lanes * l * n_blocks * 16);
    context.check()?;
    context.write(&chosen, 0, &vec![1u32; lanes]);
    context.write(&seed_buffer, 0, &seeds);
    context.write(&draw_buffer, 0, &draws);

    let Shared { sizes: s, points, weights, features, .. } = shared;
    let to_near =
        kernels.near.bind(context, &[s, points, weights, features, &seed_buffer, &chosen, &near, &blocks]);
    let draw =
        kernels.draw.bind(context, &[s, weights, &draw_buffer, &chosen, &near, &blocks, &candidate_rows]);
    let weigh =
        kernels.weigh.bind(context, &[s, points, weights, features, &candidate_rows, &near, &potentials]);
    let choose = kernels.choose.bind(context, &[s, &candidate_rows, &potentials, &chosen, &seed_buffer]);

    let work = (n * lanes) as u128 * (job.table.n_dims() * (l + 1)) as u128; // multiply-adds of a step
    let steps = (SHORT / work).clamp(1, k as u128) as usize;
    for first in (0..k).step_by(steps) {
        let mut encoder = context.encoder();
        {
            let mut pass = encoder.begin_compute_pass(&wgpu::ComputePassDescriptor::default());
            for step in first..k.min(first + steps) {
                if step > 0 {
                    draw.dispatch_lanes(&mut pass, lanes);
                    weigh.dispatch(&mut pass, n_blocks, lanes);
                    choose.dispatch_lanes(&mut pass, lanes);
                }
                to_near.dispatch(&mut pass, n_blocks, lanes);
            }
        }
        context.submit(encoder)?;
    }
    let bytes = context.read(&[(&seed_buffer, 0, (lanes * k * 4) as u64)])?;
    Ok(bytemuck::pod_collect_to_vec(&bytes))
}

/// First seeds (lanes, n_clusters; the rest zero) and all later draws (lanes, n_clusters - 1, candidates).
fn draw_ahead(job: &Job<'_>, restarts: &[u64]) -> (Vec<u32>, Vec<u64>) {
    let (k, l) = (job.n_clusters, candidates(job.n_clusters));
    let rows = RowsByWeight::new(job.table);
    let mut seeds = vec![0; restarts.len() * k];
    let mut later = Vec::with_capacity(restarts.len() * (k - 1) * l);
    for (lane, &restart) in restarts.iter().enumerate() {
        let mut draws = Draws::new(job.seed, restart);
        seeds[lane * k] = rows.draw(&mut draws) as u32;
        later.extend((0..(k - 1) * l).map(|_| draws.draw()));
    }
    (seeds, later)
}

/// Uploads first centroids.
pub(super) fn place(context: &Context, table: &Table, sizes: &Sizes, lanes: &Lanes, seeds: &[Vec<i32>]) {
    for (lane, centroids) in seeds.iter().enumerate() {
        let (values, half_norms) = columns(table, sizes, centroids);
        context.write(&lanes.centroids, (lane * values.len() * 4) as u64, &values);
        context.write(&lanes.half_norms, (lane * half_norms.len() * 4) as u64, &half_norms);
    }
}
