//! Fallback: when a device fails, another one, or the CPU, runs its remaining restarts.

use std::ops::Range;
use std::sync::OnceLock;
use std::time::Duration;

use super::cpu::Cpu;
use super::nearest_two::{Centroids, Labels, NearestSession, NearestTwo};
use super::{Batch, DeviceInfo, Engine, EngineError, Job, Keep, Peak, Session, Unfinished, Watch};
use crate::lattice::Table;
use crate::log::info;

/// An engine whose jobs continue on another one when it fails, with bitwise equal results.
pub(super) struct Fallback {
    pub(super) first: Box<dyn Engine>,
    pub(super) other: Other,
}

/// The engine that takes over. It is opened when it is needed.
pub(super) struct Other {
    open: Box<dyn Fn() -> Result<Box<dyn Engine>, EngineError> + Send + Sync>,
    helps: Box<dyn Fn(&EngineError) -> bool + Send + Sync>,
    how: &'static str,
    opened: OnceLock<Box<dyn Engine>>,
}

impl Other {
    /// The engine that `open` opens, after errors for which it `helps`. `how` the work continued, in words.
    pub(super) fn new(
        open: impl Fn() -> Result<Box<dyn Engine>, EngineError> + Send + Sync + 'static,
        helps: impl Fn(&EngineError) -> bool + Send + Sync + 'static,
        how: &'static str,
    ) -> Self {
        Self { open: Box::new(open), helps: Box::new(helps), how, opened: OnceLock::new() }
    }

    /// The CPU, which helps after any error.
    pub(super) fn cpu(cpu: Cpu) -> Self {
        Self::new(move || Ok(Box::new(cpu)), |_| true, "on the CPU")
    }

    /// The engine, if it helps after this error; else the error.
    fn after(&self, error: EngineError) -> Result<(&dyn Engine, String), EngineError> {
        if !(self.helps)(&error) {
            return Err(error);
        }
        let note = format!("{error}; the work continued {}, with the same result", self.how);
        info!("{note}");
        if let Some(engine) = self.opened.get() {
            return Ok((engine.as_ref(), note));
        }
        let engine = (self.open)()?;
        Ok((self.opened.get_or_init(|| engine).as_ref(), note))
    }
}

impl Engine for Fallback {
    fn info(&self) -> DeviceInfo {
        self.first.info()
    }

    fn notes(&self) -> Vec<String> {
        let other = self.other.opened.get().map(|engine| engine.notes());
        self.first.notes().into_iter().chain(other.into_iter().flatten()).collect()
    }

    fn load<'a>(&'a self, job: &'a Job<'a>) -> Result<Box<dyn Session + 'a>, EngineError> {
        let other = &self.other;
        let session = match self.first.load(job) {
            Ok(current) => FallbackSession { job, other, current, note: None },
            Err(error) => {
                let (engine, note) = other.after(error)?;
                FallbackSession { job, other, current: engine.load(job)?, note: Some(note) }
            }
        };
        Ok(Box::new(session))
    }

    fn peak(&self) -> Result<Option<Peak>, EngineError> {
        self.first.peak()
    }

    fn nearest<'a>(&'a self, centroids: Centroids<'a>) -> Result<Box<dyn NearestSession + 'a>, EngineError> {
        let other = &self.other;
        let session = match self.first.nearest(centroids) {
            Ok(current) => FallbackNearest { centroids, other, current, note: None },
            Err(error) => {
                let (engine, note) = other.after(error)?;
                FallbackNearest { centroids, other, current: engine.nearest(centroids)?, note: Some(note) }
            }
        };
        Ok(Box::new(session))
    }
}

struct FallbackNearest<'a> {
    centroids: Centroids<'a>,
    other: &'a Other,
    current: Box<dyn NearestSession + 'a>,
    note: Option<String>, // set once the other one has taken over
}

impl NearestSession for FallbackNearest<'_> {
    fn info(&self) -> DeviceInfo {
        let info = self.current.info();
        DeviceInfo { fallback: both(self.note.as_deref(), info.fallback), ..info }
    }

    fn nearest_two(&mut self, table: &Table) -> Result<Vec<NearestTwo>, EngineError> {
        self.find(|session| session.nearest_two(table))
    }

    fn labels(&mut self, table: &Table) -> Result<Labels, EngineError> {
        self.find(|session| session.labels(table))
    }
}

impl FallbackNearest<'_> {
    /// Finds what `find` does; after a fault on the other engine.
    fn find<T>(
        &mut self,
        find: impl Fn(&mut dyn NearestSession) -> Result<T, EngineError>,
    ) -> Result<T, EngineError> {
        match find(self.current.as_mut()) {
            Err(error) if self.note.is_none() => {
                let (engine, note) = self.other.after(error)?;
                self.note = Some(note);
                self.current = engine.nearest(self.centroids)?;
                find(self.current.as_mut())
            }
            done => done,
        }
    }
}

struct FallbackSession<'a> {
    job: &'a Job<'a>,
    other: &'a Other,
    current: Box<dyn Session + 'a>,
    note: Option<String>, // set once the other one has taken over
}

