//! The threads of a fit.

use super::error::FitError;

/// Runs `work` in a pool of `threads` threads, or in the current pool if `None`.
///
/// # Errors
/// [`FitError::Threads`] if they can't be started, else the error of `work`.
pub fn in_threads<T: Send, E: From<FitError> + Send>(
    threads: Option<usize>,
    work: impl FnOnce() -> Result<T, E> + Send,
) -> Result<T, E> {
    match pool(threads)? {
        Some(pool) => pool.install(work),
        None => work(),
    }
}

/// A pool of so many threads, or none for the current one.
pub(super) fn pool(threads: Option<usize>) -> Result<Option<rayon::ThreadPool>, FitError> {
    let Some(threads) = threads else { return Ok(None) };
    let failed =
        |error: rayon::ThreadPoolBuildError| FitError::Threads { threads, reason: error.to_string() };
    Ok(Some(rayon::ThreadPoolBuilder::new().num_threads(threads).build().map_err(failed)?))
}
