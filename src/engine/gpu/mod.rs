//! The GPU, through wgpu: a batch of restarts is one grid.
//!
//! Each restart has a slot: centroids, sums, labels and a status in the device's memory. A round runs assign, sums,
//! means and stop for all running slots. A finished restart leaves its slot to the next one.

mod adapter;
mod assign;
mod barriers;
mod buffers;
mod choices;
mod collect;
mod commands;
mod context;
mod counters;
mod empty;
mod fault;
pub mod kernel;
mod kernel_cache;
mod narrow;
mod nearest_two;
mod opened;
mod peak;
mod pipelines;
mod plan;
mod points;
mod probe;
mod races;
mod repair;
mod rounds;
mod seed;
mod session;
mod stop;
mod submissions;
mod sum_parts;
mod throughput;
mod timestamps;
mod trips;
pub mod units;
mod update;

use std::cell::OnceCell;
use std::collections::HashSet;
use std::ops::Range;
use std::time::{Duration, Instant};

use super::certify;
pub use super::fault::{Fault, FaultKind};
use super::inertia::squares;
use super::nearest_two::{Centroids, NearestSession};
use super::times::timed;
use super::{Batch, DeviceInfo, Engine, EngineError, Job, Keep, Peak, Session, State, Times, Watch};
pub use adapter::{AdapterInfo, adapters};
pub(in crate::engine) use adapter::{why_none, why_not};
use assign::Assign;
pub use buffers::{Found, Refill, Sizes, Slot};
use buffers::{Slots, Workspaces, rows};
use collect::CollectKernels;
pub use counters::Counters;
use counters::count;
use nearest_two::GpuNearest;
pub use nearest_two::Nearest;
use opened::smaller;
pub use opened::{Gpu, MatrixUnits};
use plan::{Plan, Room};
use points::Points;
use rounds::Rounds;
use seed::SeedKernels;
use session::GpuSession;
use submissions::{Ended, Submissions};
use throughput::{LONGEST, Throughput};
use units::Units;

/// Multiply-adds of a round's assign that keep any device busy; used until its throughput is measured. More slots
/// would not raise the throughput.
const PLENTY: u128 = 1 << 33;
/// Attempts to upload the points when memory is short.
const RETRIES: u32 = 12;

impl Engine for Gpu {
    fn info(&self) -> DeviceInfo {
        let AdapterInfo { driver, software, .. } = &self.context.info;
        DeviceInfo {
            used: "gpu",
            adapter: self.context.info.full_name(),
            driver: driver.clone(),
            software: *software,
            fallback: None,
        }
    }

    fn load<'a>(&'a self, job: &'a Job<'a>) -> Result<Box<dyn Session + 'a>, EngineError> {
        let context = &self.context;
        context.check()?;
        if job.sizes.is_some() {
            let reason = "limits on sizes are kept by the CPU, which has to take its place".into();
            return Err(EngineError::DeviceFailed { adapter: self.info().adapter, reason });
        }
        let (_, for_centroids) = self.gammas(job);
        let squares = squares(job.table, &job.table.centre);
        let mut sizes = Sizes::new(job, for_centroids, squares);
        let start = Instant::now();
        let (units, refused) = self.units_for(&sizes)?;
        let tested = start.elapsed();
        if units.is_some() {
            sizes = sizes.with_matrix(job.table, self.bound.share_in_f16());
        }
        self.check_trips(sizes.trips(sizes.n_packs.into()))?; // of the plain kernel, and those besides assign
        let mut room = Room::new(context, self.memory, PLENTY);
        let (plan, points, note) = self.place(job, &sizes, units, &mut room)?;
        let note = note.or(refused);
        let start = Instant::now();
        let assign = Assign::new(self.kernel_choice, units, self.most_trips);
        let (rounds, collect) =
            (Rounds::build(context, &sizes, job.table, assign), CollectKernels::build(context));
        let seeding =
            SeedKernels::build(context, job, &points, self.small_seeding.then_some(self.most_trips));
        context.check()?;
        context.save_kernels();
        let build_time = tested + start.elapsed();
        let empties = OnceCell::new();
        let session = GpuSession { gpu: self, job, sizes, plan, points, rounds, seeding, collect, empties };
        Ok(Box::new(Runs {
            session,
            room,
            throughput: context.throughput(),
            most_slots: usize::MAX,
            tried: 0,
            kept: None,
            done: Done::default(),
            build_time,
            note,
        }))
    }

    fn nearest<'a>(&'a self, centroids: Centroids<'a>) -> Result<Box<dyn NearestSession + 'a>, EngineError> {
        Ok(Box::new(GpuNearest::new(self, centroids)?))
    }

    fn notes(&self) -> Vec<String> {
        self.context.notes()
    }

    fn peak(&self) -> Result<Option<Peak>, EngineError> {
        peak::measure(&self.context).map(Some)
    }
}

