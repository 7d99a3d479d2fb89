//! Parts of one run, joined.

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::error::SavedRunError;
use super::run::SavedRun;
use crate::engine::Batch;
use crate::kmeans::restarts::MOST_OUTCOMES;
use crate::kmeans::search::RunEnd;

impl SavedRun {
    /// Joins parts of one run, in any order: the run over all their restarts, as if one process had computed it. The paths are
    /// for messages.
    ///
    /// ```
    /// use cairn::engine::{Device, OpenOptions, open};
    /// use cairn::kmeans::{CONTINUE, Checkpoint, KMeans, SavedRun, fit, fit_with_checkpoint};
    ///
    /// let (data, cpu) = (cairn::data::digits(), open(&Device::Cpu, &OpenOptions::default())?);
    /// let folder = tempfile::tempdir()?;
    /// let mut parts = Vec::new();
    /// for first in [0, 6] {
    ///     let path = folder.path().join(format!("{first}.run"));
    ///     let params = KMeans::new(10).first_restart(first).restarts(6).check()?;
    ///     let mut checkpoint = Checkpoint::create(&path)?;
    ///     fit_with_checkpoint(&cpu, &data, &params, &mut checkpoint, &mut |_| CONTINUE)?;
    ///     checkpoint.finish()?;
    ///     parts.push((path.clone(), SavedRun::load(&path)?));
    /// }
    /// let whole = fit(&data, &KMeans::new(10).restarts(12).check()?)?;
    /// assert_eq!(SavedRun::merge(parts)?.fingerprint(), whole.fingerprint);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`SavedRunError`]: parts of other data or parameters, that overlap or leave a gap, or that are not done.
    pub fn merge(parts: Vec<(PathBuf, SavedRun)>) -> Result<Self, SavedRunError> {
        let mut parts = parts;
        parts.sort_by_key(|(_, run)| run.first_restart);
        parts.iter().try_for_each(|(path, run)| check_done(path, run))?;
        parts.windows(2).try_for_each(|pair| check_pair(&pair[0], &pair[1]))?;
        let n_restarts = parts.iter().map(|(_, run)| run.count()).sum();
        if n_restarts > MOST_OUTCOMES as u64 {
            return Err(SavedRunError::TooMany { n_restarts, most: MOST_OUTCOMES as u64 });
        }
        let mut parts = parts.into_iter().map(|(_, run)| run);
        let mut whole = parts.next().ok_or(SavedRunError::NoRuns)?;
        for part in parts {
            // of equal ones the first
            let is_better = match (whole.best_outcome(), part.best_outcome()) {
                (Some(best), Some(other)) => {
                    Batch::best([best, other]).map(|best| best.restart) == Some(other.restart)
                }
                (best, _) => best.is_none(),
            };
            whole.outcomes.extend(part.outcomes);
            whole.best = if is_better { part.best } else { whole.best };
            whole.spent = whole.spent.checked_add(part.spent).unwrap_or(Duration::MAX);
            whole.ended = Some(RunEnd::Restarts);
        }
        whole.n_restarts = whole.count();
        Ok(whole)
    }

    /// Number of the restart after the last one that is done.
    fn end(&self) -> u64 {
        self.first_restart + self.count()
    }
}

fn check_done(path: &Path, run: &SavedRun) -> Result<(), SavedRunError> {
    if run.ended.is_some() {
        return Ok(());
    }
    Err(SavedRunError::Unfinished { path: path.to_owned(), done: run.count(), n_restarts: run.n_restarts })
}

fn check_pair(
    (first, one): &(PathBuf, SavedRun),
    (second, two): &(PathBuf, SavedRun),
) -> Result<(), SavedRunError> {
    let (path, other) = (first.clone(), second.clone());
    if let Some((what, one, two)) = one.identity.differs(&two.identity) {
        return Err(SavedRunError::OtherPart { first: path, second: other, what, one, two });
    }
    let (end, begin) = (one.end(), two.first_restart);
    if end < begin {
        return Err(SavedRunError::Gap { first: path, second: other, from: end, to: begin - 1 });
    }
    if end > begin {
        let to = end.min(two.end()) - 1;
        return Err(SavedRunError::Overlap { first: path, second: other, from: begin, to });
    }
    Ok(())
}
