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
    unsafe fn plus_short_dots(self, a: Self, b: Self) -> Self {
        let dots = |a: i32, b: i32| -> [i16; 2] {
            let (a, b) = (a.to_le_bytes(), b.to_le_bytes());
            let product = |i: usize| i32::from(a[i]) * i32::from(b[i].cast_signed());
            // as the instruction, which saturates
            let dot = |i| (product(i) + product(i + 1)).clamp(i16::MIN.into(), i16::MAX.into()) as i16;
            [dot(0), dot(2)]
        };
        let sums = |sum: i32, [low, high]: [i16; 2]| {
            let (low, high) = ((sum as i16).wrapping_add(low), ((sum >> 16) as i16).wrapping_add(high));
            i32::from(low.cast_unsigned()) | i32::from(high) << 16
        };
        Self(std::array::from_fn(|i| sums(self.0[i], dots(a.0[i], b.0[i]))))
    }
    #[inline(always)]
    unsafe fn halves_added(self) -> Self {
        Self(self.0.map(|sums| i32::from(sums as i16) + (sums >> 16)))
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
    unsafe fn minus_halves(self, other: Self) -> Self {
        let minus = |a: i32, b: i32| {
            let (low, high) = ((a as i16).wrapping_sub(b as i16), (a >> 16).wrapping_sub(b >> 16));
            i32::from(low.cast_unsigned()) | high << 16
        };
        self.zip(other, minus)
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
