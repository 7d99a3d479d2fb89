//! The radius of a model: how far its fitted rows lie from their centroids.

use rayon::prelude::*;

use super::ModelError;
use crate::comm::{self, Comm};
use crate::data::{Dataset, Rows};
use crate::engine::nearest_two::{self, Centroids};
use crate::kmeans::Fit;
use crate::lattice::{Lattice, LatticeError, Packer, Table, Weights};

/// The radius is the quantile 1 - 1 / `RADIUS_OF`.
pub const RADIUS_OF: u64 = 1000;
/// Mantissa bits of a squared distance that are dropped, of 52: the radius is rounded up to 12 significant bits.
const DROPPED: u32 = 41;

/// The 99.9% radius of a fit.
///
/// A fitted row pulls its centroid towards itself, most in small clusters, so fitted rows lie nearer than new rows of
/// the same kind. Each distance is therefore taken to the centroid without the row: for a row of weight w in a
/// cluster of weight N it is N / (N - w) times as far. Rows that are alone in their cluster are excluded.
pub(super) fn of_fit(fit: &Fit, data: &Dataset<'_>) -> Result<Option<u128>, ModelError> {
    Ok(histogram(fit, data, (0, data.weights.as_deref()))?.radius())
}

/// The same of a fit on several ranks, of which each has some rows.
pub(super) fn of_ranks(fit: &Fit, own: &Dataset<'_>, comm: &dyn Comm) -> Result<Option<u128>, ModelError> {
    let gathered = |own: Vec<u64>| comm::gather_words::<ModelError>(comm, Ok(own));
    let counts = gathered(vec![own.points.n_points() as u64])?;
    let rows: u64 = counts.iter().flatten().sum();
    if rows != fit.n_points as u64 {
        return Err(other_data(fit, own)); // on all ranks
    }
    let first = counts[..comm.rank()].iter().flatten().sum::<u64>() as usize;
    let weights =
        own.weights.as_ref().map(|own| gathered(own.iter().map(|weight| weight.to_bits()).collect()));
    let weights: Option<Vec<f64>> =
        weights.transpose()?.map(|all| all.into_iter().flatten().map(f64::from_bits).collect());
    let own = comm::agree(comm, histogram(fit, own, (first, weights.as_deref())))?;
    let pairs = own.weights.iter().flat_map(|(&leading, &weight)| [leading, weight]).collect();
    let mut all = WeightHistogram::default();
    for pair in gathered(pairs)?.iter().flat_map(|words| words.chunks_exact(2)) {
        *all.weights.entry(pair[0]).or_default() += pair[1];
    }
    Ok(all.radius())
}

/// The distances of some rows, of which the first has this index in the table, by the weights of all rows.
fn histogram(
    fit: &Fit,
    data: &Dataset<'_>,
    (begin, weights): (usize, Option<&[f64]>),
) -> Result<WeightHistogram, ModelError> {
    let n_points = fit.n_points;
    let weights = match weights {
        Some(weights) => Weights::new(weights, n_points),
        None => Ok(Weights::ones(n_points)),
    };
    let other = |_: LatticeError| other_data(fit, data);
    let weights = weights.map_err(other)?;
    let centroids = Centroids { lattice: &fit.lattice, values: &fit.state.centroids };
    let mut histogram = WeightHistogram::default();
    data.points.visit::<ModelError>(&mut |first, rows| {
        let (table, first) = (place(&fit.lattice, rows).map_err(other)?, begin + first);
        let labels = &fit.labels()[first..];
        let weight = |row: usize| u64::from(weights.get(first + row));
        let distance = |row: usize| match weight(row) {
            0 => 0, // it may lie outside the range, or have no label
            _ => nearest_two::distance(&table, &centroids, row, labels[row]),
        };
        let distances: Vec<u128> = (0..table.n_points()).into_par_iter().map(distance).collect();
        for (row, distance) in distances.into_iter().enumerate().filter(|(row, _)| weight(*row) > 0) {
            let weight = weight(row);
            histogram.add(without_itself(distance, weight, fit.state.counts[labels[row] as usize]), weight);
        }
        Ok(())
    })?;
    Ok(histogram)
}

