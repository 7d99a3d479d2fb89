//! Fits: parameters, [`fit()`], the loop over batches of restarts, and the fingerprint.
//!
//! | file | what it is about |
//! |---|---|
//! | `params`, `algorithm`, `search`, `plan` | what is asked for: checked parameters, algorithms, how restarts are chosen |
//! | `pack`, `directions` | rows -> their lattice |
//! | `fit` | a fit, from rows to its result |
//! | `streamed`, `memory_plan` | the same of a table that is larger than memory; what needs how much |
//! | `ranks` | the same of a table that several processes have together |
//! | `run`, `restarts`, `trace` | the loop over batches; outcomes, the best, the fingerprint; the iterations of one restart |
//! | `bisect`, `minibatch`, `stream` | other algorithms |
//! | `label_all`, `labelled` | labels of all rows; rows that have one |
//! | `pool` | the threads of a fit |
//! | `checkpoint`, `saved` | a run in a file |
//! | `columns` | columns of another table in the order of a model's |
//! | `median` | the median of two or more |
//! | `error`, `stream_error` | errors |

mod algorithm;
mod bisect;
mod checkpoint;
mod columns;
mod directions;
mod error;
mod fit;
mod label_all;
mod labelled;
mod median;
mod memory_plan;
mod minibatch;
mod pack;
mod params;
mod plan;
mod pool;
mod ranks;
mod restarts;
mod run;
mod saved;
mod search;
mod stream;
mod stream_error;
mod streamed;
mod trace;

pub use algorithm::{Algorithm, Minibatch};
pub use bisect::{Bisected, Split, bisect};
pub use checkpoint::{Checkpoint, Resumed};
pub use columns::{ColumnNamesError, ColumnOrder, column_order};
pub use error::FitError;
pub use fit::{
    Fit, Progress, Step, Timings, fit, fit_in_steps, fit_on, fit_table, fit_with, fit_with_checkpoint,
    job_size,
};
pub use labelled::{labelled, labelled_values};
pub(crate) use median::median;
pub use memory_plan::{MemoryPlan, StreamedFrom};
pub use minibatch::{Minibatched, minibatch};
pub use pack::{bytes_needed, pack, pack_for, pack_watched};
pub use params::{Init, KMeans, Params, ParamsError};
pub use plan::RunPlan;
pub use pool::in_threads;
pub use ranks::{Share, Shared, fit_on_ranks, fit_restarts_on_ranks};
pub use restarts::{Fall, MOST_OUTCOMES, Restarts, Spread};
pub use run::{CONTINUE, run, run_plan};
pub use saved::{AboutRun, BestState, RunIdentity, SavedRun, SavedRunError};
pub use search::{RunEnd, Search, Searched};
pub use stream::Stream;
pub use stream_error::StreamError;
pub use streamed::{PackedHead, Streaming, fit_streamed};
pub use trace::trace;
