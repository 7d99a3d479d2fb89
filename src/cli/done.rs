//! A finished fit, the input of all output.

use std::sync::Arc;
use std::time::Duration;

use cairn::data::{Dataset, Source};
use cairn::engine::Opened;
use cairn::kmeans::{Fit, Params};
use cairn::score::Score;
use cairn::warnings::Warning;

use super::args::FitArgs;
use super::measures::InternalMeasures;
use super::starts::StartColumns;

/// A finished fit and its inputs.
pub(super) struct Done<'a> {
    pub(super) args: &'a FitArgs,
    pub(super) data: Dataset<'static>,
    /// All rows of the table, to be read again if they are written.
    pub(super) source: Arc<dyn Source>,
    pub(super) params: Params,
    pub(super) fit: Fit,
    pub(super) score: Option<Score>,
    pub(super) measures: Option<InternalMeasures>,
    pub(super) warnings: Vec<Warning>,
    /// How the columns of the --init file were matched.
    pub(super) starts: StartColumns,
    pub(super) opened: Opened,
    /// Time for reading the data.
    pub(super) read: Duration,
    /// Total time, including reading.
    pub(super) total: Duration,
}
