//! An axis of a chart: where a value lies, also where plain coordinates would overflow or be indistinct. All that is
//! drawn passes through it, so that the library of charts sees only finite places within finite, distinct bounds.

use std::ops::Range;

/// Magnitudes of ordinary values, and the least width of ordinary ranges, absolute and relative to the values.
const ORDINARY: Range<f64> = 1e-100..1e100;
const LEAST_WIDTH: f64 = 1e-6;
const LEAST_SHARE: f64 = 1e-9;

/// An axis over a range of values.
pub(super) struct Axis {
    from: f64,
    to: f64,
    /// Whether places are shares of the range, rather than the values.
    shares: bool,
}

impl Axis {
    /// An axis over a range; if it is empty, over values around it. `None` if a bound is not finite.
    pub(super) fn over(range: &Range<f64>) -> Option<Self> {
        let Range { start, end } = range.clone();
        let room = 0.5 + start.abs() * 1e-3;
        let around = || ((start - room).max(f64::MIN), (start + room).min(f64::MAX));
        let (from, to) = if end > start || !start.is_finite() { (start, end) } else { around() };
        if !(from.is_finite() && to.is_finite() && from < to) {
            return None;
        }
        let size = from.abs().max(to.abs());
        let width = to - from;
        let ordinary = ORDINARY.contains(&size) && width >= LEAST_WIDTH && width >= size * LEAST_SHARE;
        Some(Self { from, to, shares: !ordinary })
    }

    /// The range of values.
    pub(super) fn bounds(&self) -> Range<f64> {
        self.from..self.to
    }

    /// The range of places.
    pub(super) fn places(&self) -> Range<f64> {
        if self.shares { 0.0..1.0 } else { self.from..self.to }
    }

    /// The place of a value, at the nearer end for one outside the range; `None` if it is not finite.
    pub(super) fn place(&self, value: f64) -> Option<f64> {
        // halves, whose difference can't overflow; values in subnormals keep their bits
        let share = || match self.halved() {
            true => (value / 2.0 - self.from / 2.0) / (self.to / 2.0 - self.from / 2.0),
            false => (value - self.from) / (self.to - self.from),
        };
        let place = if self.shares { share() } else { value };
        let Range { start, end } = self.places();
        (value.is_finite() && !place.is_nan()).then(|| place.clamp(start, end))
    }

    /// The value at a place.
    pub(super) fn value(&self, place: f64) -> f64 {
        let mixed = || (self.from * (1.0 - place) + self.to * place).clamp(self.from, self.to);
        if self.shares { mixed() } else { place }
    }

    fn halved(&self) -> bool {
        !(self.to - self.from).is_finite()
    }
}

#[cfg(test)]
mod tests {
    use proptest::num::f64::ANY;
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn ordinary_values_are_their_own_places() {
        let axis = Axis::over(&(2.0..5.0)).unwrap();
        assert_eq!((axis.places(), axis.place(3.0), axis.value(3.0)), (2.0..5.0, Some(3.0), 3.0));
        let same = Axis::over(&(2.0..2.0)).unwrap();
        assert!(same.places().contains(&2.0));
    }

    proptest! {
        #[test]
        fn places_lie_on_the_axis(a in ANY, b in ANY, value in ANY) {
            let Some(axis) = Axis::over(&(a..b)) else {
                prop_assert!(!a.is_finite() || (b > a && !b.is_finite()), "{a:e}..{b:e}");
                return Ok(());
            };
            let (places, bounds) = (axis.places(), axis.bounds());
            prop_assert!(places.start < places.end && (places.end - places.start).is_finite());
            prop_assert!(bounds.start < bounds.end);
            let place = axis.place(value);
            prop_assert_eq!(place.is_some(), value.is_finite());
            prop_assert!(place.is_none_or(|place| (places.start..=places.end).contains(&place)), "{place:?}");
            let back = place.map(|place| axis.value(place));
            prop_assert!(back.is_none_or(f64::is_finite), "{back:?}");
        }
    }

    #[test]
    fn other_values_are_placed_by_their_share() {
        for range in [-1.7e308..1.7e308, 1e155..3e155, 1e-320..3e-320, 1e16..1e16 + 4.0] {
            let axis = Axis::over(&range).unwrap();
            let middle = range.start / 2.0 + range.end / 2.0;
            assert_eq!(axis.places(), 0.0..1.0);
            assert!((axis.place(middle).unwrap() - 0.5).abs() < 1e-3, "{range:?}");
            assert!((axis.value(0.5) - middle).abs() <= middle.abs() * 1e-3, "{range:?}");
        }
        assert!(Axis::over(&(0.0..f64::INFINITY)).is_none() && Axis::over(&(f64::NAN..1.0)).is_none());
        assert_eq!(Axis::over(&(0.0..1.0)).unwrap().place(f64::NAN), None);
    }
}
