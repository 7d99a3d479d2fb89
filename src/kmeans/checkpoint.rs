//! A checkpoint: the file that a run is written to while it goes on, and from which it goes on after it was stopped.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

use super::plan::RunPlan;
use super::restarts::MOST_OUTCOMES;
use super::saved::{AboutRun, Parts, RunIdentity, SavedRun, SavedRunError, check_writable, write};
use super::search::{Population, RunEnd};
use super::{Algorithm, FitError, Params, Restarts};
use crate::engine::{Job, Keep, State, Unfinished};
use crate::lattice::Table;
use crate::log::debug;

/// Time between two writes.
const EVERY: Duration = Duration::from_secs(30);

/// A file that a run is written to while it goes on: at most every 30 seconds, and when it ends or is cancelled. A process that
/// is killed loses no more than that time. The run goes on from there, on any device, and ends with the bits, and the
/// fingerprint, of one that was never stopped.
///
/// ```
/// use std::ops::ControlFlow;
///
/// use cairn::engine::{Device, OpenOptions, open};
/// use cairn::kmeans::{CONTINUE, Checkpoint, FitError, KMeans, Step, fit, fit_with_checkpoint};
///
/// let (data, cpu) = (cairn::data::digits(), open(&Device::Cpu, &OpenOptions::default())?);
/// let params = KMeans::new(10).restarts(50).check()?;
/// let folder = tempfile::tempdir()?;
/// let path = folder.path().join("digits.run");
///
/// let mut checkpoint = Checkpoint::create(&path)?;
/// let stopped = fit_with_checkpoint(&cpu, &data, &params, &mut checkpoint, &mut |step| match step {
///     Step::Restarts(progress) if progress.done >= 20 => ControlFlow::Break(()),
///     _ => CONTINUE,
/// });
/// assert!(matches!(stopped, Err(FitError::Cancelled { .. })));
/// checkpoint.finish()?;
///
/// let mut checkpoint = Checkpoint::resume(&path)?;
/// let resumed = fit_with_checkpoint(&cpu, &data, &params, &mut checkpoint, &mut |_| CONTINUE)?;
/// checkpoint.finish()?;
/// assert!(resumed.resumed.is_some_and(|from| from.restarts >= 20));
/// assert_eq!(resumed.fingerprint, fit(&data, &params)?.fingerprint);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Checkpoint {
    path: PathBuf,
    every: Duration,
    from: Option<Box<SavedRun>>,
    due: Instant,
    written: Option<Seen>, // as this process, or the one before it, has left it
    error: Option<SavedRunError>,
    whole: bool,   // the file has all that is asked for, and stays as it is
    follows: bool, // that of another process, which alone reads and writes the file
}

/// A job, and the hashes of its points if they lie in a file.
pub(super) type Hashed<'a> = (&'a Job<'a>, Option<&'a [blake3::Hash]>);

/// What tells a file that another process has written: its length, and when it was written.
type Seen = (u64, SystemTime);

/// Where a run went on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Resumed {
    /// Restarts that were done.
    pub restarts: u64,
    /// Iterations that the next restart had made; 0 if it began in this process.
    pub iterations: u32,
}

impl Checkpoint {
    /// A checkpoint of a run that begins. Nothing is written yet.
    ///
    /// # Errors
    /// [`SavedRunError::Exists`] if there is such a file; [`SavedRunError::Write`] if it can't be written.
    pub fn create(path: &Path) -> Result<Self, SavedRunError> {
        check_writable(path)?;
        if path.exists() {
            return Err(SavedRunError::Exists { path: path.to_owned() });
        }
        Ok(Self::new(path, None))
    }

    /// A checkpoint of a run that goes on from its file. Whether that can be written [`check`](Self::check) finds, if more
    /// restarts follow: a run that is done is read alone.
    ///
    /// # Errors
    /// [`SavedRunError`]: the file can't be read, is that of no run, was damaged, or is of another version.
    pub fn resume(path: &Path) -> Result<Self, SavedRunError> {
        let written = seen(path);
        let from = SavedRun::load(path)?;
        Ok(Self { written, ..Self::new(path, Some(Box::new(from))) })
    }

    /// That of another process, which goes on from this run, or begins one: it is never written.
    pub(super) fn following(from: Option<SavedRun>) -> Self {
        Self { follows: true, ..Self::new(Path::new("the checkpoint of process 0"), from.map(Box::new)) }
    }

