//! Bisecting k-means (docs/DEFINITION.md, section 3.13): splits of one cluster in two, each by restarts of an engine.

use std::ops::ControlFlow;
use std::sync::atomic::AtomicU64;
use std::time::{Duration, Instant};

use rayon::prelude::*;

use super::error::no_restart;
use super::label_all::{Labelled, label_all};
use super::plan::RunPlan;
use super::run::{label_outside, run_until};
use super::{FitError, Params, Restarts};
use crate::engine::reference::Sums;
use crate::engine::reference::assign::row_distance;
use crate::engine::reference::stop::shift_limit;
use crate::engine::reference::update::move_centroids;
use crate::engine::{Batch, DeviceInfo, Engine, Job, Outcome, State, Stop, digest};
use crate::lattice::Table;

/// A split of a cluster in two.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Split {
    /// The cluster that was split. Its first half keeps the number.
    pub cluster: u32,
    /// The number of its second half: 1 for the first split, and so on.
    pub new: u32,
    /// Number of the best restart, from 0 within the split.
    pub restart: u64,
    /// Inertia of the cluster before, in lattice units.
    pub before: u128,
    /// Inertia of both halves after.
    pub after: [u128; 2],
    /// Weight of both halves.
    pub counts: [u64; 2],
}

/// The result of a bisecting run.
#[derive(Debug, Clone)]
pub struct Bisected {
    /// One outcome and its state.
    pub restarts: Restarts,
    /// The splits, in order. (n_clusters - 1)
    pub splits: Vec<Split>,
    /// What it ran on.
    pub device: DeviceInfo,
    /// Time for loading tables, of which the second is for building kernels.
    pub loading: [Duration; 2],
}

/// A cluster while it is split further.
struct Group {
    rows: Vec<u32>,
    centroid: Vec<i32>, // (n_dims)
    inertia: u128,
}

/// Restarts of a split.
struct Halves {
    outcome: Outcome,
    state: State,
}

/// Splits until there are as many clusters as asked for, then labels every row by the nearest centroid.
///
/// `seen` is called with the restarts done after each batch, and within long ones, from any thread; it cancels the run
/// by returning [`ControlFlow::Break`].
///
/// # Errors
/// [`FitError::Params`]; [`FitError::Engine`] if the device fails; [`FitError::Cancelled`].
pub fn bisect(
    engine: &dyn Engine,
    table: &Table,
    params: &Params,
    seen: &mut (dyn FnMut(u64) -> ControlFlow<()> + Send),
) -> Result<Bisected, FitError> {
    let job = params.job(table)?;
    let mut run = Bisecting {
        engine,
        job: &job,
        params,
        seen,
        done: 0,
        batch: Batch::new(),
        device: engine.info(),
        loading: [Duration::ZERO; 2],
        stop: Stop::FixedPoint,
        iterations: 0,
    };
    let mut groups = vec![run.whole()];
    let mut splits = Vec::new();
    for split in 0..job.n_clusters as u64 - 1 {
        let Some(at) = largest(&groups) else { break };
        let halves = run.split(&groups[at], split)?;
        let [first, second] = groups[at].halves(table, &halves.state);
        splits.push(Split {
            cluster: at as u32,
            new: groups.len() as u32,
            restart: halves.outcome.restart - split * params.n_restarts(),
            before: groups[at].inertia,
            after: [first.inertia, second.inertia],
            counts: [halves.state.counts[0], halves.state.counts[1]],
        });
        groups[at] = first;
        groups.push(second);
    }
    run.finish(&groups, splits)
}

/// The index of the group to split: of largest inertia among those of two rows or more; ties go to the lowest.
fn largest(groups: &[Group]) -> Option<usize> {
    let can_split = groups.iter().enumerate().filter(|(_, group)| group.rows.len() > 1);
    // min_by_key keeps the first of equals
    can_split.min_by_key(|(_, group)| std::cmp::Reverse(group.inertia)).map(|(at, _)| at)
}

