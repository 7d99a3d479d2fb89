//! A table, ready to be clustered.

use super::points::Points;
use super::truth::Truth;

/// A table, ready to be clustered.
#[derive(Debug, Clone)]
pub struct Dataset {
    /// The source as it was given; `standard input` for `-`.
    pub name: String,
    /// The features, shape (n_points, n_dims), at least one of each.
    pub points: Points,
    /// The features' names, n_dims of them; `column 3` where there is no header.
    pub columns: Vec<String>,
    /// The classes of the rows, if a column of them was named.
    pub truth: Option<Truth>,
    /// The weights of the rows, n_points of them, finite and not negative, if a column was named.
    pub weights: Option<Vec<f64>>,
}
