//! Rounds: assign, sum, move, decide, for all lanes that run.

use super::assign::Assign;
use super::buffers::{Lanes, Sizes};
use super::commands::Commands;
use super::context::{Context, count};
use super::kernel::{Bound, Kernel};
use super::marks::{Marks, Moment};
use super::points::Points;
use super::{stop, update};
use crate::engine::EngineError;

/// The kernels of a round.
#[derive(Debug)]
pub(super) struct Rounds {
    assign: Assign,
    sums: Kernel,
    sums_points: usize,
    means: Kernel,
    stop: Kernel,
}

/// The kernels with their buffers; assign and sums once for each chunk.
pub(super) struct BoundRounds<'a> {
    assign: Vec<Bound<'a>>,
    assign_points: usize,
    sums: Vec<Bound<'a>>,
    sums_points: usize,
    means: Bound<'a>,
    stop: Bound<'a>,
}

/// Multiply-adds of a round for so many lanes and points.
pub(super) fn work(sizes: &Sizes, n_points: u32, n_lanes: usize) -> u128 {
    let each = u128::from(sizes.n_dims) * u128::from(sizes.n_clusters);
    u128::from(n_points) * n_lanes as u128 * each
}

impl Rounds {
    pub(super) fn build(context: &Context, sizes: &Sizes, assign: Assign) -> Self {
        let (sums, sums_points) = update::build_sums(context, sizes);
        let means = update::build_means(context);
        Self { assign, sums, sums_points, means, stop: stop::build(context) }
    }

    pub(super) fn bind(
        &self,
        context: &Context,
        points: &Points<'_>,
        lanes: &[Lanes],
        n_lanes: usize,
    ) -> BoundRounds<'_> {
        let each = || lanes.iter().enumerate().map(|(chunk, lanes)| (points.shared(chunk), lanes));
        let (shared, any) = (points.shared(0), &lanes[0]);
        let assign = self.assign.kernel(context, points.sizes(0), shared, n_lanes);
        BoundRounds {
            assign: each().map(|(shared, lanes)| assign.bind(context, shared, lanes)).collect(),
            assign_points: assign.points(),
            sums: each()
                .map(|(shared, lanes)| update::bind_sums(&self.sums, context, shared, lanes))
                .collect(),
            sums_points: self.sums_points,
            means: update::bind_means(&self.means, context, shared, any),
            stop: stop::bind(&self.stop, context, shared, any),
        }
    }
}

impl BoundRounds<'_> {
    /// Encodes a round for the first `running` lanes of the list, with its moments if they are asked for: of
    /// the first chunk alone, where there are several.
    pub(super) fn encode(
        &self,
        context: &Context,
        commands: &mut Commands<'_>,
        points: &Points<'_>,
        running: usize,
        marks: Option<&Marks>,
    ) -> Result<(), EngineError> {
        let alone = points.n_chunks() == 1;
        points.each_chunk(context, commands, &mut |commands, chunk| {
            let sizes = points.sizes(chunk);
            let n = sizes.n_points as usize;
            commands.expect(work(sizes, sizes.n_points, running))?;
            self.assign[chunk].dispatch(commands.pass(), n.div_ceil(self.assign_points), running);
            let marks = marks.filter(|_| chunk == 0);
            if let Some(marks) = marks {
                marks.mark(commands, Moment::Assigned);
            }
            self.sums[chunk].dispatch(commands.pass(), n.div_ceil(self.sums_points), running);
            if let Some(marks) = marks.filter(|_| !alone) {
                marks.mark(commands, Moment::Updated);
            }
            Ok(())
        })?;
        let n_clusters = points.sizes(0).n_clusters as usize;
        self.means.dispatch(commands.pass(), n_clusters, running);
        self.stop.dispatch_lanes(commands.pass(), running);
        if let Some(marks) = marks.filter(|_| alone) {
            marks.mark(commands, Moment::Updated);
        }
        count(&context.tally.rounds, 1);
        count(&context.tally.round_dispatches, 2 * points.n_chunks() as u64 + 2);
        Ok(())
    }
}
