//! Squared distances of rows of a lattice, in integers.

use crate::engine::cpu::Integers;
use crate::engine::reference::distance;
use crate::lattice::Lattice;

/// Squared distances of rows of a lattice.
#[derive(Clone, Copy)]
pub(super) struct Distances<'a> {
    pub(super) lattice: &'a Lattice,
    integers: Integers,
}

impl<'a> Distances<'a> {
    pub(super) fn on(lattice: &'a Lattice) -> Self {
        Self { lattice, integers: Integers::widest() }
    }

    /// That of two rows. (n_dims)
    pub(super) fn of(self, a: &[i32], b: &[i32]) -> u128 {
        if self.lattice.mixed() {
            let a = a.iter().map(|&q| i64::from(q));
            return distance(a, b, &self.lattice.shift, self.lattice.max_shift());
        }
        self.integers.distance(a, b)
    }
}
