//! The results of all restarts: outcomes, states, the best one, the spread and the fingerprint.

use std::cmp::Ordering;
use std::time::Duration;

use crate::engine::{Batch, Job, Keep, Outcome, State, Stop, Times, Work};

/// Most restarts whose outcomes are kept: 48 bytes each. Of further ones only sums, the best and the hash are.
pub const MOST_OUTCOMES: usize = 1 << 22;

/// The version of the definition by which restarts are computed: the first text that a fingerprint hashes.
pub(super) const DEFINITION: &str = "cairn-fp-2";

/// Results of all restarts.
#[derive(Debug, Clone, Default)]
pub struct Restarts {
    /// Of the first [`MOST_OUTCOMES`] restarts, in order.
    pub outcomes: Vec<Outcome>,
    /// States with their restart's number: the best one's, or all.
    pub states: Vec<(u64, State)>,
    /// How many labels were decided in floating point, and how many in integers.
    pub work: Work,
    /// Wall time of each step.
    pub times: Times,
    /// How the least inertia fell. Of a run that went on from a checkpoint, from there on. Empty where it is not known.
    pub falls: Vec<Fall>,
    /// Time from the begin of the run to its end, as [`Fall::after`].
    pub ran_for: Duration,
    further: Option<Box<Further>>,
}

/// A batch that lowered the least inertia.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fall {
    /// Time from the begin of the run to the end of the batch. A run that went on counts the time before.
    pub after: Duration,
    /// The least inertia then, in lattice units.
    pub inertia: u128,
}

/// Restarts whose outcomes are not kept.
#[derive(Debug, Clone)]
struct Further {
    count: u64,
    best: Outcome,
    found_best: u64,
    max: u128,
    iterations: u64,
    stopped: [u64; 3],    // by stop code
    hash: blake3::Hasher, // of everything before them, and of them
}

/// Distribution of the inertias of all restarts, in lattice units.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Spread {
    /// Number of restarts.
    pub count: u64,
    /// Least inertia.
    pub min: u128,
    /// Median: the two central values of an even count, else the central value twice.
    pub median: (u128, u128),
    /// Number of restarts that the median is of, the first ones: all, or [`MOST_OUTCOMES`] if there are more.
    pub median_of: u64,
    /// Largest inertia.
    pub max: u128,
    /// Restarts that reached the least inertia.
    pub found_best: u64,
}

impl Restarts {
    /// A single one. `batch` has the work and the times.
    pub(super) fn of_one(outcome: Outcome, state: State, batch: Batch) -> Self {
        let (outcomes, states) = (vec![outcome], vec![(outcome.restart, state)]);
        Self { outcomes, states, work: batch.work, times: batch.times, ..Self::default() }
    }

    /// Those of an earlier process, all of whose outcomes are kept.
    pub(super) fn earlier(outcomes: Vec<Outcome>, best: Option<(u64, State)>) -> Self {
        let states = best.into_iter().collect();
        Self { outcomes, states, ..Self::default() }
    }

    /// Adds the next batch of a run of `n_restarts`, which took `wall`.
    pub(super) fn take(
        &mut self,
        batch: Batch,
        keep: Keep,
        wall: Duration,
        (job, n_restarts): (&Job<'_>, u64),
    ) {
        let before = match keep {
            // the only state is the best one's
            Keep::Best => self.states.first().and_then(|(restart, _)| self.outcome(*restart)),
            Keep::All => self.best().copied(),
        };
        self.take_outcomes(&batch.outcomes, MOST_OUTCOMES, || head(sizes(job), n_restarts));
        self.times.merge(batch.times.scaled_to(wall));
        self.work.merge(batch.work);
        self.states.extend(batch.states);
        if keep == Keep::Best {
            let best = Batch::best(before.iter().chain(&batch.outcomes)).map(|best| best.restart);
            self.states.retain(|(restart, _)| Some(*restart) == best);
        }
    }

    /// Notes the least inertia of an earlier process, which ended so long `after` the run began.
    pub(super) fn note_earlier(&mut self, after: Duration) {
        let earlier = self.best().map(|best| Fall { after, inertia: best.inertia });
        self.falls.extend(earlier);
    }

    /// Notes whether the batch whose outcomes these are, which ended so long `after` the run began, lowered the least inertia.
    pub(super) fn note_fall(&mut self, outcomes: &[Outcome], after: Duration) {
        let before = self.falls.last().map_or(u128::MAX, |fall| fall.inertia);
        let least = outcomes.iter().map(|outcome| outcome.inertia).min();
        self.falls.extend(least.filter(|&least| least < before).map(|inertia| Fall { after, inertia }));
    }

    /// Keeps outcomes while there are at most `most`, and sums up the others. `head` begins the hash.
    fn take_outcomes(&mut self, outcomes: &[Outcome], most: usize, head: impl FnOnce() -> blake3::Hasher) {
        let room = most.saturating_sub(self.outcomes.len()).min(outcomes.len());
        let (kept, others) = outcomes.split_at(room);
        self.outcomes.extend_from_slice(kept);
        let Some(&first) = others.first() else { return };
        let further = self.further.get_or_insert_with(|| {
            let mut hash = head();
            self.outcomes.iter().for_each(|outcome| add_to(&mut hash, outcome));
            Box::new(Further {
                count: 0,
                best: first,
                found_best: 0,
                max: 0,
                iterations: 0,
                stopped: [0; 3],
                hash,
            })
        });
        others.iter().for_each(|outcome| further.add(outcome));
    }

    /// The outcome of a restart, if it is kept or the best of the further ones.
    fn outcome(&self, restart: u64) -> Option<Outcome> {
        let first = self.outcomes.first()?.restart;
        let at = usize::try_from(restart.checked_sub(first)?).ok();
        let kept = at.and_then(|at| self.outcomes.get(at));
        kept.or_else(|| self.further.as_ref().map(|further| &further.best)).copied()
    }

    /// Number of restarts.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.outcomes.len() as u64 + self.further.as_ref().map_or(0, |further| further.count)
    }

