//! Children: the first centroids of a restart of an evolving search, from the members of its population
//! (docs/DEFINITION.md, section 3.15).

use super::assign::{distance, nearest, row_distance};
use super::seed::pick;
use crate::engine::Job;
use crate::engine::draws::Draws;
use crate::lattice::Table;

/// The first centroids of restart `restart`, a child of `members`, each (n_clusters, n_dims). There are at least two
/// clusters.
#[must_use]
pub fn child(job: &Job<'_>, members: &[Vec<i32>], restart: u64) -> Vec<i32> {
    let swap = |centroids, draws: &mut Draws| Some(swapped(job.table, centroids, draws));
    of_members(job, members, restart, swap).unwrap_or_default()
}

/// [`child`], whose centroids are swapped by `swap`. `None` if that returns none.
pub fn of_members(
    job: &Job<'_>,
    members: &[Vec<i32>],
    restart: u64,
    swap: impl FnOnce(Vec<i32>, &mut Draws) -> Option<Vec<i32>>,
) -> Option<Vec<i32>> {
    let mut draws = Draws::new(job.seed, restart);
    let slot = slot_of(restart, members.len());
    let coin = |draws: &mut Draws| draws.below(2) == 1;
    let mut centroids = members[slot].clone();
    let crosses = members.len() > 1 && coin(&mut draws);
    if crosses {
        let other = draws.below(members.len() as u128 - 1) as usize;
        let other = if other < slot { other } else { other + 1 };
        centroids = crossed(job.table, &centroids, &members[other], &mut draws);
    }
    if !crosses || coin(&mut draws) { swap(centroids, &mut draws) } else { Some(centroids) }
}

/// The slot for which a restart is a child.
#[must_use]
pub fn slot_of(restart: u64, n_members: usize) -> usize {
    (restart % n_members as u64) as usize
}

/// The m centroids of `a` nearest to a drawn row, then of `b` all but the m nearest; both by rising distance, ties by
/// index. m is drawn from 1 to n_clusters - 1.
fn crossed(table: &Table, a: &[i32], b: &[i32], draws: &mut Draws) -> Vec<i32> {
    let d = table.n_dims();
    let weights = (0..table.n_points()).map(|i| table.weights.get(i).into());
    let pivot = table.point(pick(draws.below(table.weights.total().into()), weights));
    let m = 1 + draws.below((a.len() / d) as u128 - 1) as usize;
    let ranked = |c: &[i32]| {
        let to = |row: &[i32]| {
            let lattice = &table.lattice;
            distance(pivot.iter().map(|&q| q.into()), row, &lattice.shift, lattice.max_shift())
        };
        let mut rows: Vec<(u128, usize)> = c.chunks_exact(d).map(to).zip(0..).collect();
        rows.sort_unstable();
        rows.into_iter().map(|(_, at)| at).collect::<Vec<usize>>()
    };
    let of_a = ranked(a).into_iter().take(m).flat_map(|at| &a[at * d..][..d]);
    let of_b = ranked(b).into_iter().skip(m).flat_map(|at| &b[at * d..][..d]);
    of_a.chain(of_b).copied().collect()
}

/// The centroids with one of them moved to a row that is drawn in proportion to w D: the one whose removal, with that row
/// as a centroid, leaves the least potential; ties go to the lowest. Where the potential is 0 nothing is drawn.
fn swapped(table: &Table, mut centroids: Vec<i32>, draws: &mut Draws) -> Vec<i32> {
    let (n, d) = (table.n_points(), table.n_dims());
    let k = centroids.len() / d;
    let own: Vec<(usize, u128, u128)> = (0..n)
        .map(|i| {
            let to = |c: usize| row_distance(table, i, &centroids[c * d..][..d]);
            let label = nearest(&centroids, d, |c| row_distance(table, i, c)) as usize;
            let second = (0..k).filter(|&c| c != label).map(to).min();
            (label, to(label), second.unwrap_or(u128::MAX))
        })
        .collect();
    let weight = |i: usize| u128::from(table.weights.get(i));
    let total: u128 = own.iter().enumerate().map(|(i, (_, least, _))| weight(i) * least).sum();
    if total == 0 {
        return centroids;
    }
    let row = pick(draws.below(total), own.iter().enumerate().map(|(i, (_, least, _))| weight(i) * least));
    let mut losses = vec![0; k];
    for (i, (label, least, second)) in own.into_iter().enumerate() {
        losses[label] += loss(weight(i), row_distance(table, i, table.point(row)), least, second);
    }
    replace(&mut centroids, &losses, table.point(row));
    centroids
}

/// What a row of this weight adds to the potential if its nearest centroid, at distance `least`, is removed, with a new
/// one at distance `new` and its second nearest at distance `second`.
#[must_use]
pub fn loss(weight: u128, new: u128, least: u128, second: u128) -> u128 {
    weight * (second.min(new) - least.min(new))
}

/// Moves the centroid of least loss, the first of equals, to `point`. (n_clusters, n_dims)
pub fn replace(centroids: &mut [i32], losses: &[u128], point: &[i32]) {
    let d = point.len();
    let least = losses.iter().zip(0..).min().map_or(0, |(_, c)| c);
    centroids[least * d..][..d].copy_from_slice(point);
}
