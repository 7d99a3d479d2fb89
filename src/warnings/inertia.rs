//! Costs beyond the range of `f64`.

use super::subject::Ended;
use super::warning::{Warning, WarningCode};
use crate::lattice::Lattice;

/// A warning if the inertia is no ordinary `f64`.
pub(super) fn warning(lattice: &Lattice, ended: &Ended) -> Option<Warning> {
    let inertia = lattice.cost(ended.inertia) * ended.weight_unit;
    if ended.inertia == 0 || inertia.is_normal() {
        return None;
    }
    let (code, which, becomes, advice) = if inertia > 1.0 {
        (WarningCode::InertiaOverflow, "above the largest", "infinite or missing", "down")
    } else {
        (WarningCode::InertiaUnderflow, "below the least ordinary", "0 or inexact", "up")
    };
    Some(Warning::new(
        code,
        format!(
            "the inertia is {which} 64-bit float: as a plain number it is {becomes}, and so are measures of squared \
             distances; scale the columns {advice} if you need them"
        ),
    ))
}
