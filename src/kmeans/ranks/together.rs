//! What ranks do together before the first restart, and what is said of it afterwards.

use std::time::Duration;

use crate::comm::{self, Comm, CommError};
use crate::data::Dataset;
use crate::kmeans::FitError;
use crate::kmeans::params::{Init, Params};
use crate::kmeans::pool::pool;
use crate::kmeans::saved::RunIdentity;

/// Runs `work` in the threads of the parameters; all ranks do, or none does.
pub(super) fn in_threads_of_all<T: Send>(
    comm: &dyn Comm,
    params: &Params,
    work: impl FnOnce() -> Result<T, FitError> + Send,
) -> Result<T, FitError> {
    match comm::agree(comm, pool(params.threads()))? {
        Some(pool) => pool.install(work),
        None => work(),
    }
}

/// What ranks share.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Share {
    /// The rows of the table: each has some.
    Rows,
    /// The restarts: each has the whole table, and makes some.
    Restarts,
}

impl Share {
    /// Its name: `rows` or `restarts`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Rows => "rows",
            Self::Restarts => "restarts",
        }
    }
}

/// How a fit was shared by ranks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shared {
    /// How many there were.
    pub n_ranks: usize,
    /// What each had of it.
    pub share: Share,
    /// The time that this rank spent in calls to the others, or waiting for them.
    pub in_calls: Duration,
}

/// What ranks do together before the first restart.
pub(super) struct Ranks<'a> {
    pub(super) comm: &'a dyn Comm,
}

impl Ranks<'_> {
    /// The value, if no rank has failed.
    pub(super) fn agree<T>(&self, own: Result<T, FitError>) -> Result<T, FitError> {
        comm::agree(self.comm, own)
    }

    /// The bytes of all ranks, by rank, if none has failed.
    pub(super) fn gather(&self, own: Result<Vec<u8>, FitError>) -> Result<Vec<Vec<u8>>, FitError> {
        let lost = || CommError::Lost { reason: "it has left".into() };
        Ok(comm::gather(self.comm, own.map(Some))?.ok_or_else(lost)?)
    }

    /// The words of all ranks, by rank, if none has failed.
    pub(super) fn gather_words(&self, own: Result<Vec<u64>, FitError>) -> Result<Vec<Vec<u64>>, FitError> {
        comm::gather_words(self.comm, own)
    }

    /// Checks that all ranks have tables and parameters that go together.
    pub(super) fn check_alike(&self, data: &Dataset<'_>, params: &Params) -> Result<(), FitError> {
        for (what, value) in said(data, params) {
            comm::alike(self.comm, what, &value)?;
        }
        Ok(())
    }
}

/// What all ranks must have alike, in words and values.
fn said(data: &Dataset<'_>, params: &Params) -> [(&'static str, String); 6] {
    let mut starts = blake3::Hasher::new();
    if let Init::Centroids(rows) = params.init() {
        rows.iter().for_each(|value| {
            starts.update(&value.to_le_bytes());
        });
    }
    let identity = serde_json::to_string(&RunIdentity::of_params(params)).unwrap_or_default();
    let run = (params.n_restarts(), params.first_restart(), params.time(), params.best_so_far());
    let weights = if data.weights.is_some() { "weights" } else { "none" };
    [
        ("the version", env!("CARGO_PKG_VERSION").to_owned()),
        ("the number of features", data.points.n_dims().to_string()),
        ("as weights of rows", weights.to_owned()),
        ("the scaling", format!("{:?}", data.points.scaling())),
        ("start centroids of hash", starts.finalize().to_hex().to_string()),
        ("the parameters", format!("{identity}, {run:?}")),
    ]
}
