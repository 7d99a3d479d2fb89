//! Fits by several processes, the ranks of a [`Comm`](crate::comm::Comm): each has some rows of the table, or makes some of the
//! restarts.
//!
//! | file | what it has |
//! |---|---|
//! | `rows` | ranks that have rows |
//! | `restarts` | ranks that make restarts |
//! | `together` | what both have in common |

mod restarts;
mod rows;
mod together;

pub use restarts::fit_restarts_on_ranks;
pub use rows::fit_on_ranks;
pub use together::{Share, Shared};
