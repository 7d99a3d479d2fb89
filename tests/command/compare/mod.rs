//! Comparisons with a simulated clock and simulated devices: timings, errors and the document.
//!
//! | file | what it is about |
//! |---|---|
//! | `batches` | a comparison and a fit use the same batches; an observer cancels between batches |
//! | `doubles` | a simulated clock, and engines that advance it, return wrong results, or fail |
//! | `figures` | medians, ratios, intervals, warnings, times by step and crossovers of known times |
//! | `refusals` | a wrong label ends the comparison before any timing; a device that fails does not |
//! | `documents` | the JSON matches its schema, the CSV its header; the page on a phone |
#![allow(clippy::unwrap_used, reason = "a test that fails here fails")]

mod batches;
mod documents;
mod doubles;
mod figures;
mod refusals;
