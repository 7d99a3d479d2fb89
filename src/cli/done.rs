//! A finished fit, for all that is said and written of it.

use std::time::Duration;

use cairn::data::Dataset;
use cairn::kmeans::{Fit, Params};
use cairn::score::Score;

use super::args::FitArgs;
use super::measures::Measures;

/// A finished fit and what it was made of.
pub(super) struct Done<'a> {
    pub(super) args: &'a FitArgs,
    pub(super) data: Dataset,
    pub(super) params: Params,
    pub(super) fit: Fit,
    pub(super) score: Option<Score>,
    pub(super) measures: Option<Measures>,
    /// The page, if one is asked for.
    pub(super) report: Option<String>,
    /// Reading the data.
    pub(super) read: Duration,
    /// All of it, reading included.
    pub(super) total: Duration,
}