impl Group {
    fn new(table: &Table, rows: Vec<u32>, centroid: Vec<i32>) -> Self {
        let cost = |&row: &u32| {
            let row = row as usize;
            u128::from(table.weights.get(row)) * row_distance(table, row, &centroid)
        };
        let inertia = rows.par_iter().with_min_len(4096).map(cost).sum();
        Self { rows, centroid, inertia }
    }

    /// The groups of the two labels.
    fn halves(&self, table: &Table, state: &State) -> [Self; 2] {
        [0, 1].map(|half| {
            let labelled = self.rows.iter().zip(&state.labels).filter(|(_, label)| **label == half);
            let rows = labelled.map(|(&row, _)| row).collect();
            let d = table.n_dims();
            Self::new(table, rows, state.centroids[half as usize * d..][..d].to_vec())
        })
    }
}

struct Bisecting<'a> {
    engine: &'a dyn Engine,
    job: &'a Job<'a>,
    params: &'a Params,
    seen: &'a mut (dyn FnMut(u64) -> ControlFlow<()> + Send),
    done: u64,
    batch: Batch, // work and times
    device: DeviceInfo,
    loading: [Duration; 2],
    stop: Stop,
    iterations: u32,
}

impl Bisecting<'_> {
    /// All rows of positive weight, and their mean or direction.
    fn whole(&self) -> Group {
        let table = self.job.table;
        let rows = table.weighted_rows();
        let sums = Sums::of(table, &vec![0; table.n_points()], 1);
        // where a sum has no direction, that of the first row
        let before = rows.first().map_or(&[][..], |&row| table.point(row as usize));
        let centroid = move_centroids(self.job, &sums, before);
        Group::new(table, rows, centroid)
    }

    /// The best restart of two clusters of a group's rows.
    fn split(&mut self, group: &Group, split: u64) -> Result<Halves, FitError> {
        let table = self.job.table.select(&group.rows);
        let job = Job {
            table: &table,
            n_clusters: 2,
            shift_limit: shift_limit(&table, self.params.tol()),
            ..self.job.clone()
        };
        let start = Instant::now();
        let mut session = self.engine.load(&job)?;
        self.loading[0] += start.elapsed();
        self.loading[1] += session.build_time();
        let n = self.params.n_restarts();
        let (done, seen) = (self.done, &mut *self.seen);
        let mut here = 0;
        let mut observer = |batch: &[Outcome]| {
            here += batch.len() as u64;
            seen(done + here)
        };
        let plan = RunPlan { first: split * n, batch_size: self.params.batch(), ..RunPlan::restarts(n) };
        let (mut ran, _) = run_until(session.as_mut(), &job, &plan, &AtomicU64::new(0), &mut observer)?;
        self.done += ran.count();
        if ran.count() < n {
            return Err(FitError::Cancelled { done: self.done, of: self.params.restarts_run() });
        }
        let device = session.info();
        if device.fallback.is_some() {
            self.device = device;
        }
        let missing = || no_restart(&self.device);
        let outcome = *ran.best().ok_or_else(missing)?;
        let (_, state) = ran.states.pop().ok_or_else(missing)?;
        self.batch.work.merge(ran.work);
        self.batch.times.merge(ran.times);
        self.iterations = self.iterations.saturating_add(outcome.iterations);
        self.stop = if outcome.stop as u8 > self.stop as u8 { outcome.stop } else { self.stop };
        Ok(Halves { outcome, state })
    }

    /// Labels every row by the nearest centroid.
    fn finish(self, groups: &[Group], splits: Vec<Split>) -> Result<Bisected, FitError> {
        let centroids: Vec<i32> = groups.iter().flat_map(|group| group.centroid.clone()).collect();
        let Labelled { state, inertia, device } = label_all(self.engine, self.job.table, centroids)?;
        let device = if device.fallback.is_some() { device } else { self.device };
        let (iterations, stop) = (self.iterations, self.stop);
        let outcome = Outcome { restart: 0, inertia, iterations, stop, digest: digest(&state.centroids) };
        let mut restarts = Restarts::of_one(outcome, state, self.batch);
        label_outside(self.job, &mut restarts);
        Ok(Bisected { restarts, splits, device, loading: self.loading })
    }
}
