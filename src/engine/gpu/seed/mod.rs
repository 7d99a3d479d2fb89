//! Seed: the first centroids of all admitted restarts at once.

mod small;

use super::buffers::{Columns, Fetched, Found, Sizes, Slots, Workspaces, allocate};
use super::commands::Commands;
use super::context::Context;
use super::counters::count;
use super::kernel::{Bound, Kernel};
use super::points::Points;
use super::throughput::{Step, WIDE};
use crate::engine::draws::Draws;
use crate::engine::rows::RowsByWeight;
use crate::engine::{EngineError, Job, Seeding};
use crate::lattice::Table;
use small::Packed;

/// `NO_ROW` of the shaders' prelude.
const NO_ROW: u32 = u32::MAX;

/// A restart and its slot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Admitted {
    pub(super) slot: usize,
    pub(super) restart: u64,
}

/// The kernels of seeding, and data on the rows.
#[derive(Debug)]
pub(super) struct SeedKernels<'a> {
    begin: Kernel,
    place: Kernel,
    greedy: Option<Greedy>,
    small: Option<Small>, // in the place of greedy
    rows: RowsByWeight<'a>,
    spare: Vec<u32>, // rows that are left where nothing can be drawn (n_clusters)
}

/// The kernels of greedy k-means++.
#[derive(Debug)]
struct Greedy {
    draw: Kernel,
    pick: Kernel,
    weigh: Kernel,
    choose: Kernel,
}

/// The kernel that does all steps of greedy k-means++ in one workgroup, and its input.
#[derive(Debug)]
struct Small {
    kernel: Kernel,
    packed: Packed,
}

/// The kernels with their buffers; those that read points, once per chunk.
pub(super) struct BoundSeed<'a> {
    rows: &'a RowsByWeight<'a>,
    workspaces: Workspaces,
    slots: Slots,
    begin: Bound<'a>,
    place: Vec<Bound<'a>>,
    greedy: Option<BoundGreedy<'a>>,
    small: Option<Bound<'a>>,
}

struct BoundGreedy<'a> {
    draw: Bound<'a>,
    pick: Vec<Bound<'a>>,
    weigh: Vec<Bound<'a>>,
    choose: Bound<'a>,
}

impl<'a> SeedKernels<'a> {
    /// `most_trips` as in [`Packed::new`]; `None` to use only the general kernels.
    pub(super) fn build(
        context: &Context,
        job: &'a Job<'a>,
        points: &Points<'_>,
        most_trips: Option<u64>,
    ) -> Self {
        let is_greedy = job.seeding == Seeding::KMeansPlusPlus;
        let streamed = points.streamed();
        let whole = most_trips.filter(|_| is_greedy && !streamed && points.n_chunks() == 1);
        let packed = whole.and_then(|most_trips| Packed::new(job.table, points.sizes(0), most_trips));
        let small = packed.map(|packed| Small {
            kernel: Kernel::build(context, "seed_small", &[("EIGHT", f64::from(u8::from(packed.eight)))]),
            packed,
        });
        let build = |name| Kernel::build(context, name, &[]);
        let greedy = || Greedy {
            draw: build("seed_draw"),
            pick: Kernel::build(context, "seed_pick", &[("FETCHED", f64::from(u8::from(streamed)))]),
            weigh: build("seed_weigh"),
            choose: build("seed_choose"),
        };
        Self {
            begin: build("seed_begin"),
            place: build("seed_place"),
            greedy: (is_greedy && small.is_none()).then(greedy),
            small,
            rows: RowsByWeight::new(job.table),
            spare: spare(job.table, job.n_clusters),
        }
    }

    pub(super) fn bind(
        &'a self,
        context: &Context,
        points: &Points<'_>,
        slots: &[Slots],
        workspaces: &[Workspaces],
    ) -> Result<BoundSeed<'a>, EngineError> {
        let spare = allocate(context, "spare", self.spare.len() * 4)?;
        context.write(&spare, 0, &self.spare);
        let (s, some, slot) = (&points.shared(0).sizes, &workspaces[0], &slots[0]);
        let begin = [s, &some.admitted, &slot.slots, &some.chosen, &some.candidates];
        let place = |chunk: usize| {
            let of = points.shared(chunk);
            let (at, to) = ([&some.admitted, &some.seeds], [&slot.centroids, &slot.half_norms]);
            self.place.bind(context, &[&of.sizes, &of.points, &of.features, at[0], at[1], to[0], to[1]])
        };
        let small = self.small.as_ref().map(|small| small.bind(context, points, some, &spare)).transpose()?;
        Ok(BoundSeed {
            rows: &self.rows,
            workspaces: some.clone(),
            slots: slot.clone(),
            begin: self.begin.bind(context, &begin),
            place: (0..workspaces.len()).map(place).collect(),
            greedy: self.greedy.as_ref().map(|greedy| greedy.bind(context, points, workspaces, &spare)),
            small,
        })
    }
}

