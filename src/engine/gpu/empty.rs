//! Refill of empty clusters with the farthest locations (docs/DEFINITION.md, section 3.3).

use super::buffers::{Slots, Workspaces};
use super::commands::Commands;
use super::context::Context;
use super::kernel::{Bound, Kernel};
use super::points::Points;
use super::throughput::{Step, WIDE};
use crate::engine::EngineError;

/// The kernels of a refill. They are built on first use, since few jobs need them.
#[derive(Debug)]
pub(super) struct EmptyKernels {
    begin: Kernel,
    far: Kernel,
    next: Kernel,
    pick: Kernel,
    weigh: Kernel,
}

/// The kernels with their buffers; those that read points, once per chunk.
pub(super) struct BoundEmpty<'a> {
    waiting: wgpu::Buffer,
    begin: Bound<'a>,
    far: Vec<Bound<'a>>,
    next: Bound<'a>,
    pick: Vec<Bound<'a>>,
    weigh: Vec<Bound<'a>>,
}

impl EmptyKernels {
    /// `mixed`: whether the lattice is mixed.
    pub(super) fn build(context: &Context, mixed: bool) -> Self {
        let build = |name| Kernel::build(context, name, &[]);
        let mixed = ("MIXED", f64::from(u8::from(mixed)));
        Self {
            begin: build("empty_begin"),
            far: Kernel::build(context, "empty_far", &[mixed]),
            next: build("empty_next"),
            pick: build("empty_pick"),
            weigh: build("empty_weigh"),
        }
    }

    pub(super) fn bind(
        &self,
        context: &Context,
        points: &Points<'_>,
        slots: &[Slots],
        workspaces: &[Workspaces],
    ) -> BoundEmpty<'_> {
        let Workspaces { waiting, picked, potentials: far, refills, .. } = &workspaces[0];
        let Slots { slots: state, counts, sums, centroids, .. } = &slots[0];
        let next = [&points.shared(0).sizes, far, picked, refills, state, counts, sums];
        let mut bound = BoundEmpty {
            waiting: waiting.clone(),
            begin: self.begin.bind(context, &[waiting, state, refills]),
            next: self.next.bind(context, &next),
            far: Vec::new(),
            pick: Vec::new(),
            weigh: Vec::new(),
        };
        for (chunk, (Slots { labels, .. }, Workspaces { near, .. })) in
            slots.iter().zip(workspaces).enumerate()
        {
            let of = points.shared(chunk);
            let (s, x, w, f) = (&of.sizes, &of.points, &of.weights, &of.features);
            bound.far.push(self.far.bind(context, &[s, x, w, f, labels, centroids, refills, near, far]));
            bound.pick.push(self.pick.bind(context, &[s, x, labels, refills, picked]));
            bound.weigh.push(self.weigh.bind(context, &[s, x, w, picked, labels, refills, near, far]));
        }
        bound
    }
}

impl BoundEmpty<'_> {
    /// Encodes the refill of these slots, at most `steps` locations each. A slot that needs more keeps its state and
    /// waits for the next submission.
    pub(super) fn encode(
        &self,
        context: &Context,
        commands: &mut Commands<'_>,
        points: &Points<'_>,
        waiting: &[u32],
        steps: usize,
    ) -> Result<(), EngineError> {
        let n = waiting.len();
        context.write(&self.waiting, 0, waiting);
        self.begin.dispatch_slots(commands.pass(), n);
        points.each_chunk(context, commands, &mut |commands, chunk| {
            let sizes = points.sizes(chunk);
            let work = u128::from(sizes.n_points) * n as u128 * u128::from(sizes.n_dims) * WIDE;
            commands.run(&self.far[chunk], [sizes.n_blocks as usize, n], (Step::Seed, work)).map(drop)
        })?;
        self.next.dispatch_slots(commands.pass(), n);
        for _ in 0..steps {
            self.step(context, commands, points, n)?;
        }
        Ok(())
    }

    fn step(
        &self,
        context: &Context,
        commands: &mut Commands<'_>,
        points: &Points<'_>,
        n: usize,
    ) -> Result<(), EngineError> {
        points.each_chunk(context, commands, &mut |commands, chunk| {
            self.pick[chunk].dispatch_slots(commands.pass(), n);
            Ok(())
        })?;
        points.each_chunk(context, commands, &mut |commands, chunk| {
            let sizes = points.sizes(chunk);
            let work = u128::from(sizes.n_points) * n as u128 * WIDE;
            commands.run(&self.weigh[chunk], [sizes.n_blocks as usize, n], (Step::Seed, work)).map(drop)
        })?;
        self.next.dispatch_slots(commands.pass(), n);
        Ok(())
    }
}
