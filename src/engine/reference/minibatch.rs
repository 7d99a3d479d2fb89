//! Minibatch k-means (docs/DEFINITION.md, section 3.16), in plain loops: the oracle of `kmeans::minibatch`.

use super::assign::{assign, inertia};
use super::seed::{pick, seed};
use super::stop::shift_limit;
use super::update::move_centroids;
use super::{Sums, lloyd};
use crate::engine::draws::{Draws, STREAM_OF_ROWS};
use crate::engine::{Job, Outcome, State, Stop, digest};
use crate::lattice::Table;

/// The one outcome and its state; `None` of no restarts. `tol` and `n_restarts` are those of the sample; `rows` are those of a batch.
#[must_use]
pub fn minibatch(
    job: &Job<'_>,
    tol: f64,
    n_restarts: u64,
    rows: usize,
    batches: u32,
) -> Option<(Outcome, State)> {
    let (table, k) = (job.table, job.n_clusters);
    let mut draws = Draws::new(job.seed, STREAM_OF_ROWS);
    let sample = sample(table, 3 * rows.max(k), &mut draws);
    let on_sample = Job { table: &sample, shift_limit: shift_limit(&sample, tol), ..job.clone() };
    let restarts = (0..n_restarts).map(|r| lloyd(&on_sample, seed(&on_sample, r), |_, _| ()).0);
    // min_by_key keeps the first of equals
    let best = restarts.min_by_key(|state| inertia(&sample, &state.centroids, &state.labels));
    let State { mut centroids, labels, .. } = best?;
    let mut sums = Sums::of(&sample, &labels, k);
    for _ in 0..batches {
        let batch = draw(table, rows, &mut draws);
        for (i, label) in assign(&batch, &centroids).into_iter().enumerate() {
            sums.add(label as usize, batch.point(i), 1);
        }
        centroids = move_centroids(job, &sums, &centroids);
    }
    let once_more = Job { max_iter: 1, shift_limit: None, ..job.clone() };
    let (_, _, stop) = lloyd(&once_more, centroids.clone(), |_, _| ());
    let stop = if stop == Stop::FixedPoint { Stop::FixedPoint } else { Stop::MaxIter };
    let labels = assign(table, &centroids);
    let counts = Sums::of(table, &labels, k).counts;
    let inertia = inertia(table, &centroids, &labels);
    let outcome = Outcome { restart: 0, inertia, iterations: batches, stop, digest: digest(&centroids) };
    Some((outcome, State { centroids, labels, counts }))
}

/// `n` drawn rows, or all of positive weight if they weigh no more.
fn sample(table: &Table, n: usize, draws: &mut Draws) -> Table {
    if n as u64 >= table.weights.total() {
        return table.select(&table.weighted_rows());
    }
    draw(table, n, draws)
}

fn draw(table: &Table, n: usize, draws: &mut Draws) -> Table {
    let weights = || (0..table.n_points()).map(|i| table.weights.get(i).into());
    let total = table.weights.total().into();
    let rows: Vec<u32> = (0..n).map(|_| pick(draws.below(total), weights()) as u32).collect();
    table.draw(&rows)
}
