//! Assign: the nearest centroid of every point, in parts that threads share.

use rayon::prelude::*;

use super::bounds::{Bounds, Moves};
use super::guess::{Arithmetic, Guess, Guesser};
use super::pass::{Examined, Part, Pass};
use crate::engine::Watch;

/// Tiles per parallel task.
const CHUNK: usize = 32;
/// Products of coordinates, for each point of a chunk, between two looks at the watch: a few milliseconds.
const LOOK: usize = 1 << 18;

/// Sets the label of every point to its nearest centroid. Returns what was examined.
///
/// With bounds, `labels` are those of the last pass and `moves` is how far the centroids have moved since. Only
/// points that the bounds leave open are examined, unless these are the majority.
///
/// Where the watch ends the run, labels and bounds are left as they are.
pub(super) fn assign(
    guesser: &Guesser<'_>,
    guess: &mut Guess,
    centroids: &[i32],
    labels: &mut [u32],
    bounds: Option<(&mut Bounds, &Moves)>,
    how: (bool, &Watch<'_>), // whether threads share the points
) -> Examined {
    let examined = assign_parts(guesser, guess, centroids, labels, bounds, how);
    let (n_dims, n_clusters) = (guesser.table.n_dims(), centroids.len() / guesser.table.n_dims());
    let Guess { in_use, pauses: [bf16, int8, int16], .. } = guess;
    let Examined { points, candidates, again, .. } = examined;
    // a point that the narrow guess leaves open is examined twice
    let left_many = again * 4 > labels.len() as u64;
    match in_use {
        Arithmetic::Int8 if guesser.lists => int8.decide(points, candidates, n_dims, n_clusters),
        Arithmetic::Bf16 if left_many => bf16.again(),
        Arithmetic::Int8 if left_many => int8.again(),
        Arithmetic::Int16 if left_many => int16.again(),
        _ => {}
    }
    examined
}

fn assign_parts(
    guesser: &Guesser<'_>,
    guess: &Guess,
    centroids: &[i32],
    labels: &mut [u32],
    bounds: Option<(&mut Bounds, &Moves)>,
    (shared, watch): (bool, &Watch<'_>),
) -> Examined {
    let size = CHUNK * guesser.tiles.width();
    let look = (LOOK / centroids.len().max(1)).max(1); // chunks
    let moves = bounds.as_ref().map(|(_, moves)| *moves);
    let work = |(chunk, part): (usize, Part<'_>)| {
        if chunk.is_multiple_of(look) && watch.ends() || watch.has_ended() {
            return Examined::default();
        }
        Pass { guesser, guess, centroids, moves, first: chunk * size }.assign(part)
    };
    let labels_of = |labels| Part { labels, bounds: None };
    match (bounds, shared) {
        (None, false) => labels.chunks_mut(size).map(labels_of).enumerate().map(work).sum(),
        (None, true) => labels.par_chunks_mut(size).map(labels_of).enumerate().map(work).sum(),
        (Some((Bounds { upper, lower, .. }, _)), shared) => {
            let parts = labels.par_chunks_mut(size).zip(upper.par_chunks_mut(size));
            let parts = parts.zip(lower.par_chunks_mut(size));
            let parts = parts.map(|((labels, upper), lower)| Part { labels, bounds: Some([upper, lower]) });
            // a restart with its own thread processes its chunks in sequence
            let parts = parts.with_min_len(if shared { 1 } else { usize::MAX });
            parts.enumerate().map(work).sum()
        }
    }
}
