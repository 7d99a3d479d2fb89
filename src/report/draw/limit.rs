//! Which models can name drawings, and how far away a drawing may lie to be named at all.

use super::DrawError;
use crate::drawing::{SIDE, SIZE};
use crate::model::Model;

/// The most that a block holds.
const FULL: f64 = 16.0;
/// The part of the variance of the rows that a drawing may differ by, beyond what the rows show.
const HAND: f64 = 0.5;

/// Whether a model's features are the counts that drawings are made into: 64 pixels, 8 x 8, from 0 to 16.
///
/// # Errors
/// [`DrawError::Dims`], [`DrawError::Shape`], [`DrawError::Range`].
pub fn check(model: &Model) -> Result<(), DrawError> {
    let n_dims = model.n_dims();
    if n_dims != SIZE {
        return Err(DrawError::Dims { n_dims });
    }
    let (low, high) = range(model);
    // the widest column spans more than half of the lattice; counts more than 8, and 16 at most
    let step = model.lattice.exponent.iter().copied().max().unwrap_or(0);
    let counts = low >= 0.0 && high <= FULL && libm::ldexp(f64::from(1 << 24), step) == FULL;
    match (model.image, counts && !model.lattice.mixed()) {
        (_, false) => Err(DrawError::Range { low, high }),
        (Some((SIDE, SIDE)), true) => Ok(()),
        (image, true) => Err(DrawError::Shape { image }),
    }
}

fn range(model: &Model) -> (f64, f64) {
    let values = model.values();
    let least = values.iter().copied().fold(f64::INFINITY, f64::min);
    (least, values.iter().copied().fold(f64::NEG_INFINITY, f64::max))
}

/// The squared distance, in lattice units, beyond which a drawing is called no digit: `reach + variance / 2`,
/// the model's reach and the mean squared distance of the rows fitted to the mean of all of them. None where the
/// model keeps no reach.
///
/// The reach alone is the rows' own: of 1,797 rows of other writers all lie within the limit, with
/// 10, 40 and 400 clusters. But who draws with a mouse or a finger differs from them all by the same amount, which is
/// large beside the reach of many clusters, and small beside that of few. Half of the variance is where most drawn
/// digits pass and what they are taken for is mostly right; `tests/draw/` counts both, and the letters, signs,
/// scribbles and blots that are caught.
#[must_use]
pub fn limit(model: &Model) -> Option<u128> {
    let reach = model.reach? as f64;
    Some((reach + HAND * variance(model)).ceil() as u128)
}

/// Mean squared distance of the rows fitted to their mean: that within clusters, and that between them.
fn variance(model: &Model) -> f64 {
    let d = model.n_dims();
    let all: f64 = model.counts.iter().map(|&count| count as f64).sum();
    let mut mean = vec![0.0; d];
    for (centroid, &count) in model.centroids.chunks_exact(d).zip(&model.counts) {
        mean.iter_mut().zip(centroid).for_each(|(mean, &q)| *mean += f64::from(q) * count as f64 / all);
    }
    let mut between = 0.0;
    for (centroid, &count) in model.centroids.chunks_exact(d).zip(&model.counts) {
        let squares = mean.iter().zip(centroid).map(|(mean, &q)| (f64::from(q) - mean).powi(2));
        between += squares.sum::<f64>() * count as f64 / all;
    }
    model.inertia as f64 / all + between
}
