//! k-means that gives the same answer, to the last bit, on every GPU and CPU.
//!
//! Rows of floats are quantised to a lattice of 31-bit integers ([`lattice`]). Everything after that is defined in
//! integers, whose sums do not depend on order. So labels, centroids, inertia and the number of iterations do not
//! depend on the device, the number of threads, or the batches of restarts. Engines are fast because they guess in
//! floating point, certify the guess with a rigorous bound ([`engine::certify`]), and repair only the few points that
//! the bound leaves open in integers.
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
//! The folder `examples/` has programs for your own arrays, new rows, progress and cancelling, devices, and model
//! files.
//!
//! Modules:
//!
//! * [`comm`]: what the processes of one fit tell each other
//! * [`data`]: input tables (CSV, `.npy`, the embedded digits) and output files
//! * [`drawing`]: normalisation of drawn digits like those of the data
//! * [`lattice`]: quantisation of rows to integers, and back to the user's units
//! * [`kmeans`]: parameters, [`kmeans::fit`], restarts, the fingerprint
//! * [`engine`]: the engines `reference` (the definition), `cpu` and `gpu`, and the fallback
//! * [`memory`]: the error of too little memory
//! * [`model`]: fitted models: saved, loaded, named and applied to new rows
//! * [`numbers`]: formatting of numbers for people
//! * [`packed`]: tables on their lattice in a file, for those larger than memory
//! * [`picture`]: files of pictures: their pixels, and pictures of few colours
//! * [`score`]: external and internal measures of clusters
//! * [`sweep`]: fits and measures for several numbers of clusters and seeds
//! * [`threads`]: the threads of a program, started once
//! * [`warnings`]: doubts about a result, for every output of it
//!
//! Either of the features `cli` and `gpu` adds `allocator`: large blocks of memory on huge pages.
//!
//! The feature `cli`, on by default, adds the command `cairn` and modules that need more crates:
//!
//! * `compare`: verifies that devices agree, then times them
//! * `quantize`: pictures with fewer colours
//! * `reading`: reads handwritten digits in a scan or a photograph
//! * `report`: an HTML report, and a page to draw digits on
//!
//! The feature `parquet`, on by default, adds tables in Parquet and Arrow files.
//!
//! The feature `gpu`, on by default, adds `engine::gpu`. Without it the CPU engines remain.

/// The arrays that tables, starts and centroids are given and returned in.
pub use ndarray;

#[cfg(any(feature = "cli", feature = "gpu"))]
pub mod allocator;
pub mod comm;
#[cfg(feature = "cli")]
pub mod compare;
pub mod data;
pub mod drawing;
pub mod engine;
#[cfg(any(feature = "cli", feature = "gpu"))]
mod kept;
pub mod kmeans;
pub mod lattice;
mod log;
pub mod memory;
pub mod model;
pub mod numbers;
pub mod packed;
pub mod picture;
#[cfg(feature = "cli")]
pub mod quantize;
#[cfg(feature = "cli")]
pub mod reading;
#[cfg(feature = "cli")]
pub mod report;
pub mod score;
pub mod sweep;
mod temporary;
pub mod threads;
pub mod warnings;

/// Tests the Rust code of README.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
