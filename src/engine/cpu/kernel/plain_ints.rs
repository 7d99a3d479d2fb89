//! Vectors of integers in plain arithmetic: the loop over bytes on processors without its instructions, for tests.

use super::ints::Ints;

/// Eight 32-bit integers.
#[derive(Clone, Copy)]
pub(super) struct I([i32; 8]);

impl I {
    #[inline(always)]
    fn zip(self, other: Self, of: impl Fn(i32, i32) -> i32) -> Self {
        Self(std::array::from_fn(|i| of(self.0[i], other.0[i])))
    }
}

impl Ints for I {
    const WIDTH: usize = 8;
    type Mask = [bool; 8];

    // SAFETY (of pointers): by the trait's contract.
    #[inline(always)]
    unsafe fn splat(value: i32) -> Self {
        Self([value; 8])
    }
    #[inline(always)]
    unsafe fn load(from: *const i32) -> Self {
        // SAFETY: see above.
        unsafe { Self(from.cast::<[i32; 8]>().read_unaligned()) }
    }
    #[inline(always)]
    unsafe fn store(self, to: *mut i32) {
        // SAFETY: see above.
        unsafe { to.cast::<[i32; 8]>().write_unaligned(self.0) }
    }
    #[inline(always)]
    unsafe fn plus_dot(self, a: Self, b: Self) -> Self {
        let high = a.zip(b, |a, b| (a >> 16) * (b >> 16));
        let low = a.zip(b, |a, b| i32::from(a as i16) * i32::from(b as i16));
        self.zip(high.zip(low, i32::wrapping_add), i32::wrapping_add)
    }
    #[inline(always)]
    unsafe fn plus_dot_bytes(self, a: Self, b: Self) -> Self {
        let dot = |a: i32, b: i32| -> i32 {
            let pairs = a.to_le_bytes().into_iter().zip(b.to_le_bytes());
            pairs.map(|(a, b)| i32::from(a) * i32::from(b.cast_signed())).sum()
        };
        self.zip(a.zip(b, dot), i32::wrapping_add)
    }
    #[inline(always)]
    unsafe fn plus(self, other: Self) -> Self {
        self.zip(other, i32::wrapping_add)
    }
    #[inline(always)]
    unsafe fn minus(self, other: Self) -> Self {
        self.zip(other, i32::wrapping_sub)
    }
    #[inline(always)]
    unsafe fn min(self, other: Self) -> Self {
        self.zip(other, i32::min)
    }
    #[inline(always)]
    unsafe fn max(self, other: Self) -> Self {
        self.zip(other, i32::max)
    }
    #[inline(always)]
    unsafe fn less(self, other: Self) -> [bool; 8] {
        std::array::from_fn(|i| self.0[i] < other.0[i])
    }
    #[inline(always)]
    unsafe fn select(mask: [bool; 8], to: Self, from: Self) -> Self {
        Self(std::array::from_fn(|i| if mask[i] { to.0[i] } else { from.0[i] }))
    }
    #[inline(always)]
    unsafe fn bits(mask: [bool; 8]) -> u32 {
        mask.iter().enumerate().map(|(i, &set)| u32::from(set) << i).sum()
    }
}
