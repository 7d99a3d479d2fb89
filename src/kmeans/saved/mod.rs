//! Runs in files: as far as they came, or whole. A run goes on from its file, and parts of one run are joined.
//!
//! | file | what it is about |
//! |---|---|
//! | `run` | what a file holds |
//! | `identity` | the table and the parameters that decide a run's restarts |
//! | `file` | the format: read and written |
//! | `merge` | parts of one run, joined |
//! | `error` | errors |

mod error;
mod file;
mod identity;
mod merge;
mod run;

pub use error::SavedRunError;
pub(super) use file::{Parts, check_writable, write};
pub use identity::RunIdentity;
pub use run::{AboutRun, BestState, SavedRun};
