//! What ranks add up after a step: sums of their own rows.

use serde::{Deserialize, Serialize};

use super::calls::{Comm, CommError};

/// Bits of a limb. Its sum over 2^32 ranks fits 64 bits.
const LIMB: u32 = 32;
/// Limbs of a number of 128 bits.
const LIMBS: usize = 4;

/// Sums of the rows of a rank. Adding is free of order: the sum over all ranks does not depend on which rank has which row.
///
/// As [`words`](Self::words) it is an array of 64-bit numbers that any reduction adds word by word, as `MPI_SUM` of
/// `MPI_UINT64_T` does; numbers of 128 bits are in limbs of 32 bits, which are carried when the words are read.
///
/// ```
/// use cairn::comm::Partial;
///
/// let mut a = Partial { sums: vec![-5, 7], counts: vec![1], wide: vec![u128::from(u64::MAX)] };
/// let b = Partial { sums: vec![2, 8], counts: vec![3], wide: vec![1] };
/// let added: Vec<u64> = a.words().iter().zip(b.words()).map(|(a, b)| a.wrapping_add(b)).collect();
/// assert_eq!(Partial::of_words(&added, a.shape()), Some(Partial { sums: vec![-3, 15], counts: vec![4], wide: vec![1 << 64] }));
/// a.add(&b);
/// assert_eq!(a.words().len(), a.shape().n_words());
/// assert_eq!(a.wide, [1 << 64]);
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Partial {
    /// Weighted sums of coordinates, by cluster. (n_clusters, n_dims)
    pub sums: Vec<i64>,
    /// Weights by cluster, and what else is counted.
    pub counts: Vec<u64>,
    /// Inertias and potentials, modulo 2^128.
    pub wide: Vec<u128>,
}

/// How many numbers of each kind a [`Partial`] has.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct PartialShape {
    /// Of `sums`.
    pub sums: usize,
    /// Of `counts`.
    pub counts: usize,
    /// Of `wide`.
    pub wide: usize,
}

impl PartialShape {
    /// How many words it has.
    #[must_use]
    pub fn n_words(self) -> usize {
        self.sums + self.counts + self.wide * LIMBS
    }
}

impl Partial {
    /// How many numbers of each kind it has.
    #[must_use]
    pub fn shape(&self) -> PartialShape {
        PartialShape { sums: self.sums.len(), counts: self.counts.len(), wide: self.wide.len() }
    }

    /// Adds those of other rows. Both have one shape.
    pub fn add(&mut self, other: &Self) {
        self.sums.iter_mut().zip(&other.sums).for_each(|(a, b)| *a = a.wrapping_add(*b));
        self.counts.iter_mut().zip(&other.counts).for_each(|(a, b)| *a = a.wrapping_add(*b));
        self.wide.iter_mut().zip(&other.wide).for_each(|(a, b)| *a = a.wrapping_add(*b));
    }

    /// The same as words, which are added modulo 2^64.
    #[must_use]
    pub fn words(&self) -> Vec<u64> {
        let limbs =
            |&wide: &u128| (0..LIMBS as u32).map(move |at| wide >> (LIMB * at) & u128::from(u32::MAX));
        let sums = self.sums.iter().map(|sum| sum.cast_unsigned());
        let wide = self.wide.iter().flat_map(limbs).map(|limb| limb as u64);
        sums.chain(self.counts.iter().copied()).chain(wide).collect()
    }

    /// From words, or sums of the words of up to 2^32 ranks; `None` if these are not as many as the shape has.
    #[must_use]
    pub fn of_words(words: &[u64], shape: PartialShape) -> Option<Self> {
        if words.len() != shape.n_words() {
            return None;
        }
        let (sums, rest) = words.split_at(shape.sums);
        let (counts, limbs) = rest.split_at(shape.counts);
        let carried = |limbs: &[u64; LIMBS]| {
            let parts = limbs.iter().enumerate().map(|(at, &limb)| u128::from(limb) << (LIMB * at as u32));
            parts.fold(0, u128::wrapping_add)
        };
        Some(Self {
            sums: sums.iter().map(|word| word.cast_signed()).collect(),
            counts: counts.to_vec(),
            wide: limbs.as_chunks().0.iter().map(carried).collect(),
        })
    }

    /// The sum over all ranks.
    ///
    /// # Errors
    /// [`CommError::Lost`].
    pub fn sum(&self, comm: &dyn Comm) -> Result<Self, CommError> {
        let mut words = self.words();
        comm.sum(&mut words)?;
        let lost = || CommError::Lost { reason: "the sum has another length".into() };
        Self::of_words(&words, self.shape()).ok_or_else(lost)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_add_up_to_the_words_of_the_sum_whatever_the_sign_and_the_size() {
        let most = u128::MAX;
        let parts: Vec<Partial> = (0..1000)
            .map(|i| Partial {
                sums: vec![i64::MIN / 1000 * (i % 3), (i - 500) * (1 << 50)],
                counts: vec![u64::MAX / 1000, i.cast_unsigned()],
                wide: vec![most / 1000, i.cast_unsigned().into(), (-i128::from(i)).cast_unsigned()],
            })
            .collect();
        let mut expected = parts[0].clone();
        parts[1..].iter().for_each(|part| expected.add(part));
        for order in [1, 7, 333] {
            let mut words = vec![0u64; expected.shape().n_words()];
            for at in 0..1000 {
                let part = parts[at * order % 1000].words();
                words.iter_mut().zip(part).for_each(|(sum, word)| *sum = sum.wrapping_add(word));
            }
            assert_eq!(Partial::of_words(&words, expected.shape()), Some(expected.clone()));
        }
        assert_eq!(expected.wide[2].cast_signed(), -499_500);
        assert_eq!(Partial::of_words(&[1, 2], expected.shape()), None);
    }
}
