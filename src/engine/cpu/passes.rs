//! The passes of a restart, each of which knows the bounds of the one before; and those over the rows of a rank.

use super::assign::assign;
use super::bounds::{Bounds, Moves};
use super::guess::{Guess, Guesser};
use super::info::info;
use super::kernel::Instructions;
use super::pass::Examined;
use super::update::Updater;
use crate::engine::certify::Bound;
use crate::engine::{DeviceInfo, EngineError, Passed, Passes, Watch};
use crate::lattice::Table;
use crate::log::debug;

/// What is kept from one pass of a restart to the next.
pub(super) struct Following {
    guess: Guess,
    bounds: Bounds,
    bound: Bound,
}

impl Following {
    pub(super) fn new(guesser: &Guesser<'_>, n_clusters: usize, bound: Bound) -> Self {
        let (guess, bounds) =
            (guesser.guess(n_clusters), Bounds::new(guesser.table, n_clusters, guesser.gives_bounds()));
        Self { guess, bounds, bound }
    }

    /// Sets the label of every point to its nearest centroid; `labels` are those of the pass before, by the centroids before.
    /// `None` if the watch has ended the run, perhaps within the pass.
    pub(super) fn assign(
        &mut self,
        guesser: &Guesser<'_>,
        (before, centroids): (&[i32], &[i32]),
        labels: &mut [u32],
        how: (bool, &Watch<'_>), // whether threads share the points
    ) -> Option<Examined> {
        let Self { guess, bounds, bound } = self;
        let (table, squares) = (guesser.table, guesser.kernel.squaring());
        let mut moves = bounds.kept().then(|| Moves::of(table, before, centroids, squares, *bound));
        if let Some(moves) = &mut moves {
            moves.choose_movers(bounds, labels, table.n_dims());
        }
        guesser.fill(guess, centroids, moves.as_mut());
        let kept = moves.as_ref().map(|moves| (&mut *bounds, moves));
        let examined = assign(guesser, guess, centroids, labels, kept, how);
        if how.1.has_ended() {
            return None;
        }
        bounds.are_filled();
        let Examined { points, to_movers, again, candidates, repaired } = examined;
        debug!(
            "a pass in {:?} over {} points: {points} examined, {to_movers} distances to movers, {candidates} candidates, \
             {again} again in f32, {repaired} in integers",
            guess.in_use,
            labels.len()
        );
        Some(examined)
    }

    /// Decides whether the next pass keeps bounds: see [`Bounds::decide`].
    pub(super) fn decide(&mut self, distances: u64, changed: u64) {
        self.bounds.decide(distances, changed);
    }
}

/// The passes over the rows of a rank.
pub(super) struct CpuPasses<'a> {
    instructions: Instructions,
    bound: Bound,
    guesser: Guesser<'a>,
    n_clusters: usize,
    restart: Option<OfRestart<'a>>,
}

/// What is kept within a restart.
struct OfRestart<'a> {
    following: Following,
    updater: Updater<'a>,
    centroids: Vec<i32>, // of the last pass
}

impl<'a> CpuPasses<'a> {
    pub(super) fn new(
        (instructions, bound): (Instructions, Bound),
        table: &'a Table,
        n_clusters: usize,
    ) -> Self {
        let guesser = Guesser::new(table, instructions, bound, n_clusters);
        Self { instructions, bound, guesser, n_clusters, restart: None }
    }
}

impl Passes for CpuPasses<'_> {
    fn info(&self) -> DeviceInfo {
        info(self.instructions)
    }

    fn pass(
        &mut self,
        (first, centroids): (bool, &[i32]),
        labels: &mut [u32],
        watch: &Watch<'_>,
    ) -> Result<Option<Passed>, EngineError> {
        let shared = rayon::current_num_threads() > 1;
        let kept = self.restart.take().filter(|_| !first);
        let (mut following, updater, before) = match kept {
            Some(OfRestart { following, updater, centroids }) => (following, Some(updater), centroids),
            None => (Following::new(&self.guesser, self.n_clusters, self.bound), None, centroids.to_vec()),
        };
        let examined = following.assign(&self.guesser, (&before, centroids), labels, (shared, watch));
        let Some(examined) = examined else { return Ok(None) };
        let distances = examined.points * self.n_clusters as u64 + examined.to_movers;
        let (table, kernel) = (self.guesser.table, self.guesser.kernel);
        let updater = match updater {
            None => Updater::new(table, kernel, labels, self.n_clusters, shared),
            Some(mut updater) => {
                let changed = updater.follow(labels, shared);
                following.decide(distances, changed);
                updater
            }
        };
        let skipped = ((labels.len() * self.n_clusters) as u64).saturating_sub(distances);
        let sums = updater.sums();
        self.restart = Some(OfRestart { following, updater, centroids: centroids.to_vec() });
        Ok(Some(Passed { sums, repaired: examined.repaired, skipped }))
    }
}
