//! The library without a GPU.
//!
//! | file | what it is about |
//! |---|---|
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
mod lattice;
mod measures;
mod model;
mod python;
mod restarts;
mod shaders;
mod sweep;
