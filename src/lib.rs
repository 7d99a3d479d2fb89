//! k-means that gives the same answer, to the last bit, on every GPU and CPU.
//!
//! Rows of floats are put on a lattice of 24-bit integers ([`lattice`]). Everything after that is defined in
//! integers: sums have no order, so labels, centroids, inertia and the number of iterations do not depend
//! on the device, the number of threads, or how restarts are batched. Engines are fast because they guess in
//! floating point, certify the guess with a rigorous bound ([`engine::certify`]), and repair in integers the
//! few points that the bound leaves open.
//!
//! ```
//! use cairn::{data, kmeans};
//!
//! let digits = data::digits();
//! let params = kmeans::KMeans::new(10).restarts(20).seed(42).check()?;
//! let fit = kmeans::fit(&digits, &params)?;
//!
//! println!("{} found {} times", fit.inertia(), fit.spread.found_best);
//! assert_eq!(fit.labels().len(), 1797);
//! assert_eq!(fit.centroids().dim(), (10, 64));
//! # Ok::<(), kmeans::FitError>(())
//! ```
//!
//! The folder `examples/` has programs: an array of your own, new rows, progress and cancelling, devices, files.
//!
//! Where things are:
//!
//! * [`data`]: rows in (CSV, `.npy`, the embedded digits), results out
//! * [`drawing`]: digits that people draw, made like those of the data
//! * [`lattice`]: rows to integers and back to the user's units
//! * [`kmeans`]: parameters, [`kmeans::fit`], restarts, the fingerprint
//! * [`engine`]: where it runs: `reference` (the definition), `cpu`, `gpu`; the only place that falls back
//! * [`model`]: a fitted clustering that is saved, loaded, named and applied to new rows
//! * [`numbers`]: numbers as text for people
//! * [`score`]: measures of clusters, with and without a known truth
//! * [`sweep`]: one number of clusters after another, under several seeds, measured
//!
//! With the feature `cli`, which is on unless default features are off, also what the command `cairn` is made of, and
//! what needs crates for pictures, pages and statistics:
//!
//! * `compare`: devices against each other: verified, then timed
//! * `reading`: handwritten digits in a scan or a photograph
//! * `report`: an HTML report, and a page to draw digits on
//!
//! With the feature `gpu`, likewise on by default, `engine::gpu`; without it the engines of the processor remain.

#[cfg(feature = "cli")]
pub mod compare;
pub mod data;
pub mod drawing;
pub mod engine;
pub mod kmeans;
pub mod lattice;
pub mod model;
pub mod numbers;
#[cfg(feature = "cli")]
pub mod reading;
#[cfg(feature = "cli")]
pub mod report;
pub mod score;
pub mod sweep;
mod temporary;

/// The README's Rust, as a test.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
