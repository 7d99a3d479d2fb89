//! Warnings: doubts about a result, for every output of it.
//!
//! A result can be right by its definition and still mislead: a column may be a class and no feature, rounding may have merged rows, a fill value may have
//! stretched a range, a cost may be beyond `f64`. [`of_fit`] lists such doubts of a fit. The command writes them to
//! standard error, to JSON and to reports.
//!
//! | file | what it is about |
//! |---|---|
//! | `warning` | a warning, and its code |
//! | `subject` | what warnings are about: rows on a lattice, the end of a fit |
//! | `fit` | all warnings of a fit, in their order |
//! | `device` | a device that failed, or is slow |
//! | `class_column` | columns that look like classes |
//! | `row_number` | columns that number the rows |
//! | `dominant` | a column with nearly all of the variance |
//! | `first_rows` | the first rows of a table, as they were given |
//! | `stretched`, `spread` | values that stretch the range of a column; the spread of columns |
//! | `rounding` | rounding to the lattice that weighs in the inertia |
//! | `integers` | whole numbers that an `f64` can't tell apart |
//! | `empty`, `distinct` | empty clusters; distinct rows before and after rounding |
//! | `inertia` | costs beyond `f64` |
//! | `unlabelled` | rows that a model can't label |
//! | `place` | names of columns and numbers of rows, as the source shows them |
//!
//! ```
//! use cairn::{data::Dataset, kmeans, warnings};
//!
//! let data = Dataset::new("two values", ndarray::arr2(&[[1.0], [1.0], [2.0]]));
//! let fit = kmeans::fit(&data, &kmeans::KMeans::new(3).check()?)?;
//! let warnings = warnings::of_fit(&fit, &data)?;
//! assert_eq!(warnings[0].code, warnings::WarningCode::FewDistinctRows);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod class_column;
mod device;
mod distinct;
mod dominant;
mod empty;
mod first_rows;
mod fit;
mod inertia;
mod integers;
mod place;
mod rounding;
mod row_number;
mod spread;
mod stretched;
mod subject;
mod unlabelled;
mod warning;

pub use device::of_device;
pub use fit::{of_fit, of_labels, of_rank, of_result, of_table};
pub use subject::{Ended, Placed};
pub use unlabelled::Unlabelled;
pub use warning::{Warning, WarningCode, merged};