impl Small {
    fn bind(
        &self,
        context: &Context,
        points: &Points<'_>,
        workspaces: &Workspaces,
        spare: &wgpu::Buffer,
    ) -> Result<Bound<'_>, EngineError> {
        let packed = allocate(context, "packed points", size_of_val(&self.packed.words[..]))?;
        context.write(&packed, 0, &self.packed.words);
        let Workspaces { admitted, draws, near, seeds, .. } = workspaces;
        let sizes = &points.shared(0).sizes;
        Ok(self.kernel.bind(context, &[sizes, &packed, admitted, draws, spare, near, seeds]))
    }
}

impl Greedy {
    fn bind(
        &self,
        context: &Context,
        points: &Points<'_>,
        workspaces: &[Workspaces],
        spare: &wgpu::Buffer,
    ) -> BoundGreedy<'_> {
        let Workspaces {
            chosen, seeds, taken, draws, candidates, found, picked, potentials, fetched, ..
        } = &workspaces[0];
        let all = &points.shared(0).sizes;
        let draw = [all, draws, chosen, potentials, candidates, found];
        let choose = [all, candidates, potentials, spare, taken, chosen, seeds, picked];
        let mut bound = BoundGreedy {
            draw: self.draw.bind(context, &draw),
            choose: self.choose.bind(context, &choose),
            pick: Vec::new(),
            weigh: Vec::new(),
        };
        for (chunk, Workspaces { near, .. }) in workspaces.iter().enumerate() {
            let of = points.shared(chunk);
            let (s, x, w, f) = (&of.sizes, &of.points, &of.weights, &of.features);
            let weigh = [s, x, w, f, chosen, candidates, picked, near, potentials];
            bound.weigh.push(self.weigh.bind(context, &weigh));
            let (x, w) = fetched.as_ref().map_or((x, w), |fetched| (&fetched.points, &fetched.weights));
            bound.pick.push(self.pick.bind(context, &[s, x, w, f, chosen, near, found, candidates, picked]));
        }
        bound
    }
}

/// Operations for the distances of these points to `n_seeds` rows, for `n_workspaces` workspaces.
fn work(sizes: &Sizes, n_workspaces: usize, n_seeds: u32) -> u128 {
    n_workspaces as u128 * u128::from(sizes.n_points) * u128::from(sizes.n_dims) * u128::from(n_seeds) * WIDE
}

/// The first `n_clusters` copies of rows in order (a row of weight w has w copies). The lowest unused copy is always
/// among them.
fn spare(table: &Table, n_clusters: usize) -> Vec<u32> {
    let copies = |i: usize| std::iter::repeat_n(i as u32, table.weights.get(i) as usize);
    (0..table.n_points()).flat_map(copies).take(n_clusters).collect()
}

