//! What the processes of one fit tell each other. Each of them is a rank, with some rows of one table:
//! [`fit_on_ranks`](crate::kmeans::fit_on_ranks()).
//!
//! All that ranks add up are integers, whose sums depend neither on their order nor on how the rows are shared. So the result
//! has the same bits on any number of ranks.
//!
//! | file | what it has |
//! |---|---|
//! | `calls` | the calls that a fit makes, and a fit of one process |
//! | `partial` | what ranks add up |
//! | `agree` | calls in which a rank may fail, or end the run |
//! | `timed` | the time that calls take |
//! | `threads` | ranks that are threads of one process |
//! | `mpi` | ranks of MPI, with the feature `mpi` |

mod agree;
mod calls;
#[cfg(feature = "mpi")]
pub mod mpi;
mod partial;
mod threads;
mod timed;

pub use agree::{agree, alike};
pub(crate) use agree::{gather, gather_words, sum};
pub use calls::{Alone, Comm, CommError};
pub use partial::{Partial, PartialShape};
pub use threads::{Threads, threads};
pub(crate) use timed::Timed;
