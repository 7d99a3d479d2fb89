//! The cost of rounding to a narrow format.

/// Norm of a point or centroid, and norm of its rounding error; or the maxima of many. In the guess's units, rounded
/// up.
#[derive(Debug, Clone, Copy, Default)]
pub(in crate::engine::cpu) struct GuessCost {
    pub(super) residual: f64,
    pub(super) norm: f64,
}

impl GuessCost {
    /// From (value, rounded) pairs.
    pub(super) fn of(pairs: impl Iterator<Item = (f64, f32)>) -> Self {
        let (mut residual, mut norm) = (0.0, 0.0);
        for (value, rounded) in pairs {
            let rest = value - f64::from(rounded); // exact: both are close (Sterbenz)
            residual += rest * rest;
            norm += value * value;
        }
        Self::of_squares(norm, 1.0, residual)
    }

    /// From the sum of squares of values, of which the guess has `scale` units each, and that of what rounding took, in
    /// these units.
    pub(super) fn of_squares(squares: f64, scale: f32, rest: f64) -> Self {
        // sums of squares with a relative error of at most 2^-36
        let up = |x: f64| x * (1.0 + 1e-9);
        Self { residual: up(rest.sqrt()), norm: up(squares.sqrt() * f64::from(scale)) }
    }

    pub(super) fn or(self, other: Self) -> Self {
        Self { residual: self.residual.max(other.residual), norm: self.norm.max(other.norm) }
    }
}
