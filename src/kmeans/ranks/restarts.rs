//! Fits by ranks of which each makes some of the restarts.

use std::ops::ControlFlow;
use std::time::Instant;

use super::together::{Ranks, Share, Shared, in_threads_of_all};
use crate::comm::{self, Comm, Timed};
use crate::data::Dataset;
use crate::engine::{Batch, EngineError, Keep, Opened, Outcome, State, Work};
use crate::kmeans::fit::{Fit, Progress, Step, fit_packed};
use crate::kmeans::pack::pack_for_watched;
use crate::kmeans::restarts::{MOST_OUTCOMES, OUTCOME, Restarts, bytes_of, of_bytes};
use crate::kmeans::saved::RunIdentity;
use crate::kmeans::{Algorithm, FitError, KMeans, Params, RunEnd, Search};

/// [`fit_in_steps`](crate::kmeans::fit_in_steps) by several processes, each of which has the whole table and makes some of the
/// restarts, on a device of its own. The fit is that of one process, to the last bit; every rank gets the whole of it. `seen` is
/// told of the restarts of this rank.
///
/// A rank that is cancelled, or fails, ends all when they have made their restarts, without a result. [`fit_on_ranks`](super::fit_on_ranks()) has
/// checkpoints, limits on the time, and tables larger than the memory of a rank.
///
/// # Errors
/// As [`fit_in_steps`](crate::kmeans::fit_in_steps), of any rank; [`FitError::OneProcessOnly`] for what is not shared so;
/// [`CommError::Unlike`] for ranks that differ, also in their tables, [`CommError::Lost`] for one that can't be reached.
///
/// [`CommError::Unlike`]: crate::comm::CommError::Unlike
/// [`CommError::Lost`]: crate::comm::CommError::Lost
pub fn fit_restarts_on_ranks(
    opened: &Opened,
    data: &Dataset<'_>,
    params: &Params,
    comm: &dyn Comm,
    seen: &mut (dyn FnMut(Step<'_>) -> ControlFlow<()> + Send),
) -> Result<Fit, FitError> {
    in_threads_of_all(comm, params, || {
        let start = Instant::now();
        let comm = Timed::new(comm);
        let all = Ranks { comm: &comm };
        all.agree(
            needs_one_process(params, comm.size())
                .map_or(Ok(()), |what| Err(FitError::OneProcessOnly { what })),
        )?;
        all.check_alike(data, params)?;
        let table = pack_for_watched(data, params, &mut |done, of| {
            let _ = seen(Step::Pack { done, of });
        });
        let table = all.agree(table)?;
        let job = all.agree(params.job(&table).map_err(FitError::from))?;
        comm::alike(&comm, "a table of hash", &RunIdentity::of(params, &job, None).table)?;
        let packing = start.elapsed();
        let (n, ranks) = (params.n_restarts(), comm.size() as u64);
        let first = |rank: u64| {
            params.first_restart() + (u128::from(n) * u128::from(rank) / u128::from(ranks)) as u64
        };
        let own = first(comm.rank() as u64)..first(comm.rank() as u64 + 1);
        let kmeans = KMeans::from(params.clone()).best_so_far(false);
        let own = kmeans.first_restart(own.start).restarts(own.end - own.start).check()?;
        let progress = &mut |progress: &Progress<'_>| seen(Step::Restarts(*progress));
        let fit = fit_packed(opened, (&table, None), &own, None, progress);
        // a rank that was cancelled ends all, with no gap in what was done
        let cancelled = match &fit {
            Err(FitError::Cancelled { done, .. }) => [*done, 1],
            Ok(fit) => [fit.restarts.count(), 0],
            Err(_) => [0, 0],
        };
        let mut words = cancelled;
        comm.sum(&mut words)?;
        let [done, cancels] = words;
        if cancels > 0 {
            return Err(FitError::Cancelled { done, of: n });
        }
        let mut fit = all.agree(fit)?;
        let outcomes = all.outcomes(&fit, first(0))?;
        let missing =
            || EngineError::DeviceFailed { adapter: fit.device.adapter.clone(), reason: "no restart".into() };
        let best = *Batch::best(&outcomes).ok_or_else(missing)?;
        let owner = (0..ranks).rev().find(|&rank| first(rank) <= best.restart).unwrap_or(0);
        let state = all.state(owner as usize, &fit.state)?;
        // what limits on sizes cost that restart
        let mut unlimited = fit.unlimited.map_or_else(Vec::new, |cost| cost.to_le_bytes().to_vec());
        comm.broadcast(&mut unlimited, owner as usize)?;
        fit.unlimited = unlimited.as_chunks().0.first().map(|&cost| u128::from_le_bytes(cost));
        let work = all.work(fit.restarts.work)?;
        let mut restarts = Restarts::earlier(outcomes, Some((best.restart, state)));
        (restarts.work, restarts.times) = (work, fit.restarts.times);
        fit.fingerprint = restarts.fingerprint(&job);
        fit.spread = restarts.spread().ok_or_else(missing)?;
        fit.best = best;
        if let Some((_, state)) = restarts.states.pop() {
            fit.state = state;
        }
        fit.restarts = restarts;
        fit.searched.ended = RunEnd::Restarts;
        fit.scaling = data.points.scaling().cloned();
        fit.timings.pack = packing;
        fit.timings.total = opened.took + start.elapsed();
        fit.shared = Some(Shared { n_ranks: comm.size(), share: Share::Restarts, in_calls: comm.spent() });
        Ok(fit)
    })
}

/// What of the parameters is not shared by restarts.
fn needs_one_process(params: &Params, n_ranks: usize) -> Option<&'static str> {
    match params.algorithm() {
        Algorithm::Bisecting => Some("the algorithm bisecting"),
        Algorithm::Minibatch(_) => Some("the algorithm minibatch"),
        Algorithm::Lloyd if params.search() != Search::Restarts => Some("an evolving search"),
        Algorithm::Lloyd if params.keep() == Keep::All => Some("a report of all restarts"),
        Algorithm::Lloyd if params.time().is_some() => Some("a limit on the time of whole restarts"),
        Algorithm::Lloyd if params.n_restarts() < n_ranks as u64 => {
            Some("a number of restarts below that of processes")
        }
        Algorithm::Lloyd if params.n_restarts() > MOST_OUTCOMES as u64 => Some("a run of so many restarts"),
        Algorithm::Lloyd => None,
    }
}

impl Ranks<'_> {
    /// The outcomes of all restarts, in order, from number `first` on.
    fn outcomes(&self, fit: &Fit, first: u64) -> Result<Vec<Outcome>, FitError> {
        let own = fit.restarts.outcomes.iter().flat_map(bytes_of).collect();
        let all = self.gather(Ok(own))?;
        let bytes = all.iter().flat_map(|bytes| bytes.as_chunks::<OUTCOME>().0);
        Ok((first..).zip(bytes).filter_map(|(restart, bytes)| of_bytes(restart, bytes)).collect())
    }

    /// The state that rank `root` has.
    fn state(&self, root: usize, own: &State) -> Result<State, FitError> {
        let words = |values: &[u32]| values.iter().flat_map(|value| value.to_le_bytes()).collect::<Vec<u8>>();
        let mut centroids: Vec<u8> = own.centroids.iter().flat_map(|q| q.to_le_bytes()).collect();
        let mut labels = words(&own.labels);
        let mut counts: Vec<u8> = own.counts.iter().flat_map(|count| count.to_le_bytes()).collect();
        for bytes in [&mut centroids, &mut labels, &mut counts] {
            self.comm.broadcast(bytes, root)?;
        }
        Ok(State {
            centroids: centroids.as_chunks().0.iter().map(|&q| i32::from_le_bytes(q)).collect(),
            labels: labels.as_chunks().0.iter().map(|&label| u32::from_le_bytes(label)).collect(),
            counts: counts.as_chunks().0.iter().map(|&count| u64::from_le_bytes(count)).collect(),
        })
    }

    /// That of all ranks.
    fn work(&self, own: Work) -> Result<Work, FitError> {
        let Work {
            assigned_points,
            repaired_points,
            later_assigned_points,
            later_repaired_points,
            skipped_distances,
        } = own;
        let mut words = [
            assigned_points,
            repaired_points,
            later_assigned_points,
            later_repaired_points,
            skipped_distances,
        ];
        self.comm.sum(&mut words)?;
        let [
            assigned_points,
            repaired_points,
            later_assigned_points,
            later_repaired_points,
            skipped_distances,
        ] = words;
        Ok(Work {
            assigned_points,
            repaired_points,
            later_assigned_points,
            later_repaired_points,
            skipped_distances,
        })
    }
}
