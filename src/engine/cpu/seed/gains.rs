//! What a candidate would gain, from scores in `f32`, and the proof that one gains most: docs/DEFINITION.md, section 4.13.

use super::super::kernel::ones;

/// More than the relative roundings of limits and sums.
const ROUNDINGS: f64 = 1.0 / (1 << 20) as f64;

/// Sums over the open points of a candidate: those whose limit is not below the score.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Gains {
    gain: f64,   // w (limit - score): at least half the fall of the potential
    norms: f64,  // w h_x
    weight: f64, // w
}

impl Gains {
    /// Adds the open points of a tile, which have these scores, limits, half norms, and weights.
    pub(super) fn add(
        &mut self,
        open: u32,
        scores: &[f32],
        [limits, half_norms]: [&[f32]; 2],
        weight: impl Fn(usize) -> u32,
    ) {
        for lane in ones(open) {
            let weight = f64::from(weight(lane));
            self.gain += weight * (f64::from(limits[lane]) - f64::from(scores[lane]));
            self.norms += weight * f64::from(half_norms[lane]);
            self.weight += weight;
        }
    }

    /// Adds sums of other points. (2, n_candidates)
    pub(super) fn merge(mut all: Vec<Self>, more: Vec<Self>) -> Vec<Self> {
        for (all, more) in all.iter_mut().zip(more) {
            all.gain += more.gain;
            all.norms += more.norms;
            all.weight += more.weight;
        }
        all
    }

    /// At most half the fall of the potential.
    fn most(&self) -> f64 {
        self.gain * (1.0 + ROUNDINGS)
    }

    /// At least half of it. `half_norm` is that of the candidate, `gamma` is G.
    fn least(&self, half_norm: f64, gamma: f32) -> f64 {
        let error = f64::from(gamma) * (3.0 * self.norms + 8.0 * half_norm * self.weight);
        self.gain * (1.0 - ROUNDINGS) - error * (1.0 + ROUNDINGS)
    }
}

/// The first candidate of most gain, if that is proven. `equal` says whether two are the same point; without `proves`
/// nothing needs proof.
pub(super) fn proven(
    found: &[Gains],
    half_norms: &[f64],
    gamma: f32,
    equal: impl Fn(usize, usize) -> bool,
    proves: bool,
) -> Option<usize> {
    let of_most = (0..found.len()).max_by(|&a, &b| found[a].gain.total_cmp(&found[b].gain))?;
    let best = (0..found.len()).find(|&c| equal(c, of_most))?;
    let least = found[best].least(half_norms[best], gamma);
    let beaten = |c: usize| equal(c, best) || found[c].most() < least;
    (!proves || (0..found.len()).all(beaten)).then_some(best)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gains(gain: f64) -> Gains {
        Gains { gain, norms: 100.0, weight: 10.0 }
    }

    #[test]
    fn the_first_of_equal_candidates_is_proven_and_none_of_close_ones() {
        let of = |gains: &[Gains], equal: fn(usize, usize) -> bool| {
            proven(gains, &vec![10.0; gains.len()], 1e-6, equal, true)
        };
        let same = |a: usize, b: usize| a == b;
        assert_eq!(of(&[gains(1.0), gains(2.0), gains(1.5)], same), Some(1));
        assert_eq!(of(&[gains(1.0), gains(2.0), gains(2.0)], |a, b| a.min(1) == b.min(1)), Some(1));
        assert_eq!(of(&[gains(1.0), gains(2.0), gains(2.0)], same), None);
        // within 3 G 100 + 8 G 10 10
        assert_eq!(of(&[gains(2.0), gains(2.0011)], same), None);
        assert_eq!(of(&[gains(2.0), gains(2.0012)], same), Some(1));
    }
}
