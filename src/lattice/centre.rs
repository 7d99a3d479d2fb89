//! The centre of a table: an integer vector near where most of its points are.
//!
//! Distances do not change when it is subtracted from all points and centroids. Guesses in floating point see
//! coordinates from there, so that numbers are small where points are many, and one far value does not blunt them.

use rayon::prelude::*;

use super::MAX_BITS;

/// Most rows in the sample.
const SAMPLE: usize = 1024;

/// The sample has every row of so many.
pub(super) fn sample_step(n_points: usize) -> usize {
    n_points.div_ceil(SAMPLE).max(1)
}

/// The median of a sample of each feature, below `2^30` in magnitude. `points` is (n_points, n_dims), and all are
/// multiples of `2^granularity`, as the result is. (n_dims)
pub(super) fn centre(points: &[i32], n_dims: usize, granularity: u32) -> Vec<i32> {
    let n_points = points.len() / n_dims;
    let step = sample_step(n_points);
    // 2^30 becomes the multiple below
    let most = (1 << MAX_BITS) - (1 << granularity);
    let median = |j: usize| {
        let mut values: Vec<i32> = (0..n_points).step_by(step).map(|i| points[i * n_dims + j]).collect();
        let at = values.len() / 2;
        if values.is_empty() { 0 } else { (*values.select_nth_unstable(at).1).clamp(-most, most) }
    };
    (0..n_dims).into_par_iter().with_min_len(16).map(median).collect()
}

/// Coordinates seen from the centre, below 2^31 in magnitude. Both are (n_dims), as the result is.
pub(crate) fn from_centre<'a>(row: &'a [i32], centre: &'a [i32]) -> impl Iterator<Item = i32> + Clone + 'a {
    row.iter().zip(centre).map(|(q, m)| q - m)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_far_value_does_not_move_it() {
        assert_eq!(centre(&[-50, 7, -45, 9, -40, 5, -35, 2, 1 << 30, 1], 2, 0), [-40, 5]);
        assert_eq!(centre(&[], 2, 0), [0, 0]);
    }

    #[test]
    fn it_stays_on_the_grid_and_below_the_largest_coordinate() {
        assert_eq!(centre(&[-(1 << 30), 1 << 30, 1 << 30, 1 << 30], 1, 30), [0]);
        assert_eq!(centre(&[1 << 30; 3], 1, 4), [(1 << 30) - 16]);
    }
}
