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
        Self::of_squares([norm, residual])
    }

    /// From the sums of squares of values and of what rounding took.
    pub(super) fn of_squares([norm, residual]: [f64; 2]) -> Self {
        // sums of squares with a relative error of at most 2^-36
        Self { residual: residual.sqrt() * (1.0 + 1e-9), norm: norm.sqrt() * (1.0 + 1e-9) }
    }

    pub(super) fn or(self, other: Self) -> Self {
        Self { residual: self.residual.max(other.residual), norm: self.norm.max(other.norm) }
    }
}
