//! The distances to the nearest seed, whatever type they are stored in.

use super::super::columns::Columns;
use super::super::kernel::Kernel;
use crate::engine::certify;
use crate::lattice::Table;

/// Distances D of all points to their nearest seed, and their values if a candidate became a seed.
pub(super) trait Near {
    /// Sum of w D.
    fn total(&self) -> u128;
    /// The first row whose running total of w D exceeds `t`.
    fn pick(&self, t: u128) -> usize;
    /// The candidate that leaves the least potential, the first of equals. `columns` hold the candidates `rows`.
    fn best(&mut self, rows: &[usize], columns: &Columns) -> usize;
    /// Makes candidate `chosen` of the last [`Near::best`] a seed.
    fn choose(&mut self, chosen: usize);
}

/// Columns for `n_candidates` candidates. Seeding always uses the sound bound.
pub(super) fn columns(table: &Table, kernel: Kernel, n_candidates: usize) -> Columns {
    let gamma = certify::gamma(table.n_dims(), certify::UNIT_CPU);
    Columns::new(table, n_candidates, kernel.block(n_candidates), gamma)
}

/// The first index at which the running total of `shares` exceeds `t`, and `t` less the total before it.
fn pick_share(t: u128, shares: impl Iterator<Item = u128>) -> (usize, u128) {
    let mut before = 0;
    let mut last = (0, 0);
    for (at, share) in shares.enumerate() {
        last = (at, t - before);
        if before + share > t {
            break;
        }
        before += share;
    }
    last
}

/// The first row whose running total exceeds `t`: by tile, then by row.
pub(in crate::engine::cpu) fn pick_row(
    t: u128,
    width: usize,
    sums: &[u128],
    share: impl Fn(usize) -> u128,
    n: usize,
) -> usize {
    let (tile, rest) = pick_share(t, sums.iter().copied());
    let rows = tile * width..n.min((tile + 1) * width);
    tile * width + pick_share(rest, rows.map(share)).0
}
