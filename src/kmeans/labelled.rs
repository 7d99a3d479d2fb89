//! Rows with a label: all, but for rows of weight zero that lie too far outside for the lattice.

use std::borrow::Cow;

use crate::data::{DataError, Dataset};
use crate::engine::NO_LABEL;

/// The rows of a table that have a label, and their labels.
///
/// # Errors
/// [`DataError`] if some have none, and the source can't be read again.
pub fn labelled<'a>(
    data: &'a Dataset<'a>,
    labels: &'a [u32],
) -> Result<(Cow<'a, Dataset<'a>>, Cow<'a, [u32]>), DataError> {
    if !labels.contains(&NO_LABEL) {
        return Ok((Cow::Borrowed(data), Cow::Borrowed(labels)));
    }
    let rows = rows(labels);
    Ok((Cow::Owned(data.select(&rows)?), Cow::Owned(of_rows(labels, &rows))))
}

/// The values and labels of the rows that have a label. `values` is (n_points, n_columns), `labels` (n_points).
#[must_use]
pub fn labelled_values<'a, T: Copy>(values: &'a [T], labels: &'a [u32]) -> (Cow<'a, [T]>, Cow<'a, [u32]>) {
    if !labels.contains(&NO_LABEL) {
        return (Cow::Borrowed(values), Cow::Borrowed(labels));
    }
    let n_columns = values.len() / labels.len();
    let rows = rows(labels);
    let values = rows.iter().flat_map(|row| &values[row * n_columns..][..n_columns]).copied().collect();
    (Cow::Owned(values), Cow::Owned(of_rows(labels, &rows)))
}

fn rows(labels: &[u32]) -> Vec<usize> {
    (0..labels.len()).filter(|&row| labels[row] != NO_LABEL).collect()
}

fn of_rows(labels: &[u32], rows: &[usize]) -> Vec<u32> {
    rows.iter().map(|&row| labels[row]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_without_a_label_are_left_out() {
        let rows = ndarray::arr2(&[[1.0], [2.0], [3.0]]);
        let data = Dataset::new("rows", rows).with_weights(vec![1.0, 0.0, 2.0]);
        let (kept, labels) = labelled(&data, &[5, NO_LABEL, 6]).unwrap();
        assert_eq!((kept.points.to_f64().unwrap(), &labels[..]), (vec![1.0, 3.0], &[5, 6][..]));
        assert_eq!(kept.weights, Some(vec![1.0, 2.0]));
        assert!(matches!(labelled(&data, &[0, 1, 2]).unwrap().0, Cow::Borrowed(_)));
        let (classes, labels) = labelled_values(&[7, 8, 9], &[5, NO_LABEL, 6]);
        assert_eq!((&classes[..], &labels[..]), (&[7, 9][..], &[5, 6][..]));
        let (pairs, _) = labelled_values(&[1, 2, 3, 4, 5, 6], &[NO_LABEL, 1, 2]);
        assert_eq!(pairs[..], [3, 4, 5, 6]);
    }
}