/// A row's squared distance to its centroid without the row.
fn without_itself(distance: u128, weight: u64, of_cluster: u64) -> Option<f64> {
    let others = of_cluster.checked_sub(weight).filter(|&others| others > 0)?;
    let further = of_cluster as f64 / others as f64;
    Some(distance as f64 * further * further)
}

fn place(lattice: &Lattice, rows: Rows<'_>) -> Result<Table, LatticeError> {
    match rows {
        Rows::F32(rows) => Packer::later(lattice, rows),
        Rows::F64(rows) => Packer::later(lattice, rows),
    }
}

fn other_data(fit: &Fit, data: &Dataset<'_>) -> ModelError {
    let (n_points, n_dims) = (data.points.n_points(), data.points.n_dims());
    ModelError::OtherData { n_points, n_dims, fit_points: fit.n_points, fit_dims: fit.lattice.n_dims() }
}

/// Histogram of weights by squared distance, with a bucket for each value of the leading bits, so that its size does
/// not grow with the number of rows.
#[derive(Default)]
struct WeightHistogram {
    weights: std::collections::BTreeMap<u64, u64>, // by the leading bits of an f64, whose order is that of the numbers
}

impl WeightHistogram {
    fn add(&mut self, squared: Option<f64>, weight: u64) {
        if let Some(squared) = squared.filter(|_| weight > 0) {
            *self.weights.entry(squared.to_bits() >> DROPPED).or_default() += weight;
        }
    }

    fn radius(&self) -> Option<u128> {
        let all: u64 = self.weights.values().sum();
        let enough = all - all / RADIUS_OF;
        let mut within = 0;
        let found = self.weights.iter().find(|&(_, weight)| {
            within += weight;
            within >= enough
        });
        let (&leading, _) = found?;
        let largest = f64::from_bits(leading << DROPPED | ((1 << DROPPED) - 1));
        Some(if leading == 0 { 0 } else { largest.ceil() as u128 })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn radius(rows: impl IntoIterator<Item = (u32, u64)>) -> Option<u128> {
        let mut histogram = WeightHistogram::default();
        rows.into_iter().for_each(|(distance, weight)| histogram.add(Some(f64::from(distance)), weight));
        histogram.radius()
    }

    #[test]
    fn all_but_one_of_a_thousand_lie_within() {
        assert_eq!(radius((1..=1000).map(|d| (d, 1))), Some(1000)); // 999, rounded up
        assert_eq!(radius((1..=10).map(|d| (d, 1000))), Some(11));
        assert_eq!(radius([(5, 1), (7, 0)]), Some(6)); // a row of weight zero does not count
        assert_eq!(radius([(0, 9)]), Some(0));
        assert_eq!(radius([]), None);
        assert_eq!(radius((0..999).map(|_| (1, 1)).chain([(900, 1)])), Some(2)); // the largest of 1000 is excluded
    }

    #[test]
    fn distances_are_rounded_up_by_less_than_a_thousandth() {
        for distance in [u128::MAX, 1 << 127, (1 << 60) + 12345, 4095, 4096, 4097] {
            let mut histogram = WeightHistogram::default();
            histogram.add(Some(distance as f64), 1);
            let radius = histogram.radius().unwrap();
            assert!(radius >= distance && radius - distance <= (distance >> 10) + 1, "{distance}: {radius}");
        }
    }

    #[test]
    fn a_row_is_measured_without_its_own_pull() {
        // 0 and 8 have the mean 4: without itself each lies 8 away
        assert_eq!(without_itself(16, 1, 2), Some(64.0));
        assert_eq!(without_itself(16, 3, 6), Some(64.0));
        assert_eq!(without_itself(0, 1, 1), None);
        assert_eq!(without_itself(9, 0, 5), Some(9.0));
    }
}