    fn new(path: &Path, from: Option<Box<SavedRun>>) -> Self {
        let path = path.to_owned();
        let due = Instant::now();
        Self { path, every: EVERY, from, due, written: None, error: None, whole: false, follows: false }
    }

    /// Sets the least time between two writes; by default 30 seconds.
    #[must_use]
    pub fn every(self, every: Duration) -> Self {
        Self { every, ..self }
    }

    /// The run that it goes on from, if it does; none any more once a fit has taken it.
    #[must_use]
    pub fn from(&self) -> Option<&SavedRun> {
        self.from.as_deref()
    }

    /// Checks what can be checked before the table is read: parameters that a file can't hold, or that are not those of the
    /// run that goes on, and that the file can be written. The fit checks all of it.
    ///
    /// # Errors
    /// [`SavedRunError`].
    pub fn check(&self, params: &Params) -> Result<(), SavedRunError> {
        match params.algorithm() {
            Algorithm::Lloyd => {}
            Algorithm::Bisecting => {
                return Err(SavedRunError::NotKept { what: "a run of the algorithm bisecting" });
            }
            Algorithm::Minibatch(_) => {
                return Err(SavedRunError::NotKept { what: "a run of the algorithm minibatch" });
            }
        }
        if params.keep() == Keep::All {
            return Err(SavedRunError::NotKept { what: "a run that keeps the states of all restarts" });
        }
        let (n_restarts, most) = (params.n_restarts(), MOST_OUTCOMES as u64);
        if n_restarts > most {
            return Err(SavedRunError::TooMany { n_restarts, most });
        }
        let Some(from) = &self.from else { return Ok(()) };
        self.same(from.identity.differs_in_params(&RunIdentity::of_params(params)))?;
        let (first, asked) = (from.first_restart, params.first_restart());
        self.same((first != asked).then(|| ("first restart", first.to_string(), asked.to_string())))?;
        if from.count() > n_restarts {
            let path = self.path.clone();
            return Err(SavedRunError::MoreDone { path, done: from.count(), asked: n_restarts });
        }
        if self.follows || is_whole(from, n_restarts) { Ok(()) } else { check_writable(&self.path) }
    }