impl Gpu {
    /// The matrix units for a job, if it uses them and they pass their self-test; and a note if they failed it.
    fn units_for(&self, sizes: &Sizes) -> Result<(Option<Units>, Option<String>), EngineError> {
        if !self.kernel_choice.wants_units(sizes, self.context.info.software) {
            return Ok((None, None));
        }
        Ok(match self.matrix_units()? {
            MatrixUnits::None => (None, None),
            MatrixUnits::Usable(units) => (Some(units), None),
            MatrixUnits::Refused(why) => (None, Some(refusal(&self.context.info.name, &why))),
        })
    }

    fn gammas(&self, job: &Job<'_>) -> (f32, f32) {
        self.bound.gammas(job.table.n_dims(), certify::UNIT_WGSL)
    }

    /// Plans a job and uploads its points. When memory is short, retries with half of it.
    fn place<'a>(
        &self,
        job: &'a Job<'a>,
        sizes: &Sizes,
        units: Option<Units>,
        room: &mut Room,
    ) -> Result<(Plan, Points<'a>, Option<String>), EngineError> {
        let mut note = None;
        let mut failed = None;
        for retry in 0..RETRIES {
            if retry > 1 {
                room.halve(sizes);
            }
            let plan = Plan::new(&self.context, sizes, room);
            let plan = plan.map_err(|error| failed.take().unwrap_or(error))?;
            match Points::upload(&self.context, job.table, sizes, units, self.gammas(job).0, &plan) {
                Err(error @ EngineError::OutOfMemory { .. }) => {
                    self.context.clear_oom();
                    note = Some(smaller(&error));
                    failed = Some(error);
                }
                placed => return Ok((plan, placed?, note)),
            }
        }
        Err(failed.unwrap_or_else(|| self.context.failed("its points were never uploaded")))
    }
}

fn refusal(adapter: &str, why: &str) -> String {
    format!(
        "the matrix units of {adapter} are not used ({why}); the work continued in f32, with the same result"
    )
}

/// The session of a job: its runs, one after the other.
struct Runs<'a> {
    session: GpuSession<'a>,
    room: Room,
    throughput: Throughput,
    most_slots: usize, // limit since the device was out of memory
    tried: usize,      // slots of the last attempt
    kept: Option<Kept>,
    done: Done,
    build_time: Duration,
    note: Option<String>,
}

/// Buffers of a run, reused by the next.
#[derive(Debug)]
struct Kept {
    n_slots: usize,
    n_workspaces: usize,
    slots: Vec<Slots>,
    workspaces: Vec<Workspaces>,
}

impl Kept {
    fn allocate(session: &GpuSession<'_>, n_slots: usize, n_workspaces: usize) -> Result<Self, EngineError> {
        let (context, sizes, plan) = (&session.gpu.context, &session.sizes, &session.plan);
        let rows = &session.points.rows;
        count(&context.tally.planned_bytes, plan.bytes_of_slots(sizes, n_slots, n_workspaces));
        let slots = Slots::allocate(context, sizes, rows, n_slots)?;
        let workspaces = Workspaces::allocate(context, sizes, rows, n_workspaces, plan.streamed)?;
        Ok(Self { n_slots, n_workspaces, slots, workspaces })
    }
}

/// Results of a run so far.
#[derive(Debug, Default)]
struct Done {
    ended: Vec<Ended>,
    bests: Vec<(u64, State)>,
    times: Times,
}

impl Session for Runs<'_> {
    fn info(&self) -> DeviceInfo {
        DeviceInfo { fallback: self.note.clone(), ..self.session.gpu.info() }
    }

    fn max_batch(&self) -> u64 {
        MAX_BATCH
    }

    fn is_steady(&self) -> bool {
        true
    }

    fn build_time(&self) -> Duration {
        self.build_time
    }

    fn run(&mut self, restarts: Range<u64>, keep: Keep, watch: &Watch<'_>) -> Result<Batch, EngineError> {
        self.done = Done::default();
        self.follow_throughput();
        let first = restarts.start;
        let mut todo: Vec<u64> = restarts.collect();
        while !todo.is_empty() {
            let before = self.done.ended.len();
            match self.attempt(&todo, first, keep, watch) {
                Ok(()) => break,
                Err(error) => {
                    self.kept = None;
                    self.done.forget_best(before, keep);
                    self.recover(error)?;
                    let done = self.done.ended.iter().map(|ended| ended.outcome.restart);
                    let done: HashSet<u64> = done.collect();
                    todo.retain(|restart| !done.contains(restart));
                }
            }
        }
        Ok(self.take_done(keep))
    }

    fn salvage(&mut self, keep: Keep) -> Batch {
        self.take_done(keep)
    }
}

