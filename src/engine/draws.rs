//! Random numbers, the same for every engine: ChaCha8, a stream for each restart (docs/DEFINITION.md, section 3.6).

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

/// The stream of the rows that minibatch k-means draws; no restart has this number.
pub const STREAM_OF_ROWS: u64 = u64::MAX;

/// The random numbers of one restart, in the order in which the definition draws them.
#[derive(Debug, Clone)]
pub struct Draws(ChaCha8Rng);

impl Draws {
    /// The numbers of restart `restart` under `seed`, from the first.
    #[must_use]
    pub fn new(seed: u64, restart: u64) -> Self {
        let mut key = [0; 32];
        key[..8].copy_from_slice(&seed.to_le_bytes());
        let mut rng = ChaCha8Rng::from_seed(key);
        rng.set_stream(restart);
        Self(rng)
    }

    /// The next number.
    pub fn draw(&mut self) -> u64 {
        self.0.next_u64()
    }

    /// Draws a number in `0 .. total`: see [`scale`].
    pub fn below(&mut self, total: u128) -> u128 {
        scale(self.draw(), total)
    }
}

/// `floor(r * total / 2^64)`: scales the draw `r` to `0 .. total`. `total` is below 2^127.
#[must_use]
pub fn scale(r: u64, total: u128) -> u128 {
    let r = u128::from(r);
    let low = total & u128::from(u64::MAX);
    r * (total >> 64) + ((r * low) >> 64)
}

/// Candidates per step of greedy k-means++: `2 + floor(ln n_clusters)`, as in scikit-learn.
#[must_use]
pub fn candidates(n_clusters: usize) -> usize {
    2 + (n_clusters as f64).ln().floor() as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn streams_begin_as_the_definition_says() {
        let first = |restart, n: usize| -> Vec<u64> {
            let mut draws = Draws::new(42, restart);
            (0..n).map(|_| draws.draw()).collect()
        };
        assert_eq!(first(0, 3), [0x5927_3471_198f_a887, 0x4923_8aa4_169d_f72b, 0x7e54_361f_64fc_90f6]);
        assert_eq!(first(7, 1), [0x2f88_af39_a26c_4769]);
    }

    #[test]
    fn a_draw_scales_without_losing_a_bit() {
        assert_eq!(scale(u64::MAX, 10), 9);
        assert_eq!(scale(1 << 63, 7), 3);
        assert_eq!(scale(u64::MAX, 1 << 100), (1 << 100) - (1 << 36));
        assert_eq!(scale(3, (1 << 64) - 1), 2);
    }

    #[test]
    fn candidates_grow_with_the_logarithm() {
        assert_eq!([1, 2, 3, 10, 1000].map(candidates), [2, 2, 3, 4, 8]);
    }
}
