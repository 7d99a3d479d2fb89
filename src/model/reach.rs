//! How far from their centroids the rows lie that were fitted: what lies further away is something else.

use rayon::prelude::*;

use super::{Model, ModelError};
use crate::data::{Dataset, Rows};
use crate::engine::nearest_two::{self, Centroids};
use crate::kmeans::Fit;
use crate::lattice::{Lattice, LatticeError, Packer, Table, Weights};

/// Of this many rows fitted, all but one lie within a model's reach.
pub const REACH_OF: u64 = 1000;
/// Leading bits of a squared distance that are kept: the reach is rounded up to these.
const BITS: u32 = 12;

impl Model {
    /// [`Model::reach`](Self#structfield.reach) as a distance in the user's units.
    #[must_use]
    pub fn reach_value(&self) -> Option<f64> {
        self.reach.map(|squared| super::predict::shown(&self.lattice, (0, squared)))
    }
}

/// The reach of a fit.
pub(super) fn of_fit(fit: &Fit, data: &Dataset) -> Result<u128, ModelError> {
    let n_points = fit.n_points;
    let weights = match &data.weights {
        Some(weights) => Weights::new(weights, n_points),
        None => Ok(Weights::ones(n_points)),
    };
    let other = |_: LatticeError| other_data(fit, data);
    let weights = weights.map_err(other)?;
    let centroids = Centroids { lattice: &fit.lattice, values: &fit.state.centroids };
    let mut tally = Tally::default();
    data.points.visit::<ModelError>(&mut |first, rows| {
        let table = place(&fit.lattice, rows).map_err(other)?;
        let labels = &fit.labels()[first..];
        let distance = |row: usize| nearest_two::distance(&table, &centroids, row, labels[row]);
        let distances: Vec<u128> = (0..table.n_points()).into_par_iter().map(distance).collect();
        for (row, distance) in distances.into_iter().enumerate() {
            tally.add(distance, u64::from(weights.get(first + row))); // rows outside the range weigh nothing
        }
        Ok(())
    })?;
    Ok(tally.reach())
}

fn place(lattice: &Lattice, rows: Rows<'_>) -> Result<Table, LatticeError> {
    match rows {
        Rows::F32(rows) => Packer::later(lattice, rows),
        Rows::F64(rows) => Packer::later(lattice, rows),
    }
}

fn other_data(fit: &Fit, data: &Dataset) -> ModelError {
    let (n_points, n_dims) = (data.points.n_points(), data.points.n_dims());
    ModelError::OtherData { n_points, n_dims, fit_points: fit.n_points, fit_dims: fit.lattice.n_dims() }
}

/// Weights by squared distance, in buckets of equal leading bits: any number of rows takes the same memory.
#[derive(Default)]
struct Tally {
    weights: std::collections::BTreeMap<(u32, u32), u64>, // (bits dropped, leading bits)
}

impl Tally {
    fn add(&mut self, distance: u128, weight: u64) {
        let dropped = (u128::BITS - distance.leading_zeros()).saturating_sub(BITS);
        *self.weights.entry((dropped, (distance >> dropped) as u32)).or_default() += weight;
    }

    fn reach(&self) -> u128 {
        let all: u64 = self.weights.values().sum();
        let enough = all - all / REACH_OF;
        let mut within = 0;
        let found = self.weights.iter().find(|&(_, weight)| {
            within += weight;
            within >= enough
        });
        found.map_or(0, |(&(dropped, leading), _)| (u128::from(leading) << dropped) | ((1 << dropped) - 1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reach(rows: impl IntoIterator<Item = (u128, u64)>) -> u128 {
        let mut tally = Tally::default();
        rows.into_iter().for_each(|(distance, weight)| tally.add(distance, weight));
        tally.reach()
    }

    #[test]
    fn all_but_one_of_a_thousand_lie_within() {
        assert_eq!(reach((1..=1000).map(|d| (d, 1))), 999);
        assert_eq!(reach((1..=999).map(|d| (d, 1))), 999);
        assert_eq!(reach((1..=10).map(|d| (d, 1000))), 10);
        assert_eq!(reach([(5, 1), (7, 0)]), 5); // a row of weight zero is none
        assert_eq!(reach([(0, 9)]), 0);
    }

    #[test]
    fn large_distances_are_rounded_up_by_less_than_a_thousandth() {
        for distance in [u128::MAX, 1 << 127, (1 << 60) + 12345, 4095, 4096, 4097] {
            let reach = reach([(distance, 1)]);
            assert!(reach >= distance && reach - distance <= distance >> 10, "{distance}: {reach}");
        }
    }
}
