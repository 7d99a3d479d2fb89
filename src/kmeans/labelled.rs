//! Rows with a label: all, but for rows of weight zero that lie too far outside for the lattice.

use std::borrow::Cow;

use crate::data::{DataError, Dataset};
use crate::engine::NO_LABEL;

/// The rows of a table that have a label, and their labels.
///
/// # Errors
/// [`DataError`] if some have none, and the source can't be read again.
pub fn labelled<'a>(
    data: &'a Dataset,
    labels: &'a [u32],
) -> Result<(Cow<'a, Dataset>, Cow<'a, [u32]>), DataError> {
    if !labels.contains(&NO_LABEL) {
        return Ok((Cow::Borrowed(data), Cow::Borrowed(labels)));
    }
    let rows: Vec<usize> = (0..labels.len()).filter(|&row| labels[row] != NO_LABEL).collect();
    let kept = rows.iter().map(|&row| labels[row]).collect();
    Ok((Cow::Owned(data.select(&rows)?), Cow::Owned(kept)))
}

/// The classes and labels of the rows that have a label. Both are (n_points).
#[must_use]
pub fn labelled_classes<'a>(classes: &'a [u32], labels: &'a [u32]) -> (Cow<'a, [u32]>, Cow<'a, [u32]>) {
    if !labels.contains(&NO_LABEL) {
        return (Cow::Borrowed(classes), Cow::Borrowed(labels));
    }
    let pairs = classes.iter().zip(labels).filter(|&(_, &label)| label != NO_LABEL);
    let (classes, labels): (Vec<u32>, Vec<u32>) = pairs.unzip();
    (Cow::Owned(classes), Cow::Owned(labels))
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
        let (classes, labels) = labelled_classes(&[7, 8, 9], &[5, NO_LABEL, 6]);
        assert_eq!((&classes[..], &labels[..]), (&[7, 9][..], &[5, 6][..]));
    }
}
