//! The command and what only it needs: a comparison, a report, the drawing page, reading of pictures.
//!
//! | file | what it is about |
//! |---|---|
//! | `cli/` | the command, as a person or a program uses it |
//! | `compare/` | `cairn compare` on a clock wound by hand and engines that lie or fail |
//! | `draw/` | `cairn draw` in a browser |
//! | `report` | `cairn report` in a browser |
//! | `reading` | pictures of digits, read |
//! | `browser`, `strips` | a page in headless Chromium; pictures made of known digits |
#![cfg(feature = "cli")]

mod browser;
mod cli;
mod compare;
mod draw;
mod reading;
mod report;
mod strips;
