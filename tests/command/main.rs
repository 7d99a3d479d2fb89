//! The command and its modules: comparison, report, drawing page, reading of pictures.
//!
//! | file | what it is about |
//! |---|---|
//! | `cli/` | the command line |
//! | `compare/` | `cairn compare` with a simulated clock and engines that return wrong results or fail |
//! | `draw/` | `cairn draw` in a browser |
//! | `report` | `cairn report` in a browser |
//! | `reading` | `cairn read` on pictures of digits |
//! | `pictures` | files of pictures: cut, changed, empty, thin |
//! | `documents` | the commands that documents show, and their output |
//! | `corpora` | the fuzzers' corpora |
//! | `browser`, `strips` | a page in headless Chromium; pictures composed of known digits |
#![cfg(feature = "cli")]

mod browser;
#[path = "../common/cases.rs"]
mod cases;
mod cli;
mod compare;
#[allow(clippy::unwrap_used, reason = "a test that fails here fails")]
mod corpora;
#[allow(clippy::unwrap_used, reason = "a test that fails here fails")]
mod documents;
mod draw;
mod pictures;
mod reading;
mod report;
mod strips;
