//! Fallback: when a device fails, the CPU runs its remaining restarts.

use std::ops::Range;
use std::time::Duration;

use super::cpu::Cpu;
use super::nearest_two::{Centroids, NearestSession, NearestTwo};
use super::{Batch, DeviceInfo, Engine, EngineError, Job, Keep, Peak, Session};
use crate::lattice::Table;

/// An engine whose jobs continue on the CPU when it fails, with bitwise equal results.
pub(super) struct Fallback {
    pub(super) first: Box<dyn Engine>,
    pub(super) cpu: Cpu,
}

impl Engine for Fallback {
    fn info(&self) -> DeviceInfo {
        self.first.info()
    }

    fn notes(&self) -> Vec<String> {
        self.first.notes()
    }

    fn load<'a>(&'a self, job: &'a Job<'a>) -> Result<Box<dyn Session + 'a>, EngineError> {
        let cpu = &self.cpu;
        let session = match self.first.load(job) {
            Ok(current) => FallbackSession { job, cpu, current, note: None },
            Err(error) => FallbackSession { job, cpu, current: cpu.load(job)?, note: Some(note(&error)) },
        };
        Ok(Box::new(session))
    }

    fn peak(&self) -> Result<Option<Peak>, EngineError> {
        self.first.peak()
    }

    fn nearest<'a>(&'a self, centroids: Centroids<'a>) -> Result<Box<dyn NearestSession + 'a>, EngineError> {
        let cpu = &self.cpu;
        let session = match self.first.nearest(centroids) {
            Ok(current) => FallbackNearest { centroids, cpu, current, note: None },
            Err(error) => {
                FallbackNearest { centroids, cpu, current: cpu.nearest(centroids)?, note: Some(note(&error)) }
            }
        };
        Ok(Box::new(session))
    }
}

struct FallbackNearest<'a> {
    centroids: Centroids<'a>,
    cpu: &'a Cpu,
    current: Box<dyn NearestSession + 'a>,
    note: Option<String>, // set once the CPU has taken over
}

impl NearestSession for FallbackNearest<'_> {
    fn info(&self) -> DeviceInfo {
        let info = self.current.info();
        DeviceInfo { fallback: self.note.clone().or(info.fallback), ..info }
    }

    fn nearest_two(&mut self, table: &Table) -> Result<Vec<NearestTwo>, EngineError> {
        match self.current.nearest_two(table) {
            Err(error) if self.note.is_none() => {
                self.note = Some(note(&error));
                self.current = self.cpu.nearest(self.centroids)?;
                self.current.nearest_two(table)
            }
            done => done,
        }
    }
}

struct FallbackSession<'a> {
    job: &'a Job<'a>,
    cpu: &'a Cpu,
    current: Box<dyn Session + 'a>,
    note: Option<String>, // set once the CPU has taken over
}

fn note(error: &EngineError) -> String {
    format!("{error}; the work continued on the CPU, with the same result")
}

impl Session for FallbackSession<'_> {
    fn info(&self) -> DeviceInfo {
        let info = self.current.info();
        DeviceInfo { fallback: self.note.clone().or(info.fallback), ..info }
    }

    fn max_batch(&self) -> u64 {
        self.current.max_batch()
    }

    fn build_time(&self) -> Duration {
        self.current.build_time()
    }

    fn run(&mut self, restarts: Range<u64>, keep: Keep) -> Result<Batch, EngineError> {
        match self.current.run(restarts.clone(), keep) {
            Err(error) if self.note.is_none() => {
                let done = self.current.salvage(keep);
                self.note = Some(note(&error));
                self.current = self.cpu.load(self.job)?;
                self.go_on(restarts, done, keep)
            }
            done => done,
        }
    }

    fn is_steady(&self) -> bool {
        self.current.is_steady()
    }
}

impl FallbackSession<'_> {
    /// Runs the restarts that are not in `done`.
    fn go_on(&mut self, restarts: Range<u64>, done: Batch, keep: Keep) -> Result<Batch, EngineError> {
        let mut all = done.clone();
        let mut next = restarts.start;
        let known = done.outcomes.iter().map(|outcome| outcome.restart);
        for known in known.chain([restarts.end]) {
            if next < known {
                all.merge(self.current.run(next..known, keep)?, keep);
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
    use crate::engine::{OpenOptions, Seeding};
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

        fn run(&mut self, _: Range<u64>, _: Keep) -> Result<Batch, EngineError> {
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
        let (n_clusters, seed, max_iter, shift_limit) = (1, 0, 1, None);
        let job = Job { table: &table, n_clusters, seeding: Seeding::Random, seed, max_iter, shift_limit };
        let cpu = Cpu::open(&OpenOptions::default()).expect("the CPU opens");
        let session = FallbackSession { job: &job, cpu: &cpu, current: Box::new(Marked), note: None };
        assert!(session.is_steady());
        assert_eq!((session.max_batch(), session.build_time()), (77, Duration::from_millis(5)));
    }
}