    /// Whether the outcomes of all restarts are kept.
    pub(super) fn are_all_kept(&self) -> bool {
        self.further.is_none()
    }

    /// The best restart: least inertia, then least number.
    #[must_use]
    pub fn best(&self) -> Option<&Outcome> {
        Batch::best(self.outcomes.iter().chain(self.further.as_ref().map(|further| &further.best)))
    }

    /// The best restart's state.
    #[must_use]
    pub fn best_state(&self) -> Option<&State> {
        let best = self.best()?.restart;
        self.states.iter().find(|(restart, _)| *restart == best).map(|(_, state)| state)
    }

    /// Iterations of all restarts.
    #[must_use]
    pub fn iterations(&self) -> u64 {
        let kept: u64 = self.outcomes.iter().map(|outcome| u64::from(outcome.iterations)).sum();
        kept + self.further.as_ref().map_or(0, |further| further.iterations)
    }

    /// Number of restarts that stopped for this reason.
    #[must_use]
    pub fn stopped(&self, stop: Stop) -> u64 {
        let kept = self.outcomes.iter().filter(|outcome| outcome.stop == stop).count() as u64;
        kept + self.further.as_ref().map_or(0, |further| further.stopped[stop as usize])
    }

    /// Distribution of the inertias; `None` without restarts.
    #[must_use]
    pub fn spread(&self) -> Option<Spread> {
        let mut inertias: Vec<u128> = self.outcomes.iter().map(|outcome| outcome.inertia).collect();
        inertias.sort_unstable();
        let (&least, &most) = (inertias.first()?, inertias.last()?);
        let kept = inertias.len();
        let median = (inertias[(kept - 1) / 2], inertias[kept / 2]);
        let min = self.best()?.inertia;
        let mut found_best =
            if least == min { inertias.partition_point(|&inertia| inertia == min) as u64 } else { 0 };
        let mut max = most;
        if let Some(further) = &self.further {
            found_best += if further.best.inertia == min { further.found_best } else { 0 };
            max = max.max(further.max);
        }
        Some(Spread { count: self.count(), min, median, median_of: kept as u64, max, found_best })
    }

    /// The fingerprint (docs/DEFINITION.md, section 3.10) as 64 hex digits. It is equal on two machines whose results
    /// are equal.
    #[must_use]
    pub fn fingerprint(&self, job: &Job<'_>) -> String {
        let mut hash = match &self.further {
            Some(further) => further.hash.clone(),
            None => hash_of(sizes(job), &self.outcomes),
        };
        if let Some(state) = self.best_state() {
            add_best(&mut hash, &state.centroids, &state.labels);
        }
        hash.finalize().to_hex().to_string()
    }
}

/// The fingerprint of some restarts of a table of (n_points, n_dims) in so many clusters, of which `best` has the best one's
/// centroids and labels.
pub(super) fn fingerprint_of(
    sizes: [u64; 3],
    outcomes: &[Outcome],
    best: Option<(&[i32], &[u32])>,
) -> String {
    let mut hash = hash_of(sizes, outcomes);
    if let Some((centroids, labels)) = best {
        add_best(&mut hash, centroids, labels);
    }
    hash.finalize().to_hex().to_string()
}

/// The hash of all restarts of a run, without the best one's state.
fn hash_of(sizes: [u64; 3], outcomes: &[Outcome]) -> blake3::Hasher {
    let mut hash = head(sizes, outcomes.len() as u64);
    outcomes.iter().for_each(|outcome| add_to(&mut hash, outcome));
    hash
}

fn add_best(hash: &mut blake3::Hasher, centroids: &[i32], labels: &[u32]) {
    centroids.iter().for_each(|q| {
        hash.update(&q.to_le_bytes());
    });
    labels.iter().for_each(|label| {
        hash.update(&label.to_le_bytes());
    });
}

fn sizes(job: &Job<'_>) -> [u64; 3] {
    [job.table.n_points(), job.table.n_dims(), job.n_clusters].map(|size| size as u64)
}

