//! Rounds: assign, sum, move, decide for all running lanes, until none runs.

use super::assign::Assign;
use super::buffers::{Lane, Lanes, Shared, Sizes, status};
use super::context::Context;
use super::kernel::{Bound, Kernel};
use super::{stop, update};
use crate::engine::reference::{Sums, empty};
use crate::engine::{EngineError, Job};

/// Multiply-adds of a submission that are no trouble for a desktop's watchdog.
pub(super) const SHORT: u128 = 1 << 31;
/// Most rounds between two looks of the host.
const ROUNDS: u128 = 8;

/// The kernels of a round.
#[derive(Debug)]
pub(super) struct Rounds {
    assign: Assign,
    sums: Kernel,
    sums_points: usize,
    means: Kernel,
    stop: Kernel,
}

/// The kernels with the buffers of a batch.
struct BoundRounds<'a> {
    assign: Bound<'a>,
    assign_points: usize,
    sums: Bound<'a>,
    means: Bound<'a>,
    stop: Bound<'a>,
}

impl Rounds {
    pub(super) fn build(context: &Context, sizes: &Sizes, assign: Assign) -> Self {
        let (sums, sums_points) = update::build_sums(context, sizes);
        let means = update::build_means(context);
        Self { assign, sums, sums_points, means, stop: stop::build(context) }
    }

    /// Runs all lanes from their first centroids to their end.
    pub(super) fn run(
        &self,
        context: &Context,
        job: &Job<'_>,
        sizes: &Sizes,
        shared: &Shared,
        lanes: &Lanes,
        n_lanes: usize,
    ) -> Result<Vec<Lane>, EngineError> {
        let assign = self.assign.kernel(context, sizes, shared, n_lanes);
        let bound = BoundRounds {
            assign: assign.bind(context, shared, lanes),
            assign_points: assign.points(),
            sums: update::bind_sums(&self.sums, context, shared, lanes),
            means: update::bind_means(&self.means, context, shared, lanes),
            stop: stop::bind(&self.stop, context, shared, lanes),
        };
        let mut states = vec![Lane::default(); n_lanes];
        context.write(&lanes.lanes, 0, &states);
        let mut running: Vec<u32> = (0..n_lanes as u32).collect();
        while !running.is_empty() {
            context.write(&lanes.running, 0, &running);
            self.submit(context, job, &bound, running.len())?;
            let bytes = context.read(&[(&lanes.lanes, 0, (n_lanes * size_of::<Lane>()) as u64)])?;
            states = bytemuck::pod_collect_to_vec(&bytes);
            let waiting = running.iter().filter(|&&lane| states[lane as usize].status == status::EMPTY);
            let waiting: Vec<usize> = waiting.map(|&lane| lane as usize).collect();
            refill(context, job, sizes, lanes, &waiting)?;
            running.retain(|&lane| states[lane as usize].status != status::DONE);
        }
        Ok(states)
    }

    /// Encodes as many rounds as are short enough, and hands them over.
    fn submit(
        &self,
        context: &Context,
        job: &Job<'_>,
        bound: &BoundRounds<'_>,
        running: usize,
    ) -> Result<(), EngineError> {
        let (n, d, k) = (job.table.n_points(), job.table.n_dims(), job.n_clusters);
        let work = (n * running) as u128 * (d * k) as u128;
        let mut encoder = context.encoder();
        {
            let mut pass = encoder.begin_compute_pass(&wgpu::ComputePassDescriptor::default());
            for _ in 0..(SHORT / work).clamp(1, ROUNDS) {
                bound.assign.dispatch(&mut pass, n.div_ceil(bound.assign_points), running);
                bound.sums.dispatch(&mut pass, n.div_ceil(self.sums_points), running);
                bound.means.dispatch(&mut pass, k, running);
                bound.stop.dispatch_lanes(&mut pass, running);
            }
        }
        context.submit(encoder)
    }
}

/// Gives the clusters without weight of these lanes new points, by the definition's own rule, and lets the
/// lanes go on.
fn refill(
    context: &Context,
    job: &Job<'_>,
    sizes: &Sizes,
    lanes: &Lanes,
    waiting: &[usize],
) -> Result<(), EngineError> {
    if waiting.is_empty() {
        return Ok(());
    }
    let (table, k) = (job.table, job.n_clusters);
    let labels = lanes.read_labels(context, sizes, waiting)?;
    let centroids = lanes.read_centroids(context, sizes, waiting)?;
    let each = labels.chunks_exact(table.n_points()).zip(centroids);
    for (&lane, (labels, centroids)) in waiting.iter().zip(each) {
        let mut labels = labels.to_vec();
        let mut sums = Sums::of(table, &labels, k);
        empty::refill(table, &centroids, &mut labels, &mut sums);
        context.write(&lanes.sums, (lane * sums.sums.len() * 8) as u64, &sums.sums);
        context.write(&lanes.counts, (lane * k * 8) as u64, &sums.counts);
        context.write(&lanes.lanes, (lane * size_of::<Lane>()) as u64, &[status::RESUME]);
    }
    Ok(())
}