/// Notes of two fallbacks, one after the other.
fn both(first: Option<&str>, then: Option<String>) -> Option<String> {
    match (first, then) {
        (Some(first), Some(then)) => Some(format!("{first}; then {then}")),
        (first, then) => then.or_else(|| first.map(str::to_owned)),
    }
}

impl Session for FallbackSession<'_> {
    fn info(&self) -> DeviceInfo {
        let info = self.current.info();
        DeviceInfo { fallback: both(self.note.as_deref(), info.fallback), ..info }
    }

    fn max_batch(&self) -> u64 {
        self.current.max_batch()
    }

    fn build_time(&self) -> Duration {
        self.current.build_time()
    }

    fn run(&mut self, restarts: Range<u64>, keep: Keep, watch: &Watch<'_>) -> Result<Batch, EngineError> {
        self.run_each(restarts, keep, watch, |session, restarts| session.run(restarts, keep, watch))
    }

    fn evolve(
        &mut self,
        members: &[Vec<i32>],
        restarts: Range<u64>,
        keep: Keep,
        watch: &Watch<'_>,
    ) -> Result<Batch, EngineError> {
        let run = |session: &mut dyn Session, restarts| session.evolve(members, restarts, keep, watch);
        self.run_each(restarts, keep, watch, run)
    }

    /// Only a CPU goes on, and it has no faults.
    fn go_on(
        &mut self,
        from: &Unfinished,
        keep: Keep,
        watch: &Watch<'_>,
    ) -> Result<Option<Batch>, EngineError> {
        self.current.go_on(from, keep, watch)
    }

    fn salvage(&mut self, keep: Keep) -> Batch {
        self.current.salvage(keep)
    }

    fn is_steady(&self) -> bool {
        self.current.is_steady()
    }
}

impl FallbackSession<'_> {
    /// Runs restarts by `run`; after a fault on the other engine.
    fn run_each(
        &mut self,
        restarts: Range<u64>,
        keep: Keep,
        watch: &Watch<'_>,
        run: impl Fn(&mut dyn Session, Range<u64>) -> Result<Batch, EngineError>,
    ) -> Result<Batch, EngineError> {
        match run(self.current.as_mut(), restarts.clone()) {
            Err(error) if self.note.is_none() => {
                let (engine, note) = self.other.after(error)?;
                let done = self.current.salvage(keep);
                self.note = Some(note);
                self.current = engine.load(self.job)?;
                self.go_on(restarts, done, keep, watch, run)
            }
            done => done,
        }
    }

    /// Runs the restarts that are not in `done`.
    fn go_on(
        &mut self,
        restarts: Range<u64>,
        done: Batch,
        keep: Keep,
        watch: &Watch<'_>,
        run: impl Fn(&mut dyn Session, Range<u64>) -> Result<Batch, EngineError>,
    ) -> Result<Batch, EngineError> {
        let mut all = done.clone();
        let mut next = restarts.start;
        let known = done.outcomes.iter().map(|outcome| outcome.restart);
        for known in known.chain([restarts.end]) {
            if next < known && !watch.has_ended() {
                all.merge(run(self.current.as_mut(), next..known)?, keep);
            }
            next = known + 1;
        }
        all.merge(Batch::new(), keep);
        Ok(all)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::{Metric, OpenOptions, Seeding};
    use crate::lattice::{Extent, Packer, Weights};

    /// A session with answers of its own to what a wrapper must pass on.
    struct Marked;

    impl Session for Marked {
        fn info(&self) -> DeviceInfo {
            DeviceInfo {
                used: "gpu",
                adapter: String::new(),
                driver: String::new(),
                software: false,
                fallback: None,
            }
        }

        fn max_batch(&self) -> u64 {
            77
        }

        fn build_time(&self) -> Duration {
            Duration::from_millis(5)
        }

        fn run(&mut self, _: Range<u64>, _: Keep, _: &Watch<'_>) -> Result<Batch, EngineError> {
            Ok(Batch::new())
        }

        fn is_steady(&self) -> bool {
            true
        }
    }

    #[test]
    fn what_batches_are_cut_by_is_that_of_the_device() {
        let weights = Weights::ones(2);
        let mut extent = Extent::new(1);
        extent.add(0, &[0.0, 1.0], &weights).expect("finite values");
        let mut packer = Packer::new(extent.lattice(2).expect("a lattice"), weights, 2);
        packer.add(&[0.0, 1.0]).expect("rows in range");
        let table = packer.finish();
        let (n_clusters, seed, max_iter, shift_limit, refine) = (1, 0, 1, None, false);
        let (metric, seeding) = (Metric::Euclidean, Seeding::Random);
        let job = Job {
            table: &table,
            metric,
            n_clusters,
            seeding,
            seed,
            max_iter,
            shift_limit,
            refine,
            sizes: None,
        };
        let cpu = Cpu::open(&OpenOptions::default()).expect("the CPU opens");
        let other = Other::cpu(cpu);
        let session = FallbackSession { job: &job, other: &other, current: Box::new(Marked), note: None };
        assert!(session.is_steady());
        assert_eq!((session.max_batch(), session.build_time()), (77, Duration::from_millis(5)));
    }
}
