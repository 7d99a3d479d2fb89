//! The drawing page: its names and errors, and agreement with the command.
//!
//! | file | what it is about |
//! |---|---|
//! | `hand` | simulated drawings |
//! | `limit` | how many digits, letters, scribbles and blots are "not a digit" |
//! | `page` | a page in a browser, driven by a script |
//! | `strokes` | strokes as pointer events: labels, distances and counts equal those of the command |
//! | `numbers` | pasted numbers: all rows of the digits, invalid text, random pictures |
//! | `looks` | widths, names that are markup, models without names, the section of the report |
//! | `command` | `cairn draw` |
//! | `rates` | how many recorded strokes are read right |
#![allow(clippy::print_stdout, reason = "the shares, for those who ask for them by --nocapture")]
#![allow(clippy::unwrap_used, reason = "a test that fails here fails")]

mod command;
mod hand;
mod limit;
mod looks;
mod numbers;
mod page;
mod rates;
mod strokes;
