//! Which models can name drawings, and the distance beyond which a drawing is not named.

use super::Model;
use crate::drawing::{SIDE, SIZE};

/// Most pixels of a block.
const FULL: f64 = 16.0;
/// Bits of the widest range of a lattice: of this version, and of models of the first.
const WIDEST: [i32; 2] = [31, 24];
/// Share of the rows' variance that is added to the radius.
const HAND: f64 = 0.25;

/// Why a model can't name drawings.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum DrawnError {
    /// Its rows do not have 64 numbers.
    #[error(
        "the model has {n_dims} columns, but a drawing has {SIZE} numbers; fit one to {SIDE} x {SIDE} pictures, such as \
         the digits"
    )]
    Dims {
        /// Features of the model.
        n_dims: usize,
    },
    /// Its rows are scaled, and drawings are counts.
    #[error(
        "the model's rows are scaled ({scale}), but a drawing is counts from 0 to 16; fit without scaling"
    )]
    Scaled {
        /// How they are scaled.
        scale: &'static str,
    },
    /// Its rows are not pictures of 8 x 8.
    #[error(
        "the model's {SIZE} columns are {}, but a drawing is a picture of {SIDE} x {SIDE}; name them pixel_0_0 to \
         pixel_7_7, row by row, and fit again",
        image.map_or("not a picture".to_owned(), |(height, width)| format!("a picture of {height} x {width}"))
    )]
    Shape {
        /// Height and width of its pictures, if they are.
        image: Option<(usize, usize)>,
    },
    /// Its numbers are not counts of ink.
    #[error(
        "the model's rows are not counts from 0 to 16 with values above 8, as drawings are: its centroids range from \
        {low} to {high}; scale its columns to 0..16 and fit again"
    )]
    Range {
        /// Least number of all centroids.
        low: f64,
        /// Largest.
        high: f64,
    },
}

impl Model {
    /// Checks that its features are counts as [`drawing`](crate::drawing) makes them: 8 x 8 pixels, from 0 to 16.
    ///
    /// # Errors
    /// [`DrawnError`].
    pub fn check_drawn(&self) -> Result<(), DrawnError> {
        if let Some(scaling) = &self.scaling {
            return Err(DrawnError::Scaled { scale: scaling.scale().name() });
        }
        let n_dims = self.n_dims();
        if n_dims != SIZE {
            return Err(DrawnError::Dims { n_dims });
        }
        let (low, high) = range(self);
        // the widest column spans more than half of the lattice; the largest count is above 8 and at most 16
        let step = self.lattice.exponent.iter().copied().max().unwrap_or(0);
        let widest = WIDEST.iter().any(|&bits| libm::ldexp(1.0, step + bits) == FULL);
        let counts = low >= 0.0 && high <= FULL && widest;
        match (self.image, counts && !self.lattice.mixed()) {
            (_, false) => Err(DrawnError::Range { low, high }),
            (Some((SIDE, SIDE)), true) => Ok(()),
            (image, true) => Err(DrawnError::Shape { image }),
        }
    }

    /// The squared distance, in lattice units, beyond which a drawing is "not a digit": `radius + variance / 4`, from
    /// the model's squared radius and the mean squared distance of the fitted rows to their mean. `None` if the model
    /// has no radius.
    ///
    /// The radius alone suits scanned rows: 1,797 rows of other writers all lie within the limit, with 10, 40 and 400
    /// clusters. Drawings by mouse or finger differ from all rows by about the same amount, which is large compared
    /// with the radius of many clusters and small compared with that of few. With a quarter of the variance most drawn
    /// digits pass, and most are named correctly. `tests/command/draw/` counts both, and the letters, signs,
    /// scribbles and blots that are rejected.
    #[must_use]
    pub fn limit_of_drawn(&self) -> Option<u128> {
        let radius = self.radius? as f64;
        Some((radius + HAND * variance(self)).ceil() as u128)
    }

    /// [`Model::limit_of_drawn`] as a distance in the user's units.
    #[must_use]
    pub fn limit_of_drawn_value(&self) -> Option<f64> {
        self.limit_of_drawn().map(|squared| super::predict::shown(&self.lattice, (0, squared)))
    }
}

fn range(model: &Model) -> (f64, f64) {
    let values = model.values();
    let least = values.iter().copied().fold(f64::INFINITY, f64::min);
    (least, values.iter().copied().fold(f64::NEG_INFINITY, f64::max))
}

/// Mean squared distance of the fitted rows to their mean: within clusters plus between clusters.
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
