//! Comparison of devices on equal work. Results are verified to be equal before anything is timed; runs of the
//! devices alternate, and the spread is reported.
//!
//! Every engine computes the same bits, so a ratio of times compares only speed. [`Comparison::run`] verifies that,
//! then measures, optionally over a sweep of sizes, and makes a [`Document`]. Devices are passed as [`Contestant`]s.

pub mod calibrate;
pub mod check;
mod clock;
mod comparison;
mod device;
pub mod document;
pub mod export;
pub mod format;
mod method;
mod rates;
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
pub use document::Document;
pub use method::{Budget, Estimate, Method, Plan, Step};
pub use rates::Rates;
pub use runs::{Contestant, Measured, Row, RunError, Runner, Task};
pub use sizes::params_at;
use sweep::Sweep;
pub use verify::{Difference, DifferencePlace};
pub use warnings::{Warning, warnings};

/// Why there is no comparison.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CompareError {
    /// The results of the devices differ.
    #[error(transparent)]
    Run(#[from] RunError),
    /// The data or the parameters are invalid.
    #[error(transparent)]
    Fit(#[from] FitError),
    /// A sweep needs more points than there are.
    #[error("{asked} points asked for, of {name}, which has {n_points} rows; end the sweep at {n_points}")]
    TooFewRows {
        /// Points needed.
        asked: u64,
        /// Rows there are.
        n_points: usize,
        /// The data.
        name: String,
    },
}

/// The input of a comparison.
pub struct Comparison<'a> {
    /// The rows.
    pub data: &'a Dataset<'a>,
    /// Time for reading them.
    pub read: Duration,
    /// Parameters of the fit.
    pub params: &'a Params,
    /// The sweep, if any.
    pub sweep: Option<&'a Sweep>,
    /// Numbers of runs.
    pub method: Method,
}
