//! The compiled half of the Python package `cairn_kmeans`: fits, models, sweeps and devices of the library `cairn`.
//!
//! | file | what it is about |
//! |---|---|
//! | `table` | arrays and their weights as a table |
//! | `fit` | a fit, and what it returns |
//! | `tolerance` | what scikit-learn means by `tol` |
//! | `model` | models: labels, distances and scores of rows; their bytes |
//! | `stream` | rows that come in batches |
//! | `sweep` | fits for several numbers of clusters |
//! | `devices` | devices: opened, listed |
//! | `comm` | the processes of a fit, by an object of Python |
//! | `work` | work outside the interpreter's lock, which Ctrl-C stops |
//! | `errors` | errors of the library as those of Python |
//!
//! What scikit-learn's interface asks for is written in Python, in `cairn_kmeans/`.

mod comm;
mod devices;
mod errors;
mod fit;
mod model;
mod stream;
mod sweep;
mod table;
mod tolerance;
mod work;

use cairn::allocator::HugePages;
use pyo3::prelude::*;

#[global_allocator]
static ALLOCATOR: HugePages = HugePages;

#[pymodule]
fn _cairn(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<fit::Fit>()?;
    module.add_class::<model::Model>()?;
    module.add_class::<stream::Stream>()?;
    module.add_function(wrap_pyfunction!(fit::fit, module)?)?;
    module.add_function(wrap_pyfunction!(sweep::sweep, module)?)?;
    module.add_function(wrap_pyfunction!(devices::devices, module)?)?;
    module.add_function(wrap_pyfunction!(work::_panic, module)?)?;
    module.add("DeviceError", module.py().get_type::<errors::DeviceError>())?;
    module.add("__version__", env!("CARGO_PKG_VERSION"))
}
