//! A loop of multiply-adds, which measures the arithmetic peak of a processor.

#![allow(
    clippy::needless_range_loop,
    reason = "by index the compiler unrolls it, and keeps the sums in registers"
)]

use std::hint::black_box;

use super::lanes::Lanes;

/// Runs `trips` trips of a loop over `SUMS` independent multiply-adds on vectors that start near `start`.
///
/// # Safety
/// The processor has L's instructions.
#[inline(always)]
pub(super) unsafe fn multiply_add<L: Lanes, const SUMS: usize>(trips: usize, start: f32) -> f32 {
    // SAFETY: by the caller's contract; each array holds a vector of the widest kind.
    unsafe {
        let (a, b) = (L::splat(start), L::splat(start / 2.0));
        let mut sums = [a; SUMS];
        for (i, sum) in sums.iter_mut().enumerate() {
            *sum = L::splat(start + i as f32);
        }
        for _ in 0..trips {
            for i in 0..SUMS {
                sums[i] = a.minus_product(sums[i], b);
            }
        }
        let mut lanes = [[0.0; 16]; SUMS]; // room for vectors of the widest kind
        for i in 0..SUMS {
            sums[i].store(lanes[i].as_mut_ptr());
        }
        // uses all lanes of all sums, so that the compiler removes none
        black_box(lanes).as_flattened().iter().sum()
    }
}
