//! What a library makes of a damaged file: its error, or one instead of a panic.

use std::panic::{AssertUnwindSafe, catch_unwind};

use super::error::DataError;

/// The result of some work with a library that may panic.
pub(super) fn guarded<T>(
    name: &str,
    format: &'static str,
    work: impl FnOnce() -> Result<T, DataError>,
) -> Result<T, DataError> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|_| {
        let reason = "its reader failed".to_owned();
        Err(DataError::Damaged { name: name.to_owned(), format, reason })
    })
}
