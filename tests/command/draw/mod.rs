//! The drawing page: what it names, what it refuses, and that it agrees with the command.
//!
//! | file | what it is about |
//! |---|---|
//! | `hand` | strokes as hands make them, and what the page makes of them |
//! | `limit` | how many digits, letters, scribbles and blots are called no digit |
//! | `page` | a page in a browser, played by a script |
//! | `strokes` | strokes as pointer events: labels, distances and counts equal those of the command |
//! | `numbers` | numbers pasted: all rows of the digits, junk, random pictures |
//! | `looks` | widths, names that are markup, models without names, the section of the report |
//! | `command` | `cairn draw` |
#![allow(clippy::print_stdout, reason = "the shares, for those who ask for them by --nocapture")]
#![allow(clippy::unwrap_used, reason = "a test that fails here fails")]

mod command;
mod hand;
mod limit;
mod looks;
mod numbers;
mod page;
mod strokes;
