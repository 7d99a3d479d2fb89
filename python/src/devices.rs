//! Devices: opened with the options that the environment has, and listed.

use std::env;

use cairn::data::Dataset;
use cairn::engine::gpu::adapters;
use cairn::engine::{self, Backend, Device, EngineError, OpenOptions, Opened};
use cairn::kmeans::{Params, job_size};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

use crate::errors::Failure;

/// A variable's value; `None` if it is unset or empty.
fn variable(name: &str) -> Option<String> {
    env::var(name).ok().filter(|value| !value.is_empty())
}

/// Options from the variables that the command reads too.
pub(crate) fn options() -> PyResult<OpenOptions> {
    let backend = |name: &str| {
        Backend::parse(name.trim()).ok_or_else(|| {
            PyValueError::new_err(format!(
                "WGPU_BACKEND: unknown graphics API {name:?}; set it to vulkan, metal, dx12 or gl"
            ))
        })
    };
    // without this folder EGL, of which GL is part, writes to standard error
    let only_vulkan = cfg!(target_os = "linux") && variable("XDG_RUNTIME_DIR").is_none();
    let default = if only_vulkan { "vulkan" } else { "" };
    let backends = variable("WGPU_BACKEND").unwrap_or_else(|| default.to_owned());
    let names = backends.split(',').filter(|name| !name.is_empty());
    Ok(OpenOptions {
        cpu_kernel: variable("CAIRN_CPU"),
        gpu_kernel: variable("CAIRN_GPU"),
        backends: names.map(backend).collect::<PyResult<_>>()?,
        cache: variable("CAIRN_CACHE").map(Into::into),
        ..OpenOptions::default()
    })
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
    py.detach(|| {
        let cpu = engine::open(&Device::Cpu, &options).map_err(Failure::from)?.engine.info();
        let mut rows = vec![(cpu.adapter, "cpu".to_owned(), "CPU".to_owned(), cpu.driver, false)];
        let found = adapters(&options.backends, options.query_units());
        rows.extend(
            found
                .into_iter()
                .map(|found| (found.name, found.backend, found.kind, found.driver, found.software)),
        );
        Ok(rows)
    })
}
