//! The library without a GPU; only an example takes one where there is one.
//!
//! | file | what it is about |
//! |---|---|
//! | `definition` | section 3 of docs/DEFINITION.md on examples worked out by hand |
//! | `lattice` | section 2, by proptest |
//! | `certify` | the bound never proves a wrong label, in any arithmetic |
//! | `comparer` | the comparer of these tests refuses whatever is wrong |
//! | `restarts` | batches, the best, the spread, the fingerprint |
//! | `data` | tables in, results out |
//! | `model` | model files |
//! | `python` | the Python snippet of docs/MODELS.md reads a model |
//! | `measures` | every measure equals scikit-learn's |
//! | `sweep` | accuracy by number of clusters |
//! | `drawings` | drawings as text |
//! | `examples` | the programs in `examples/` print what they should |
//! | `shaders` | every kernel parses, validates and matches its Rust structs |
//! | `architecture` | files and layers of `src/` |

#[path = "../common/mod.rs"]
mod common;

mod architecture;
mod certify;
mod comparer;
mod data;
mod definition;
mod drawings;
mod examples;
mod lattice;
mod measures;
mod model;
mod python;
mod restarts;
mod shaders;
mod sweep;
