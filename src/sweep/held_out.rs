//! Held-out rows.

use rayon::prelude::*;

use super::SweepError;
use crate::data::{Dataset, Scaling, Truth, first_of_zeros, scaled};
use crate::engine::reference::assign::{assign_outside, nearest, row_distance};
use crate::engine::{Metric, NO_LABEL};
use crate::kmeans::{ColumnOrder, FitError, column_order};
use crate::lattice::{Lattice, LatticeError, Packer, Table, Weights, check_shape};

/// Held-out rows on the lattice of the fitted rows.
pub(super) struct HeldOut {
    pub(super) table: Table,
    pub(super) truth: Vec<u32>, // (n_points)
    pub(super) n_truth: usize,
    classes: Vec<Option<u32>>, // for each class of the fitted rows, the class of that name here
}

impl HeldOut {
    /// Places `rows` on the lattice of the fitted rows, and matches the columns and the classes of both by name.
    pub(super) fn new(
        rows: &Dataset<'_>,
        fitted: &Dataset<'_>,
        table: &Table,
        metric: Metric,
    ) -> Result<Self, SweepError> {
        let (found, needed) = (rows.points.n_dims(), table.n_dims());
        if found != needed {
            return Err(SweepError::Columns { name: rows.name.clone(), found, needed });
        }
        let order = column_order(&rows.columns, &fitted.columns)
            .map_err(|reason| SweepError::Names { name: rows.name.clone(), reason })?;
        let (truth, known) = (truth(rows)?, truth(fitted)?);
        let class = |name: &String| truth.names.iter().position(|here| here == name).map(|at| at as u32);
        Ok(Self {
            table: place(rows, &order, fitted.points.scaling(), (&table.lattice, metric))?,
            truth: truth.labels.clone(),
            n_truth: truth.names.len(),
            classes: known.names.iter().map(class).collect(),
        })
    }

    /// Converts cluster names from the fitted rows' classes to these rows' classes. `None` for a class that doesn't
    /// occur here.
    pub(super) fn names(&self, names: &[Option<u32>]) -> Vec<Option<u32>> {
        names.iter().map(|name| self.classes[(*name)? as usize]).collect()
    }
}

fn truth<'a>(data: &'a Dataset<'_>) -> Result<&'a Truth, SweepError> {
    data.truth.as_ref().ok_or_else(|| SweepError::NoTruth { name: data.name.clone() })
}

/// Places rows, scaled as the fitted ones are, on a given lattice, with their columns in this order. Rows outside its range are in [`Table::outside`].
fn place(
    data: &Dataset<'_>,
    order: &ColumnOrder,
    scaling: Option<&Scaling>,
    (lattice, metric): (&Lattice, Metric),
) -> Result<Table, FitError> {
    let (n_points, n_dims) = (data.points.n_points(), data.points.n_dims());
    check_shape(n_points, n_dims)?;
    let mut packer = Packer::new(lattice.clone(), Weights::ones(n_points), n_points);
    data.points.raw().visit(&mut |first, rows| -> Result<(), FitError> {
        let values = rows.to_f64();
        check_finite(values.iter().copied(), first, n_dims)?;
        if let (Metric::Cosine, Some(row)) = (metric, first_of_zeros(&values, n_dims)) {
            return Err(data.no_direction(first + row).into());
        }
        let values = match order {
            ColumnOrder::ByPosition => values,
            ColumnOrder::ByName(order) => ordered(&values, order).into(),
        };
        packer.add(&scaled(scaling, values))?;
        Ok(())
    })?;
    Ok(packer.finish())
}

/// Rows with their columns in this order.
fn ordered(rows: &[f64], order: &[usize]) -> Vec<f64> {
    rows.chunks_exact(order.len()).flat_map(|row| order.iter().map(|&j| row[j])).collect()
}

fn check_finite(
    mut values: impl Iterator<Item = f64>,
    first: usize,
    n_dims: usize,
) -> Result<(), LatticeError> {
    let bad = values.by_ref().enumerate().find(|(_, value)| !value.is_finite());
    match bad {
        Some((at, value)) => {
            Err(LatticeError::NotFinite { row: first + at / n_dims + 1, column: at % n_dims + 1, value })
        }
        None => Ok(()),
    }
}

/// The nearest centroid of each row, in integers on all threads; [`NO_LABEL`] for rows that can't be placed. `centroids`
/// is (n_clusters, n_dims), the result (n_points).
#[must_use]
pub fn nearest_labels(table: &Table, centroids: &[i32]) -> Vec<u32> {
    let label = |i: usize| nearest(centroids, table.n_dims(), |c| row_distance(table, i, c));
    let mut labels: Vec<u32> = (0..table.n_points()).into_par_iter().map(label).collect();
    for (row, q) in &table.outside {
        labels[*row] = assign_outside(table, centroids, q);
    }
    table.unplaced.iter().for_each(|&row| labels[row] = NO_LABEL);
    labels
}
