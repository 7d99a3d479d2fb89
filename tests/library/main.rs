//! The library without a GPU; only an example uses one if there is one.
//!
//! | file | what it is about |
//! |---|---|
//! | `definition` | section 3 of docs/DEFINITION.md, on examples computed by hand |
//! | `lattice` | section 2, by proptest |
//! | `exact` | labels and inertia in exact arithmetic, on random tables |
//! | `certify` | the bound proves no wrong label, in any arithmetic |
//! | `comparer` | the comparer of these tests detects every difference |
//! | `restarts` | batches, the best restart, the spread, the fingerprint |
//! | `runs` | runs in files: stopped, resumed, spread over processes and joined; damaged files |
//! | `data` | input tables and output files |
//! | `formats` | the same table in every format |
//! | `as_drawings` | pictures read as drawings, from every form of a table |
//! | `truth_file` | known classes in a file of their own |
//! | `columns` | Parquet and Arrow files, as other programs write them |
//! | `model` | model files |
//! | `python` | the Python snippet of docs/MODELS.md reads a model |
//! | `scaling` | scaled rows equal scikit-learn's |
//! | `cosine` | the metric cosine: spherical k-means in numpy, models, refusals |
//! | `measures` | every measure equals scikit-learn's |
//! | `sweep` | accuracy by number of clusters |
//! | `choosing` | the gap statistic, and the number of clusters that each measure chooses |
//! | `drawings` | drawings as text |
//! | `examples` | the programs in `examples/` print what they should |
//! | `streamed` | tables larger than memory, in a file: the same fit; what is reused, refused, planned
//! | `shaders` | every kernel parses, validates and matches its Rust structs |
//! | `architecture` | files and layers of `src/` |

#[path = "../common/mod.rs"]
mod common;

mod architecture;
mod as_drawings;
mod certify;
mod choosing;
#[cfg(feature = "parquet")]
mod columns;
mod comparer;
mod cosine;
mod data;
mod definition;
mod drawings;
mod exact;
mod examples;
mod files;
#[cfg(feature = "cli")]
mod formats;
mod lattice;
mod measures;
mod model;
mod python;
mod ranks;
mod restarts;
mod runs;
mod scaling;
mod shaders;
mod streamed;
mod sweep;
mod truth_file;
