//! Devices: opened with the options that the environment has, and listed.

use std::env;

use cairn::data::Dataset;
use cairn::engine::gpu::adapters;
use cairn::engine::{self, Backend, Device, EngineError, OpenOptions, Opened};
use cairn::kmeans::{Params, job_size};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

use crate::errors::Failure;
use crate::work::guarded;

/// Options from the variables that the command reads too.
pub(crate) fn options() -> PyResult<OpenOptions> {
    let variable = |name: &str| env::var(name).ok().filter(|value| !value.is_empty());
    let mut options =
        OpenOptions::from_variables(variable).map_err(|error| PyValueError::new_err(error.to_string()))?;
    // without this folder EGL, of which GL is part, writes to standard error
    if options.backends.is_empty() && cfg!(target_os = "linux") && variable("XDG_RUNTIME_DIR").is_none() {
        options.backends = vec![Backend::Vulkan];
    }
    Ok(OpenOptions { cache: variable("CAIRN_CACHE").map(Into::into), ..options })
}

/// Opens the device of `params` for a fit of `data`.
pub(crate) fn open(options: OpenOptions, data: &Dataset<'_>, params: &Params) -> Result<Opened, EngineError> {
    let options = OpenOptions { size: Some(job_size(data, params)), ..options };
    engine::open(params.device(), &options)
}

/// Name, interface, kind, driver, and whether it is software.
type Row = (String, String, String, String, bool);

/// The CPU, then every adapter.
#[pyfunction]
pub(crate) fn devices(py: Python<'_>) -> PyResult<Vec<Row>> {
    let options = options()?;
    Ok(guarded(|| py.detach(|| rows(&options)))??)
}

fn rows(options: &OpenOptions) -> Result<Vec<Row>, Failure> {
    let cpu = engine::open(&Device::Cpu, options)?.engine.info();
    let cpu = (cpu.adapter, "cpu".to_owned(), "CPU".to_owned(), cpu.driver, false);
    let found = adapters(&options.backends, options.query_units()).into_iter();
    let others = found.map(|found| (found.name, found.backend, found.kind, found.driver, found.software));
    Ok([cpu].into_iter().chain(others).collect())
}
