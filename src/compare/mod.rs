//! Timings that can be trusted: equal work, proven equal before it is timed. Devices alternate, and the spread is shown.
//!
//! Every engine computes the same bits, so a ratio of times compares nothing but speed. [`Comparison::run`]
//! verifies that, then measures, over a sweep of sizes if asked, and makes a [`Document`] of it. Nothing here
//! knows a device: they come as [`Contestant`]s.

pub mod calibrate;
pub mod check;
mod clock;
mod comparison;
mod device;
pub mod export;
pub mod format;
mod rates;
pub mod report;
mod runs;
mod sizes;
pub mod statistics;
pub mod sweep;
mod tables;
mod verify;
mod warnings;

use std::time::Duration;

use crate::data::Dataset;
use crate::kmeans::{FitError, Params};

pub use clock::{Clock, HostClock};
pub use rates::Rates;
pub use report::Document;
pub use runs::{Contestant, Measured, Method, Row, RunError, Runner, Task};
pub use sizes::{params_at, rows_at};
use sweep::Sweep;
pub use verify::{Difference, DifferencePlace};
pub use warnings::{Warning, warnings};

/// Why there is no comparison.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CompareError {
    /// The devices do not compute the same.
    #[error(transparent)]
    Run(#[from] RunError),
    /// The data or the parameters can't be used.
    #[error(transparent)]
    Fit(#[from] FitError),
    /// A sweep over more points than there are.
    #[error("{asked} points asked for, of {name}, which has {n_points} rows; end the sweep at {n_points}")]
    TooFewRows {
        /// Points asked for.
        asked: u64,
        /// Rows there are.
        n_points: usize,
        /// The data.
        name: String,
    },
}

/// What to compare.
pub struct Comparison<'a> {
    /// The rows.
    pub data: &'a Dataset,
    /// How long reading them took.
    pub read: Duration,
    /// What to compute.
    pub params: &'a Params,
    /// What to vary.
    pub sweep: Option<&'a Sweep>,
    /// How often.
    pub method: Method,
}
