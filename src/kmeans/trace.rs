//! The inertia of a restart after each iteration.

use super::error::no_restart;
use super::{FitError, Params};
use crate::engine::{Engine, EngineError, Job, Keep, Outcome, Seeding, State, Stop, Watch};
use crate::lattice::Table;

/// The inertia of a restart after each iteration, in lattice units.
///
/// Runs the restart again, one update at a time, each from the centroids of the last. An iteration depends only on the
/// centroids, so these are the iterations of the fit. `restart` is an outcome of a fit of the same points and
/// parameters.
///
/// # Errors
/// [`FitError::Params`]; [`FitError::Engine`] if the device fails or the outcome is of another fit.
pub fn trace(
    engine: &dyn Engine,
    table: &Table,
    params: &Params,
    restart: &Outcome,
) -> Result<Vec<u128>, FitError> {
    let whole = params.job(table)?;
    let mut job = Job { max_iter: 1, ..whole };
    let mut number = restart.restart;
    let mut inertias = Vec::with_capacity(restart.iterations as usize);
    for _ in 0..restart.iterations {
        let (outcome, state) = once(engine, &job, number)?;
        inertias.push(outcome.inertia);
        job.seeding = Seeding::Given(state.centroids);
        number = 0;
        if outcome.stop == Stop::FixedPoint {
            break;
        }
    }
    if inertias.last() == Some(&restart.inertia) {
        return Ok(inertias);
    }
    let reason =
        "the repeated restart has another result; the outcome belongs to other points or parameters".into();
    Err(EngineError::DeviceFailed { adapter: engine.info().adapter, reason }.into())
}

fn once(engine: &dyn Engine, job: &Job<'_>, restart: u64) -> Result<(Outcome, State), FitError> {
    let mut session = engine.load(job)?;
    let mut batch = session.run(restart..restart + 1, Keep::All, &Watch::default())?;
    let missing = || no_restart(&engine.info());
    let (_, state) = batch.states.pop().ok_or_else(missing)?;
    Ok((*batch.outcomes.first().ok_or_else(missing)?, state))
}
