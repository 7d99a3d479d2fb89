//! Comparisons without a real clock and without a real device to be slow: what is timed, what is refused, what
//! the document says.
//!
//! | file | what it is about |
//! |---|---|
//! | `batches` | a comparison and a fit cut the same batches; an observer cancels between two |
//! | `doubles` | a clock that is wound by hand, and engines that wind it, lie, or fail |
//! | `figures` | known times give known medians, ratios, intervals, warnings, splits, crossovers |
//! | `refusals` | one wrong label ends it before any timing; a device that fails does not |
//! | `documents` | the JSON matches its schema, the CSV its header |
#![allow(clippy::unwrap_used, reason = "a test that fails here fails")]

mod batches;
mod documents;
mod doubles;
mod figures;
mod refusals;
