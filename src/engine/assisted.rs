//! A device that runs plain restarts, whose searches the CPU completes: it refines, and runs the children of an evolving
//! search. Restarts with limits on sizes are the CPU's alone. The results are those of any other engine.

use std::ops::Range;
use std::time::Duration;

use super::cpu::{Cpu, CpuSession};
use super::nearest_two::{Centroids, NearestSession};
use super::{Batch, DeviceInfo, Engine, EngineError, Job, Keep, Peak, Session, Unfinished, Watch};

/// A device, and the CPU that assists it.
pub(super) struct Assisted {
    pub(super) device: Box<dyn Engine>,
    pub(super) cpu: Cpu,
}

impl Engine for Assisted {
    fn info(&self) -> DeviceInfo {
        self.device.info()
    }

    fn notes(&self) -> Vec<String> {
        self.device.notes()
    }

    fn load<'a>(&'a self, job: &'a Job<'a>) -> Result<Box<dyn Session + 'a>, EngineError> {
        if job.sizes.is_some() {
            return Ok(Box::new(Replaced { info: self.device.info(), session: self.cpu.session(job) }));
        }
        let session = self.device.load(job)?;
        Ok(Box::new(AssistedSession { job, cpu: &self.cpu, session, on_cpu: None }))
    }

    fn nearest<'a>(&'a self, centroids: Centroids<'a>) -> Result<Box<dyn NearestSession + 'a>, EngineError> {
        self.device.nearest(centroids)
    }

    fn peak(&self) -> Result<Option<Peak>, EngineError> {
        self.device.peak()
    }
}

/// The CPU in place of the device.
struct Replaced<'a> {
    info: DeviceInfo,
    session: CpuSession<'a>,
}

impl Session for Replaced<'_> {
    fn info(&self) -> DeviceInfo {
        let note = "restarts with limits on sizes ran on the CPU, with the same result as on any device";
        DeviceInfo { fallback: self.info.fallback.clone().or_else(|| Some(note.into())), ..self.info.clone() }
    }

    fn max_batch(&self) -> u64 {
        self.session.max_batch()
    }

    fn run(&mut self, restarts: Range<u64>, keep: Keep, watch: &Watch<'_>) -> Result<Batch, EngineError> {
        self.session.run(restarts, keep, watch)
    }

    fn is_steady(&self) -> bool {
        self.session.is_steady()
    }
}

struct AssistedSession<'a> {
    job: &'a Job<'a>,
    cpu: &'a Cpu,
    session: Box<dyn Session + 'a>,
    on_cpu: Option<CpuSession<'a>>, // once it is needed
}

impl<'a> AssistedSession<'a> {
    fn on_cpu(&mut self) -> &mut CpuSession<'a> {
        self.on_cpu.get_or_insert_with(|| self.cpu.session(self.job))
    }
}

impl Session for AssistedSession<'_> {
    fn info(&self) -> DeviceInfo {
        let info = self.session.info();
        let note = self.on_cpu.as_ref().map(|_| {
            let steps = if self.job.refine { "restarts were refined" } else { "the search went on" };
            format!("{steps} on the CPU, with the same result as on any device")
        });
        DeviceInfo { fallback: info.fallback.or(note), ..info }
    }

    fn max_batch(&self) -> u64 {
        self.session.max_batch()
    }

    fn build_time(&self) -> Duration {
        self.session.build_time()
    }

    fn run(&mut self, restarts: Range<u64>, keep: Keep, watch: &Watch<'_>) -> Result<Batch, EngineError> {
        if !self.job.refine {
            return self.session.run(restarts, keep, watch);
        }
        let plain = self.session.run(restarts, Keep::All, watch)?;
        Ok(self.on_cpu().refine_all(plain, keep, watch))
    }

    fn evolve(
        &mut self,
        members: &[Vec<i32>],
        restarts: Range<u64>,
        keep: Keep,
        watch: &Watch<'_>,
    ) -> Result<Batch, EngineError> {
        self.on_cpu().evolve(members, restarts, keep, watch)
    }

    /// Only the CPU keeps states between iterations: where it refines, it goes on.
    fn go_on(
        &mut self,
        from: &Unfinished,
        keep: Keep,
        watch: &Watch<'_>,
    ) -> Result<Option<Batch>, EngineError> {
        if self.job.refine { self.on_cpu().go_on(from, keep, watch) } else { Ok(None) }
    }

    /// The restarts of a run that failed; none where they were still to be refined.
    fn salvage(&mut self, keep: Keep) -> Batch {
        if self.job.refine { Batch::new() } else { self.session.salvage(keep) }
    }

    fn is_steady(&self) -> bool {
        self.session.is_steady()
    }
}