impl BoundSeed<'_> {
    /// Operations for seeding `n_workspaces` workspaces from points of these sizes.
    pub(super) fn work(&self, sizes: &Sizes, n_workspaces: usize) -> u128 {
        match self.small {
            Some(_) => small::work(sizes) * n_workspaces as u128,
            None => work(sizes, n_workspaces, sizes.n_candidates + 1) * u128::from(sizes.n_clusters),
        }
    }

    /// Encodes the seeding of admitted restarts; the index in the list is the workspace. `first` is the number of the
    /// first restart of the run.
    pub(super) fn encode(
        &self,
        context: &Context,
        commands: &mut Commands<'_>,
        job: &Job<'_>,
        points: &Points<'_>,
        admitted: &[Admitted],
        first: u64,
    ) -> Result<(), EngineError> {
        let firsts = self.upload(context, job, points.sizes(0), admitted);
        let entries = admitted.iter().zip(firsts);
        let entries: Vec<[u32; 4]> = entries
            .map(|(admitted, row)| [admitted.slot as u32, (admitted.restart - first) as u32, row, 0])
            .collect();
        context.write(&self.workspaces.admitted, 0, &entries);
        self.begin.dispatch_slots(commands.pass(), admitted.len());
        if let Some(greedy) = &self.greedy {
            greedy.encode(context, commands, points, &self.workspaces, admitted.len())?;
        }
        if let Some(small) = &self.small {
            let work = (Step::Seed, self.work(points.sizes(0), admitted.len()));
            commands.run(small, [1, admitted.len()], work)?;
        }
        if matches!(job.seeding, Seeding::Given(_)) {
            return Ok(());
        }
        let grid = [job.n_clusters, admitted.len()];
        let work = (grid[0] * grid[1]) as u128 * u128::from(points.sizes(0).n_dims);
        points.each_chunk(context, commands, &mut |commands, chunk| {
            commands.run(&self.place[chunk], grid, (Step::Seed, work)).map(drop)
        })
    }

    /// Uploads the host's draws, and returns the first rows.
    fn upload(&self, context: &Context, job: &Job<'_>, sizes: &Sizes, admitted: &[Admitted]) -> Vec<u32> {
        match &job.seeding {
            Seeding::KMeansPlusPlus => {
                let (firsts, later) = self.draw_ahead(job, sizes, admitted);
                context.write(&self.workspaces.draws, 0, &later);
                firsts
            }
            Seeding::Random => {
                let rows = |admitted: &Admitted| {
                    self.rows.random(job.n_clusters, &mut Draws::new(job.seed, admitted.restart))
                };
                let seeds: Vec<u32> = admitted.iter().flat_map(rows).map(|row| row as u32).collect();
                context.write(&self.workspaces.seeds, 0, &seeds);
                vec![0; admitted.len()]
            }
            Seeding::Given(centroids) => {
                let columns = Columns::new(job.table, sizes, centroids);
                for Admitted { slot, .. } in admitted {
                    let Columns { values, half_norms } = &columns;
                    context.write(&self.slots.centroids, (slot * size_of_val(&values[..])) as u64, values);
                    context.write(
                        &self.slots.half_norms,
                        (slot * size_of_val(&half_norms[..])) as u64,
                        half_norms,
                    );
                }
                vec![0; admitted.len()]
            }
        }
    }

    /// First seeds (admitted), and all later draws (admitted, n_clusters - 1, candidates).
    fn draw_ahead(&self, job: &Job<'_>, sizes: &Sizes, admitted: &[Admitted]) -> (Vec<u32>, Vec<u64>) {
        let each = (job.n_clusters - 1) * sizes.n_candidates as usize;
        let mut later = Vec::with_capacity(admitted.len() * each);
        let firsts = admitted.iter().map(|admitted| {
            let mut draws = Draws::new(job.seed, admitted.restart);
            let first = self.rows.draw(&mut draws) as u32;
            later.extend((0..each).map(|_| draws.draw()));
            first
        });
        (firsts.collect(), later)
    }
}

impl BoundGreedy<'_> {
    fn encode(
        &self,
        context: &Context,
        commands: &mut Commands<'_>,
        points: &Points<'_>,
        workspaces: &Workspaces,
        n: usize,
    ) -> Result<(), EngineError> {
        let Sizes { n_clusters, n_candidates, .. } = *points.sizes(0);
        for step in 0..n_clusters {
            self.draw.dispatch(commands.pass(), n_candidates as usize, n);
            if let Some(fetched) = &workspaces.fetched {
                fetch(context, commands, points, (&workspaces.found, fetched), n * n_candidates as usize)?;
            }
            for pick in &self.pick {
                pick.dispatch(commands.pass(), n_candidates as usize, n);
            }
            // distances to the candidates and to the newest seed
            let n_seeds = if step == 0 { 1 } else { n_candidates + 1 };
            points.each_chunk(context, commands, &mut |commands, chunk| {
                let sizes = points.sizes(chunk);
                let work = (Step::Seed, work(sizes, n, n_seeds));
                commands.run(&self.weigh[chunk], [sizes.n_blocks as usize, n], work).map(drop)
            })?;
            self.choose.dispatch_slots(commands.pass(), n);
        }
        Ok(())
    }
}

/// Uploads only the drawn blocks of a streamed table, for `n` candidates.
fn fetch(
    context: &Context,
    commands: &mut Commands<'_>,
    points: &Points<'_>,
    (found, to): (&wgpu::Buffer, &Fetched),
    n: usize,
) -> Result<(), EngineError> {
    commands.flush()?;
    let found = context.read(&[(found, 0, (n * size_of::<Found>()) as u64)])?;
    let found: Vec<Found> = bytemuck::pod_collect_to_vec(&found);
    for (at, Found { block, .. }) in found.iter().enumerate().filter(|(_, found)| found.block != NO_ROW) {
        let (rows, weights) = points.block(*block as usize);
        context.write(&to.points, (at * size_of_val(&rows[..])) as u64, &rows);
        context.write(&to.weights, (at * size_of_val(&weights[..])) as u64, &weights);
        count(&context.tally.point_bytes_up, (size_of_val(&rows[..]) + size_of_val(&weights[..])) as u64);
    }
    Ok(())
}