    fn same(&self, difference: Option<(&'static str, String, String)>) -> Result<(), SavedRunError> {
        let path = self.path.clone();
        difference
            .map_or(Ok(()), |(what, found, asked)| Err(SavedRunError::OtherRun { path, what, found, asked }))
    }

    /// Why the run could not be written the last time, if it could not. It is tried again when the time has passed.
    #[must_use]
    pub fn error(&self) -> Option<&SavedRunError> {
        self.error.as_ref()
    }

    /// Ends it. The file stays, with the run as far as it came: a run that is done gives its result again without a restart,
    /// and can be joined with others by [`SavedRun::merge`].
    ///
    /// # Errors
    /// Why the run could not be written the last time.
    pub fn finish(self) -> Result<(), SavedRunError> {
        self.error.map_or(Ok(()), Err)
    }

    /// Checks that the run that goes on is that of this table too, as the fit does.
    ///
    /// # Errors
    /// [`FitError::Saved`], [`FitError::Params`].
    pub fn check_table(&self, params: &Params, table: &Table) -> Result<(), FitError> {
        if self.from.is_some() { Ok(self.check_job(params, (&params.job(table)?, None))?) } else { Ok(()) }
    }

    /// The same of a job.
    pub(super) fn check_job(&self, params: &Params, job: Hashed<'_>) -> Result<(), SavedRunError> {
        if self.from.is_some() { self.check_identity(params, job).map(drop) } else { Ok(()) }
    }

    fn check_identity(
        &self,
        params: &Params,
        (job, hashes): Hashed<'_>,
    ) -> Result<RunIdentity, SavedRunError> {
        let identity = RunIdentity::of(params, job, hashes);
        let Some(from) = &self.from else { return Ok(identity) };
        self.same(from.identity.differs(&identity))?;
        let most = job.table.lattice.max_coordinate().unsigned_abs();
        if from.centroids().any(|q| q.unsigned_abs() > most) {
            let reason = "a centroid lies outside the table's lattice".to_owned();
            return Err(SavedRunError::Damaged { path: self.path.clone(), reason });
        }
        Ok(identity)
    }

    /// Begins a run, or goes on with the one in the file.
    pub(super) fn begin(
        &mut self,
        params: &Params,
        (job, hashes): Hashed<'_>,
        data: &str,
    ) -> Result<(Start, Recorder<'_>), SavedRunError> {
        self.check(params)?;
        let identity = self.check_identity(params, (job, hashes))?;
        self.whole = self.from.as_ref().is_some_and(|from| is_whole(from, params.n_restarts()));
        let start = self.from.take().map_or_else(Start::default, |from| Start::of(*from, job));
        let lattice = &job.table.lattice;
        let about = AboutRun {
            data: data.to_owned(),
            cairn: env!("CARGO_PKG_VERSION").to_owned(),
            weight_unit: job.table.weights.unit(),
            least_exponent: lattice.exponent.iter().copied().min().unwrap_or(0),
        };
        self.due = Instant::now() + self.every;
        let plan = RunPlan::of(params);
        Ok((start, Recorder { checkpoint: self, identity, about, plan }))
    }

    fn write(&mut self, parts: &Parts<'_>) {
        if self.whole || self.follows {
            return;
        }
        let written = self.check_own().and_then(|()| write(&self.path, parts));
        self.error = written.err();
        match &self.error {
            None => debug!("wrote the checkpoint {}", self.path.display()),
            Some(error) => debug!("{error}"),
        }
        if self.error.is_none() {
            self.written = seen(&self.path);
        }
        self.due = Instant::now() + self.every;
    }

    /// Checks that the file is as this process has left it.
    fn check_own(&self) -> Result<(), SavedRunError> {
        match seen(&self.path) {
            found if found.is_some() && found != self.written => {
                Err(SavedRunError::Taken { path: self.path.clone() })
            }
            _ => Ok(()),
        }
    }
}

/// Whether no restart is left to do.
fn is_whole(run: &SavedRun, n_restarts: u64) -> bool {
    run.ended.is_some() && run.count() == n_restarts
}

/// A file that is there.
fn seen(path: &Path) -> Option<Seen> {
    let metadata = fs::metadata(path).ok()?;
    Some((metadata.len(), metadata.modified().ok()?))
}

/// What an earlier process left of a run.
#[derive(Debug, Default)]
pub(super) struct Start {
    pub(super) restarts: Restarts,
    pub(super) population: Option<Population>,
    pub(super) unfinished: Option<Unfinished>,
    pub(super) spent: Duration,
    pub(super) resumed: bool,
}

impl Start {
    fn of(run: SavedRun, job: &Job<'_>) -> Self {
        let state = run.best.map(|best| {
            let mut counts = vec![0; job.n_clusters];
            for (row, &label) in best.labels.iter().enumerate() {
                if let Some(count) = counts.get_mut(label as usize) {
                    *count += u64::from(job.table.weights.get(row));
                }
            }
            (best.restart, State { centroids: best.centroids, labels: best.labels, counts })
        });
        Self {
            restarts: Restarts::earlier(run.outcomes, state),
            population: run.population,
            unfinished: run.unfinished,
            spent: run.spent,
            resumed: true,
        }
    }
}

/// Writes a run to its checkpoint while it goes on.
pub(super) struct Recorder<'a> {
    checkpoint: &'a mut Checkpoint,
    identity: RunIdentity,
    about: AboutRun,
    plan: RunPlan,
}

impl Recorder<'_> {
    /// Whether it is time to write.
    pub(super) fn is_due(&self) -> bool {
        Instant::now() >= self.checkpoint.due
    }

    /// Writes the run as far as it came.
    pub(super) fn write(
        &mut self,
        restarts: &Restarts,
        population: Option<&Population>,
        unfinished: Option<&Unfinished>,
        (ended, spent): (Option<RunEnd>, Duration),
    ) {
        let best = restarts.best().map(|best| best.restart).zip(restarts.best_state());
        self.checkpoint.write(&Parts {
            identity: &self.identity,
            about: &self.about,
            first_restart: self.plan.first,
            n_restarts: self.plan.n_restarts,
            ended,
            outcomes: &restarts.outcomes,
            best: best.map(|(restart, state)| (restart, &state.centroids[..], &state.labels[..])),
            unfinished,
            population,
            spent,
        });
    }

    /// Why the last write failed, if it did.
    pub(super) fn error(&self) -> Option<String> {
        self.checkpoint.error.as_ref().map(ToString::to_string)
    }
}