impl Further {
    fn add(&mut self, outcome: &Outcome) {
        match outcome.inertia.cmp(&self.best.inertia) {
            Ordering::Less => (self.best, self.found_best) = (*outcome, 1),
            Ordering::Equal => self.found_best += 1,
            Ordering::Greater => {}
        }
        self.count += 1;
        self.max = self.max.max(outcome.inertia);
        self.iterations += u64::from(outcome.iterations);
        self.stopped[outcome.stop as usize] += 1;
        add_to(&mut self.hash, outcome);
    }
}

/// The begin of the hash: version and sizes.
fn head(sizes: [u64; 3], n_restarts: u64) -> blake3::Hasher {
    let mut hash = blake3::Hasher::new();
    hash.update(DEFINITION.as_bytes());
    for size in sizes {
        hash.update(&size.to_le_bytes());
    }
    hash.update(&n_restarts.to_le_bytes());
    hash
}

fn add_to(hash: &mut blake3::Hasher, outcome: &Outcome) {
    hash.update(&bytes_of(outcome));
}

/// Bytes of an outcome in a fingerprint, and in the file of a run.
pub(super) const OUTCOME: usize = 29;

/// Iterations, why it stopped, inertia and digest, little-endian.
pub(super) fn bytes_of(outcome: &Outcome) -> [u8; OUTCOME] {
    let mut bytes = [0; OUTCOME];
    bytes[..4].copy_from_slice(&outcome.iterations.to_le_bytes());
    bytes[4] = outcome.stop as u8;
    bytes[5..21].copy_from_slice(&outcome.inertia.to_le_bytes());
    bytes[21..].copy_from_slice(&outcome.digest.to_le_bytes());
    bytes
}

/// The outcome of a restart from these bytes; `None` for a stop that there is not.
pub(super) fn of_bytes(restart: u64, bytes: &[u8; OUTCOME]) -> Option<Outcome> {
    let (iterations, rest) = bytes.split_first_chunk()?;
    let (stop, rest) = rest.split_first()?;
    let (inertia, rest) = rest.split_first_chunk()?;
    Some(Outcome {
        restart,
        inertia: u128::from_le_bytes(*inertia),
        iterations: u32::from_le_bytes(*iterations),
        stop: *[Stop::FixedPoint, Stop::Tol, Stop::MaxIter].get(usize::from(*stop))?,
        digest: u64::from_le_bytes(*rest.first_chunk()?),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outcome(restart: u64, inertia: u128) -> Outcome {
        let stop = if restart.is_multiple_of(3) { Stop::MaxIter } else { Stop::FixedPoint };
        Outcome { restart, inertia, iterations: restart as u32 + 1, stop, digest: restart * 7 }
    }

    /// Of these inertias, with outcomes of at most `most` restarts, in batches of `size`.
    fn restarts(inertias: &[u128], most: usize, size: usize) -> Restarts {
        let outcomes: Vec<Outcome> =
            inertias.iter().zip(0..).map(|(&inertia, at)| outcome(at, inertia)).collect();
        let mut all = Restarts::default();
        outcomes.chunks(size).for_each(|some| all.take_outcomes(some, most, || hash_of(&[])));
        all
    }

    fn hash_of(outcomes: &[Outcome]) -> blake3::Hasher {
        let mut hash = blake3::Hasher::new();
        outcomes.iter().for_each(|outcome| add_to(&mut hash, outcome));
        hash
    }

    #[test]
    fn restarts_beyond_the_limit_are_summed_up_exactly() {
        for inertias in
            [&[5, 3, 9, 3, 3, 8, 12, 4][..], &[5, 5, 5, 2, 9, 2, 2, 7], &[1, 2, 3, 4, 5, 6, 7, 1], &[4; 8]]
        {
            let all = restarts(inertias, 100, 100);
            let expected = all.spread().unwrap();
            for (most, size) in [(1, 1), (3, 2), (4, 4), (4, 3), (7, 8), (8, 3), (100, 1)] {
                let got = restarts(inertias, most, size);
                assert_eq!(got.outcomes, all.outcomes[..most.min(8)]);
                assert_eq!((got.count(), got.best(), got.iterations()), (8, all.best(), 36));
                for stop in [Stop::FixedPoint, Stop::Tol, Stop::MaxIter] {
                    assert_eq!(got.stopped(stop), all.stopped(stop));
                }
                let spread = got.spread().unwrap();
                assert_eq!(spread.median_of, most.min(8) as u64);
                let (median, median_of) = (expected.median, expected.median_of);
                assert_eq!(Spread { median, median_of, ..spread }, expected, "{inertias:?}, {most}, {size}");
                if let Some(further) = &got.further {
                    assert_eq!(further.hash.finalize(), hash_of(&all.outcomes).finalize());
                }
                for at in [0, 7] {
                    let kept = at < most as u64 || further_best(&got) == Some(at);
                    assert!(!kept || got.outcome(at) == Some(all.outcomes[at as usize]));
                }
            }
        }
    }

    fn further_best(all: &Restarts) -> Option<u64> {
        all.further.as_ref().map(|further| further.best.restart)
    }
}