/// Most restarts of a run: each keeps about 100 bytes on the host.
const MAX_BATCH: u64 = 1 << 22;

impl Runs<'_> {
    /// Sets the number of slots that keeps a device of the measured throughput busy.
    fn follow_throughput(&mut self) {
        let Some(work) = self.throughput.work(LONGEST) else { return };
        let work = work.clamp(PLENTY >> 10, PLENTY << 8);
        if !(self.room.work / 4..self.room.work * 4).contains(&work) {
            self.room.work = work;
            self.session.plan = self.session.plan.with_work(&self.session.sizes, &self.room);
        }
    }

    /// Runs these restarts, until the watch ends the run. Those done before a failure are kept.
    fn attempt(
        &mut self,
        todo: &[u64],
        first: u64,
        keep: Keep,
        watch: &Watch<'_>,
    ) -> Result<(), EngineError> {
        let context = &self.session.gpu.context;
        let n_slots = self.session.plan.slots.min(self.most_slots).min(todo.len()).max(1);
        self.tried = n_slots;
        let n_workspaces = self.session.plan.workspaces.min(n_slots);
        let kept = match self.kept.take().filter(|kept| kept.n_slots == n_slots) {
            Some(kept) => kept,
            None => Kept::allocate(&self.session, n_slots, n_workspaces)?,
        };
        // the slot of the best restart is empty
        context.write(&kept.slots[0].slots, (n_slots * size_of::<Slot>()) as u64, &[Slot::default()]);
        let counts = (n_slots, kept.n_workspaces);
        let mut submissions =
            Submissions::new(&self.session, &kept.slots, &kept.workspaces, counts, todo, first, keep)?;
        // a trial of kernels may have measured more
        let (mut throughput, mut ended) = (self.throughput.or(&context.throughput()), Vec::new());
        let ran = submissions.run(&mut throughput, &mut ended, watch);
        let mut read_back = Duration::ZERO;
        let mut read = |restart| (restart, timed(&mut read_back, || submissions.best(restart)));
        let best = match (&ran, keep) {
            (Ok(()), Keep::Best) => best_of(&ended).map(&mut read),
            _ => None,
        };
        let times = Times { read_back, ..submissions.times };
        drop(submissions);
        self.done.times.merge(times);
        context.keep_throughput(&throughput);
        self.throughput = throughput;
        self.done.ended.extend(ended);
        if let Some((restart, state)) = best {
            self.done.bests.push((restart, state?));
        }
        ran?;
        self.session.gpu.unmark_units();
        // an ended run leaves restarts in its slots
        self.kept = (!watch.has_ended()).then_some(kept);
        Ok(())
    }

    /// Halves the slots after the device was out of memory; returns any other error.
    fn recover(&mut self, error: EngineError) -> Result<(), EngineError> {
        let EngineError::OutOfMemory { .. } = &error else {
            self.session.gpu.leave_mark_of_units();
            return Err(error);
        };
        // one slot is tried twice: the failed attempt has freed its memory
        let least = usize::from(self.tried != self.most_slots);
        self.most_slots = (self.tried / 2).max(least);
        if self.most_slots == 0 {
            return Err(error);
        }
        self.session.gpu.context.clear_oom();
        self.note = Some(smaller(&error));
        Ok(())
    }

    fn take_done(&mut self, keep: Keep) -> Batch {
        let Done { mut ended, bests, times } = std::mem::take(&mut self.done);
        ended.sort_unstable_by_key(|ended| ended.outcome.restart);
        let n = self.session.job.table.n_points() as u64;
        let mut batch = Batch { times, ..Batch::new() };
        for Ended { outcome, repaired_first, repaired, state } in ended {
            batch.work.pass(true, n, repaired_first);
            batch.work.pass(false, u64::from(outcome.iterations) * n, repaired);
            batch.outcomes.push(outcome);
            batch.states.extend(state.map(|state| (outcome.restart, state)));
        }
        if keep == Keep::Best {
            let best = Batch::best(&batch.outcomes).map(|best| best.restart);
            batch.states = bests.into_iter().filter(|(restart, _)| Some(*restart) == best).collect();
        }
        batch
    }
}

fn best_of(ended: &[Ended]) -> Option<u64> {
    let outcomes = ended.iter().map(|ended| (ended.outcome.inertia, ended.outcome.restart));
    outcomes.min().map(|(_, restart)| restart)
}

impl Done {
    /// Drops the best restart of a failed attempt: its state can no longer be read, so it runs again.
    fn forget_best(&mut self, before: usize, keep: Keep) {
        if let (Keep::Best, Some(best)) = (keep, best_of(&self.ended[before..])) {
            self.ended.retain(|ended| ended.outcome.restart != best);
        }
    }
}
